"""The settings of a bucket."""

import json
from functools import partial

from ghes_packages.config.instance import Instance
from ghes_packages.config.lifecycle import ACCESS_LOGS, TO_INTELLIGENT_TIERING
from ghes_packages.review.change import ENCRYPTION, LOGGING, NETWORK, RETENTION
from ghes_packages.review.settings.reading import every, flag, least, of_the_first, or_else
from ghes_packages.review.settings.replication import replicated_elsewhere
from ghes_packages.review.settings.setting import Setting
from ghes_packages.review.settings.weakening import (
    added,
    always,
    any_value,
    below,
    down,
    given_up,
    lower,
    more_than,
    never,
    no_value,
    none_of,
    other_than,
    out_of,
)

BUCKET = "AWS::S3::Bucket"

_encryption = partial(Setting, ENCRYPTION, BUCKET, ("BucketEncryption", "ServerSideEncryptionConfiguration"))
_network = partial(Setting, NETWORK, BUCKET)
_retention = partial(Setting, RETENTION, BUCKET)
_lifecycle = partial(_retention, ("LifecycleConfiguration", "Rules"))

# What an instance has unless it says otherwise.
DAYS: int = Instance.model_fields["noncurrent_days"].default

# The only transitions that are no archive, as a lifecycle rule has them.
TIERED = json.dumps([TO_INTELLIGENT_TIERING], sort_keys=True)

ARCHIVED = "GHES cannot fetch what is in an archive"
PUBLIC = "the bucket or what it holds could be made public"
SHORTER = "what is deleted or overwritten could be brought back for a shorter time, or not at all"

SETTINGS = (
    _encryption(
        "default encryption",
        down("AES256", "aws:kms", "aws:kms:dsse"),
        "objects would be encrypted less well than before",
        of_the_first("ServerSideEncryptionByDefault", "SSEAlgorithm"),
        when_new=none_of("AES256", "aws:kms", "aws:kms:dsse"),
    ),
    _encryption(
        "default KMS key",
        given_up,
        "new objects would be under another key, and the others need the old one for ever",
        of_the_first("ServerSideEncryptionByDefault", "KMSMasterKeyID"),
        of_the_account=True,
    ),
    *(
        _network(
            ("PublicAccessBlockConfiguration", block),
            block,
            out_of("on"),
            PUBLIC,
            flag(default=False),
            when_new=none_of("on"),
        )
        for block in ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    ),
    _network(
        ("OwnershipControls", "Rules"),
        "object ownership",
        always,
        "ACLs could give access to objects",
        of_the_first("ObjectOwnership"),
        when_new=none_of("BucketOwnerEnforced"),
    ),
    _network(("AccessControl",), "ACL", added, "the ACL gives access to the bucket", when_new=any_value),
    _network(
        ("WebsiteConfiguration",),
        "website",
        added,
        "the bucket would serve what it holds as a website",
        when_new=any_value,
    ),
    _lifecycle(
        "noncurrent versions stay, days",
        lower,
        SHORTER,
        least(("NoncurrentVersionExpiration", "NoncurrentDays"), ("NoncurrentVersionExpirationInDays",)),
        when_new=below(DAYS),
    ),
    _lifecycle(
        "current objects stay, days",
        lower,
        "S3 would delete what nobody deleted",
        least(("ExpirationInDays",), ("ExpirationDate",)),
        when_new=any_value,
        of_packages=True,
    ),
    _lifecycle(
        "current objects move",
        more_than(TIERED),
        ARCHIVED,
        every(("Transitions",), ("Transition",)),
        when_new=other_than(TIERED),
        of_packages=True,
    ),
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
        when_new=below(ACCESS_LOGS.incomplete_upload_days),
    ),
    _retention(
        ("IntelligentTieringConfigurations",), "current objects are archived", added, ARCHIVED, when_new=any_value
    ),
    _retention(
        ("VersioningConfiguration", "Status"),
        "versioning",
        out_of("Enabled"),
        SHORTER,
        or_else("never enabled"),
        when_new=none_of("Enabled"),
    ),
    _retention(("ObjectLockConfiguration",), "object lock", given_up, "what is locked now could be deleted"),
    _retention(
        ("ReplicationConfiguration",),
        "replication",
        replicated_elsewhere,
        "a replica would lack what it has now, or somebody else would get a copy of everything",
        when_new=partial(replicated_elsewhere, None),
    ),
    Setting(
        LOGGING,
        BUCKET,
        ("LoggingConfiguration", "DestinationBucketName"),
        "access logs go to",
        given_up,
        "who reads and writes the bucket would not be logged as before",
        when_new=no_value,
        of_packages=True,
    ),
    Setting(
        NETWORK,
        "AWS::S3::BucketPolicy",
        ("Bucket",),
        "bucket of the policy",
        never,
        "it would take the place of the policy of a bucket that the stack does not make",
        of_the_stack=True,
    ),
)
