from ghes_packages.policies.permissions import PERMISSIONS, ResourceType, actions

# GitHub, "Enabling GitHub Packages with AWS", prerequisites. Written out here to be compared with the table.
GITHUB_ASKS_FOR = {
    "s3:PutObject",
    "s3:GetObject",
    "s3:ListBucketMultipartUploads",
    "s3:ListMultipartUploadParts",
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:ListBucket",
}


def test_the_table_holds_the_seven_actions_that_github_asks_for_once_each() -> None:
    assert sorted(permission.action for permission in PERMISSIONS) == sorted(GITHUB_ASKS_FOR)


def test_only_the_two_listing_actions_apply_to_the_bucket_itself() -> None:
    assert set(actions(ResourceType.BUCKET)) == {"s3:ListBucket", "s3:ListBucketMultipartUploads"}


def test_every_action_says_what_it_is_for() -> None:
    assert all(permission.purpose for permission in PERMISSIONS)
