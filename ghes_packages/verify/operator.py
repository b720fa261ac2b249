"""The operator's own rights: which ones `settings` and `verify` need, and what becomes of a check without them."""

from collections.abc import Callable

from botocore.exceptions import ClientError

from ghes_packages.aws import ACCESS_DENIED, code, needed
from ghes_packages.verify.report import NotChecked

# In the order in which they are needed; each with what it is needed for.
RIGHTS = {
    "cloudformation:DescribeStacks": "the outputs",
    "secretsmanager:GetSecretValue": "the secret key",
    "cloudformation:ListStackResources": "the names of group, policy and log bucket",
    "s3:GetBucketPublicAccessBlock": "the buckets' settings",
    "s3:GetBucketOwnershipControls": "the buckets' settings",
    "s3:GetEncryptionConfiguration": "the buckets' settings",
    "s3:GetBucketVersioning": "the buckets' settings",
    "s3:GetLifecycleConfiguration": "the buckets' settings",
    "s3:GetBucketPolicy": "the buckets' policies",
    "s3:GetBucketLogging": "where access is logged",
    "iam:ListGroupsForUser": "the user's groups",
    "iam:ListAttachedGroupPolicies": "the group's policies",
    "iam:ListGroupPolicies": "the group's policies",
    "iam:GetPolicy": "what the policy allows",
    "iam:GetPolicyVersion": "what the policy allows",
    "iam:GetUser": "the permissions boundary",
    "iam:ListAttachedUserPolicies": "the user's own policies",
    "iam:ListUserPolicies": "the user's own policies",
    "iam:GetLoginProfile": "whether there is a console password",
    "iam:ListAccessKeys": "the user's access keys",
    "s3:ListBucketMultipartUploads": "removing the probe objects",
    "s3:AbortMultipartUpload": "removing the probe objects",
    "s3:ListBucketVersions": "removing the probe objects",
    "s3:DeleteObjectVersion": "removing the probe objects",
}


def as_operator(run: Callable[[], str]) -> Callable[[], str]:
    """The same check; what the operator may not read is not checked, rather than wrong."""

    def checked() -> str:
        try:
            return run()
        except ClientError as error:
            if code(error) in ACCESS_DENIED:
                raise NotChecked(f"your credentials lack {needed(error)}") from None
            raise

    return checked
