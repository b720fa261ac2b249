"""Each guardrail lets the templates of this project pass, and finds each way to break its promise, also in a review."""

import functools
import json
import operator
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ghes_packages.config.instance import Instance
from ghes_packages.config.regions import partition_of
from ghes_packages.guardrails import RULES, Finding, check
from ghes_packages.outputs import Outputs
from ghes_packages.review import guardrails
from ghes_packages.template.rendered import RenderedStack
from tests.guardrails.breaks import (
    BOTH_WAYS,
    BREAKS,
    BUCKET,
    DELIVERED,
    DENIED,
    ENCRYPTED,
    ENCRYPTION,
    EXISTING,
    KMS_KEY,
    ON_BUCKET,
    ON_OBJECTS,
    PARTITION,
    READERS,
    REPLICATED,
    RESTRICTED,
    ROTATING,
    SECRET,
    SOMEWHERE,
    THROUGH_ENDPOINTS,
    TIERED,
    USER,
    WITH_A_CENTRAL_LOG_BUCKET,
    Break,
    Edit,
    both,
    edited,
    joined,
    of,
    ref,
    to,
)
from tests.review.pairs import ids
from tests.synthesis import INSTANCE, Json, replica_template_of, template_of

INSTANCES = [
    pytest.param(each, id=name)
    for name, each in {
        "no options": INSTANCE,
        "an account": SOMEWHERE,
        "allowed addresses": RESTRICTED,
        "allowed endpoints": THROUGH_ENDPOINTS,
        "allowed addresses and endpoints": BOTH_WAYS,
        "packages that move": TIERED,
        "two access keys": ROTATING,
        "a replica": REPLICATED,
        "a key and a reader": ENCRYPTED,
        "an existing bucket": EXISTING,
    }.items()
]
# Of a terminal with 80 columns, CDK takes some for what stands around the promise.
COLUMNS = 80 - len("ERROR  (Guardrails)")


NOTHING = RenderedStack({})
# Each stack is judged once, whatever asks for it.
judged = functools.lru_cache(maxsize=20)(check)


def stack_of(template: Json, instance: Instance) -> RenderedStack:
    return RenderedStack(template, instance.account, instance.region)


@functools.cache
def unbroken(instance: Instance) -> RenderedStack:
    return stack_of(template_of(instance), instance)


def findings(template: Json, instance: Instance = INSTANCE) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for rule, finding in check(stack_of(template, instance)):
        found.setdefault(rule.name, []).append(finding)
    return found


def test_every_rule_says_what_it_promises_and_why_and_can_be_broken() -> None:
    assert {each.rule for each in BREAKS} == {rule.name for rule in RULES}
    for rule in RULES:
        assert rule.promise.endswith(".")
        assert " must " in rule.promise or " may " in rule.promise
        assert len(rule.promise.removesuffix(".")) <= COLUMNS
        assert rule.reason.endswith(".")


@pytest.mark.parametrize("output", [str(field.alias) for field in Outputs.model_fields.values()])
def test_the_rule_of_outputs_says_of_each_what_it_may_be(output: str) -> None:
    found = findings(edited(to(f"Outputs.{output}", {"Value": "Elsewhere"})), INSTANCE)["outputs_of_this_stack"]
    assert f"Outputs.{output}" in [each.path for each in found]


def test_every_way_to_break_a_rule_has_a_name_of_its_own() -> None:
    assert [name for name, times in Counter((each.rule, each.name) for each in BREAKS).items() if times > 1] == []


@pytest.mark.parametrize("broken", BREAKS, ids=lambda each: f"{each.rule}: {each.name}")
def test_a_broken_promise_is_found_where_it_is_and_is_a_risk_of_a_new_stack_and_of_a_change(
    broken: Break, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guardrails, "check", judged)
    after = stack_of(broken.template, broken.instance)
    found = [finding for rule, finding in judged(after) if rule.name == broken.rule]
    assert found
    for each in found:
        assert each.logical_id or each.path
        assert each.remedy[0].isupper()
        assert "\n" not in each.remedy
        assert len(each.remedy) <= 100
        assert not each.remedy.endswith(".")
    risk = f"guardrail-{broken.rule.replace('_', '-')}-"
    for before in (NOTHING, unbroken(broken.instance)):
        assert [each for each in ids(guardrails.changes(before, after)) if each.startswith(risk)]
    # As one that an older version of this project deployed, before there was the rule.
    assert list(guardrails.changes(after, after)) == []


@pytest.mark.parametrize("instance", INSTANCES)
def test_the_template_breaks_no_promise(instance: Instance) -> None:
    assert findings(template_of(instance), instance) == {}


def test_a_replica_breaks_no_promise() -> None:
    for each in (REPLICATED, REPLICATED.model_copy(update={"storage_class": TIERED.storage_class})):
        assert each.replica
        assert findings(replica_template_of(each), each.replica) == {}


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1", "eusc-de-east-1", "us-iso-east-1"])
def test_the_template_breaks_no_promise_in_another_partition(region: str) -> None:
    partition = partition_of(region)
    of_the_account = f"arn:{partition}:iam::111122223333"
    instance = Instance(
        name="production",
        account="111122223333",
        region=region,
        encryption="kms",
        secret_readers=(f"{of_the_account}:role/setup",),
        permissions_boundary=f"{of_the_account}:policy/users",
    )
    assert findings(template_of(instance), instance) == {}


AS_GOOD = {
    "TLS 1.3 at least": (to(f"{DENIED}.1.Condition.NumericLessThan.s3:TlsVersion", "1.3"), INSTANCE),
    "encryption in two layers": (
        to(f"{ENCRYPTION}.0.ServerSideEncryptionByDefault.SSEAlgorithm", "aws:kms:dsse"),
        ENCRYPTED,
    ),
    "retained also where the first deploy fails": (to(f"Resources.{BUCKET}.DeletionPolicy", "Retain"), INSTANCE),
    "a central log bucket": (WITH_A_CENTRAL_LOG_BUCKET, INSTANCE),
    "an existing bucket in whatever partition": (
        both(
            to(f"{ON_BUCKET}.Resource", joined("arn:", PARTITION, ":s3:::example")),
            to(f"{ON_OBJECTS}.Resource", joined("arn:", PARTITION, ":s3:::example/*")),
        ),
        EXISTING,
    ),
    "a boundary, where the account is not known": (
        to(f"{of(USER)}.PermissionsBoundary", "arn:aws:iam::111122223333:policy/users"),
        INSTANCE,
    ),
    "the account by reference, where it is known": (
        to(f"{DELIVERED}.Condition.StringEquals.aws:SourceAccount", ref("AWS::AccountId")),
        SOMEWHERE,
    ),
}


@pytest.mark.parametrize(("edit", "instance"), AS_GOOD.values(), ids=AS_GOOD)
def test_what_is_as_good_breaks_no_promise(edit: Edit, instance: Instance) -> None:
    assert findings(edited(edit, instance), instance) == {}


BROKEN_IN_A_REPLICA: dict[str, Callable[[Json], object]] = {
    "access_logged": lambda bucket: bucket["Properties"].pop("LoggingConfiguration"),
    "acls_off": lambda bucket: bucket["Properties"].pop("OwnershipControls"),
    "current_packages_stay": lambda bucket: bucket["Properties"].pop("LifecycleConfiguration"),
    "encrypted": lambda bucket: bucket["Properties"].pop("BucketEncryption"),
    "public_access_blocked": lambda bucket: bucket["Properties"].pop("PublicAccessBlockConfiguration"),
    "retained": lambda bucket: bucket.pop("DeletionPolicy"),
    "tls_only": lambda bucket: bucket["Properties"]["LoggingConfiguration"].pop("DestinationBucketName"),
    "versioned": lambda bucket: bucket["Properties"].pop("VersioningConfiguration"),
}


def replica() -> tuple[Json, Json, Json]:
    """The template of a replica, and in it the bucket with the packages and its policy."""
    template = replica_template_of(REPLICATED)
    resources = template["Resources"]
    return template, resources["ReplicaBucket80C984FB"], resources["ReplicaBucketPolicy5289762F"]


@pytest.mark.parametrize("broken", BROKEN_IN_A_REPLICA)
def test_a_replica_keeps_the_promises_of_a_bucket(broken: str) -> None:
    assert REPLICATED.replica
    template, bucket, policy = replica()
    BROKEN_IN_A_REPLICA[broken](bucket)
    if broken == "tls_only":
        del policy["Properties"]["PolicyDocument"]["Statement"][0]
    assert broken in findings(template, REPLICATED.replica)


# It only describes, AWS has it where nothing is said, more is kept without it, or an option brings it.
MISSED_BY_NOBODY = "|".join(
    (
        r".*\.(Description|Sid|Version)",
        r".*\.(BucketKeyEnabled|KMSMasterKeyID|KmsKeyId|Path)",
        r".*\.(AbortIncompleteMultipartUpload|ExpirationInDays|ExpiredObjectDeleteMarker)(\..*)?",
        r".*\.NoncurrentVersionExpiration(\..*)?",
        rf"{SECRET}\.(DeletionPolicy|UpdateReplacePolicy)",
        rf"{KMS_KEY}\.Properties\.KeyPolicy\.Statement\.[1-3](\..*)?",
        rf"{READERS}(\.Properties\.ResourcePolicy(\.Statement(\.0)?)?)?",
    )
)


def places(value: Any, *path: Any) -> Iterator[tuple[Any, ...]]:
    """The path of everything in a template."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        yield (*path, key)
        yield from places(each, *path, key)


def test_nothing_that_counts_can_be_taken_out_of_a_template_unseen() -> None:
    unseen = set()
    for section in ("Resources", "Outputs"):
        for place in places(template_of(ENCRYPTED)[section]):
            template = template_of(ENCRYPTED)
            *above, last = place
            del functools.reduce(operator.getitem, above, template[section])[last]
            if not findings(template, ENCRYPTED):
                unseen.add(".".join(map(str, place)))
    assert {place for place in unseen if not re.fullmatch(MISSED_BY_NOBODY, place)} == set()


def test_a_template_of_whatever_form_is_judged() -> None:
    """CloudFormation refuses these; the rules say so instead of failing."""
    for template in (
        {},
        {"Resources": None},
        {"Resources": {"A": None, "B": {"Type": "AWS::S3::Bucket", "Properties": []}}},
        {
            "Resources": {
                "A": {"Type": "AWS::S3::BucketPolicy", "Properties": {"PolicyDocument": {"Statement": [1, []]}}}
            }
        },
        {"Resources": {"A": {"Type": "AWS::S3::Bucket", "Properties": {"LifecycleConfiguration": {"Rules": [1]}}}}},
        {"Outputs": {"AwsS3Bucket": 1}, "Parameters": {"BootstrapVersion": []}, "Metadata": [None]},
    ):
        findings(template)


PRINTS_THE_PLACES = """
import json, sys
from ghes_packages.guardrails import check
from ghes_packages.template.rendered import RenderedStack
print([(rule.name, finding.logical_id, finding.path) for rule, finding in check(RenderedStack(json.load(sys.stdin)))])
"""


def test_what_is_found_is_in_the_same_order_in_every_run() -> None:
    """Python hashes text otherwise in each process, and so a set of it has another order."""
    moves = {"ExpirationDate": "2030-01-01", "Transition": {}, "ExpirationInDays": 1, "Transitions": []}
    anybody = {"Policies": [], "ManagedPolicyArns": ["arn:x"], "LoginProfile": {"Password": "x"}}
    statements = [{"Effect": "Allow", "Action": each, "Resource": "*"} for each in ("s3:a", "s3:b", "s3:c")]
    template = edited(
        both(
            to(f"{of(BUCKET)}.LifecycleConfiguration.Rules", [{"Status": "Enabled", **moves}]),
            lambda template: template["Resources"][USER]["Properties"].update(anybody),
            to(ON_BUCKET.rpartition(".")[0], statements),
        )
    )
    orders = {
        subprocess.run(
            [sys.executable, "-c", PRINTS_THE_PLACES],
            input=json.dumps(template),
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2", "3")
    }
    [order] = orders
    assert order.count("no_other_grant_to_the_user") == len(anybody)
