"""What the keys of an instance's table may hold: their forms, and what a value alone must fulfil."""

import ipaddress
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, Field, PlainValidator, StringConstraints

from ghes_packages.config.regions import known_partitions, known_regions

T = TypeVar("T")


@dataclass(frozen=True)
class Option:
    """What an operator reads about one key of a table: which values it takes, and what comes of it."""

    allowed: str
    consequence: str


# How old an access key may be, and for how long one must be unused to be done without, unless the operator says else.
MAX_AGE_DAYS, UNUSED_FOR_HOURS = 90, 24

STACK_NAME_PREFIX = "GhesPackages-"
LONGEST_STACK_NAME = 128
# With the prefix, it is the name of a stack.
INSTANCE_NAME = r"^[A-Za-z0-9]([A-Za-z0-9-]{0,113}[A-Za-z0-9])?$"

# Values of `access_logs` and `encryption` that are no name and no ARN.
OWN = "own"
SSE_S3, SSE_KMS = "s3", "kms"


class PreviousAccessKey(StrEnum):
    """What becomes of the access key before the current one."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    DELETED = "deleted"


class StorageClass(StrEnum):
    """The storage classes that packages can be in. Each has the name that S3 gives it."""

    STANDARD = "standard"
    INTELLIGENT_TIERING = "intelligent-tiering"


class RulePack(StrEnum):
    """The rule packs of cdk-nag that an instance can be held to, by cdk-nag's names."""

    AWS_SOLUTIONS = "AwsSolutions"
    NIST_800_53_R5 = "NIST80053R5"
    HIPAA_SECURITY = "HIPAASecurity"
    PCI_DSS_321 = "PCIDSS321"


# Addresses that never reach S3, whose policies see public ones: RFC 1918, 6598, 3927, 5771, 1112, 4193, 4291.
PRIVATE = tuple(
    ipaddress.ip_network(each)
    for each in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("224.0.0.0/4", "240.0.0.0/4"),
        *("fc00::/7", "fe80::/10", "ff00::/8", "::1/128", "::ffff:0:0/96"),
    )
)
# Of names of buckets, by S3 for itself.
RESERVED_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
RESERVED_SUFFIXES = ("-s3alias", "--ol-s3", "--x-s3", "--table-s3")
# For names in the namespace that an account has in a region; a bucket that is there already may have one.
ACCOUNT_REGIONAL_SUFFIX = "-an"
MOST_TAGS = 50
# IAM takes 6,144 in a managed policy, and the rest of the user's has a thousand.
MOST_CHARACTERS_OF_ADDRESSES = 5_000


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a message that names the known word that is nearest; nothing where none is near."""
    nearest = get_close_matches(word, list(known), n=1)
    return f", did you mean {nearest[0]}?" if nearest else ""


def in_words(values: Iterable[object]) -> str:
    """The values in quotes, as they stand in the file."""
    return ", ".join(f'"{value}"' for value in values)


def _known_region(region: str) -> str:
    if region not in known_regions():
        raise ValueError(f"is not a region that the pinned botocore knows{did_you_mean(region, known_regions())}")
    return region


def _known_partition(arn: str) -> str:
    if (partition := arn.split(":")[1]) not in known_partitions():
        raise ValueError(f"{partition} is not an AWS partition{did_you_mean(partition, known_partitions())}")
    return arn


def _release_with_packages(version: str) -> str:
    major, minor = version.split(".")
    if (int(major), int(minor)) < (2, 22):
        raise ValueError("has no GitHub Packages, which came with 2.22")
    return version


def _public_cidr(cidr: str) -> str:
    network = ipaddress.ip_network(cidr)
    if "%" in cidr:
        raise ValueError("has a scope, which is valid on one machine only")
    if "/" in cidr and not cidr.partition("/")[2].isdecimal():
        raise ValueError(f"has a netmask, and IAM needs a prefix length: {network}")
    if network.prefixlen == 0:
        raise ValueError("covers every address: leave allowed_cidrs out instead")
    if any(network.overlaps(private) for private in PRIVATE if private.version == network.version):
        raise ValueError("is not public: S3 sees the public address of the client, or of its NAT gateway")
    return cidr


def _bucket_name(name: str) -> str:
    """S3's rules for names of general purpose buckets; dots are left out, because TLS does not work with them."""
    if name in ("none", "off", "false", "no"):
        raise ValueError("is not the name of a bucket, and this cannot be switched off")
    if name.startswith(RESERVED_PREFIXES) or name.endswith(RESERVED_SUFFIXES):
        raise ValueError("has a prefix or suffix that S3 reserves")
    return name


def _name_of_a_new_bucket(name: str) -> str:
    if name.endswith(ACCOUNT_REGIONAL_SUFFIX):
        raise ValueError(
            f"ends with {ACCOUNT_REGIONAL_SUFFIX}, which S3 allows only in an account regional namespace, where the"
            " stack creates no bucket"
        )
    return name


def _tags(tags: Mapping[str, str]) -> Mapping[str, str]:
    if len(tags) > MOST_TAGS:
        raise ValueError(f"are {len(tags)}, and an IAM user can have {MOST_TAGS}")
    if len({key.lower() for key in tags}) < len(tags):
        raise ValueError("have a key twice: IAM ignores the case of keys")
    for key, value in tags.items():
        if key.lower().startswith("aws:"):
            raise ValueError(f"have the key {key}, and AWS reserves aws:")
        if not re.fullmatch(r"[\w .:/=+\-@]{1,128}", key) or not re.fullmatch(r"[\w .:/=+\-@]{0,256}", value):
            raise ValueError(
                f"have {json.dumps(key)} = {json.dumps(value)}, with characters or a length that AWS does not allow"
            )
    return tags


def _each_once(items: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(set(items)) < len(items):
        raise ValueError("has the same item twice")
    return items


# CDK's own rule, from its bootstrap template.
QUALIFIER = r"^[A-Za-z0-9_-]{1,10}$"


def _bootstrap(value: object) -> bool | str:
    if isinstance(value, bool) or (isinstance(value, str) and re.fullmatch(QUALIFIER, value)):
        return value
    raise ValueError("is neither true nor a qualifier")


Account = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]
InstanceName = Annotated[str, StringConstraints(pattern=INSTANCE_NAME)]
# CloudFormation's own rule.
StackName = Annotated[str, StringConstraints(pattern=rf"^[A-Za-z][A-Za-z0-9-]{{0,{LONGEST_STACK_NAME - 1}}}$")]
Bootstrap = Annotated[
    bool | str,
    PlainValidator(_bootstrap, json_schema_input_type=bool | Annotated[str, StringConstraints(pattern=QUALIFIER)]),
]
Region = Annotated[
    str,
    AfterValidator(_known_region),
    Field(json_schema_extra=lambda schema: schema.update(enum=[*sorted(known_regions())])),
]
ROLE_ARN = r"arn:[a-z-]+:iam::[0-9]{12}:role/[\w+=,.@/-]+"
RoleArn = Annotated[str, StringConstraints(pattern=f"^{ROLE_ARN}$"), AfterValidator(_known_partition)]
PolicyArn = Annotated[
    str,
    StringConstraints(pattern=r"^arn:[a-z-]+:iam::[0-9]{12}:policy/[\w+=,.@/-]+$"),
    AfterValidator(_known_partition),
]
Release = Annotated[str, StringConstraints(pattern=r"^[0-9]+\.[0-9]+$"), AfterValidator(_release_with_packages)]
BucketName = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$"), AfterValidator(_bucket_name)
]
NewBucketName = Annotated[BucketName, AfterValidator(_name_of_a_new_bucket)]
Encryption = Annotated[
    str, StringConstraints(pattern=r"^(s3|kms|arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/(mrk-)?[0-9a-f-]{32,36})$")
]
Several = Annotated[tuple[T, ...], Field(strict=False, min_length=1), AfterValidator(_each_once)]
Cidrs = Several[Annotated[str, AfterValidator(_public_cidr)]]
VpcEndpoints = Several[Annotated[str, StringConstraints(pattern=r"^vpce-[0-9a-f]{8,17}$")]]
RoleArns = Several[RoleArn]
RulePacks = Several[Annotated[RulePack, Field(strict=False)]]
Tags = Annotated[Mapping[str, str], AfterValidator(_tags)]
