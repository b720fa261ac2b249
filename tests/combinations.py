"""Every option with its values, and what is synthesised of them: every example, each option, and every two."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from app import build
from ghes_packages.config.instance import Instance
from ghes_packages.config.instances import load
from stacks.packages_replica import PackagesReplica
from stacks.packages_storage import PackagesStorage
from tests.synthesis import PROJECT, TEMPLATES, Json, app

KEY = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
READER = "arn:aws:iam::111122223333:role/setup"
FOREIGN_READER = "arn:aws:iam::444455556666:role/setup"
HERE: Json = {"account": "111122223333", "region": "us-west-2"}
# What changes nothing in the template, or nothing that another option changes.
ALONE: dict[str, list[Json]] = {
    "account": [HERE],
    "region": [HERE],
    "profile": [{"profile": "production"}],
    "role_arn": [{"role_arn": "arn:aws:iam::111122223333:role/operator"}],
    "execution_role_arn": [{"execution_role_arn": "arn:aws:iam::111122223333:role/deploy"}],
    "bootstrap": [{"bootstrap": True}, {"bootstrap": "acme"}],
    "stack_name": [{"stack_name": "Acme-Packages"}],
    "ghes_version": [{"ghes_version": "3.17"}],
    "access_key": [{"access_key": 2, "previous_access_key": "deleted"}],
    "previous_access_key": [{"access_key": 2, "previous_access_key": "active"}],
    "endpoint": [{"endpoint": "fips"}, {"endpoint": "dualstack"}],
    "rule_packs": [{"rule_packs": ["AwsSolutions"]}],
}
VALUES: dict[str, list[Json]] = {
    **ALONE,
    "encryption": [{"encryption": "kms"}, {"encryption": KEY}],
    "access_logs": [{"access_logs": "central-log-bucket"}],
    "allowed_cidrs": [{"allowed_cidrs": ["203.0.113.0/24", "2001:db8::/32"]}],
    "allowed_vpc_endpoints": [{"allowed_vpc_endpoints": ["vpce-0123456789abcdef0", "vpce-1a2b3c4d"]}],
    "permissions_boundary": [{"permissions_boundary": "arn:aws:iam::111122223333:policy/users"}],
    "tags": [{"tags": {"cost-center": "1234"}}],
    "secret_readers": [{"secret_readers": [READER]}, {"secret_readers": [FOREIGN_READER]}],
    "noncurrent_days": [{"noncurrent_days": 90}],
    "storage_class": [{"storage_class": "intelligent-tiering"}],
    "replica_region": [{"replica_region": "us-east-2"}],
    "bucket_name": [{"bucket_name": "example-packages"}],
    "existing_bucket": [{"existing_bucket": "example-packages-of-old"}],
}


def instance(**options: Any) -> Instance:
    return Instance.model_validate({"name": "production", **HERE, **options})


def pairs() -> list[tuple[str, str, Json]]:
    return [
        (one, other, {**first, **second})
        for one, other in combinations(VALUES, 2)
        for first in VALUES[one]
        for second in VALUES[other]
    ]


def with_a_key(options: Json) -> Json:
    """A reader of another account is refused without a key, whatever else there is."""
    if [FOREIGN_READER] not in options.values() or "encryption" in options:
        return options
    return {**options, "encryption": "kms" if "replica_region" in options else KEY}


def refusal(options: Json) -> str:
    try:
        instance(**with_a_key(options))
    except ValidationError as error:
        return str(error.errors()[0]["msg"])
    return ""


def called(name: str, instance: Instance) -> Instance:
    """It has another name in the app, and in the description of the stack, and no other stack."""
    return instance.model_copy(update={"name": name})


def together() -> list[Json]:
    """Few sets of options, such that every two values that go together are in one of them."""
    sets: list[Json] = []
    for one, other, options in pairs():
        both = with_a_key(options)
        if ALONE.keys() & {one, other} or refusal(both) or any(both.items() <= each.items() for each in sets):
            continue
        for each in sets:
            if all(each.get(key, value) == value for key, value in both.items()) and not refusal({**each, **both}):
                each.update(both)
                break
        else:
            sets.append(both)
    return sets


EXAMPLES = {
    f"{file.stem}-{each.name}": each for file in sorted(PROJECT.glob("examples/*.toml")) for each in load(file).values()
}


@dataclass(frozen=True)
class Combinations:
    """One assembly for all, and the instances by what they are called in it."""

    folder: Path
    instances: Mapping[str, Instance]


def synthesised(folder: Path, *, cdk_validation: bool) -> Combinations:
    """With the guardrails and the rule packs, whether CDK's own validation is beside them or not.

    `template_of` has the templates from then on: one app for all is quicker than one for each.
    """
    alone = [with_a_key(each) for some in VALUES.values() for each in some]
    [existing] = VALUES["existing_bucket"]
    beside = [with_a_key({**existing, **each}) for key in VALUES if key not in ALONE for each in VALUES[key]]
    options = [{}, *alone, *(each for each in beside if not refusal(each))]
    instances = {"wherever": Instance(name="production", existing_bucket="example"), **EXAMPLES}
    instances |= {f"options-{number}": instance(**each) for number, each in enumerate(options)}
    instances |= {f"together-{number}": instance(**each) for number, each in enumerate(together())}
    whole = app(outdir=str(folder), builtin_cloud_formation_validation=cdk_validation)
    build(whole, [called(name, each) for name, each in instances.items()])
    whole.synth()
    for name, each in instances.items():
        for kind, made, original in (
            (PackagesStorage, called(name, each), each),
            (PackagesReplica, called(name, each).replica, each.replica),
        ):
            if made and original:
                text = (folder / f"{made.construct_id}.template.json").read_text()
                TEMPLATES[kind, original] = text.replace(name, each.name)
    return Combinations(folder, instances)
