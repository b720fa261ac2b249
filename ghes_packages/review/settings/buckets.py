"""The settings of a bucket."""

from functools import partial

from ghes_packages.review.change import ENCRYPTION, LOGGING, NETWORK, RETENTION
from ghes_packages.review.settings.reading import every, flag, least, of_the_first, or_else
from ghes_packages.review.settings.replication import replicated_elsewhere
from ghes_packages.review.settings.setting import Setting
from ghes_packages.review.settings.weakening import added, always, down, given_up, lower, more, never, out_of

BUCKET = "AWS::S3::Bucket"

_encryption = partial(Setting, ENCRYPTION, BUCKET, ("BucketEncryption", "ServerSideEncryptionConfiguration"))
_network = partial(Setting, NETWORK, BUCKET)
_retention = partial(Setting, RETENTION, BUCKET)
_lifecycle = partial(_retention, ("LifecycleConfiguration", "Rules"))

ARCHIVED = "GHES cannot fetch what is in an archive"
PUBLIC = "the bucket or what it holds could be made public"
SHORTER = "what is deleted or overwritten could be brought back for a shorter time, or not at all"

SETTINGS = (
    _encryption(
        "default encryption",
        down("AES256", "aws:kms", "aws:kms:dsse"),
        "objects would be encrypted less well than before",
        of_the_first("ServerSideEncryptionByDefault", "SSEAlgorithm"),
    ),
    _encryption(
        "default KMS key",
        given_up,
        "new objects would be under another key, and the others need the old one for ever",
        of_the_first("ServerSideEncryptionByDefault", "KMSMasterKeyID"),
        of_the_account=True,
    ),
    *(
        _network(("PublicAccessBlockConfiguration", block), block, out_of("on"), PUBLIC, flag(default=False))
        for block in ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    ),
    _network(
        ("OwnershipControls", "Rules"),
        "object ownership",
        always,
        "ACLs could give access to objects",
        of_the_first("ObjectOwnership"),
    ),
    _network(("AccessControl",), "ACL", added, "the ACL gives access to the bucket"),
    _network(("WebsiteConfiguration",), "website", added, "the bucket would serve what it holds as a website"),
    _lifecycle(
        "noncurrent versions stay, days",
        lower,
        SHORTER,
        least(("NoncurrentVersionExpiration", "NoncurrentDays"), ("NoncurrentVersionExpirationInDays",)),
    ),
    _lifecycle(
        "current objects stay, days",
        lower,
        "S3 would delete what nobody deleted",
        least(("ExpirationInDays",), ("ExpirationDate",)),
    ),
    _lifecycle("current objects move", more, ARCHIVED, every(("Transitions",), ("Transition",))),
    _lifecycle(
        "noncurrent versions move",
        never,
        read=every(("NoncurrentVersionTransitions",), ("NoncurrentVersionTransition",)),
    ),
    _lifecycle(
        "incomplete uploads stay, days",
        lower,
        "uploads that could still be completed would be given up",
        least(("AbortIncompleteMultipartUpload", "DaysAfterInitiation")),
    ),
    _retention(("IntelligentTieringConfigurations",), "current objects are archived", added, ARCHIVED),
    _retention(
        ("VersioningConfiguration", "Status"), "versioning", out_of("Enabled"), SHORTER, or_else("never enabled")
    ),
    _retention(("ObjectLockConfiguration",), "object lock", given_up, "what is locked now could be deleted"),
    _retention(
        ("ReplicationConfiguration",),
        "replication",
        replicated_elsewhere,
        "a replica would lack what it has now, or somebody else would get a copy of everything",
    ),
    Setting(
        LOGGING,
        BUCKET,
        ("LoggingConfiguration", "DestinationBucketName"),
        "access logs go to",
        given_up,
        "who reads and writes the bucket would not be logged as before",
    ),
)
