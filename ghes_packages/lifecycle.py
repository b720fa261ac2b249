"""What S3 removes by itself from the two buckets, and when. All figures are days."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Lifecycle:
    """The lifecycle of one bucket.

    `current_days` removes *current* objects and must stay None for packages: a registry still refers to them
    (distribution/distribution#4363 shows what happens otherwise).
    """

    noncurrent_days: int
    incomplete_upload_days: int
    current_days: int | None = None


PACKAGES = Lifecycle(noncurrent_days=30, incomplete_upload_days=7)
ACCESS_LOGS = Lifecycle(noncurrent_days=30, incomplete_upload_days=7, current_days=365)
