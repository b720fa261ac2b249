"""Whether the buckets are as promised, with the operator's rights, and the command that mends what is not."""

import json
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ghes_packages.config.lifecycle import Lifecycle
from ghes_packages.live.aws import NotProcessed, code
from ghes_packages.live.kms_key import KmsKey
from ghes_packages.policies.document import UnreadablePolicy, elements, statement, statements
from ghes_packages.policies.statements import LEAST_TLS_VERSION, tls_statements
from ghes_packages.verify.bucket_settings import BucketSetting, bucket_settings
from ghes_packages.verify.operator import as_operator
from ghes_packages.verify.report import Check, Failed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


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
        yield self._check("TLS only", f"{LEAST_TLS_VERSION} at least", self._denies_all_but_tls, self._policy_remedy())
        yield self._check(
            "policy grants",
            self._granted,
            self._grants_just_that,
            f"write the statements as they should be with: aws s3api get-bucket-policy --bucket {self.bucket};"
            f" aws s3api put-bucket-policy --bucket {self.bucket} --policy file://POLICY",
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

    def _policy_remedy(self) -> str:
        try:
            there = statements(self._policy)
        except (ClientError, NotProcessed, UnreadablePolicy):  # what it grants must stay, and is not known
            return f"look at the policy first: aws s3api get-bucket-policy --bucket {self.bucket}"
        missing = [each for each in self._tls_statements() if statement(each) not in there]
        mended = {**json.loads(self._policy), "Statement": [*elements(self._policy), *missing]}
        return self._remedy("put-bucket-policy", "--policy", mended)

    def _denies_all_but_tls(self) -> str:
        there = statements(self._policy)
        if missing := [each for each in self._tls_statements() if statement(each) not in there]:
            raise Failed("not denied: " + "; ".join(json.dumps(each["Condition"]) for each in missing))
        return f"{LEAST_TLS_VERSION} at least"

    def _grants_just_that(self) -> str:
        granting = {each for each in statements(self._policy) if each.effect == "Allow"}
        wanted = {statement(each) for each in self.granting}
        if granting != wanted:
            stray = [f"stray: {words}" for each in granting - wanted for words in each.in_words()]
            missing = [f"missing: {words}" for each in wanted - granting for words in each.in_words()]
            raise Failed("; ".join(sorted([*missing, *stray])))
        return self._granted

    @property
    def _granted(self) -> str:
        return "log delivery" if self.granting else "nothing to anybody"

    def _tls_statements(self) -> list[dict[str, Any]]:
        return tls_statements(self.bucket_arn)

    @cached_property
    def _policy(self) -> str:
        try:
            return self.s3.get_bucket_policy(Bucket=self.bucket)["Policy"]
        except ClientError as error:
            if code(error) == "NoSuchBucketPolicy":
                return json.dumps({"Version": "2012-10-17", "Statement": []})
            raise
