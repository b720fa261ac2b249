"""Each option set on an instance that is deployed, and taken back: reviewed, deployed, and verified after each step.

`make deploy` runs `cdk synth`, `review --deployed` and `cdk deploy`; other tests run it. Here the template is made in
this process and deployed by CloudFormation's API, which takes a second instead of ten.
"""

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ghes_packages import status
from ghes_packages.config.instance import Instance
from ghes_packages.config.options import OPTIONS
from ghes_packages.review.deployed import review_deployed
from ghes_packages.verify import verify
from ghes_packages.verify.report import Finding, Outcome, Report
from local_aws.embedded_aws import EmbeddedAws
from tests.cloudformation import Stack, deploy
from tests.synthesis import assembly_of, deployable
from tests.vpc_endpoint import through

Options = Mapping[str, Any]
ENDPOINT = "vpce-1a2b3c4d"
HERE: Options = {"account": "111122223333", "region": "us-west-2"}


@dataclass
class Owner:
    """Whoever owns what an instance can name: a key, a role, a policy, a bucket."""

    aws: EmbeddedAws
    client: Any = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.aws.client

    def key(self) -> str:
        arn: str = self.client("kms").create_key()["KeyMetadata"]["Arn"]
        return arn

    def let_in(self, key: str, statements: list[Any]) -> None:
        policy = json.loads(self.client("kms").get_key_policy(KeyId=key, PolicyName="default")["Policy"])
        policy["Statement"] += statements
        self.client("kms").put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))

    def readers(self) -> list[str]:
        trust = {"Version": "2012-10-17", "Statement": []}
        name = f"reader-{uuid.uuid4().hex[:8]}"
        role = self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        return [str(role["Role"]["Arn"])]

    def boundary(self) -> str:
        allowed = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        name = f"boundary-{uuid.uuid4().hex[:8]}"
        return str(self.client("iam").create_policy(PolicyName=name, PolicyDocument=document)["Policy"]["Arn"])

    def bucket(self) -> str:
        name = f"theirs-{uuid.uuid4().hex[:8]}"
        where = {"LocationConstraint": self.aws.region}
        self.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=where)
        return name


class Deployment:
    """An instance that is deployed with no option, and what is changed of it."""

    def __init__(self, aws: EmbeddedAws, folder: Path) -> None:
        self.name, self.folder = f"change-{uuid.uuid4().hex[:8]}", folder
        self.aws, self.owner = aws, Owner(aws)
        self.deploy({})

    def configured(self, options: Options) -> Instance:
        return Instance.model_validate({"name": self.name, **options})

    @property
    def bucket(self) -> str:
        return Stack(self.aws, f"GhesPackages-{self.name}").outputs()["AwsS3Bucket"]

    def refused(self, options: Options) -> list[str]:
        """The risks that `make deploy` refuses; with them in ACCEPT it goes on."""

        def review(*accepted: str) -> Any:
            found, _ = review_deployed(
                self.configured(options), self.assembly(options), accepted, datetime.now(UTC), timedelta(hours=24)
            )
            return found

        found = review()
        risks = [each.id for each in found.risks]
        assert (review(*risks) if risks else found).exit_status == 0
        return risks

    def assembly(self, options: Options) -> Path:
        return assembly_of([self.configured(options)], self.folder / uuid.uuid4().hex)

    def deploy(self, options: Options) -> None:
        deploy(self.aws, self.assembly(options), self.configured(options).construct_id)

    def verify(self, options: Options) -> Report:
        return verify(self.configured(options), lambda title: None, patience=0)

    def status(self, options: Options) -> status.Status:
        return status.read(self.configured(options))


@pytest.fixture
def deployment(embedded_aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Deployment:
    for name, value in embedded_aws.environment.items():
        if name.startswith("AWS_") or name.lower() == "http_proxy":
            monkeypatch.setenv(name, value)
    # The table takes no private address, and this machine has no other.
    monkeypatch.setattr("ghes_packages.config.values.PRIVATE", ())
    return Deployment(embedded_aws, tmp_path)


def wrong(report: Report) -> list[Finding]:
    return [each for each in report.findings if each.outcome is not Outcome.PASSED]


def let_the_user_in(deployment: Deployment, options: Options) -> None:
    """What docs/encryption.md asks of the owner of a key."""
    [found] = wrong(deployment.verify(options))
    deployment.owner.let_in(options["encryption"], json.loads(found.check.remedy.split("'")[1]))


@dataclass(frozen=True)
class Walk:
    """What to set, step by step, on a deployed instance that has `before`; a value can be made by an Owner.

    With `through`, all requests come through that VPC endpoint.
    """

    steps: Sequence[Options]
    before: Options = field(default_factory=dict)
    through: str = ""


TIERED = {"storage_class": "intelligent-tiering"}
WALKS = {
    "the stack alone": Walk(
        [
            {"tags": {"cost-center": "1234"}},
            HERE,
            {"noncurrent_days": 90},
            {"access_logs": Owner.bucket},
            TIERED,
            {"encryption": "kms"},
            {"allowed_vpc_endpoints": [ENDPOINT]},
            {"allowed_cidrs": ["203.0.113.0/24"]},
        ],
        through=ENDPOINT,
    ),
    "what others own": Walk(
        [
            {"permissions_boundary": Owner.boundary},
            {"secret_readers": Owner.readers},
            {"noncurrent_days": 7},
            {"endpoint": "fips"},
            {"allowed_cidrs": ["127.0.0.0/8"]},
            {"allowed_vpc_endpoints": [ENDPOINT]},
            {"encryption": Owner.key},
        ],
        before=HERE,
    ),
    "a replica": Walk([{"replica_region": "us-east-1"}, TIERED, {"endpoint": "dualstack"}], before=HERE),
    "access keys": Walk(
        [
            {"access_key": 2, "previous_access_key": "active"},
            {"previous_access_key": "inactive"},
            {"previous_access_key": "active"},
        ]
    ),
}
# They are for another bucket, and a bucket is moved to, not switched to.
NEW_BUCKET: dict[str, Callable[[Owner], Options]] = {
    "bucket_name": lambda owner: {"bucket_name": "another-name-for-packages"},
    "existing_bucket": lambda owner: {"existing_bucket": owner.bucket()},
}
# They are for the commands and for `cdk`: there is nothing to deploy.
IN_NO_RESOURCE: dict[str, Options] = {
    "profile": {**HERE, "profile": "production"},
    "role_arn": {**HERE, "role_arn": "arn:aws:iam::111122223333:role/operator"},
    "execution_role_arn": {**HERE, "execution_role_arn": "arn:aws:iam::111122223333:role/deploy"},
    "bootstrap": {"bootstrap": True},
    "stack_name": {"stack_name": "Acme-Packages"},
    "ghes_version": {"ghes_version": "2.22"},
    "rule_packs": {"rule_packs": ["AwsSolutions", "NIST80053R5"]},
}


def test_every_option_is_changed_on_something_that_is_deployed() -> None:
    walked = {option for walk in WALKS.values() for step in walk.steps for option in step}
    assert walked | NEW_BUCKET.keys() | IN_NO_RESOURCE.keys() == OPTIONS.keys()


@pytest.mark.parametrize("option", IN_NO_RESOURCE)
def test_an_option_for_the_commands_or_for_cdk_leaves_resources_and_outputs_as_they_are(option: str) -> None:
    options = IN_NO_RESOURCE[option]
    without = {key: value for key, value in options.items() if key != option}
    assert deployable(Instance(name="x", **options)) == deployable(Instance(name="x", **without))


@pytest.mark.parametrize("walk", WALKS.values(), ids=WALKS)
def test_options_are_set_on_a_deployed_instance_one_by_one_and_taken_back(
    deployment: Deployment, walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def seen_before_it_is_deployed(options: Options) -> None:
        if not deployment.refused(options):
            assert deployment.status(options).exit_status == 1

    def no_problem_of(options: Options) -> None:
        problems = [problem.partition(" (")[0] for problem in deployment.status(options).problems()]
        older_key = options.get("previous_access_key") == "active"
        assert problems == (["access key 1 is still in use"] if older_key else [])

    def nothing_to_do_with(options: Options) -> None:
        no_problem_of(options)
        assert deployment.refused(options) == []
        assert wrong(deployment.verify(options)) == []

    if walk.through:
        through(monkeypatch, walk.through)
    bucket, options, states = deployment.bucket, walk.before, [walk.before]
    deployment.deploy(walk.before)
    for step in walk.steps:
        made = {option: value(deployment.owner) if callable(value) else value for option, value in step.items()}
        options = {**options, **made}
        seen_before_it_is_deployed(options)
        if step is walk.steps[0]:
            assert deployment.verify(options).exit_status == 1
        deployment.deploy(options)
        no_problem_of(options)
        states.append(options)
    if str(options.get("encryption")).startswith("arn:"):
        let_the_user_in(deployment, options)
    nothing_to_do_with(options)

    for earlier in reversed(states[:-1]):
        seen_before_it_is_deployed(earlier)
    deployment.deploy(walk.before)
    nothing_to_do_with(walk.before)
    assert deployment.bucket == bucket


@pytest.mark.parametrize("option", NEW_BUCKET)
def test_another_bucket_is_refused_with_what_to_do_instead(deployment: Deployment, option: str) -> None:
    risks = deployment.refused(NEW_BUCKET[option](deployment.owner))
    assert any(risk.startswith(("bucket-replaced", "bucket-orphaned")) for risk in risks), risks
