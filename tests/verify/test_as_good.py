"""`verify` and the guardrails take the same for as good: what each accepts, it has from the same place."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from ghes_packages.guardrails.encrypted import ALGORITHMS
from ghes_packages.live.kms_key import KmsKey
from ghes_packages.policies.statements import TLS_VERSIONS, tls_statements
from ghes_packages.verify.bucket_checks import BucketChecks
from ghes_packages.verify.report import Failed

ARN = "arn:aws:s3:::example"
KEY = KmsKey("arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab")


def run(title: str, kms_key: KmsKey | None = None, **answers: Any) -> str:
    s3: Any = SimpleNamespace(**{name: lambda answer=answer, **_: answer for name, answer in answers.items()})
    [check] = [each for each in BucketChecks("", s3, "example", ARN, None, kms_key).checks() if each.title == title]
    return check.run()


def policy(least: float) -> dict[str, str]:
    return {"Policy": json.dumps({"Statement": tls_statements(ARN, least)})}


@pytest.mark.parametrize("least", TLS_VERSIONS)
def test_a_policy_may_demand_more_than_the_least_version_of_tls(least: float) -> None:
    assert run("TLS only", get_bucket_policy=policy(least)) == "1.2 at least"


def test_no_other_version_will_do() -> None:
    for least in (1.1, 1.4):
        with pytest.raises(Failed, match="not denied"):
            run("TLS only", get_bucket_policy=policy(least))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_encryption_in_two_layers_is_encryption(algorithm: str) -> None:
    by_default = {"SSEAlgorithm": algorithm, **({} if algorithm == "AES256" else {"KMSMasterKeyID": KEY.id})}
    rule = {"ApplyServerSideEncryptionByDefault": by_default, "BucketKeyEnabled": algorithm == "aws:kms"}
    answer = {"ServerSideEncryptionConfiguration": {"Rules": [rule]}}
    key = None if algorithm == "AES256" else KEY
    run("encrypted by default", key, get_bucket_encryption=answer, get_bucket_policy=policy(1.2))
