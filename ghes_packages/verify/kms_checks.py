"""Checks the KMS key of the bucket and the secret, with the operator's permissions."""

import json
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from ghes_packages.config.instance import Instance
from ghes_packages.live.deployed import Deployed
from ghes_packages.live.kms_key import KmsKey
from ghes_packages.policies.document import Statement, statement, statements, through_services
from ghes_packages.policies.statements import reader_statement, user_statement
from ghes_packages.verify.operator import just
from ghes_packages.verify.report import Check

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

SECTION = "The KMS key"

_just = partial(just, SECTION)


@dataclass(frozen=True)
class KmsChecks:
    """The checks of a key; for another owner's key, only whether it allows the user and the readers of the secret."""

    kms: "KMSClient"
    instance: Instance
    deployed: Deployed
    key: KmsKey

    def checks(self) -> Iterator[Check]:
        """What GHES needs of every key, and the promises of the stack's own."""
        key_id = self.key.id
        yield _just(
            "key state",
            "Enabled",
            {"Enabled"},
            lambda: {self.kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"]},
            f"aws kms enable-key --key-id {key_id}; one that is marked for deletion first needs:"
            f" aws kms cancel-key-deletion --key-id {key_id}",
        )
        if alias := self.key.alias:
            yield _just(
                "key alias",
                "this key",
                {key_id},
                lambda: {self.kms.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"]},
                f"aws kms update-alias --alias-name {alias} --target-key-id {key_id}",
            )
            yield _just(
                "key rotation",
                "on",
                {"on"},
                lambda: {"on" if self.kms.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"] else "off"},
                f"aws kms enable-key-rotation --key-id {key_id}",
            )
        wanted = self._wanted()
        yield _just(
            "key policy grants",
            "user, readers" if self.instance.secret_readers else "the user alone",
            _in_words(through_services(statement(each)) for each in wanted),
            self._granted,
            f"its policy must have these statements: {shlex.quote(json.dumps(wanted))}; remove stray grants, and"
            " statements whose principal is an ID such as AIDA…, of a deleted user: KMS refuses a policy with them;"
            f" read it: aws kms get-key-policy --key-id {key_id} --query Policy --output text;"
            f" write it: aws kms put-key-policy --key-id {key_id} --policy file://POLICY",
        )

    def _wanted(self) -> list[dict[str, Any]]:
        outputs = self.deployed.outputs
        bucket_arn = self.deployed.bucket_arn(outputs.bucket)
        return [
            user_statement(self._iam_arn(f"user/{outputs.user_name}"), bucket_arn, outputs.region, outputs.dns_suffix),
            *(reader_statement(arn, outputs.region, outputs.dns_suffix) for arn in self.instance.secret_readers),
        ]

    def _granted(self) -> set[str]:
        """The policy's grants except the account's; for another owner's key, only the expected ones and the user's."""
        document = self.kms.get_key_policy(KeyId=self.key.id, PolicyName="default")["Policy"]
        account, user = (f"AWS {self._iam_arn(name)}" for name in ("root", f"user/{self.deployed.outputs.user_name}"))
        through = map(through_services, statements(document))
        granted = [each for each in through if each.effect == "Allow" and each.principals != {account}]
        if not self.key.belongs_to_the_stack:
            wanted = [through_services(statement(each)) for each in self._wanted()]
            granted = [each for each in granted if each in wanted or user in each.principals]
        return _in_words(granted)

    def _iam_arn(self, name: str) -> str:
        return f"arn:{self.deployed.partition}:iam::{self.deployed.account}:{name}"


def _in_words(granting: Iterable[Statement]) -> set[str]:
    return {words for each in granting for words in each.in_words()}
