"""Checks whether an existing bucket keeps the promises of the stack's own buckets."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from ghes_packages.live.aws import code
from ghes_packages.verify.bucket_checks import BucketChecks
from ghes_packages.verify.report import Check, Failed

# Objects of these storage classes cannot be read until somebody restores them.
ARCHIVES = frozenset({"GLACIER", "DEEP_ARCHIVE"})
CURRENT_STAY, SOMEWHERE = "current stay", "somewhere"


class ExistingBucketChecks(BucketChecks):
    """The same settings and policy; its owner decides the retention of old versions and the place of access logs."""

    def checks(self) -> Iterator[Check]:
        """What must be so in any bucket that holds packages."""
        yield from super().checks()
        yield self._check(
            "lifecycle",
            CURRENT_STAY,
            self._current_stay,
            # The other rules must stay, and are not known if they cannot be read.
            f"look at the rules first: aws s3api get-bucket-lifecycle-configuration --bucket {self.bucket}",
        )
        yield self._check(
            "access logged",
            SOMEWHERE,
            self._logged,
            f"{self.logging_remedy('LOG-BUCKET')} where LOG-BUCKET is another bucket, whose policy allows S3 to"
            " deliver logs",
        )

    def _current_stay(self) -> str:
        rules = self._rules()
        if wrong := [rule for rule in rules if takes_current_objects(rule)]:
            switched_off = [{**rule, "Status": "Disabled"} if rule in wrong else rule for rule in rules]
            readable = json.loads(json.dumps({"Rules": switched_off}, default=str))
            raise Failed(
                "; ".join(json.dumps(rule, default=str) for rule in wrong),
                self._remedy("put-bucket-lifecycle-configuration", "--lifecycle-configuration", readable),
            )
        return CURRENT_STAY

    def _logged(self) -> str:
        target = self.log_target()
        if target is None or target.startswith(f"{self.bucket}/"):
            raise Failed("to itself, among the packages" if target else "not logged")
        return SOMEWHERE

    def _rules(self) -> list[dict[str, Any]]:
        try:
            return [dict(rule) for rule in self.s3.get_bucket_lifecycle_configuration(Bucket=self.bucket)["Rules"]]
        except ClientError as error:
            if code(error) == "NoSuchLifecycleConfiguration":
                return []
            raise


def takes_current_objects(rule: Mapping[str, Any]) -> bool:
    """Whether a lifecycle rule, as S3 answers it, removes current objects or moves them to an archive."""
    expires = rule.get("Expiration", {}).keys() & {"Days", "Date"}
    archives = {transition["StorageClass"] for transition in rule.get("Transitions", [])} & ARCHIVES
    return rule["Status"] == "Enabled" and bool(expires or archives)
