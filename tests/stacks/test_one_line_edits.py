"""Whoever edits `stacks/` and breaks a promise with a single line breaks the rule that is named here.

The edited stacks are synthesised in this process, and their templates judged. That every check is on in `cdk synth`,
one synthesis with all of them shows; that the CLI fails as well is for tests/end_to_end.
"""

import importlib
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from ghes_packages.config.instance import Instance
from ghes_packages.guardrails import RULES, check
from ghes_packages.template.rendered import RenderedStack
from tests.guardrails.breaks import ENCRYPTED, REPLICATED
from tests.synthesis import INSTANCE, PROJECT, app
from tests.validation import violations_in

BUCKET, ACCESS, STORAGE = "private_bucket.py", "packages_access.py", "packages_storage.py"
KEY, REPLICATION = "packages_key.py", "replication.py"
SEVEN = "for each in packages_statements(bucket.bucket_arn)"
AT_THE_END_OF_ACCESS = "        newest = self.access_keys[0]"
AT_THE_END_OF_STORAGE = "        newest, *previous ="
IN_A_BUCKET = "            versioned=True,"


DENY = (
    "        bucket.add_to_resource_policy(__import__('aws_cdk').aws_iam.PolicyStatement("
    "effect=__import__('aws_cdk').aws_iam.Effect.DENY, principals=[__import__('aws_cdk').aws_iam.AnyPrincipal()],"
    " actions=['s3:*'], resources=['*']))\n"
)
# Where a rule has something to say of a stack with such options only.
WITH_OPTIONS = {
    **dict.fromkeys(("key_rotated", "no_open_key_or_secret"), ENCRYPTED),
    **dict.fromkeys(("no_role_but_for_replication", "replica_in_step"), REPLICATED),
}
# One edit for each rule; tests/guardrails has every other way to break it. The rule, the file, the line, and what it
# becomes; where the line is kept, one is added.
EDITS = [
    ("seven_actions", ACCESS, "from_json(each) " + SEVEN, 'from_json({**each, "Action": "s3:*"}) ' + SEVEN),
    (
        "no_other_grant_to_the_user",
        ACCESS,
        AT_THE_END_OF_ACCESS,
        "        bucket.grant_read(self.user)\n" + AT_THE_END_OF_ACCESS,
    ),
    ("user_in_its_group_with_its_boundary", ACCESS, ", permissions_boundary=_boundary(self, instance, policy))", ")"),
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
    ("encrypted", BUCKET, "s3.BucketEncryption.S3_MANAGED", "s3.BucketEncryption.UNENCRYPTED"),
    ("only_known_properties", BUCKET, IN_A_BUCKET, "            transfer_acceleration=True,\n" + IN_A_BUCKET),
    (
        "only_known_resources",
        STORAGE,
        AT_THE_END_OF_STORAGE,
        '        __import__("aws_cdk").CfnResource(self, "X", type="AWS::S3::AccessPoint", properties={})\n'
        + AT_THE_END_OF_STORAGE,
    ),
    ("no_other_denial", STORAGE, AT_THE_END_OF_STORAGE, DENY + AT_THE_END_OF_STORAGE),
    ("no_open_key_or_secret", ACCESS, ".block_public_policy = True", ".block_public_policy = False"),
    (
        "written_out",
        STORAGE,
        AT_THE_END_OF_STORAGE,
        '        self.add_transform("AWS::Include")\n' + AT_THE_END_OF_STORAGE,
    ),
    ("versioned", BUCKET, "versioned=True", "versioned=False"),
    ("retained", BUCKET, "cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE", "cdk.RemovalPolicy.DESTROY"),
    ("current_packages_stay", "packages_bucket.py", "lifecycle=packages(instance)", "lifecycle=ACCESS_LOGS"),
    ("access_logged", BUCKET, "            server_access_logs_bucket=access_logs,\n", ""),
    ("no_website", BUCKET, IN_A_BUCKET, '            website_index_document="index.html",\n' + IN_A_BUCKET),
    (
        "no_cors_for_everyone",
        BUCKET,
        IN_A_BUCKET,
        '            cors=[s3.CorsRule(allowed_methods=[s3.HttpMethods.GET], allowed_origins=["*"])],\n' + IN_A_BUCKET,
    ),
    ("replica_in_step", REPLICATION, "delete_marker_replication=True", "delete_marker_replication=False"),
    (
        "no_role_but_for_replication",
        REPLICATION,
        "iam.PolicyStatement.from_json(each)\n",
        'iam.PolicyStatement.from_json({**each, "Action": "s3:*"})\n',
    ),
    (
        "no_principal_but_services_in_a_bucket_policy",
        STORAGE,
        AT_THE_END_OF_STORAGE,
        "        bucket.grant_read(__import__('aws_cdk').aws_iam.AccountPrincipal('111122223333'))\n"
        + AT_THE_END_OF_STORAGE,
    ),
    (
        "existing_bucket_untouched",
        STORAGE,
        AT_THE_END_OF_STORAGE,
        "        __import__('aws_cdk').aws_s3.CfnBucketPolicy(self, 'X', bucket='example', policy_document={})\n"
        + AT_THE_END_OF_STORAGE,
    ),
    ("key_rotated", KEY, "enable_key_rotation=True", "enable_key_rotation=False"),
    ("outputs_of_this_stack", STORAGE, "AwsS3Bucket=bucket.bucket_name", 'AwsS3Bucket="somebody-elses"'),
]
# One line each for this project's rules, cdk-nag's and CDK's own.
EVERY_CHECK = {
    "versioned": (BUCKET, "versioned=True", "versioned=False"),
    "AwsSolutions-S1": (BUCKET, "            server_access_logs_bucket=access_logs,\n", ""),
    "F3012": (
        STORAGE,
        AT_THE_END_OF_STORAGE,
        '        __import__("aws_cdk").CfnResource(self, "X", type="AWS::IAM::Group", properties={"Path": []})\n'
        + AT_THE_END_OF_STORAGE,
    ),
}


Edit = Callable[[str, str, str], None]


@pytest.fixture
def edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Edit]:
    """Edits a copy of the stacks, which the app imports instead of those of this project."""
    shutil.copytree(PROJECT / "stacks", tmp_path / "stacks")
    ours = {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] in ("stacks", "app")}
    monkeypatch.syspath_prepend(tmp_path)

    def edit(file: str, old: str, new: str) -> None:
        text = (tmp_path / "stacks" / file).read_text()
        assert text.count(old) == 1, f"stacks/{file} holds this not once; write it here as it stands there: {old!r}"
        (tmp_path / "stacks" / file).write_text(text.replace(old, new))

    yield edit
    for name in [name for name in sys.modules if name.split(".")[0] in ("stacks", "app")]:
        del sys.modules[name]
    sys.modules.update(ours)


def edited_app() -> ModuleType:
    return importlib.import_module("app")


def rules_broken_by(instance: Instance, assembly: Path) -> set[str]:
    whole = app(outdir=str(assembly))
    edited_app().stacks_of(whole, instance)
    return {
        rule.name
        for stack in whole.synth().stacks
        for rule, _ in check(RenderedStack(stack.template, instance.account, stack.environment.region))
    }


def test_every_rule_is_broken_by_a_line() -> None:
    assert sorted(rule for rule, *_ in EDITS) == [rule.name for rule in RULES]


@pytest.mark.parametrize(("rule", "file", "old", "new"), EDITS, ids=[rule for rule, *_ in EDITS])
def test_a_line_that_breaks_a_promise_breaks_its_rule(
    edit: Edit, tmp_path: Path, rule: str, file: str, old: str, new: str
) -> None:
    edit(file, old, new)
    assert rule in rules_broken_by(WITH_OPTIONS.get(rule, INSTANCE), tmp_path / "cdk.out")


def test_every_check_is_on_at_synth(edit: Edit, tmp_path: Path, cdk_validation: bool) -> None:
    for file, old, new in EVERY_CHECK.values():
        edit(file, old, new)
    whole = app(outdir=str(tmp_path / "cdk.out"), builtin_cloud_formation_validation=cdk_validation)
    edited_app().build(whole, [INSTANCE])
    with pytest.raises(RuntimeError):
        whole.synth()
    assert EVERY_CHECK.keys() <= violations_in(tmp_path / "cdk.out")
