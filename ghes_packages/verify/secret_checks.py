"""Checks the promises of the secret with the access key, with the operator's permissions."""

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from ghes_packages.config.instance import Instance
from ghes_packages.live.kms_key import KmsKey
from ghes_packages.outputs import Outputs, PackagesSecret
from ghes_packages.policies.document import Statement, statement, statements
from ghes_packages.policies.statements import readers_statement
from ghes_packages.verify.operator import just
from ghes_packages.verify.report import Check

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

SECTION = "The secret that holds the access key"
KEY_OF_AWS = "alias/aws/secretsmanager"

_just = partial(just, SECTION)


@dataclass(frozen=True)
class SecretChecks:
    """The checks of the secret's content, its readers, and the key that encrypts it."""

    secretsmanager: "SecretsManagerClient"
    instance: Instance
    outputs: Outputs
    secret: PackagesSecret
    kms_key: KmsKey | None

    def checks(self) -> Iterator[Check]:
        """What the stack promises of it."""
        outputs, secret, arn = self.outputs, self.secret, self.outputs.secret_key_reference
        readers = self.instance.secret_readers
        key = self.kms_key.id if self.kms_key else KEY_OF_AWS
        yield _just(
            "the secret",
            "as the outputs",
            _facts(outputs.access_key, outputs.bucket, outputs.service_url, outputs.region),
            lambda: _facts(secret.access_key_id, secret.bucket, secret.service_url, secret.region),
            "make the version that the stack wrote current again:"
            f" aws secretsmanager list-secret-version-ids --secret-id {arn}",
        )
        yield _just(
            "readers of the secret",
            "secret_readers" if readers else "nobody",
            set(_each(statement(readers_statement(readers)))),
            self._readers,
            self._policy_remedy(),
        )
        yield _just(
            "encryption of the secret",
            "the KMS key" if self.kms_key else "the key of AWS",
            {key},
            self._encrypted_with,
            f"aws secretsmanager update-secret --secret-id {arn} --kms-key-id {key}",
        )

    def _readers(self) -> set[str]:
        answer = self.secretsmanager.get_resource_policy(SecretId=self.outputs.secret_key_reference)
        policy = answer.get("ResourcePolicy")
        return {words for each in statements(policy) for words in _each(each)} if policy else set()

    def _encrypted_with(self) -> set[str]:
        found = self.secretsmanager.describe_secret(SecretId=self.outputs.secret_key_reference).get("KmsKeyId")
        if found is None or found.endswith(KEY_OF_AWS):
            return {KEY_OF_AWS}
        return {self.kms_key.id if self.kms_key and self.kms_key.is_called(found) else found}

    def _policy_remedy(self) -> str:
        arn, readers = self.outputs.secret_key_reference, self.instance.secret_readers
        if not readers:
            return f"aws secretsmanager delete-resource-policy --secret-id {arn}"
        policy = {"Version": "2012-10-17", "Statement": [readers_statement(readers)]}
        return (
            f"aws secretsmanager put-resource-policy --secret-id {arn} --block-public-policy"
            f" --resource-policy {shlex.quote(json.dumps(policy))}"
        )


def _each(grants: Statement) -> Iterator[str]:
    """One principal, action and resource at a time, so that one too many is told apart from the others."""
    for principal in grants.principals:
        yield from replace(grants, principals=frozenset({principal})).in_words()


def _facts(access_key_id: str, bucket: str, service_url: str, region: str) -> set[str]:
    return {f"access_key_id {access_key_id}", f"bucket {bucket}", f"service_url {service_url}", f"region {region}"}
