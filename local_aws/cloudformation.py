"""Adds to MiniStack's CloudFormation what this project's stack needs, through MiniStack's own tables.

Each addition calls MiniStack's implementation of the API operation that CloudFormation calls on AWS, with the request
that botocore would send, so that MiniStack validates it like any other request. The names of MiniStack used here are
private: its version is pinned, and a test names those that a new version lacks.
"""

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import botocore.session
from botocore.awsrequest import HeadersDict
from botocore.model import ServiceModel
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudformation, iam, kms, s3, secretsmanager
from ministack.services.cloudformation import drift, engine, provisioners

Properties = Mapping[str, Any]
Resource = tuple[str, dict[str, Any]]
"""What CloudFormation keeps: the physical ID, which is what `Ref` gives, and the attributes for `Fn::GetAtt`."""
Response = tuple[int, Mapping[str, str], bytes | str]
"""MiniStack's answer to an API request: status, headers, body."""

ACCESS_KEYS_PER_USER = 2


def install() -> None:
    """Add everything below to the MiniStack of this process."""
    provisioners._RESOURCE_HANDLERS.update(
        {
            "AWS::IAM::AccessKey": {
                "create": _create_access_key,
                "update": _update_access_key,
                "delete": _delete_access_key,
            },
            "AWS::IAM::Group": {"create": _create_group, "delete": _delete_group},
            "AWS::KMS::Alias": {**provisioners._RESOURCE_HANDLERS["AWS::KMS::Alias"], "create": _create_alias},
            "AWS::S3::Bucket": {
                **provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"],
                "create": _create_bucket,
                "update": _update_bucket,
                "delete": _delete_bucket,
            },
            "AWS::SecretsManager::Secret": {
                "create": _create_secret,
                "update": _update_secret,
                "update_with_logical_id": True,
                "delete": _delete_secret,
            },
            "AWS::SecretsManager::ResourcePolicy": {
                "create": _create_secret_policy,
                "update": _update_secret_policy,
                "delete": _delete_secret_policy,
            },
        }
    )
    # For a type missing in this table, a change set says that every change may replace the resource.
    provisioners._REPLACING_PROPERTIES.update(
        {
            "AWS::IAM::AccessKey": ("Serial", "UserName"),
            "AWS::IAM::Group": ("GroupName",),
            "AWS::S3::Bucket": ("BucketName",),
            "AWS::S3::BucketPolicy": ("Bucket",),
            "AWS::SecretsManager::Secret": ("Name",),
            "AWS::SecretsManager::ResourcePolicy": ("SecretId",),
        }
    )
    # MiniStack does not tag buckets with the stack's tags, because it ignores that property.
    provisioners._STACK_TAG_PROPERTY["AWS::S3::Bucket"] = ("Tags", "list")
    _, compared = drift._DRIFT_READERS["AWS::SecretsManager::Secret"]
    drift._DRIFT_READERS["AWS::SecretsManager::Secret"] = (_read_secret_for_drift, compared)
    engine._resolve_refs = functools.partial(_resolve_with_stack_outputs, engine._resolve_refs)
    iam._IAM_HANDLERS["CreateAccessKey"] = _create_access_key_within_quota
    s3._resolve_sse_write_headers = functools.partial(_resolve_encryption_headers, s3._resolve_sse_write_headers)


# --- Calling MiniStack's API from inside


@functools.cache
def _service_model(service: str) -> ServiceModel:
    return botocore.session.Session().get_service_model(service)


def _call(service: str, operation: str, handle: Callable[[Any], Response], **parameters: Any) -> dict[str, Any]:
    """The result of an API operation: `handle` gets the body of the request. Raises ValueError on refusal."""
    model = _service_model(service).operation_model(operation)
    protocol = model.service_model.protocol
    request = create_serializer(protocol).serialize_to_request(parameters, model)
    status, headers, body = handle(request["body"])
    result: dict[str, Any] = create_parser(protocol).parse(
        {
            "status_code": status,
            "headers": HeadersDict(headers),
            "body": body.encode() if isinstance(body, str) else body,
        },
        model.output_shape,  # type: ignore[arg-type]  # botocore's own clients pass None for no output
    )
    if status >= 400:
        raise ValueError(f"{result['Error']['Code']}: {result['Error']['Message']}")
    return result


def _call_iam(operation: str, **parameters: Any) -> dict[str, Any]:
    return _call("iam", operation, iam._IAM_HANDLERS[operation], **parameters)


# --- Fn::GetStackOutput, for which MiniStack ignores the region and looks in the stack's own


def _resolve_with_stack_outputs(resolve: Callable[..., Any], value: Any, *context: Any) -> Any:
    match value:
        case {"Fn::GetStackOutput": {"StackName": name, "Region": region, "OutputName": output}}:
            stack = cloudformation._stacks.get_scoped(get_account_id(), region, name) or {}
            for each in stack.get("Outputs", []):
                if each["OutputKey"] == output:
                    return each["OutputValue"]
            raise ValueError(f"Output {output} not found in stack {name} in {region}")
    return resolve(value, *context)


# --- AWS::IAM::AccessKey, which MiniStack lacks


def _create_access_key(logical_id: str, properties: Properties, stack_name: str) -> Resource:
    key = _call_iam("CreateAccessKey", UserName=properties["UserName"])["AccessKey"]
    return _update_access_key(key["AccessKeyId"], {}, properties, stack_name)


def _update_access_key(access_key_id: str, old: Properties, new: Properties, stack_name: str) -> Resource:
    _call_iam(
        "UpdateAccessKey",
        UserName=new["UserName"],
        AccessKeyId=access_key_id,
        Status=new.get("Status", "Active"),
    )
    return access_key_id, {"SecretAccessKey": iam._access_keys[access_key_id]["SecretAccessKey"]}


def _delete_access_key(access_key_id: str, properties: Properties) -> None:
    if access_key_id in iam._access_keys:
        _call_iam("DeleteAccessKey", UserName=properties["UserName"], AccessKeyId=access_key_id)


def _create_access_key_within_quota(parameters: Mapping[str, Any]) -> Response:
    """CreateAccessKey with AWS's quota, which MiniStack lacks and a rotation can reach."""
    user_name = iam._p(parameters, "UserName")
    keys = [key for key in iam._access_keys.values() if key["UserName"] == user_name]
    if len(keys) >= ACCESS_KEYS_PER_USER:
        message = f"Cannot exceed quota for AccessKeysPerUser: {ACCESS_KEYS_PER_USER}"
        return iam._error(409, "LimitExceeded", message)  # type: ignore[no-any-return]
    return iam._create_access_key(parameters)  # type: ignore[no-any-return]


# --- AWS::IAM::Group, which MiniStack lacks


def _create_group(logical_id: str, properties: Properties, stack_name: str) -> Resource:
    if ignored := properties.keys() - {"GroupName"}:
        raise ValueError(f"the local AWS emulator does not apply {sorted(ignored)} of AWS::IAM::Group")
    name = properties.get("GroupName") or provisioners._physical_name(stack_name, logical_id)
    return name, {"Arn": _call_iam("CreateGroup", GroupName=name)["Group"]["Arn"]}


def _delete_group(name: str, properties: Properties) -> None:
    if name in iam._groups:
        _call_iam("DeleteGroup", GroupName=name)


# --- AWS::KMS::Alias, which MiniStack redirects to another key if the name exists


def _create_alias(logical_id: str, properties: Properties, stack_name: str) -> Resource:
    """Like AWS, refuse an existing name, for example of a retained alias."""
    if (arn := kms._alias_arn(properties["AliasName"])) in kms._aliases:
        raise ValueError(f"AlreadyExistsException: An alias with the name {arn} already exists")
    resource: Resource = provisioners._kms_alias_create(logical_id, properties, stack_name)
    return resource


# --- AWS::S3::Bucket, for which MiniStack ignores many properties


class _BucketConfiguration(NamedTuple):
    """How to apply a property of a bucket: an S3 operation, and its parameters for the value.

    `remove` undoes it; without it, the parameters for an empty value do.
    """

    operation: str
    parameters: Callable[[Any], dict[str, Any]]
    put: Callable[[str, bytes], Response]
    remove: Callable[[str], Response] | None = None


def _encryption_parameters(encryption: Properties) -> dict[str, Any]:
    rules = [dict(rule) for rule in encryption["ServerSideEncryptionConfiguration"]]
    for rule in rules:
        rule["ApplyServerSideEncryptionByDefault"] = rule.pop("ServerSideEncryptionByDefault")
    return {"ServerSideEncryptionConfiguration": {"Rules": rules}}


_OF_A_TRANSITION = {"TransitionInDays": "Days", "TransitionDate": "Date"}


def _lifecycle_parameters(lifecycle: Properties) -> dict[str, Any]:
    """S3's names for CloudFormation's, where they differ; botocore refuses names that are missing here."""
    rules = [dict(rule) for rule in lifecycle["Rules"]]
    for rule in rules:
        rule["Filter"] = {"Prefix": rule.pop("Prefix", "")}
        if "Id" in rule:
            rule["ID"] = rule.pop("Id")
        if "ExpirationInDays" in rule:
            rule["Expiration"] = {"Days": rule.pop("ExpirationInDays")}
        elif "ExpiredObjectDeleteMarker" in rule:
            rule["Expiration"] = {"ExpiredObjectDeleteMarker": rule.pop("ExpiredObjectDeleteMarker")}
        if "Transitions" in rule:
            rule["Transitions"] = [
                {_OF_A_TRANSITION.get(key, key): value for key, value in each.items()} for each in rule["Transitions"]
            ]
    return {"LifecycleConfiguration": {"Rules": rules}}


def _logging_parameters(logging: Properties) -> dict[str, Any]:
    if not logging:
        return {"BucketLoggingStatus": {}}
    target = {"TargetBucket": logging["DestinationBucketName"], "TargetPrefix": logging.get("LogFilePrefix", "")}
    return {"BucketLoggingStatus": {"LoggingEnabled": target}}


def _replication_parameters(replication: Properties) -> dict[str, Any]:
    rules = [dict(rule) for rule in replication["Rules"]]
    for rule in rules:
        rule["ID"] = rule.pop("Id")
    return {"ReplicationConfiguration": {**replication, "Rules": rules}}


_BUCKET_CONFIGURATIONS = {
    "BucketEncryption": _BucketConfiguration(
        "PutBucketEncryption", _encryption_parameters, s3._put_bucket_encryption, s3._delete_bucket_encryption
    ),
    "LifecycleConfiguration": _BucketConfiguration(
        "PutBucketLifecycleConfiguration", _lifecycle_parameters, s3._put_bucket_lifecycle, s3._delete_bucket_lifecycle
    ),
    "LoggingConfiguration": _BucketConfiguration("PutBucketLogging", _logging_parameters, s3._put_bucket_logging),
    "OwnershipControls": _BucketConfiguration(
        "PutBucketOwnershipControls",
        lambda controls: {"OwnershipControls": controls},
        s3._put_bucket_ownership_controls,
        s3._delete_bucket_ownership_controls,
    ),
    "Tags": _BucketConfiguration(
        "PutBucketTagging",
        lambda tags: {"Tagging": {"TagSet": tags}},
        s3._put_bucket_tagging,
        s3._delete_bucket_tagging,
    ),
    # MiniStack applies this one, but never suspends versioning again.
    "VersioningConfiguration": _BucketConfiguration(
        "PutBucketVersioning",
        lambda versioning: {"VersioningConfiguration": versioning or {"Status": "Suspended"}},
        s3._put_bucket_versioning,
    ),
    # S3 accepts it only for a versioned bucket.
    "ReplicationConfiguration": _BucketConfiguration(
        "PutBucketReplication", _replication_parameters, s3._put_bucket_replication, s3._delete_bucket_replication
    ),
}
_APPLIED_BY_MINISTACK = {
    "BucketName",
    "CorsConfiguration",
    "NotificationConfiguration",
    "PublicAccessBlockConfiguration",
    "WebsiteConfiguration",
}
_DEFAULTS = {"AccessControl": "Private"}
"""Nothing to apply: the template of `cdk bootstrap` says so of its bucket."""


def _configure_bucket(name: str, old: Properties, new: Properties) -> None:
    defaults = {key for key, value in new.items() if _DEFAULTS.get(key) == value}
    if ignored := new.keys() - _BUCKET_CONFIGURATIONS.keys() - _APPLIED_BY_MINISTACK - defaults:
        raise ValueError(f"the local AWS emulator does not apply {sorted(ignored)} of AWS::S3::Bucket")
    for key, configuration in _BUCKET_CONFIGURATIONS.items():
        if new.get(key) == old.get(key):
            continue
        if key not in new and configuration.remove:
            configuration.remove(name)
            continue
        parameters = configuration.parameters(new.get(key, {}))
        put = functools.partial(configuration.put, name)
        _call("s3", configuration.operation, put, Bucket=name, **parameters)


def _create_bucket(logical_id: str, properties: Properties, stack_name: str) -> Resource:
    name, attributes = provisioners._s3_create(logical_id, properties, stack_name)
    try:
        _configure_bucket(name, {}, properties)
    except Exception:
        # CloudFormation does not know a bucket whose creation failed, so a rollback would leave it.
        _delete_bucket(name, properties)
        raise
    return name, attributes


def _update_bucket(name: str, old: Properties, new: Properties, stack_name: str) -> Resource:
    resource: Resource = provisioners._s3_update(name, old, new, stack_name)
    _configure_bucket(name, old, new)
    return resource


def _delete_bucket(name: str, properties: Properties) -> None:
    """Like AWS, refuse to delete a bucket that is not empty; MiniStack deletes it with its objects."""
    if name in s3._buckets:
        _call("s3", "DeleteBucket", lambda body: s3._delete_bucket(name), Bucket=name)


def _resolve_encryption_headers(
    resolve: Callable[[Mapping[str, str], str], Any], headers: Mapping[str, str], bucket_name: str
) -> Any:
    """On AWS, SSE-KMS without a key ID means the account's key for S3; the CDK CLI uploads assets like that."""
    key_id = "x-amz-server-side-encryption-aws-kms-key-id"
    if headers.get("x-amz-server-side-encryption") == "aws:kms" and key_id not in headers:
        headers = {**headers, key_id: f"arn:aws:kms:{get_region()}:{get_account_id()}:alias/aws/s3"}
    return resolve(headers, bucket_name)


# --- AWS::SecretsManager::Secret, whose `Ref` is the name in MiniStack and the ARN on AWS


def _create_secret(logical_id: str, properties: Properties, stack_name: str) -> Resource:
    _, attributes = provisioners._sm_secret_create(logical_id, properties, stack_name)
    return attributes["Id"], attributes


def _update_secret(
    arn: str, old: Properties, new: Properties, stack_name: str, logical_id: str | None = None
) -> Resource:
    _, attributes = provisioners._sm_secret_update(_secret_name(arn), old, new, stack_name, logical_id)
    return attributes["Id"], attributes


def _delete_secret(arn: str, properties: Properties) -> None:
    provisioners._sm_secret_delete(_secret_name(arn), properties)


def _read_secret_for_drift(arn: str, properties: Properties) -> Any:
    return drift._read_secret(_secret_name(arn), properties)


def _secret_name(arn: str) -> str | None:
    """The name of a secret in MiniStack; None if there is no such secret."""
    return next((name for name, secret in secretsmanager._secrets.items() if secret["ARN"] == arn), None)


# --- AWS::SecretsManager::ResourcePolicy, which MiniStack does not have


def _create_secret_policy(logical_id: str, properties: Properties, stack_name: str) -> Resource:
    return _update_secret_policy(properties["SecretId"], {}, properties, stack_name)


def _update_secret_policy(arn: str, old: Properties, new: Properties, stack_name: str) -> Resource:
    if ignored := new.keys() - {"SecretId", "ResourcePolicy", "BlockPublicPolicy"}:
        raise ValueError(
            f"the local AWS emulator does not apply {sorted(ignored)} of AWS::SecretsManager::ResourcePolicy"
        )
    policy = json.dumps(new["ResourcePolicy"])
    _call_secretsmanager("PutResourcePolicy", secretsmanager._put_resource_policy, SecretId=arn, ResourcePolicy=policy)
    return arn, {}


def _delete_secret_policy(arn: str, properties: Properties) -> None:
    if _secret_name(arn):
        _call_secretsmanager("DeleteResourcePolicy", secretsmanager._delete_resource_policy, SecretId=arn)


def _call_secretsmanager(operation: str, handle: Callable[[Any], Response], **parameters: Any) -> dict[str, Any]:
    return _call("secretsmanager", operation, lambda body: handle(json.loads(body)), **parameters)
