"""Each option set on an instance that is deployed, and taken back: reviewed, deployed, and verified after each step.

`make deploy` runs `cdk synth`, `review --deployed` and `cdk deploy`; other tests run it. Here the template is made in
this process and deployed by CloudFormation's API, which takes a second instead of ten.
"""

import json
import uuid
from collections.abc import Callable
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
from tests.cloudformation import Resources, Stack
from tests.synthesis import assembly_of, deployable
from tests.vpc_endpoint import through

Options = dict[str, Any]
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

    def reader(self) -> str:
        trust = {"Version": "2012-10-17", "Statement": []}
        name = f"reader-{uuid.uuid4().hex[:8]}"
        role = self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        return str(role["Role"]["Arn"])

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
        self.stack = Stack(aws, f"GhesPackages-{self.name}")
        self.replicas: list[Stack] = []
        self.assemblies: dict[Instance, Path] = {}
        self.stack.create(*self.template(self.configured({}).stack_name, {}))
        self.protect(self.stack)
        self.bucket = self.output("AwsS3Bucket")

    def configured(self, options: Options) -> Instance:
        return Instance.model_validate({"name": self.name, **options})

    def output(self, key: str) -> str:
        [stack] = self.stack.cloudformation.describe_stacks(StackName=self.stack.name)["Stacks"]
        [value] = [each["OutputValue"] for each in stack["Outputs"] if each["OutputKey"] == key]
        return str(value)

    def protect(self, stack: Stack) -> None:
        stack.cloudformation.update_termination_protection(StackName=stack.name, EnableTerminationProtection=True)

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
        """Synthesised once for each instance."""
        instance = self.configured(options)
        if instance not in self.assemblies:
            self.assemblies[instance] = assembly_of([instance], self.folder / uuid.uuid4().hex)
        return self.assemblies[instance]

    def template(self, stack: str, options: Options) -> tuple[Resources, Resources]:
        """Resources and outputs of a stack."""
        template = json.loads((self.assembly(options) / f"{stack}.template.json").read_text())
        return template["Resources"], template["Outputs"]

    def deploy(self, options: Options) -> None:
        instance = self.configured(options)
        if instance.replica and not self.replicas:
            self.replicas = [Stack(self.aws, instance.replica.stack_name, str(instance.replica_region))]
            self.replicas[0].create(*self.template(instance.replica.stack_name, options))
            self.protect(self.replicas[0])
        elif instance.replica:
            self.replicas[0].update(*self.template(instance.replica.stack_name, options))
        self.stack.update(*self.template(instance.stack_name, options))

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
class Case:
    """What to set on a deployed instance that has `before`; `then` is what somebody else does once it is deployed.

    `problems` are what `status` then says, rightly. With `through`, all requests come through that VPC endpoint.
    """

    options: Callable[[Owner], Options]
    before: Options = field(default_factory=dict)
    then: Callable[[Deployment, Options], None] = lambda deployment, options: None
    problems: tuple[str, ...] = ()
    through: str = ""


def value(**options: Any) -> Callable[[Owner], Options]:
    return lambda owner: options


ROTATED = {"access_key": 2, "previous_access_key": "active"}
CASES: dict[str, list[Case]] = {
    "account": [Case(value(**HERE))],
    "region": [Case(value(**HERE))],
    "access_key": [Case(value(**ROTATED), problems=("access key 1 is still in use",))],
    "previous_access_key": [Case(value(access_key=2, previous_access_key="inactive"), before=ROTATED)],
    "encryption": [
        Case(value(encryption="kms")),
        Case(lambda owner: {**HERE, "encryption": owner.key()}, before=HERE, then=let_the_user_in),
    ],
    "access_logs": [Case(lambda owner: {"access_logs": owner.bucket()})],
    "allowed_cidrs": [Case(value(allowed_cidrs=["127.0.0.0/8"]))],
    "allowed_vpc_endpoints": [
        Case(value(allowed_vpc_endpoints=[ENDPOINT]), through=ENDPOINT),
        Case(value(allowed_cidrs=["203.0.113.0/24"], allowed_vpc_endpoints=[ENDPOINT]), through=ENDPOINT),
        Case(
            value(allowed_cidrs=["127.0.0.0/8"], allowed_vpc_endpoints=[ENDPOINT]),
            before={"allowed_cidrs": ["127.0.0.0/8"]},
        ),
    ],
    "permissions_boundary": [Case(lambda owner: {**HERE, "permissions_boundary": owner.boundary()}, before=HERE)],
    "tags": [Case(value(tags={"cost-center": "1234"}))],
    "secret_readers": [Case(lambda owner: {**HERE, "secret_readers": [owner.reader()]}, before=HERE)],
    "noncurrent_days": [Case(value(noncurrent_days=90)), Case(value(noncurrent_days=7))],
    "storage_class": [
        Case(value(storage_class="intelligent-tiering")),
        Case(
            value(**HERE, replica_region="us-east-1", storage_class="intelligent-tiering"),
            before={**HERE, "replica_region": "us-east-1"},
        ),
    ],
    "replica_region": [Case(value(**HERE, replica_region="us-east-1"), before=HERE)],
    "endpoint": [
        Case(value(**HERE, endpoint="fips"), before=HERE),
        Case(value(**HERE, endpoint="dualstack"), before=HERE),
    ],
}
# They are for another bucket, and a bucket is moved to, not switched to.
NEW_BUCKET: dict[str, Callable[[Owner], Options]] = {
    "bucket_name": value(bucket_name="another-name-for-packages"),
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
    assert CASES.keys() | NEW_BUCKET.keys() | IN_NO_RESOURCE.keys() == OPTIONS.keys()


@pytest.mark.parametrize("option", IN_NO_RESOURCE)
def test_an_option_for_the_commands_or_for_cdk_leaves_resources_and_outputs_as_they_are(option: str) -> None:
    options = IN_NO_RESOURCE[option]
    without = {key: value for key, value in options.items() if key != option}
    assert deployable(Instance(name="x", **options)) == deployable(Instance(name="x", **without))


@pytest.mark.parametrize("case", [pytest.param(case, id=option) for option, some in CASES.items() for case in some])
def test_an_option_is_set_on_a_deployed_instance_and_taken_back(
    deployment: Deployment, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    if case.through:
        through(monkeypatch, case.through)
    options = case.options(deployment.owner)
    if case.before:
        deployment.deploy(case.before)
    for step in (options, case.before):
        if not deployment.refused(step):
            assert (deployment.status(step).exit_status, deployment.verify(step).exit_status) == (1, 1)
        deployment.deploy(step)
        if step is options:
            case.then(deployment, options)
        problems = [problem.partition(" (")[0] for problem in deployment.status(step).problems()]
        assert problems == ([*case.problems] if step is options else [])
        assert wrong(deployment.verify(step)) == []
        assert deployment.refused(step) == []
    assert deployment.output("AwsS3Bucket") == deployment.bucket


@pytest.mark.parametrize("option", NEW_BUCKET)
def test_another_bucket_is_refused_with_what_to_do_instead(deployment: Deployment, option: str) -> None:
    risks = deployment.refused(NEW_BUCKET[option](deployment.owner))
    assert any(risk.startswith(("bucket-replaced", "bucket-orphaned")) for risk in risks), risks
