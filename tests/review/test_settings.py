"""Which change of a value weakens it, and that every setting can be found in a resource."""

from typing import Any

import pytest

from ghes_packages.review.promises import changes
from ghes_packages.review.settings.weakening import Weakens, added, down, dropped, given_up, lower, more, out_of
from tests.review.pairs import ids, stack

FUNCTION = '{"Fn::If": []}'


@pytest.mark.parametrize(
    ("weakens", "weaker", "as_good"),
    [
        (added, [(None, "x"), ("x", "y")], [("x", None)]),
        (dropped, [("x", None)], [("x", "y"), (None, "x")]),
        (given_up, [("x", None), ("x", "y")], [(None, "x")]),
        (lower, [(30, 7), (None, 30), (30, FUNCTION), ("30", "7")], [(7, 30), (30, None)]),
        (out_of("on"), [("on", "off"), ("on", FUNCTION)], [("off", "on")]),
        (down("s3", "kms"), [("kms", "s3"), ("s3", None), ("kms", FUNCTION)], [("s3", "kms"), (None, "s3")]),
        (more, [(["a"], ["a", "b"]), (None, ["a"]), (["a"], FUNCTION)], [(["a", "b"], ["a"]), (["a"], None)]),
    ],
    ids=["added", "dropped", "given_up", "lower", "out_of", "down", "more"],
)
def test_each_direction(weakens: Weakens, weaker: list[tuple[Any, Any]], as_good: list[tuple[Any, Any]]) -> None:
    assert [weakens(*pair) for pair in weaker] == [True] * len(weaker)
    assert [weakens(*pair) for pair in as_good] == [False] * len(as_good)


@pytest.mark.parametrize(
    ("kind", "before", "after", "risk"),
    [
        ("AWS::KMS::Key", {"EnableKeyRotation": True}, {}, "encryption-yearly-rotation-Id"),
        ("AWS::KMS::Key", {}, {"Enabled": "false"}, "encryption-key-enabled-Id"),
        ("AWS::KMS::Key", {}, {"PendingWindowInDays": 7}, "encryption-days-before-deletion-Id"),
        ("AWS::KMS::Alias", {"TargetKeyId": "a"}, {"TargetKeyId": "b"}, "encryption-key-of-the-alias-Id"),
        ("AWS::SecretsManager::Secret", {"KmsKeyId": "a"}, {}, "encryption-KMS-key-Id"),
        ("AWS::IAM::Role", {"PermissionsBoundary": "a"}, {}, "identities-permissions-boundary-Id"),
        ("AWS::S3::Bucket", {}, {"WebsiteConfiguration": {}}, "network-website-Id"),
        ("AWS::S3::Bucket", {}, {"IntelligentTieringConfigurations": []}, "retention-current-objects-are-archived-Id"),
        ("AWS::S3::Bucket", {"ObjectLockConfiguration": {}}, {}, "retention-object-lock-Id"),
        ("AWS::S3::Bucket", {"ReplicationConfiguration": {"Rules": []}}, {}, "retention-replication-Id"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_setting_that_the_template_does_not_have_today(
    kind: str, before: dict[str, Any], after: dict[str, Any], risk: str
) -> None:
    templates = [{"Resources": {"Id": {"Type": kind, "Properties": each}}} for each in (before, after)]
    assert ids(changes(*map(stack, templates))) == [risk]
