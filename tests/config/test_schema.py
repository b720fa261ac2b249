"""The schema by which editors check `instances.toml`: that it is the model's, and what it finds and does not find."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

from ghes_packages.config.instances import load
from ghes_packages.config.options import OPTIONS
from ghes_packages.config.schema import schema, written
from ghes_packages.errors import ConfigurationError
from tests.readme import SCHEMA
from tests.runbook import PROJECT

FILES = (PROJECT / "instances.toml", *sorted(PROJECT.glob("examples/*.toml")))


def mistakes(toml: str) -> list[str]:
    document: Any = tomllib.loads(toml)
    return [error.message for error in Draft4Validator(json.loads(SCHEMA.read_text())).iter_errors(document)]


def test_the_schema_is_the_models() -> None:
    """If the change is meant: python -m tests.readme"""
    assert SCHEMA.read_text() == written()
    Draft4Validator.check_schema(schema())


def test_every_option_is_described() -> None:
    [table] = schema()["properties"]["instances"]["patternProperties"].values()
    options = table["properties"]
    assert options.keys() == OPTIONS.keys()
    assert all(options[key]["description"].startswith(option.consequence) for key, option in OPTIONS.items())
    assert "null" not in json.dumps(options)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_example_names_the_schema_and_is_valid_by_it(file: Path) -> None:
    line, *_ = file.read_text().splitlines()
    assert line.startswith("#:schema ")
    assert (file.parent / line.removeprefix("#:schema ")).resolve() == SCHEMA
    assert mistakes(file.read_text()) == []


@pytest.mark.parametrize(
    "table",
    [
        "acount = '111122223333'",
        "account = 111122223333",
        "account = '11112222333'",
        "region = 'us-west-22'",
        "region = ''",
        "profile = ''",
        "role_arn = 'operator'",
        "ghes_version = 3.17",
        "ghes_version = '3.17.1'",
        "access_key = 0",
        "access_key = '2'",
        "previous_access_key = 'gone'",
        "bootstrap = 'much-too-long'",
        "stack_name = '1st'",
        "encryption = 'aes'",
        "access_logs = false",
        "allowed_cidrs = '203.0.113.0/24'",
        "allowed_cidrs = []",
        "allowed_vpc_endpoints = ['vpc-0123456789abcdef0']",
        "permissions_boundary = 'arn:aws:iam::111122223333:role/boundary'",
        "tags = ['cost-center']",
        "tags = { cost-center = 1234 }",
        "secret_readers = ['*']",
        "noncurrent_days = 0",
        "storage_class = 'glacier'",
        "bucket_name = 'Packages'",
        "existing_bucket = 'a.b'",
        "endpoint = 'vpc'",
        "rule_packs = ['AwsSolution']",
    ],
)
def test_a_mistake_is_found_by_the_schema_and_by_the_commands(table: str, tmp_path: Path) -> None:
    text = f"[instances.production]\n{table}\n"
    assert len(mistakes(text)) == 1
    (file := tmp_path / "instances.toml").write_text(text)
    with pytest.raises(ConfigurationError):
        load(file)


@pytest.mark.parametrize(
    "text", ["[instance.production]", "instances = []", "[instances]", "[instances.a_b]", "[instances.production.x]"]
)
def test_a_mistake_in_the_layout_is_found_too(text: str) -> None:
    assert mistakes(text)
