"""Checks what the deployed access key can do, and what it cannot."""

import http.client
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, TypedDict
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from ghes_packages.config.instance import Instance
from ghes_packages.config.values import SSE_S3
from ghes_packages.live.aws import ACCESS_DENIED, code
from ghes_packages.outputs import Outputs
from ghes_packages.verify import plain_http
from ghes_packages.verify.addresses import unless_outside
from ghes_packages.verify.clients import KeyClients
from ghes_packages.verify.links import fetch
from ghes_packages.verify.patience import NEW, NEW_KEY, Patience
from ghes_packages.verify.probe_objects import ProbeObjects
from ghes_packages.verify.report import Check, Failed, NotChecked

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import TaggingTypeDef

CAN = "With the deployed access key, as GHES"
CANNOT = "With the deployed access key, what GHES does not need"

KNOWN = "sign in"
KNOWN_TO_S3 = "S3 knows the key"
STORED = "put an object"
PREFIX_LISTED = "list its prefix"
UPLOAD_STARTED = "start a multipart upload"
UPLOADS_LISTED = "list uploads"
PART_UPLOADED = "upload a part"
PARTS_LISTED = "list its parts"
UPLOAD_COMPLETED = "complete the upload"
GOT_WHOLE = "get the whole"

# Refusals that have an error code of their own, and what to say of them.
UNAUTHORIZED = {  # without credentials, in China
    each: f"refused: {each}" for each in ("Unauthorized", "UnauthorizedAccess", "UnauthorizedAccessError")
}
ACLS_OFF = {"AccessControlListNotSupported": "refused: ACLs are off"}

WRITING = frozenset({"s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"})

AND_BY_THE_KEY = "; the KMS key policy must grant kms actions to the user: see the checks of the key below"


class _Object(TypedDict):
    Bucket: str
    Key: str


class _Upload(_Object):
    UploadId: str


class KeyChecks:
    """The checks with the deployed key, and what one leaves for the next.

    They write below the prefix of their probe objects, and read and list nothing beyond it.
    """

    def __init__(self, instance: Instance, clients: KeyClients, probes: ProbeObjects, patience: Patience) -> None:
        self._instance = instance
        self._clients = clients
        self._s3 = clients.s3
        self._probes = probes
        self._patience = patience
        self._body = secrets.token_bytes(64)
        self._object = _Object(Bucket=probes.bucket, Key=probes.key("object"))
        self._layer = _Object(Bucket=probes.bucket, Key=probes.key("layer"))
        self._version = ""
        self._upload = _Upload(**self._layer, UploadId="")
        self._etag = ""

    def can(self) -> list[Check]:
        """Each of the seven actions works."""
        checks = self._can()
        if self._instance.restricted_by:
            checks = [unless_outside(check) for check in checks]
        if self._instance.encryption != SSE_S3:
            checks = [replace(check, remedy=check.remedy + AND_BY_THE_KEY) for check in checks]
        return [self._patience.with_check(check, NEW) for check in checks]

    def cannot(self, log_bucket: str | None, outputs: Outputs) -> list[Check]:
        """Everything outside the seven actions is refused. None of these calls does harm if it is allowed."""
        checks = self._cannot(log_bucket, outputs)
        # Were it not refused, there would be no object any more for the others.
        others = tuple(check.title for check in (*self._can(), *checks) if STORED in (check.needs, *check.after))
        checks.append(replace(self._delete_version(), after=others))
        return [self._patience.with_check(check, NEW_KEY) for check in checks]

    def _can(self) -> list[Check]:
        links, stored = self._clients.links, self._object
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
            _works("s3:ListBucket", PREFIX_LISTED, "only own objects", self._list, KNOWN, after=(STORED,)),
            # In which of S3's two styles GHES signs its links is not documented. The first is virtual-hosted.
            _works(
                "s3:GetObject",
                "fetch it by a presigned link",
                "same bytes",
                lambda: self._fetch(links.virtual_hosted(stored["Bucket"], stored["Key"])),
                STORED,
            ),
            _works(
                "s3:GetObject",
                "fetch it by a path-style link",
                "same bytes",
                lambda: self._fetch(links.path_style(stored["Bucket"], stored["Key"])),
                STORED,
            ),
            _works("s3:PutObject", UPLOAD_STARTED, "started", self._start_upload, KNOWN),
            _works("s3:ListBucketMultipartUploads", UPLOADS_LISTED, "this one", self._list_uploads, UPLOAD_STARTED),
            _works("s3:PutObject", PART_UPLOADED, "taken", self._upload_part, UPLOAD_STARTED),
            _works("s3:ListMultipartUploadParts", PARTS_LISTED, "this one", self._list_parts, PART_UPLOADED),
            _works(
                "s3:PutObject",
                UPLOAD_COMPLETED,
                "completed",
                self._complete_upload,
                PART_UPLOADED,
                after=(PREFIX_LISTED, UPLOADS_LISTED, PARTS_LISTED),  # which it would change
            ),
            _works("s3:GetObject", GOT_WHOLE, "same bytes", lambda: self._get(self._layer), UPLOAD_COMPLETED),
            _works(
                "s3:DeleteObject", "delete the whole", "deleted", self._delete, UPLOAD_COMPLETED, after=(GOT_WHOLE,)
            ),
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
            _refused(
                "set an ACL on its object", lambda: s3.put_object_acl(**self._object, ACL="private"), STORED, ACLS_OFF
            ),
            _refused("tag its object", lambda: s3.put_object_tagging(**self._object, Tagging=tags), STORED),
            _refused("list all buckets", s3.list_buckets),
            *([_refused("list the access logs", lambda: self._list_first(log_bucket))] if log_bucket else []),
            _refused("read its secret", lambda: self._clients.secretsmanager.get_secret_value(SecretId=secret)),
            _refused("read its IAM user", lambda: self._clients.iam.get_user(UserName=user)),
            _refused(
                "get without credentials",
                lambda: unsigned.get_object(**self._object),
                STORED,
                UNAUTHORIZED,
            ),
            _refused(
                "list without credentials",
                lambda: unsigned.list_objects_v2(Bucket=bucket, Prefix=prefix),
                KNOWN,
                UNAUTHORIZED,
            ),
            replace(
                _refused("get over plain HTTP", self._get_over_plain_http, STORED),
                remedy="the bucket policy does not deny requests without TLS: see the check TLS only below",
            ),
        ]

    def _delete_version(self) -> Check:
        return _refused(
            "delete a version of its object",
            lambda: self._s3.delete_object(**self._object, VersionId=self._version),
            STORED,
        )

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

    def _fetch(self, link: str) -> str:
        try:
            return self._same_bytes(fetch(link, self._clients.tls))
        except (OSError, http.client.HTTPException) as error:
            raise NotChecked(f"not fetched from {urlsplit(link).netloc}: {error}") from None

    def _list_first(self, bucket: str) -> None:
        self._s3.list_objects_v2(Bucket=bucket, Prefix=self._probes.prefix, MaxKeys=1)

    def _get_over_plain_http(self) -> None:
        link = self._clients.links.virtual_hosted(self._object["Bucket"], self._object["Key"])
        plain_http.get(link, self._clients.tls, self._body)

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


def _works(
    action: str, title: str, expected: str, run: Callable[[], str], needs: str, after: tuple[str, ...] = ()
) -> Check:
    remedy = (
        f"{action} must be allowed by the managed policy of the user's group, by its permissions boundary,"
        " and by every bucket policy; if S3 answers 404, and the bucket is less than 15 minutes old, verify again later"
    )
    return Check(CAN, title, expected, run, remedy, needs, action, after, writes=action in WRITING)


def _refused(
    title: str, call: Callable[[], object], needs: str = KNOWN, besides: Mapping[str, str] = MappingProxyType({})
) -> Check:
    """`besides` is what to say of further error codes that are refusals."""
    refusals = {**dict.fromkeys(ACCESS_DENIED, "refused"), **besides}

    def run() -> str:
        try:
            call()
        except ClientError as error:
            if refused := refusals.get(code(error)):
                return refused
            if code(error) in NEW_KEY:
                raise
            raise Failed(f"not refused, but {code(error)}") from None
        except plain_http.NothingAnswersError:
            return "refused: nothing answers"
        raise Failed("allowed")

    remedy = "a policy grants more than the seven actions: see the checks of policies below, and remove the grant"
    # Those that need the object would change it.
    return Check(CANNOT, title, "refused", run, remedy, needs, writes=needs == STORED)


def _only(expected: set[str], found: set[str]) -> None:
    if found != expected:
        raise Failed(f"{len(found)} entries, {len(expected)} expected")
