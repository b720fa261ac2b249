import re
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from local_aws.embedded_aws import EmbeddedAws
from tests.cloudformation import Resources, Stack


@pytest.fixture
def stack(embedded_aws: EmbeddedAws) -> Stack:
    return Stack(embedded_aws)


@pytest.fixture
def s3(embedded_aws: EmbeddedAws) -> Any:
    return embedded_aws.client("s3")


@pytest.fixture
def iam(embedded_aws: EmbeddedAws) -> Any:
    return embedded_aws.client("iam")


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


# --- Buckets


def test_what_a_template_says_of_a_bucket_is_what_s3_says(stack: Stack, s3: Any) -> None:
    logs = resource("AWS::S3::Bucket")
    bucket = resource(
        "AWS::S3::Bucket",
        BucketEncryption={
            "ServerSideEncryptionConfiguration": [
                {"BucketKeyEnabled": True, "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
            ]
        },
        LifecycleConfiguration={
            "Rules": [
                {
                    "Id": "old",
                    "Status": "Enabled",
                    "ExpirationInDays": 365,
                    "Prefix": "a/",
                    "Transitions": [{"TransitionInDays": 0, "StorageClass": "INTELLIGENT_TIERING"}],
                },
                {
                    "Status": "Disabled",
                    "ExpiredObjectDeleteMarker": True,
                    "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
                    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                },
            ]
        },
        LoggingConfiguration={"DestinationBucketName": {"Ref": "Logs"}, "LogFilePrefix": "packages/"},
        OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]},
        Tags=[{"Key": "team", "Value": "forge"}],
        VersioningConfiguration={"Status": "Enabled"},
    )
    stack.create({"Logs": logs, "Bucket": bucket})
    name = stack.physical_id("Bucket")
    assert s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"] == [
        {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}
    ]
    assert s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"] == [
        {
            "ID": "old",
            "Status": "Enabled",
            "Filter": {"Prefix": "a/"},
            "Expiration": {"Days": 365},
            "Transitions": [{"Days": 0, "StorageClass": "INTELLIGENT_TIERING"}],
        },
        {
            "Status": "Disabled",
            "Filter": {"Prefix": ""},
            "Expiration": {"ExpiredObjectDeleteMarker": True},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        },
    ]
    assert s3.get_bucket_logging(Bucket=name)["LoggingEnabled"] == {
        "TargetBucket": stack.physical_id("Logs"),
        "TargetPrefix": "packages/",
    }
    assert s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"] == [
        {"ObjectOwnership": "BucketOwnerPreferred"}
    ]
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    tags = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=name)["TagSet"]}
    assert tags["team"] == "forge"
    assert tags["aws:cloudformation:stack-name"] == stack.name

    stack.update({"Logs": logs, "Bucket": resource("AWS::S3::Bucket")})
    assert stack.physical_id("Bucket") == name
    assert "AES256" in str(s3.get_bucket_encryption(Bucket=name))
    with pytest.raises(ClientError, match="NoSuchLifecycleConfiguration"):
        s3.get_bucket_lifecycle_configuration(Bucket=name)
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=name)
    with pytest.raises(ClientError, match="OwnershipControlsNotFoundError"):
        s3.get_bucket_ownership_controls(Bucket=name)
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Suspended"
    assert "team" not in str(s3.get_bucket_tagging(Bucket=name))


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"ObjectLockEnabled": True}, r"does not apply \['ObjectLockEnabled'\]"),
        ({"AccessControl": "PublicRead"}, r"does not apply \['AccessControl'\]"),
        (
            {"LifecycleConfiguration": {"Rules": [{"Status": "Enabled", "TagFilters": []}]}},
            'Unknown parameter in LifecycleConfiguration.Rules.0.: "TagFilters"',
        ),
        (
            {"LifecycleConfiguration": {"Rules": [{"Status": "Enabled", "ExpirationInDays": 0}]}},
            "InvalidArgument: 'Days' for Expiration action must be a positive integer",
        ),
    ],
)
def test_what_cannot_be_applied_to_a_bucket_fails_and_leaves_no_bucket(
    stack: Stack, s3: Any, properties: dict[str, Any], reason: str
) -> None:
    with pytest.raises(WaiterError):
        stack.create({"Bucket": resource("AWS::S3::Bucket", **properties)})
    assert re.search(reason, stack.failures())
    assert not [bucket for bucket in s3.list_buckets()["Buckets"] if bucket["Name"].startswith(stack.name)]


def test_a_bucket_with_objects_is_not_deleted(stack: Stack, s3: Any) -> None:
    stack.create({"Bucket": resource("AWS::S3::Bucket")})
    name = stack.physical_id("Bucket")
    s3.put_object(Bucket=name, Key="kept", Body=b"")
    with pytest.raises(WaiterError):
        stack.delete()
    assert "BucketNotEmpty" in stack.failures()
    s3.delete_object(Bucket=name, Key="kept")
    stack.delete()
    with pytest.raises(ClientError, match="404"):
        s3.head_bucket(Bucket=name)


def test_kms_encryption_without_a_key_means_the_accounts_own(stack: Stack, s3: Any) -> None:
    stack.create({"Bucket": resource("AWS::S3::Bucket")})
    stored = s3.put_object(Bucket=stack.physical_id("Bucket"), Key="asset", ServerSideEncryption="aws:kms")
    assert stored["SSEKMSKeyId"].endswith(":alias/aws/s3")


# --- Access keys


def user_with_keys(*keys: dict[str, Any]) -> Resources:
    user = {"User": resource("AWS::IAM::User")}
    return user | {
        f"Key{number}": resource("AWS::IAM::AccessKey", UserName={"Ref": "User"}, **key)
        for number, key in enumerate(keys, start=1)
    }


def statuses(iam: Any, stack: Stack) -> dict[str, str]:
    keys = iam.list_access_keys(UserName=stack.physical_id("User"))["AccessKeyMetadata"]
    return {key["AccessKeyId"]: key["Status"] for key in keys}


def test_an_access_key_is_disabled_in_place_and_replaced_on_serial(stack: Stack, iam: Any) -> None:
    stack.create(user_with_keys({}))
    first = stack.physical_id("Key1")
    assert statuses(iam, stack) == {first: "Active"}

    disabled = user_with_keys({"Status": "Inactive"})
    assert stack.replacement(disabled) == {"Key1": "False"}
    stack.update(disabled)
    assert statuses(iam, stack) == {first: "Inactive"}

    replaced = user_with_keys({"Serial": 1})
    assert stack.replacement(replaced) == {"Key1": "True"}
    stack.update(replaced)
    second = stack.physical_id("Key1")
    assert second != first
    assert statuses(iam, stack) == {second: "Active"}

    user = stack.physical_id("User")
    stack.delete()
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.get_user(UserName=user)


def test_a_third_access_key_is_refused(stack: Stack, iam: Any) -> None:
    stack.create(user_with_keys({}, {}))
    two = statuses(iam, stack)
    assert len(two) == 2
    with pytest.raises(WaiterError):
        stack.update(user_with_keys({}, {}, {}))
    assert "LimitExceeded: Cannot exceed quota for AccessKeysPerUser: 2" in stack.failures()
    with pytest.raises(WaiterError):
        stack.update(user_with_keys({}, {"Serial": 1}))
    with pytest.raises(iam.exceptions.LimitExceededException):
        iam.create_access_key(UserName=stack.physical_id("User"))
    assert statuses(iam, stack) == two


def secret_of(number: int, **properties: Any) -> Resources:
    value = {"Fn::Join": ["", [{"Ref": f"Key{number}"}, " ", {"Fn::GetAtt": [f"Key{number}", "SecretAccessKey"]}]]}
    return {"Secret": resource("AWS::SecretsManager::Secret", SecretString=value, **properties)}


def test_a_disabled_access_key_is_refused(embedded_aws: EmbeddedAws, stack: Stack) -> None:
    def identify() -> str:
        arn: str = embedded_aws.client(
            "sts", aws_access_key_id=key_id, aws_secret_access_key=secret
        ).get_caller_identity()["Arn"]
        return arn

    stack.create(user_with_keys({}) | secret_of(1))
    key_id, secret = secret_value(embedded_aws, stack).split()
    assert identify().endswith(f":user/{stack.physical_id('User')}")
    stack.update(user_with_keys({"Status": "Inactive"}) | secret_of(1))
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        identify()


# --- KMS aliases


def test_an_alias_whose_name_is_taken_is_refused_until_it_is_deleted(embedded_aws: EmbeddedAws, stack: Stack) -> None:
    kms = embedded_aws.client("kms")
    key = resource("AWS::KMS::Key")
    name = f"alias/{stack.name}"
    alias = resource("AWS::KMS::Alias", AliasName=name, TargetKeyId={"Ref": "Key"})
    stack.create({"Key": key, "Alias": {**alias, "DeletionPolicy": "Retain"}})
    first = stack.physical_id("Key")
    stack.update({"Key": key})
    with pytest.raises(WaiterError):
        stack.update({"Key": key, "Alias": alias})
    assert "AlreadyExistsException" in stack.failures()
    assert kms.describe_key(KeyId=name)["KeyMetadata"]["KeyId"] == first

    kms.delete_alias(AliasName=name)
    stack.update({"Key": key, "Alias": alias})
    assert kms.describe_key(KeyId=name)["KeyMetadata"]["KeyId"] == first


# --- Two regions


def test_a_bucket_is_replicated_to_one_that_another_region_puts_out(embedded_aws: EmbeddedAws, s3: Any) -> None:
    """On AWS it needs a role that may; not here."""
    versioned = {"VersioningConfiguration": {"Status": "Enabled"}}
    there, here = Stack(embedded_aws, region="eu-west-1"), Stack(embedded_aws)
    there.create({"Bucket": resource("AWS::S3::Bucket", **versioned)}, {"Name": {"Value": {"Ref": "Bucket"}}})

    def bucket(output: str) -> Resources:
        name = {"Fn::GetStackOutput": {"StackName": there.name, "Region": "eu-west-1", "OutputName": output}}
        rule = {
            "Id": "all",
            "Priority": 1,
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "DeleteMarkerReplication": {"Status": "Enabled"},
            "Destination": {
                "Bucket": {"Fn::Join": ["", ["arn:aws:s3:::", name]]},
                "EncryptionConfiguration": {"ReplicaKmsKeyID": "arn:aws:kms:eu-west-1:111122223333:key/a"},
                "Metrics": {"Status": "Enabled"},
            },
            "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
        }
        replication = {"Role": "arn:aws:iam::111122223333:role/x", "Rules": [rule]}
        return {"Bucket": resource("AWS::S3::Bucket", **versioned, ReplicationConfiguration=replication)}

    here.create(bucket("Name"))
    name, replica = here.physical_id("Bucket"), there.physical_id("Bucket")
    [rule] = s3.get_bucket_replication(Bucket=name)["ReplicationConfiguration"]["Rules"]
    wanted = bucket("Name")["Bucket"]["Properties"]["ReplicationConfiguration"]["Rules"][0]
    wanted["Destination"]["Bucket"] = f"arn:aws:s3:::{replica}"
    assert rule == {"ID": wanted.pop("Id"), **wanted}
    s3.put_object(Bucket=name, Key="package", Body=b"content")
    assert s3.get_object(Bucket=replica, Key="package")["Body"].read() == b"content"

    here.update({"Bucket": resource("AWS::S3::Bucket", **versioned)})
    with pytest.raises(ClientError, match="ReplicationConfigurationNotFoundError"):
        s3.get_bucket_replication(Bucket=name)
    with pytest.raises(WaiterError):
        here.update(bucket("Other"))
    assert f"Output Other not found in stack {there.name} in eu-west-1" in here.failures()


# --- Secrets


def secret_value(aws: EmbeddedAws, stack: Stack, **version: str) -> str:
    answer = aws.client("secretsmanager").get_secret_value(SecretId=stack.physical_id("Secret"), **version)
    value: str = answer["SecretString"]
    return value


def test_a_secret_keeps_its_arn_and_the_value_before(embedded_aws: EmbeddedAws, stack: Stack) -> None:
    stack.create(user_with_keys({}, {}) | secret_of(1))
    arn = stack.physical_id("Secret")
    assert arn.startswith(f"arn:aws:secretsmanager:{embedded_aws.region}:{embedded_aws.account}:secret:")
    before = secret_value(embedded_aws, stack)

    stack.update(user_with_keys({}, {}) | secret_of(2, Description="of the second key"))
    assert stack.physical_id("Secret") == arn
    assert secret_value(embedded_aws, stack).startswith(stack.physical_id("Key2"))
    assert secret_value(embedded_aws, stack, VersionStage="AWSPREVIOUS") == before

    detection = stack.cloudformation.detect_stack_resource_drift(StackName=stack.name, LogicalResourceId="Secret")
    assert detection["StackResourceDrift"]["StackResourceDriftStatus"] == "IN_SYNC"

    stack.delete()
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        embedded_aws.client("secretsmanager").describe_secret(SecretId=arn)


# --- Groups


def test_the_policy_of_a_secret_is_set_changed_and_taken_away(embedded_aws: EmbeddedAws, stack: Stack) -> None:
    client = embedded_aws.client("secretsmanager")
    secret = resource("AWS::SecretsManager::Secret", SecretString="x")

    def policy(action: str) -> dict[str, Any]:
        statement = {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": "*"}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        reference = {"Ref": "Secret"}
        return resource("AWS::SecretsManager::ResourcePolicy", SecretId=reference, ResourcePolicy=document)

    stack.create({"Secret": secret, "Policy": policy("secretsmanager:GetSecretValue")})
    arn = stack.physical_id("Secret")
    assert stack.physical_id("Policy") == arn
    assert "GetSecretValue" in client.get_resource_policy(SecretId=arn)["ResourcePolicy"]
    stack.update({"Secret": secret, "Policy": policy("secretsmanager:DescribeSecret")})
    assert "GetSecretValue" not in client.get_resource_policy(SecretId=arn)["ResourcePolicy"]
    stack.update({"Secret": secret})
    assert "ResourcePolicy" not in client.get_resource_policy(SecretId=arn)


def test_the_policy_of_a_group_applies_to_its_members(embedded_aws: EmbeddedAws, stack: Stack, iam: Any) -> None:
    policy = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
    resources = user_with_keys({}) | secret_of(1)
    resources["User"] = resource("AWS::IAM::User", Groups=[{"Ref": "Group"}])
    stack.create(resources | {"Group": resource("AWS::IAM::Group")})

    def list_buckets() -> Any:
        key_id, secret = secret_value(embedded_aws, stack).split()
        return embedded_aws.client("s3", aws_access_key_id=key_id, aws_secret_access_key=secret).list_buckets()

    with pytest.raises(ClientError, match="AccessDenied"):
        list_buckets()
    stack.update(
        resources
        | {
            "Group": resource("AWS::IAM::Group"),
            "Policy": resource(
                "AWS::IAM::ManagedPolicy", Groups=[{"Ref": "Group"}], PolicyDocument={"Statement": [policy]}
            ),
        }
    )
    assert list_buckets()["Buckets"] is not None
    group = stack.physical_id("Group")
    stack.delete()
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.get_group(GroupName=group)
