"""Which change of a value weakens it, and that every setting can be found in a resource."""

from typing import Any

import pytest

from ghes_packages.review.settings import Weakens, added, changes, down, given_up, lower
from tests.review.pairs import Json, ids, rendered

FUNCTION = '{"Fn::If": []}'


@pytest.mark.parametrize(
    ("weakens", "weaker", "as_good"),
    [
        (added, [(None, "x"), ("x", "y")], [("x", None)]),
        (given_up, [("x", None), ("x", "y")], [(None, "x")]),
        (lower, [(30, 7), (None, 30), (30, FUNCTION), ("30", "7")], [(7, 30), (30, None)]),
        (down("s3", "kms"), [("kms", "s3")], [("s3", "kms"), (None, "s3"), ("s3", "s3")]),
    ],
    ids=["added", "given_up", "lower", "down"],
)
def test_each_direction(weakens: Weakens, weaker: list[tuple[Any, Any]], as_good: list[tuple[Any, Any]]) -> None:
    assert [weakens(*pair) for pair in weaker] == [True] * len(weaker)
    assert [weakens(*pair) for pair in as_good] == [False] * len(as_good)


@pytest.mark.parametrize(
    ("kind", "before", "after", "risk"),
    [
        ("AWS::KMS::Alias", {"TargetKeyId": "a"}, {"TargetKeyId": "b"}, "encryption-key-of-the-alias-Id"),
        ("AWS::SecretsManager::Secret", {"KmsKeyId": "a"}, {}, "encryption-KMS-key-Id"),
        ("AWS::IAM::Role", {"PermissionsBoundary": "a"}, {}, "identities-permissions-boundary-Id"),
        ("AWS::S3::Bucket", {"ObjectLockConfiguration": {}}, {}, "retention-object-lock-Id"),
        ("AWS::S3::Bucket", {"ReplicationConfiguration": {"Rules": []}}, {}, "retention-replication-Id"),
        ("AWS::S3::Bucket", {}, {"CorsConfiguration": {"CorsRules": []}}, "network-CORS-Id"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_setting_that_the_template_does_not_have_today(kind: str, before: Json, after: Json, risk: str) -> None:
    templates = [{"Resources": {"Id": {"Type": kind, "Properties": each}}} for each in (before, after)]
    assert ids(changes(*rendered(*templates))) == [risk]
