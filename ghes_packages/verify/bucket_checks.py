"""Whether the buckets are as promised, with the operator's rights, and the command that mends what is not."""

import json
import shlex
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ghes_packages.aws import code
from ghes_packages.bucket_settings import BucketSetting, bucket_settings, tls_statements
from ghes_packages.lifecycle import Lifecycle
from ghes_packages.verify.operator import as_operator
from ghes_packages.verify.report import Check, Failed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class BucketChecks:
    """The checks of one bucket. They read its settings and nothing that it holds.

    `granted` are the (principal, action) pairs that its policy may allow.
    """

    section: str
    s3: "S3Client"
    partition: str
    bucket: str
    lifecycle: Lifecycle
    granted: Set[tuple[str, str]] = frozenset()

    def checks(self) -> Iterator[Check]:
        """What every bucket promises."""
        for setting in bucket_settings(self.lifecycle):
            yield self._check(
                setting.title,
                setting.expected,
                lambda setting=setting: self._as_wanted(setting),  # type: ignore[misc]
                self._mend(setting.command, setting.option, setting.wanted),
            )
        statements = tls_statements(f"arn:{self.partition}:s3:::{self.bucket}")
        yield self._check(
            "TLS only",
            "1.2 at least",
            lambda: self._denies(statements),
            self._mend("put-bucket-policy", "--policy", {"Version": "2012-10-17", "Statement": statements})
            + " (with the statements that are there already)",
        )
        yield self._check(
            "policy grants",
            _grants(self.granted),
            self._grants_no_more,
            f"take the statement out of: aws s3api get-bucket-policy --bucket {self.bucket}",
        )

    def logged_to(self, log_bucket: str) -> Check:
        """Every request to the bucket is logged to that one."""
        wanted = {"LoggingEnabled": {"TargetBucket": log_bucket, "TargetPrefix": ""}}

        def run() -> str:
            target = self.s3.get_bucket_logging(Bucket=self.bucket).get("LoggingEnabled", {}).get("TargetBucket")
            if target != log_bucket:
                raise Failed(f"logged to {target}" if target else "not logged")
            return "to the log bucket"

        mend = self._mend("put-bucket-logging", "--bucket-logging-status", wanted)
        return self._check("access logged", "to the log bucket", run, mend)

    def _check(self, title: str, expected: str, run: Callable[[], str], mend: str) -> Check:
        return Check(self.section, title, expected, as_operator(run), mend)

    def _mend(self, command: str, option: str, wanted: dict[str, Any]) -> str:
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

    def _denies(self, statements: list[dict[str, Any]]) -> str:
        there = [_comparable(statement) for statement in self._statements()]
        if missing := [statement for statement in statements if _comparable(statement) not in there]:
            raise Failed("not denied: " + "; ".join(json.dumps(statement["Condition"]) for statement in missing))
        return "1.2 at least"

    def _grants_no_more(self) -> str:
        granted = {
            (principal, action)
            for statement in self._statements()
            if statement["Effect"] == "Allow"
            for principal in _principals(statement)
            for action in _list(statement.get("Action", "all actions but some"))
        }
        if strays := granted - self.granted:
            raise Failed(_grants(strays))
        return _grants(self.granted)

    def _statements(self) -> list[dict[str, Any]]:
        try:
            policy = self.s3.get_bucket_policy(Bucket=self.bucket)["Policy"]
        except ClientError as error:
            if code(error) == "NoSuchBucketPolicy":
                return []
            raise
        return _list(json.loads(policy)["Statement"])


def _grants(pairs: Set[tuple[str, str]]) -> str:
    return "; ".join(f"{principal}: {action}" for principal, action in sorted(pairs)) or "nothing to anybody"


def _comparable(statement: dict[str, Any]) -> tuple[object, ...]:
    """What a statement means, whatever way it is written."""
    conditions = {
        (operator, key, str(value))
        for operator, keys in statement.get("Condition", {}).items()
        for key, values in keys.items()
        for value in _list(values)
    }
    return (
        statement["Effect"],
        frozenset(_principals(statement)),
        frozenset(_list(statement.get("Action"))),
        frozenset(_list(statement.get("Resource"))),
        frozenset(conditions),
    )


def _principals(statement: dict[str, Any]) -> list[str]:
    """Who a statement is about; a service by its own name, without the partition's suffix."""
    principal = statement.get("Principal", "everybody but some")
    if not isinstance(principal, dict):
        return [str(principal)]
    return [
        str(name).partition(".amazonaws.")[0] if kind == "Service" else str(name)
        for kind, names in principal.items()
        for name in _list(names)
    ]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
