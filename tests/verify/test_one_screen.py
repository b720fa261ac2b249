"""The report of an instance in which all is well, and of one that somebody broke, on a terminal of 80 by 24."""

import io
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from ghes_packages.verify.report import Report
from ghes_packages.verify.writing import write
from local_aws.embedded_aws import EmbeddedAws
from tests.cloudformation import Stack
from tests.synthesis import deployable
from tests.verify.conftest import Storage

HERE = ["127.0.0.0/8"]
PROMPTS = 2


def lines_of(report: Report) -> list[str]:
    console = Console(width=80, record=True, file=io.StringIO())
    write(report, console)
    return [line.rstrip() for line in console.export_text().splitlines()]


def existing_bucket(aws: EmbeddedAws) -> dict[str, Any]:
    """One that keeps all promises, as a stack that is gone left it."""
    stack = Stack(aws, f"gone-{uuid.uuid4().hex[:8]}")
    stack.create({id_: each for id_, each in deployable()[0].items() if each["Type"].startswith("AWS::S3::")})
    return {"existing_bucket": stack.physical_id("PackagesBucket3210E67E"), "allowed_cidrs": HERE}


def central_logs(aws: EmbeddedAws) -> dict[str, Any]:
    name = f"logs-{uuid.uuid4().hex[:8]}"
    aws.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": aws.region})
    return {"access_logs": name, "encryption": "kms", "replica_region": "us-east-1", "allowed_cidrs": HERE}


def every_section(_: EmbeddedAws) -> dict[str, Any]:
    return {"encryption": "kms", "replica_region": "us-east-1", "allowed_cidrs": HERE}


@pytest.mark.parametrize("kind", [every_section, central_logs, existing_bucket])
def test_what_is_well_fits_in_one_screen(
    storage_with: Callable[..., Storage],
    embedded_aws: EmbeddedAws,
    kind: Callable[[EmbeddedAws], dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ghes_packages.config.values.PRIVATE", ())
    report = storage_with(**kind(embedded_aws)).verify()
    lines = lines_of(report)
    assert report.exit_status == 0, lines
    sections = list(dict.fromkeys(finding.check.section for finding in report.findings))
    assert [line[8:].partition("  ")[0] for line in lines[:-1]] == sections
    assert all(line.startswith("ok  ") for line in lines[:-1])
    assert lines[-1] == f"{report.name}: {len(report.findings)} passed, 0 failed"
    assert len(lines) + PROMPTS <= 24
    assert max(map(len, lines)) <= 80


def test_what_is_broken_and_what_mends_it_are_the_last_lines(storage: Storage) -> None:
    storage.s3.delete_public_access_block(Bucket=storage.bucket)
    storage.iam.attach_user_policy(UserName=storage.user, PolicyArn="arn:aws:iam::aws:policy/AmazonS3FullAccess")
    lines = lines_of(storage.verify())
    end = lines[lines.index("") + 1 :]
    assert [line.partition("aws ")[0] for line in end] == [
        "The packages bucket: public access blocked",
        "  expected: all four blocks",
        "  found: not set",
        "  what to do: ",
        "",
        "The IAM user, its access key and the stack: policies of the user",
        "  expected: none",
        "  found: stray: arn:aws:iam::aws:policy/AmazonS3FullAccess",
        "  what to do: for each: ",
    ]
    on_a_terminal = sum(-(-len(line) // 80) or 1 for line in lines)
    assert on_a_terminal + PROMPTS <= 24


def test_of_a_key_that_is_off_the_last_lines_say_how_to_switch_it_on(storage: Storage) -> None:
    storage.iam.update_access_key(
        UserName=storage.user, AccessKeyId=storage.deployed.outputs.access_key, Status="Inactive"
    )
    lines = lines_of(storage.verify())
    assert [line.split("  ")[0] for line in lines[:2]] == ["FAILED", "?"]
    end = lines[lines.index("") + 1 :]
    assert end[:3] == [
        "With the deployed access key, as GHES: sign in",
        "  expected: S3 knows the key",
        "  found: ListObjectsV2: InvalidAccessKeyId",
    ]
    assert not [line for line in end if "needs: " in line]
    assert end[-1].startswith("  what to do: unless that key leaked: aws iam update-access-key ")
