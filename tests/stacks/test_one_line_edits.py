"""Whoever edits `stacks/` and breaks a promise with a single line is stopped at synth, and the rule is named.

The app is the real one with every validator on; it runs in this process, because most of the time of `cdk synth` is
the start of the engine. That the CLI fails as well is for tests/end_to_end.
"""

import importlib
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import aws_cdk as cdk
import pytest

from ghes_packages.config.instance import Instance
from stacks.guardrails import guardrails
from tests.stacks.test_guardrails import WITH_OPTIONS
from tests.synthesis import INSTANCE, PROJECT
from tests.validation import violations_in

BUCKET, ACCESS, STORAGE = "private_bucket.py", "packages_access.py", "packages_storage.py"
REPLICATION = "replication.py"
AT_THE_END_OF_ACCESS = "        newest = self.access_keys[0]"
AT_THE_END_OF_STORAGE = "        newest, *previous ="
IN_A_BUCKET = "            versioned=True,"


def deny(condition: str) -> str:
    return (
        "        bucket.add_to_resource_policy(__import__('aws_cdk').aws_iam.PolicyStatement("
        "effect=__import__('aws_cdk').aws_iam.Effect.DENY, principals=[__import__('aws_cdk').aws_iam.AnyPrincipal()],"
        f" actions=['s3:*'], resources=['*'], conditions={condition}))"
    )


# The rule, the file, the line, and what it becomes; where the line is kept, one is added. Two are not ours: the rule
# pack and CDK's own validation stay on beside the guardrails.
EDITS = [
    ("seven_actions", ACCESS, "actions=actions(ResourceType.BUCKET)", 'actions=["s3:*"]'),
    (
        "seven_actions",
        ACCESS,
        "actions=actions(ResourceType.OBJECT)",
        'actions=[*actions(ResourceType.OBJECT), "s3:PutObjectAcl"]',
    ),
    ("seven_actions", ACCESS, "resources=[objects]", 'resources=["*"]'),
    (
        "no_other_grant_to_the_user",
        ACCESS,
        AT_THE_END_OF_ACCESS,
        "        bucket.grant_read(self.user)\n" + AT_THE_END_OF_ACCESS,
    ),
    ("user_in_its_group_with_its_boundary", ACCESS, ", permissions_boundary=_boundary(self, instance, policy))", ")"),
    (
        "user_in_its_group_with_its_boundary",
        ACCESS,
        'iam.User(self, "User", groups=[group], ',
        'iam.User(self, "User", ',
    ),
    (
        "only_its_own_access_keys",
        ACCESS,
        AT_THE_END_OF_ACCESS,
        '        iam.CfnAccessKey(self, "Other", user_name="somebody", status="Active")\n' + AT_THE_END_OF_ACCESS,
    ),
    (
        "no_secret_in_clear",
        ACCESS,
        '"secret_access_key": newest.secret_access_key,',
        '"secret_access_key": _not_secret("in clear"),',
    ),
    (
        "no_secret_in_an_output",
        STORAGE,
        "AwsS3SecretKeyReference=access.secret.secret_arn,",
        "AwsS3SecretKeyReference=access.access_keys[0].secret_access_key.unsafe_unwrap(),",
    ),
    ("public_access_blocked", BUCKET, "s3.BlockPublicAccess.BLOCK_ALL", "s3.BlockPublicAccess.BLOCK_ACLS_ONLY"),
    ("acls_off", BUCKET, "s3.ObjectOwnership.BUCKET_OWNER_ENFORCED", "s3.ObjectOwnership.BUCKET_OWNER_PREFERRED"),
    ("tls_only", BUCKET, "            minimum_tls_version=LEAST_TLS_VERSION,\n", ""),
    ("tls_only", BUCKET, "minimum_tls_version=LEAST_TLS_VERSION", "minimum_tls_version=1.1"),
    ("encrypted", BUCKET, "s3.BucketEncryption.S3_MANAGED", "s3.BucketEncryption.UNENCRYPTED"),
    ("only_known_bucket_properties", BUCKET, IN_A_BUCKET, "            transfer_acceleration=True,\n" + IN_A_BUCKET),
    (
        "only_known_resources",
        STORAGE,
        AT_THE_END_OF_STORAGE,
        '        __import__("aws_cdk").CfnResource(self, "X", type="AWS::S3::AccessPoint", properties={})\n'
        + AT_THE_END_OF_STORAGE,
    ),
    ("no_other_denial", STORAGE, AT_THE_END_OF_STORAGE, deny("{}") + "\n" + AT_THE_END_OF_STORAGE),
    ("no_open_key_or_secret", ACCESS, ".block_public_policy = True", ".block_public_policy = False"),
    (
        "written_out",
        STORAGE,
        AT_THE_END_OF_STORAGE,
        '        self.add_transform("AWS::Include")\n' + AT_THE_END_OF_STORAGE,
    ),
    ("versioned", BUCKET, "versioned=True", "versioned=False"),
    ("retained", BUCKET, "cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE", "cdk.RemovalPolicy.DESTROY"),
    ("retained", BUCKET, "            self.policy.apply_removal_policy(RETAIN)", "            pass"),
    ("current_packages_stay", "packages_bucket.py", "lifecycle=packages(instance)", "lifecycle=ACCESS_LOGS"),
    ("access_logged", BUCKET, "            server_access_logs_bucket=access_logs,\n", ""),
    ("no_website", BUCKET, IN_A_BUCKET, '            website_index_document="index.html",\n' + IN_A_BUCKET),
    (
        "no_cors_for_everyone",
        BUCKET,
        IN_A_BUCKET,
        '            cors=[s3.CorsRule(allowed_methods=[s3.HttpMethods.GET], allowed_origins=["*"])],\n' + IN_A_BUCKET,
    ),
    (
        "no_encryption_header_demanded",
        STORAGE,
        AT_THE_END_OF_STORAGE,
        deny("{'Null': {'s3:x-amz-server-side-encryption': 'true'}}") + "\n" + AT_THE_END_OF_STORAGE,
    ),
    (
        "no_deny_of_everything_by_address",
        STORAGE,
        AT_THE_END_OF_STORAGE,
        deny("{'NotIpAddress': {'aws:SourceIp': '203.0.113.0/24'}}") + "\n" + AT_THE_END_OF_STORAGE,
    ),
    ("replica_in_step", REPLICATION, "delete_marker_replication=True", "delete_marker_replication=False"),
    ("replica_in_step", REPLICATION, "            metrics=s3.ReplicationTimeValue.FIFTEEN_MINUTES,\n", ""),
    (
        "replica_in_step",
        REPLICATION,
        "            destination=replica,",
        '            destination=s3.Bucket.from_bucket_name(self, "Other", "somebody-elses"),',
    ),
    (
        "replica_in_step",
        "packages_bucket.py",
        "lifecycle=ACCESS_LOGS, replication=replication",
        "lifecycle=ACCESS_LOGS",
    ),
    ("no_role_but_for_replication", REPLICATION, "actions=list(SOURCE_BUCKET_ACTIONS)", 'actions=["s3:*"]'),
    (
        "no_role_but_for_replication",
        REPLICATION,
        'iam.ServicePrincipal("s3.amazonaws.com")',
        'iam.AccountPrincipal("111122223333")',
    ),
    ("AwsSolutions-S1", BUCKET, "            server_access_logs_bucket=access_logs,\n", ""),
    (
        "F3012",
        STORAGE,
        AT_THE_END_OF_STORAGE,
        '        __import__("aws_cdk").CfnResource(self, "X", type="AWS::IAM::Group", properties={"Path": []})\n'
        + AT_THE_END_OF_STORAGE,
    ),
    (
        "no_principal_but_services_in_a_bucket_policy",
        STORAGE,
        AT_THE_END_OF_STORAGE,
        "        bucket.grant_read(__import__('aws_cdk').aws_iam.AccountPrincipal('111122223333'))\n"
        + AT_THE_END_OF_STORAGE,
    ),
]


@pytest.fixture(scope="module")
def engine() -> cdk.CloudFormationValidatePlugin:
    """One for all: jsii keeps every engine that was ever made, some 100 MB each."""
    return guardrails()


@pytest.fixture
def stacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the stacks that the app imports instead of the ones of this project."""
    shutil.copytree(PROJECT / "stacks", tmp_path / "stacks")
    ours = {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] in ("stacks", "app")}
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path / "stacks"
    for name in [name for name in sys.modules if name.split(".")[0] in ("stacks", "app")]:
        del sys.modules[name]
    sys.modules.update(ours)


def synthesise(assembly: Path, engine: cdk.CloudFormationValidatePlugin, instance: Instance = INSTANCE) -> None:
    context = json.loads((PROJECT / "cdk.json").read_text())["context"]
    app = cdk.App(context=context, analytics_reporting=False, outdir=str(assembly))
    edited = importlib.import_module("app")
    edited.guardrails = lambda: engine  # type: ignore[attr-defined]
    edited.build(app, [instance])
    app.synth()


def test_the_stacks_as_they_are_pass(stacks: Path, tmp_path: Path, engine: cdk.CloudFormationValidatePlugin) -> None:
    synthesise(tmp_path / "cdk.out", engine)
    assert violations_in(tmp_path / "cdk.out") == set()


@pytest.mark.parametrize(("rule", "file", "old", "new"), EDITS)
def test_a_line_that_breaks_a_promise_fails_synth(
    stacks: Path,
    tmp_path: Path,
    engine: cdk.CloudFormationValidatePlugin,
    rule: str,
    file: str,
    old: str,
    new: str,
) -> None:
    text = (stacks / file).read_text()
    assert text.count(old) == 1
    (stacks / file).write_text(text.replace(old, new))
    with pytest.raises(RuntimeError):
        synthesise(tmp_path / "cdk.out", engine, WITH_OPTIONS.get(rule, INSTANCE))
    assert rule in violations_in(tmp_path / "cdk.out")
