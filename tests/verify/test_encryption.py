"""What `verify` says of a storage that is encrypted with a KMS key.

The embedded AWS applies key policies to requests to KMS, but its S3 and its Secrets Manager ask KMS for nothing. That
the key lets the user in, by S3 only, is asserted on the template, in tests/stacks/test_options.py; that this suffices
on AWS, nothing here can show.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError, WaiterError

from ghes_packages.live.kms_key import KmsKey
from ghes_packages.policies.statements import user_statement
from ghes_packages.verify.report import Outcome
from local_aws.embedded_aws import EmbeddedAws
from tests.cloudformation import Stack
from tests.operator_permissions import Command
from tests.runbook import Shell, blocks
from tests.synthesis import deployable
from tests.verify.aws_cli import run_aws_cli
from tests.verify.conftest import Storage, deployed_for_many, failed, with_outcome
from tests.verify.operator_policy import least_policy

ROLE = "arn:aws:iam::111122223333:role/reader"


@pytest.fixture(scope="module")
def one_for_all(embedded_aws: EmbeddedAws) -> Iterator[Storage]:
    with deployed_for_many(embedded_aws, encryption="kms", secret_readers=[ROLE]) as storage:
        yield storage


@pytest.fixture
def storage(shared_storage: Storage) -> Storage:
    """What a test changes, it puts back."""
    return shared_storage


def own_key(storage: Storage) -> KmsKey:
    assert storage.parts.kms_key
    return storage.parts.kms_key


@pytest.fixture
def kms(storage: Storage) -> Any:
    return storage.aws.client("kms")


def test_everything_passes_with_the_rights_that_the_readme_names(
    storage: Storage, operator_with: Callable[..., None]
) -> None:
    operator_with(least_policy(storage, Command.VERIFY))
    report = storage.verify()
    assert [finding for finding in report.findings if finding.outcome is not Outcome.PASSED] == []
    shown = {(finding.check.title, finding.happened) for finding in report.findings}
    assert shown >= {
        ("encrypted by default", "SSE-KMS, bucket key"),
        ("key state", "Enabled"),
        ("key alias", "this key"),
        ("key rotation", "on"),
        ("key policy grants", "user, readers"),
        ("readers of the secret", "secret_readers"),
        ("encryption of the secret", "the KMS key"),
    }


def test_the_user_cannot_use_the_key_itself(storage: Storage, kms: Any) -> None:
    arn = storage.deployed.outputs.secret_key_reference
    value = json.loads(storage.aws.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"])
    client = storage.aws.client(
        "kms", aws_access_key_id=value["access_key_id"], aws_secret_access_key=value["secret_access_key"]
    )
    with pytest.raises(client.exceptions.ClientError, match="AccessDenied"):
        client.generate_data_key(KeyId=own_key(storage).id, KeySpec="AES_256")
    assert kms.generate_data_key(KeyId=own_key(storage).id, KeySpec="AES_256")["Plaintext"]


def put_encryption(storage: Storage, key: str, *, bucket_key: bool = True) -> None:
    rule = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key},
        "BucketKeyEnabled": bucket_key,
    }
    storage.s3.put_bucket_encryption(Bucket=storage.bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})


def names(storage: Storage, kms: Any) -> Iterator[str]:
    key = own_key(storage)
    yield key.id
    yield kms.describe_key(KeyId=key.id)["KeyMetadata"]["Arn"]
    yield from (alias["AliasArn"] for alias in kms.list_aliases(KeyId=key.id)["Aliases"])


def test_the_key_is_the_same_by_whichever_of_its_names(storage: Storage, kms: Any) -> None:
    found = list(names(storage, kms))
    assert len(found) == 3
    for name in found:
        put_encryption(storage, name)
        assert failed(storage.check_bucket()) == []
        storage.aws.client("secretsmanager").update_secret(
            SecretId=storage.deployed.outputs.secret_key_reference, KmsKeyId=name
        )
        assert failed(storage.check_secret()) == []


@pytest.mark.parametrize(("key", "bucket_key"), [("alias/another", True), ("", False)])
def test_another_key_or_no_bucket_key_is_reported_and_the_remedy_mends_it(
    storage: Storage, key: str, bucket_key: bool
) -> None:
    put_encryption(storage, key or own_key(storage).id, bucket_key=bucket_key)
    [finding] = with_outcome(storage.check_bucket(), Outcome.FAILED)
    assert finding.check.title == "encrypted by default"
    run_aws_cli(storage, finding.check.remedy)
    assert storage.check_bucket().exit_status == 0


def test_a_secret_with_another_key_is_reported_and_the_remedy_mends_it(storage: Storage) -> None:
    storage.aws.client("secretsmanager").update_secret(
        SecretId=storage.deployed.outputs.secret_key_reference, KmsKeyId="alias/another"
    )
    [finding] = with_outcome(storage.check_secret(), Outcome.FAILED)
    assert finding.happened == f"missing: {own_key(storage).id}; stray: alias/another"
    run_aws_cli(storage, finding.check.remedy)
    assert storage.check_secret().exit_status == 0


def test_a_key_that_is_not_as_the_stack_made_it_is_reported_and_the_remedies_mend_it(
    storage: Storage, kms: Any
) -> None:
    key = own_key(storage).id
    another = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.update_alias(AliasName=own_key(storage).alias, TargetKeyId=another)
    kms.disable_key_rotation(KeyId=key)
    kms.disable_key(KeyId=key)
    wrong = with_outcome(storage.check_kms_key(), Outcome.FAILED)
    assert [finding.check.title for finding in wrong] == ["key state", "key alias", "key rotation"]
    for finding in wrong:
        run_aws_cli(storage, finding.check.remedy.partition(";")[0])
    assert storage.check_kms_key().exit_status == 0


def key_policy(kms: Any, key: str) -> Any:
    return json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])


@pytest.fixture
def key_policy_put_back(storage: Storage, kms: Any) -> Iterator[None]:
    key = own_key(storage).id
    policy = kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]
    yield
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=policy)


@pytest.mark.usefixtures("key_policy_put_back")
def test_whoever_else_may_use_the_key_is_reported_by_name(storage: Storage, kms: Any) -> None:
    key = own_key(storage).id
    policy = key_policy(kms, key)
    somebody = {"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}
    policy["Statement"].append(somebody)
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
    [finding] = with_outcome(storage.check_kms_key(), Outcome.FAILED)
    assert finding.happened == "stray: AWS *: kms:Decrypt on *"


@pytest.mark.usefixtures("key_policy_put_back")
def test_the_service_that_the_key_is_used_through_may_have_either_suffix(storage: Storage, kms: Any) -> None:
    key = own_key(storage).id
    policy = key_policy(kms, key)
    [user] = [each for each in policy["Statement"] if each.get("Sid") == "PackagesUserThroughS3"]
    services = user["Condition"]["StringEquals"]
    services["kms:ViaService"] = [services["kms:ViaService"], "s3.us-west-2.amazonaws.com.cn"]
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
    assert failed(storage.check_kms_key()) == []
    services["kms:ViaService"].append("ec2.us-west-2.amazonaws.com")
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
    assert failed(storage.check_kms_key()) == ["key policy grants"]


def test_the_key_of_somebody_else_must_let_the_user_in_and_the_remedy_says_how(
    storage_with: Callable[..., Storage], embedded_aws: EmbeddedAws
) -> None:
    kms = embedded_aws.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    storage = storage_with(encryption=key)
    assert failed(storage.check_bucket()) == failed(storage.check_secret()) == []
    [finding] = with_outcome(storage.check_kms_key(), Outcome.FAILED)
    assert finding.happened.startswith(f"missing: AWS arn:aws:iam::111122223333:user/{storage.user}: kms:Decrypt on *")
    statements = json.loads(finding.check.remedy.split("'")[1])
    assert f"aws kms put-key-policy --key-id {key} --policy file://POLICY" in finding.check.remedy
    policy = key_policy(kms, key)
    others = {"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "kms:*", "Resource": "*"}
    policy["Statement"] += [*statements, others]
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
    assert [finding.check.title for finding in storage.check_kms_key().findings] == ["key state", "key policy grants"]
    assert failed(storage.check_kms_key()) == []
    policy["Statement"].append({key: value for key, value in statements[0].items() if key != "Condition"})
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
    [finding] = with_outcome(storage.check_kms_key(), Outcome.FAILED)
    assert finding.happened.startswith(f"stray: AWS arn:aws:iam::111122223333:user/{storage.user}: kms:Decrypt on *")


def test_the_statement_of_the_page_is_the_one_that_verify_wants() -> None:
    [written] = blocks("docs/encryption.md", "json")
    user, bucket = "arn:aws:iam::111122223333:user/USER", "arn:aws:s3:::BUCKET"
    assert json.loads(written) == user_statement(user, bucket, "us-west-2", "amazonaws.com")


def test_the_way_back_to_a_key_of_the_stacks_own_is_refused_until_the_alias_is_deleted(
    storage_with: Callable[..., Storage], kms: Any, tmp_path: Path
) -> None:
    storage = storage_with(encryption="kms")
    first = own_key(storage)
    stack = Stack(storage.aws, storage.instance.stack_name)

    def deploy(encryption: str) -> None:
        stack.update(*deployable(storage.instance.model_copy(update={"encryption": encryption})))

    deploy("s3")
    with pytest.raises(WaiterError):
        deploy("kms")
    assert f"{first.alias} already exists" in stack.failures()

    [delete_alias] = blocks("docs/encryption.md")
    shell = Shell(tmp_path, storage.aws.environment)
    shell.run(delete_alias.replace("GhesPackages-production", stack.name))
    shell.close()
    deploy("kms")
    again = Storage(storage.aws, storage.instance)
    assert own_key(again).alias == first.alias
    assert own_key(again).id != first.id
    assert kms.describe_key(KeyId=first.id)["KeyMetadata"]["KeyState"] == "Enabled"
    assert failed(again.check_kms_key()) == failed(again.check_bucket()) == failed(again.check_secret()) == []


def test_a_put_that_the_key_refuses_says_so_and_where_to_look(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def refused(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        if operation == "PutObject":
            message = "User: x is not authorized to perform: kms:GenerateDataKey on this resource because no ..."
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": message}}, operation)
        return call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", refused)
    [finding] = with_outcome(storage.verify(), Outcome.FAILED)
    assert (finding.check.title, finding.happened) == (
        "put an object",
        "PutObject: AccessDenied (kms:GenerateDataKey)",
    )
    assert "the KMS key policy must grant kms actions to the user: see the checks" in finding.check.remedy
