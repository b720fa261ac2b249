"""What S3 removes by itself from the two buckets, and when. All figures are days."""

from dataclasses import dataclass

from ghes_packages.config.instance import Instance


@dataclass(frozen=True)
class Lifecycle:
    """The lifecycle of one bucket.

    `current_days` removes *current* objects and must stay None for packages: a registry still refers to them
    (distribution/distribution#4363 shows what happens otherwise).
    """

    noncurrent_days: int
    incomplete_upload_days: int
    current_days: int | None = None


ACCESS_LOGS = Lifecycle(noncurrent_days=30, incomplete_upload_days=7, current_days=365)


def packages(instance: Instance) -> Lifecycle:
    """The lifecycle of the packages of an instance."""
    return Lifecycle(noncurrent_days=instance.noncurrent_days, incomplete_upload_days=7)
