"""Checks the promises of the buckets with the operator's permissions, and gives the command that fixes each."""

import json
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ghes_packages.config.lifecycle import Lifecycle
from ghes_packages.live.aws import code
from ghes_packages.live.kms_key import KmsKey
from ghes_packages.policies.document import elements, statement, statements
from ghes_packages.policies.statements import LEAST_TLS_VERSION, TLS_VERSIONS, tls_statements
from ghes_packages.verify.bucket_settings import BucketSetting, bucket_settings
from ghes_packages.verify.operator import as_operator
from ghes_packages.verify.report import Check, Failed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TLS_ONLY = "TLS only"


@dataclass(frozen=True)
class BucketChecks:
    """The checks of one bucket. They read its settings and nothing that it holds.

    `lifecycle` is None where it is not ours to say, `kms_key` with SSE-S3; `granting` are the statements of the
    bucket's policy that allow something.
    """

    section: str
    s3: "S3Client"
    bucket: str
    bucket_arn: str
    lifecycle: Lifecycle | None
    kms_key: KmsKey | None = None
    granting: tuple[dict[str, Any], ...] = ()

    def checks(self) -> Iterator[Check]:
        """What every bucket promises."""
        for setting in bucket_settings(self.lifecycle, self.kms_key):
            yield self._check(
                setting.title,
                setting.expected,
                lambda setting=setting: self._as_wanted(setting),  # type: ignore[misc]
                self._remedy(setting.command, setting.option, setting.wanted),
            )
        policy = cache(self._policy)
        yield self._check(
            TLS_ONLY,
            f"{LEAST_TLS_VERSION} at least",
            partial(self._denies_all_but_tls, policy),
            # Its grants must stay, and are not known if the policy cannot be read.
            f"look at the policy first: aws s3api get-bucket-policy --bucket {self.bucket}",
        )
        yield replace(
            self._check(
                "policy grants",
                self._granted,
                partial(self._grants_just_that, policy),
                f"correct the statements with: aws s3api get-bucket-policy --bucket {self.bucket};"
                f" aws s3api put-bucket-policy --bucket {self.bucket} --policy file://POLICY",
            ),
            after=(TLS_ONLY,),  # which has read the policy
        )

    def logged_to(self, log_bucket: str, prefix: str = "") -> Check:
        """Every request to the bucket is logged to that one, below that prefix."""
        expected = "to the central one" if prefix else "to the log bucket"
        wanted = f"{log_bucket}/{prefix}"

        def run() -> str:
            if (found := self.log_target()) != wanted:
                raise Failed(f"logged to {found}" if found else "not logged")
            return expected

        return self._check("access logged", expected, run, self.logging_remedy(log_bucket, prefix))

    def log_target(self) -> str | None:
        """The bucket that requests are logged to and the prefix there, with a slash between them."""
        found = self.s3.get_bucket_logging(Bucket=self.bucket).get("LoggingEnabled")
        return f"{found['TargetBucket']}/{found['TargetPrefix']}" if found else None

    def logging_remedy(self, log_bucket: str, prefix: str = "") -> str:
        """The command that sets them."""
        wanted = {"LoggingEnabled": {"TargetBucket": log_bucket, "TargetPrefix": prefix}}
        return self._remedy("put-bucket-logging", "--bucket-logging-status", wanted)

    def _check(self, title: str, expected: str, run: Callable[[], str], remedy: str) -> Check:
        return Check(self.section, title, expected, as_operator(run), remedy)

    def _remedy(self, command: str, option: str, wanted: dict[str, Any]) -> str:
        return f"aws s3api {command} --bucket {self.bucket} {option} {shlex.quote(json.dumps(wanted))}"

    def _as_wanted(self, setting: BucketSetting) -> str:
        try:
            found = setting.read(self.s3, self.bucket)
        except ClientError as error:
            if code(error) == setting.absent:
                raise Failed("not set") from None
            raise
        if found != setting.wanted:
            raise Failed(json.dumps(found, default=str))
        return setting.expected

    def _denies_all_but_tls(self, read_policy: Callable[[], str]) -> str:
        there = statements(read_policy())
        missing = [
            [each for each in tls_statements(self.bucket_arn, least) if statement(each) not in there]
            for least in TLS_VERSIONS
        ]
        if all(missing):
            policy = json.loads(read_policy())
            raise Failed(
                "not denied: " + "; ".join(json.dumps(each["Condition"]) for each in missing[0]),
                self._remedy(
                    "put-bucket-policy", "--policy", {**policy, "Statement": [*elements(policy), *missing[0]]}
                ),
            )
        return f"{LEAST_TLS_VERSION} at least"

    def _grants_just_that(self, read_policy: Callable[[], str]) -> str:
        granting = {each for each in statements(read_policy()) if each.effect == "Allow"}
        wanted = {statement(each) for each in self.granting}
        if granting != wanted:
            stray = [f"stray: {words}" for each in granting - wanted for words in each.in_words()]
            missing = [f"missing: {words}" for each in wanted - granting for words in each.in_words()]
            raise Failed("; ".join(sorted([*missing, *stray])))
        return self._granted

    @property
    def _granted(self) -> str:
        return "log delivery" if self.granting else "nothing to anybody"

    def _policy(self) -> str:
        try:
            return self.s3.get_bucket_policy(Bucket=self.bucket)["Policy"]
        except ClientError as error:
            if code(error) == "NoSuchBucketPolicy":
                return json.dumps({"Version": "2012-10-17", "Statement": []})
            raise
