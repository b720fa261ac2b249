"""The findings of the rule packs that are acknowledged in examples/regulated.toml; the README lists them."""

from collections.abc import Iterator
from dataclasses import dataclass

HERE, REPLICA = "GhesPackages-production", "GhesPackages-production-Replica"
OTHERS = ("NIST.800.53.R5", "HIPAA.Security", "PCI.DSS.321")


@dataclass(frozen=True)
class Acknowledged:
    """The same finding in each of the rules, at each of the constructs; one that stands twice is found twice."""

    rules: tuple[str, ...]
    at: tuple[str, ...]
    why: str

    def each(self) -> Iterator[tuple[str, str]]:
        """Rule and construct of every single one."""
        return ((rule, construct) for rule in self.rules for construct in self.at)


ACKNOWLEDGED = (
    Acknowledged(
        (
            "AwsSolutions-SMG4",
            "NIST.800.53.R5-SecretsManagerRotationEnabled",
            "HIPAA.Security-SecretsManagerRotationEnabled",
        ),
        (f"{HERE}/Access/Secret",),
        "Only an administrator can give GHES a new key; it is rotated in reviewed steps",
    ),
    Acknowledged(
        ("AwsSolutions-IAM5",),
        (f"{HERE}/Access/Policy",),
        "GHES chooses the object keys, so its policy covers every object of the bucket",
    ),
    Acknowledged(
        ("AwsSolutions-IAM5",),
        (
            *(f"{HERE}/Packages/BucketReplication/Policy",) * 2,
            *(f"{HERE}/Packages/AccessLogsReplication/Policy",) * 2,
        ),
        "Replication reads every object of the one bucket, and writes every object of the other",
    ),
    Acknowledged(
        tuple(f"{pack}-S3DefaultEncryptionKMS" for pack in OTHERS),
        (f"{HERE}/Packages/AccessLogs", f"{REPLICA}/Replica/AccessLogs"),
        "S3 delivers access logs to buckets with SSE-S3 only",
    ),
    Acknowledged(
        tuple(f"{pack}-S3BucketReplicationEnabled" for pack in OTHERS),
        (f"{REPLICA}/Replica/Bucket", f"{REPLICA}/Replica/AccessLogs"),
        "They are the replica; replicated back, an error in one region would reach both",
    ),
)
