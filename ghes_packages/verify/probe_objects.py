"""What `verify` writes to the bucket, and how that is removed."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeGuard

from botocore.exceptions import BotoCoreError, ClientError

from ghes_packages.errors import AwsRefused
from ghes_packages.live.aws import ACCESS_DENIED, NotProcessed, code, needed
from ghes_packages.verify.report import Check, Failed, NotChecked

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CLEANED_UP = "After the checks"
NOTHING = "no object, no upload"


@dataclass(frozen=True)
class ProbeObjects:
    """The objects below a prefix that this run alone knows: whatever is found there, this run has written.

    `noncurrent_days` is after how many days S3 removes old versions; None where that is not known.
    """

    bucket: str
    noncurrent_days: int | None
    operator_s3: "S3Client"
    key_s3: "S3Client"
    prefix: str = field(default_factory=lambda: f"ghes-packages-verify-{uuid.uuid4()}/")

    def __enter__(self) -> Self:
        """Nothing is written yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Remove the rest after interrupted checks; failures to remove are notes on the error."""
        if error is None:
            return
        try:
            left = self._remove()
        except Failed as failed:
            error.add_note(f"{failed}; remove what is left with: {self._by_hand()}")
        except NotChecked as not_checked:
            error.add_note(str(not_checked))
        else:
            if left != NOTHING:
                error.add_note(left)

    def key(self, name: str) -> str:
        """The object key of a probe."""
        return self.prefix + name

    def removed(self, after: Iterable[Check]) -> Check:
        """The check that removes them: after the checks that need them."""
        titles = tuple(check.title for check in after)
        return Check(
            CLEANED_UP, "nothing is left behind", NOTHING, self._remove, self._by_hand(), after=titles, writes=True
        )

    def _by_hand(self) -> str:
        return (
            f"aws s3 rm --recursive s3://{self.bucket}/{self.prefix}; and aws s3api list-multipart-uploads and"
            f" abort-multipart-upload --bucket {self.bucket} for what is below {self.prefix}"
        )

    def _remove(self) -> str:
        try:
            if why := self._why_versions_stay():
                self._delete_objects()
                when = f"in {self.noncurrent_days} days" if self.noncurrent_days else "as the bucket's lifecycle says"
                return f"old versions go {when}; {why}"
        except ClientError as error:
            why = f"your credentials lack {needed(error)}" if _is_denied(error) else str(error)
            raise Failed(f"{self.prefix} could not be emptied: {why}") from None
        except (AwsRefused, BotoCoreError) as error:
            raise NotChecked(
                f"{self.prefix} could not be emptied: {error}; remove what is left with: {self._by_hand()}"
            ) from None
        return NOTHING

    def _why_versions_stay(self) -> str:
        """Delete every version for good. If that is not allowed, say why; otherwise nothing."""
        try:
            if self._is_replicated():
                # S3 replicates a version some time after the write. Deleted before, it is a failed operation.
                return "S3 may still have to replicate them"
            self._abort_uploads(self.operator_s3)
            self._delete_versions()
        except (ClientError, NotProcessed) as refused:
            if not _is_denied(refused):
                self._delete_objects_with(self.key_s3)  # the key is not the operator's, and may do better
                raise
            return f"to go now you need {needed(refused)}"
        return ""

    def _is_replicated(self) -> bool:
        try:
            self.operator_s3.get_bucket_replication(Bucket=self.bucket)
        except ClientError as error:
            if code(error) == "ReplicationConfigurationNotFoundError":
                return False
            raise
        return True

    def _delete_objects(self) -> None:
        """Without a version, which the key may too."""
        try:
            self._delete_objects_with(self.operator_s3)
        except (ClientError, NotProcessed) as refused:
            try:
                self._delete_objects_with(self.key_s3)
            except ClientError:  # the operator's rights can be mended
                raise refused from None
            if not _is_denied(refused):
                raise

    def _delete_objects_with(self, s3: "S3Client") -> None:
        self._abort_uploads(s3)
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix):
            for entry in page.get("Contents", []):
                s3.delete_object(Bucket=self.bucket, Key=entry["Key"])

    def _abort_uploads(self, s3: "S3Client") -> None:
        for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=self.bucket, Prefix=self.prefix):
            for upload in page.get("Uploads", []):
                try:
                    s3.abort_multipart_upload(Bucket=self.bucket, Key=upload["Key"], UploadId=upload["UploadId"])
                except s3.exceptions.NoSuchUpload:
                    continue  # listed though it is gone already

    def _delete_versions(self) -> None:
        s3 = self.operator_s3
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=self.bucket, Prefix=self.prefix):
            for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                s3.delete_object(Bucket=self.bucket, Key=version["Key"], VersionId=version["VersionId"])


def _is_denied(error: Exception) -> TypeGuard[ClientError]:
    return isinstance(error, ClientError) and code(error) in ACCESS_DENIED
