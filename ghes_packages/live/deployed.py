"""The deployed stack: its outputs and its resources."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
import yaml
from pydantic import BaseModel, ValidationError

from ghes_packages import logical_ids
from ghes_packages.config.instance import Instance
from ghes_packages.errors import AwsRefused, FoundWrong
from ghes_packages.live.answers import UnreadableAnswer
from ghes_packages.live.aws import CONFIG, explained
from ghes_packages.live.kms_key import KmsKey
from ghes_packages.outputs import Outputs, PackagesSecret, ReplicaOutputs
from ghes_packages.printable import one_line
from ghes_packages.template.options import options_of
from ghes_packages.template.rendered import RenderedStack

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

Model = TypeVar("Model", bound=BaseModel)

# In these states the outputs are right; in all others an operation is in progress, or failed half-way.
SETTLED = frozenset(
    {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"}
)


ASK_FOR_AN_EXCEPTION = (
    "a service control policy of your organization denies it: send its owners the request in docs/iam-user.md"
)
# Statuses of resources that an earlier template had; one that was retained is no longer the stack's.
GONE = frozenset({"DELETE_COMPLETE", "DELETE_SKIPPED"})


@dataclass(frozen=True)
class Deployed:
    """One deployed stack."""

    stack_id: str
    status: str
    termination_protection: bool
    outputs: Outputs

    @property
    def partition(self) -> str:
        """The partition that the stack is in, such as aws or aws-us-gov."""
        return self.stack_id.split(":")[1]

    @property
    def account(self) -> str:
        """The account that the stack is in."""
        return self.stack_id.split(":")[4]

    def bucket_arn(self, bucket: str) -> str:
        """The ARN of a bucket in the stack's partition."""
        return f"arn:{self.partition}:s3:::{bucket}"


def read(instance: Instance, session: boto3.Session) -> Deployed:
    """The deployed stack of an instance. Raises what `_settled` raises, and FoundWrong if an output is missing."""
    stack = _settled(instance, session)
    outputs = _outputs(Outputs, stack, instance)
    return Deployed(stack["StackId"], stack["StackStatus"], stack.get("EnableTerminationProtection", False), outputs)


def read_replica(replica: Instance, session: boto3.Session) -> ReplicaOutputs:
    """The outputs of a replica's deployed stack; `session` is for its region. Raises what `read` raises."""
    return _outputs(ReplicaOutputs, _settled(replica, session), replica)


def _settled(instance: Instance, session: boto3.Session) -> "StackTypeDef":
    """The stack of an instance, in which nothing is under way.

    Raises AwsRefused where it is not deployed or may not be read, and FoundWrong where it is deployed by halves, or
    in another account than configured.
    """
    name, deploy = instance.stack_name, f"cdk deploy {instance.construct_id}"
    not_deployed = (
        f"stack {name} is not deployed in {session.region_name}; deploy it with: {deploy};"
        " or set AWS_PROFILE and AWS_REGION to its account and region"
    )
    client = session.client("cloudformation", config=CONFIG)
    with explained({"ValidationError": not_deployed}):
        stack = client.describe_stacks(StackName=name)["Stacks"][0]
    status, stack_id = stack["StackStatus"], stack["StackId"]
    if stack_id.count(":") < 5:
        raise UnreadableAnswer(f"the answer is not from AWS: StackId = {stack_id} is not an ARN")
    if status == "ROLLBACK_COMPLETE":
        raise FoundWrong(
            f"stack {name} is half deployed: its first deploy failed ({status}): {_first_failure(client, name)};"
            " fix the cause, then switch off the termination protection with:"
            f" aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name {name};"
            f" and deploy again with: {deploy}"
        )
    if status == "REVIEW_IN_PROGRESS":
        raise FoundWrong(
            f"stack {name} is empty ({status}): its first deploy has just started, or was not confirmed;"
            f" deploy it with: {deploy}"
        )
    if status not in SETTLED:
        raise FoundWrong(
            f"stack {name} is half deployed: {status}; wait for CloudFormation, or read the events with:"
            f" aws cloudformation describe-stack-events --stack-name {name}"
        )
    if instance.account not in (None, account := stack_id.split(":")[4]):
        raise FoundWrong(
            f"stack {name} is in account {account}, and [instances.{instance.name}] says account = "
            f'"{instance.account}"; set AWS_PROFILE, or profile in its table, to the right account'
        )
    return stack


def _first_failure(client: "CloudFormationClient", name: str) -> str:
    """Why CloudFormation gave up making a stack, in its own words; what follows from the first failure is left out."""
    try:
        with explained():
            pages = client.get_paginator("describe_stack_events").paginate(StackName=name)
            events = [event for page in pages for event in page["StackEvents"]]
    except AwsRefused as error:
        return f"the cause is not known: {error}"
    # The newest event comes first.
    for event in reversed(events):
        if event.get("ResourceStatus") == "CREATE_FAILED":
            reason = one_line(event.get("ResourceStatusReason", "no reason given"))
            policy = f"; {ASK_FOR_AN_EXCEPTION}" if "service control policy" in reason else ""
            return f"{event['LogicalResourceId']} ({event['ResourceType']}): {reason}{policy}"
    return "its events name no failure"


def _outputs(model: type[Model], stack: "StackTypeDef", instance: Instance) -> Model:
    given = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
    try:
        return model.model_validate(given)
    except ValidationError as error:
        missing = ", ".join(str(details["loc"][0]) for details in error.errors())
        raise FoundWrong(
            f"stack {instance.stack_name} lacks the output {missing}; deploy it again with:"
            f" cdk deploy {instance.construct_id}"
        ) from None


@dataclass(frozen=True)
class Parts:
    """The physical names of what a stack holds besides its outputs; the access keys by generation.

    `log_bucket` is None where access is logged to a bucket that is not the stack's, `kms_key` where the stack has none.
    """

    group: str
    policy_arn: str
    log_bucket: str | None
    kms_key: KmsKey | None
    access_keys: Mapping[int, str]


# Logical ID, type and physical ID of each resource that a stack has.
Resources = Sequence[tuple[str, str, str]]


def parts(instance: Instance, outputs: Outputs, resources: Resources) -> Parts:
    """What the deployed stack consists of, whatever its options are now in `instances.toml`.

    Raises FoundWrong where the stack lacks what every stack of this project has.
    """
    found: dict[str, list[str]] = {}
    for _, kind, physical_id in resources:
        found.setdefault(kind, []).append(physical_id)
    keys = {number: name for id_, _, name in resources if (number := logical_ids.generation(id_))}
    try:
        [group] = found["AWS::IAM::Group"]
        [policy_arn] = [name for id_, _, name in resources if logical_ids.is_policy(id_)]
        log_bucket = _at_most_one({*found.get("AWS::S3::Bucket", [])} - {outputs.bucket})
        key_id = _at_most_one(found.get("AWS::KMS::Key", []))
        alias = _at_most_one(found.get("AWS::KMS::Alias", []))
    except (KeyError, ValueError):
        raise FoundWrong(
            f"stack {instance.stack_name} is not from this project: it does not have exactly one group, policy and"
            " log bucket; list its resources with:"
            f" aws cloudformation list-stack-resources --stack-name {instance.stack_name}"
        ) from None
    return Parts(group, policy_arn, log_bucket, KmsKey(key_id, alias) if key_id else None, keys)


def _at_most_one(names: Collection[str]) -> str | None:
    """The one name, or None for none. Raises ValueError for more."""
    if len(names) > 1:
        raise ValueError(names)
    return next(iter(names), None)


def resources(instance: Instance, session: boto3.Session) -> Resources:
    """The current resources of the stack, without former ones. Raises AwsRefused if it may not be read."""
    with explained():
        pages = session.client("cloudformation", config=CONFIG).get_paginator("list_stack_resources")
        return [
            (each["LogicalResourceId"], each["ResourceType"], each.get("PhysicalResourceId", ""))
            for page in pages.paginate(StackName=instance.stack_name)
            for each in page["StackResourceSummaries"]
            if each["ResourceStatus"] not in GONE
        ]


def template(instance: Instance, session: boto3.Session) -> Mapping[str, Any]:
    """The template of the deployed stack, as CDK wrote it.

    Raises AwsRefused where it may not be read, and FoundWrong where CDK did not write it.
    """
    name = instance.stack_name
    with explained():
        client = session.client("cloudformation", config=CONFIG)
        # boto3 parses JSON templates, and its types do not say so.
        body: Any = client.get_template(StackName=name, TemplateStage="Original")["TemplateBody"]
    if isinstance(body, str):
        body = _from_yaml(body)
    if not isinstance(body, dict):
        raise FoundWrong(
            f"stack {name} was not deployed from CDK's template: its template is not JSON, or YAML with full function"
            f" names; read it with: aws cloudformation get-template --stack-name {name}"
        )
    return body


def _from_yaml(text: str) -> Any:
    """What the CDK CLI made of a template that it handed over itself; None for what JSON has no words for."""
    try:
        # YAML reads some values as dates; in CloudFormation they are text.
        return json.loads(json.dumps(yaml.safe_load(text), default=str))
    except (yaml.YAMLError, TypeError, ValueError, RecursionError):
        return None


def as_deployed(instance: Instance, session: boto3.Session) -> Instance:
    """The instance with the options that its deployed stack has. Raises what `template` raises."""
    return with_options_of(instance, template(instance, session))


def with_options_of(instance: Instance, template: Mapping[str, Any]) -> Instance:
    """The instance with the options that a template has."""
    return instance.model_copy(update=options_of(RenderedStack(template)))


def read_secret(outputs: Outputs, session: boto3.Session, *, previous: bool = False) -> PackagesSecret:
    """The newest access key, or the one before it.

    Raises AwsRefused where it is gone or may not be read, FoundWrong where it is not as expected.
    """
    expected = outputs.of_the_previous_key() if previous else outputs
    arn = outputs.secret_key_reference
    gone = (
        f"secret {arn} is deleted or scheduled for deletion; within its recovery window restore it with:"
        f" aws secretsmanager restore-secret --secret-id {arn}; later, only a new access key helps"
    )
    with explained({"ResourceNotFoundException": gone, "InvalidRequestException": gone}):
        value = session.client("secretsmanager", config=CONFIG).get_secret_value(
            SecretId=arn, VersionStage="AWSPREVIOUS" if previous else "AWSCURRENT"
        )
    try:
        secret = PackagesSecret.model_validate(json.loads("" if "SecretBinary" in value else value["SecretString"]))
    except ValidationError as error:
        wrong = ", ".join(str(details["loc"][0]) for details in error.errors() if details["loc"]) or "an object"
        problem = f"its JSON lacks {wrong}"
    except ValueError:
        problem = "it is not JSON"
    else:
        if not previous or secret.access_key_id == expected.access_key:
            return secret
        problem = f"its previous version holds {secret.access_key_id}, not {expected.access_key}"
    raise FoundWrong(
        f"secret {arn} is not as the stack wrote it: {problem}; somebody changed it; make the previous version"
        " current again with: aws secretsmanager update-secret-version-stage"
    )
