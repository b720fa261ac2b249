"""The exemption that docs/iam-user.md asks for.

The embedded AWS has no organisation: here the statements are in the policy of whoever asks.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from local_aws.embedded_aws import EmbeddedAws
from tests.end_to_end.operator import refused
from tests.runbook import blocks
from tests.synthesis import resources_of

[STATEMENTS] = [json.loads(block) for block in blocks("docs/iam-user.md", "json")]
EXECUTION_ROLE = "GhesPackagesDeploy"
[LOGICAL_ID] = resources_of("AWS::IAM::User")


@pytest.fixture(scope="module")
def iam_of(embedded_aws: EmbeddedAws) -> Callable[[str], Any]:
    """IAM for an administrator in a new role of that name, whom the page's statements hold."""

    def sign_in(role: str) -> Any:
        iam = embedded_aws.client("iam")
        trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
        arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
        everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        iam.put_role_policy(RoleName=role, PolicyName="scp", PolicyDocument=document(everything, *STATEMENTS))
        session = embedded_aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="tests")["Credentials"]
        return embedded_aws.client(
            "iam",
            aws_access_key_id=session["AccessKeyId"],
            aws_secret_access_key=session["SecretAccessKey"],
            aws_session_token=session["SessionToken"],
        )

    return sign_in


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def test_cloudformation_makes_the_one_user_with_its_keys_and_nobody_else_does(iam_of: Callable[[str], Any]) -> None:
    cloudformation, administrator = iam_of(EXECUTION_ROLE), iam_of("administrator")
    # As CloudFormation names it.
    ours, another = f"GhesPackages-production-{LOGICAL_ID}-1A2B3C4D5E6F", "GhesPackages-staging-x"
    assert refused(administrator.create_user, UserName=ours) == "AccessDenied"
    cloudformation.create_user(UserName=ours)
    cloudformation.create_access_key(UserName=ours)
    assert refused(administrator.create_access_key, UserName=ours) == "AccessDenied"
    for iam in cloudformation, administrator:
        assert refused(iam.create_user, UserName=another) == "AccessDenied"
