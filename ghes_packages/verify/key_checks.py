"""What the deployed access key can do, and what it cannot."""

import http.client
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Set
from dataclasses import replace
from typing import TYPE_CHECKING, TypedDict

from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError

from ghes_packages.config.instance import Instance
from ghes_packages.config.values import SSE_S3
from ghes_packages.live.answers import IN_BETWEEN, REQUEST_ID
from ghes_packages.live.aws import ACCESS_DENIED, UNKNOWN_KEY, WRONG_SIGNATURE, code
from ghes_packages.outputs import Outputs
from ghes_packages.verify.addresses import unless_outside
from ghes_packages.verify.clients import KeyClients
from ghes_packages.verify.probe_objects import ProbeObjects
from ghes_packages.verify.report import Check, Failed, NotChecked

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import TaggingTypeDef

CAN = "With the deployed access key, as GHES"
CANNOT = "With the deployed access key, what GHES has no need of"

KNOWN = "sign in"
KNOWN_TO_S3 = "S3 knows the key"
STORED = "put an object"
UPLOAD_STARTED = "start a multipart upload"
PART_UPLOADED = "upload a part"
UPLOAD_COMPLETED = "complete the upload"

AND_BY_THE_KEY = "; a kms action must be granted to the user by the KMS key: see the checks of the key below"


class _Object(TypedDict):
    Bucket: str
    Key: str


class _Upload(_Object):
    UploadId: str


class _NothingAnswersError(Exception):
    """Nobody listens for plain HTTP, or a firewall is in between."""


class KeyChecks:
    """The checks with the deployed key, and what one leaves for the next.

    They write below the prefix of their probe objects, and read and list nothing beyond it. `patience` is for how
    many seconds in all they wait for a key that AWS does not know, or does not let do its work yet.
    """

    def __init__(self, instance: Instance, clients: KeyClients, probes: ProbeObjects, patience: float) -> None:
        self._instance = instance
        self._clients = clients
        self._s3 = clients.s3
        self._probes = probes
        self._deadline = time.monotonic() + patience
        self._body = secrets.token_bytes(64)
        self._object = _Object(Bucket=probes.bucket, Key=probes.key("object"))
        self._layer = _Object(Bucket=probes.bucket, Key=probes.key("layer"))
        self._version = ""
        self._upload = _Upload(**self._layer, UploadId="")
        self._etag = ""

    def can(self) -> list[Check]:
        """Each of the seven actions works. The order matters: each check leaves what the next one needs."""
        checks = self._can()
        if self._instance.allowed_cidrs:
            checks = [unless_outside(check) for check in checks]
        if self._instance.encryption != SSE_S3:
            checks = [replace(check, remedy=check.remedy + AND_BY_THE_KEY) for check in checks]
        return [self._patiently(check, UNKNOWN_KEY | WRONG_SIGNATURE | ACCESS_DENIED) for check in checks]

    def cannot(self, log_bucket: str | None, outputs: Outputs) -> list[Check]:
        """What lies outside the seven actions is refused. None of these calls does harm where it is not."""
        return [self._patiently(check, UNKNOWN_KEY | WRONG_SIGNATURE) for check in self._cannot(log_bucket, outputs)]

    def _patiently(self, check: Check, codes: Set[str]) -> Check:
        """The check, tried again until the patience is over: a new key and its policy reach AWS bit by bit."""

        def run() -> str:
            pause = 1.0
            while True:
                try:
                    return check.run()
                except ClientError as error:
                    if code(error) not in codes or time.monotonic() + pause > self._deadline:
                        raise
                    time.sleep(pause)
                    pause *= 2

        return replace(check, run=run)

    def _can(self) -> list[Check]:
        return [
            Check(
                CAN,
                KNOWN,
                KNOWN_TO_S3,
                self._sign_in,
                "the key must be listed and Active in: aws iam list-access-keys --user-name USER",
            ),
            _works("s3:PutObject", STORED, "stored", self._put, KNOWN),
            _works("s3:GetObject", "get it", "same bytes", lambda: self._get(self._object), STORED),
            _works("s3:GetObject", "head it", "same size", self._head, STORED),
            _works("s3:ListBucket", "list its prefix", "only own objects", self._list, KNOWN),
            _works("s3:GetObject", "fetch it by a presigned link", "same bytes", self._fetch_presigned, STORED),
            _works("s3:PutObject", UPLOAD_STARTED, "started", self._start_upload, KNOWN),
            _works("s3:ListBucketMultipartUploads", "list uploads", "this one", self._list_uploads, UPLOAD_STARTED),
            _works("s3:PutObject", PART_UPLOADED, "taken", self._upload_part, UPLOAD_STARTED),
            _works("s3:ListMultipartUploadParts", "list its parts", "this one", self._list_parts, PART_UPLOADED),
            _works("s3:PutObject", UPLOAD_COMPLETED, "completed", self._complete_upload, PART_UPLOADED),
            _works("s3:GetObject", "get the whole", "same bytes", lambda: self._get(self._layer), UPLOAD_COMPLETED),
            _works("s3:DeleteObject", "delete the whole", "deleted", self._delete, UPLOAD_COMPLETED),
            _works("s3:AbortMultipartUpload", "abort another upload", "aborted", self._abort_upload, UPLOAD_STARTED),
        ]

    def _cannot(self, log_bucket: str | None, outputs: Outputs) -> list[Check]:
        s3, unsigned, user, secret = (
            self._s3,
            self._clients.unsigned_s3,
            outputs.user_name,
            outputs.secret_key_reference,
        )
        bucket, prefix = self._probes.bucket, self._probes.prefix
        tags: TaggingTypeDef = {"TagSet": [{"Key": "probe", "Value": "ghes-packages"}]}
        return [
            _refused("read the bucket policy", lambda: s3.get_bucket_policy(Bucket=bucket)),
            _refused("read the bucket ACL", lambda: s3.get_bucket_acl(Bucket=bucket)),
            _refused("read the location", lambda: s3.get_bucket_location(Bucket=bucket)),
            _refused("read the versioning", lambda: s3.get_bucket_versioning(Bucket=bucket)),
            _refused("read the lifecycle", lambda: s3.get_bucket_lifecycle_configuration(Bucket=bucket)),
            _refused("set an ACL on its object", lambda: s3.put_object_acl(**self._object, ACL="private"), STORED),
            _refused("tag its object", lambda: s3.put_object_tagging(**self._object, Tagging=tags), STORED),
            _refused("list all buckets", s3.list_buckets),
            *([_refused("list the access logs", lambda: self._list_first(log_bucket))] if log_bucket else []),
            _refused("read its secret", lambda: self._clients.secretsmanager.get_secret_value(SecretId=secret)),
            _refused("read its IAM user", lambda: self._clients.iam.get_user(UserName=user)),
            _refused("get without credentials", lambda: unsigned.get_object(**self._object), STORED),
            _refused("list without credentials", lambda: unsigned.list_objects_v2(Bucket=bucket, Prefix=prefix)),
            _refused("get over plain HTTP", self._get_over_plain_http, STORED),
            # The last one: were it not refused, there would be no object any more for the others to be refused.
            _refused(
                "delete a version of its object",
                lambda: s3.delete_object(**self._object, VersionId=self._version),
                STORED,
            ),
        ]

    def _sign_in(self) -> str:
        try:
            self._list_first(self._probes.bucket)
        except ClientError as error:
            if code(error) not in ACCESS_DENIED:
                raise
        return KNOWN_TO_S3

    def _put(self) -> str:
        self._version = self._s3.put_object(**self._object, Body=self._body).get("VersionId", "null")
        return "stored"

    def _get(self, target: _Object) -> str:
        return self._same_bytes(self._s3.get_object(**target)["Body"].read())

    def _head(self) -> str:
        size = self._s3.head_object(**self._object)["ContentLength"]
        if size != len(self._body):
            raise Failed(f"{size} bytes instead of {len(self._body)}")
        return "same size"

    def _list(self) -> str:
        listing = self._s3.list_objects_v2(Bucket=self._probes.bucket, Prefix=self._probes.prefix)
        stored = {self._object["Key"]} if self._version else set()
        _only(stored, {entry["Key"] for entry in listing.get("Contents", [])})
        return "only own objects"

    def _fetch_presigned(self) -> str:
        link = self._s3.generate_presigned_url("get_object", Params=self._object, ExpiresIn=60)
        try:
            with urllib.request.urlopen(link, timeout=30, context=self._clients.tls) as response:  # noqa: S310
                if REQUEST_ID in response.headers:
                    return self._same_bytes(response.read())
                raise NotChecked(f"S3 did not answer, but somebody else; {IN_BETWEEN}")
        except urllib.error.HTTPError as error:
            if error.code < 500 and REQUEST_ID in error.headers:
                raise Failed(f"HTTP {error.code}") from None
            raise NotChecked(f"HTTP {error.code}") from None
        except (OSError, http.client.HTTPException) as error:
            raise NotChecked(f"not fetched: {error}") from None

    def _list_first(self, bucket: str) -> None:
        self._s3.list_objects_v2(Bucket=bucket, Prefix=self._probes.prefix, MaxKeys=1)

    def _get_over_plain_http(self) -> None:
        try:
            self._clients.plain_http_s3.get_object(**self._object)
        except (EndpointConnectionError, ConnectTimeoutError):
            raise _NothingAnswersError from None

    def _start_upload(self) -> str:
        self._upload["UploadId"] = self._s3.create_multipart_upload(**self._layer)["UploadId"]
        return "started"

    def _list_uploads(self) -> str:
        listing = self._s3.list_multipart_uploads(Bucket=self._probes.bucket, Prefix=self._probes.prefix)
        if self._upload["UploadId"] not in {upload["UploadId"] for upload in listing.get("Uploads", [])}:
            raise Failed("not listed")
        return "this one"

    def _upload_part(self) -> str:
        self._etag = self._s3.upload_part(**self._upload, PartNumber=1, Body=self._body)["ETag"]
        return "taken"

    def _list_parts(self) -> str:
        listing = self._s3.list_parts(**self._upload)
        _only({self._etag}, {part["ETag"] for part in listing.get("Parts", [])})
        return "this one"

    def _complete_upload(self) -> str:
        self._s3.complete_multipart_upload(
            **self._upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": self._etag}]}
        )
        return "completed"

    def _delete(self) -> str:
        self._s3.delete_object(**self._layer)
        return "deleted"

    def _abort_upload(self) -> str:
        upload = self._s3.create_multipart_upload(**self._layer)["UploadId"]
        self._s3.abort_multipart_upload(**self._layer, UploadId=upload)
        return "aborted"

    def _same_bytes(self, body: bytes) -> str:
        if body != self._body:
            raise Failed(f"{len(body)} other bytes")
        return "same bytes"


def _works(action: str, title: str, expected: str, run: Callable[[], str], needs: str) -> Check:
    remedy = (
        f"{action} must be allowed by the managed policy of the user's group, by its permissions boundary,"
        " and by every bucket policy"
    )
    return Check(CAN, title, expected, run, remedy, needs, action)


def _refused(title: str, call: Callable[[], object], needs: str = KNOWN) -> Check:
    def run() -> str:
        try:
            call()
        except ClientError as error:
            if code(error) in ACCESS_DENIED:
                return "refused"
            if code(error) in UNKNOWN_KEY | WRONG_SIGNATURE:
                raise
            raise Failed(f"not refused, but {code(error)}") from None
        except _NothingAnswersError:
            return "refused: nothing answers"
        raise Failed("allowed")

    remedy = "something grants more than the seven actions: see the checks below on policies, and take it away"
    return Check(CANNOT, title, "refused", run, remedy, needs)


def _only(expected: set[str], found: set[str]) -> None:
    if found != expected:
        raise Failed(f"{len(found)} entries, {len(expected)} expected")
