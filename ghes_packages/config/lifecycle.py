"""What S3 removes or moves by itself in the two buckets, and when. All figures are days."""

from dataclasses import dataclass

from ghes_packages.config.instance import Instance
from ghes_packages.config.values import StorageClass

# At once: the next time that S3 runs lifecycle rules, which it does once a day.
TRANSITION_DAYS = 0
# The one transition of current objects that GHES does not notice, as CloudFormation writes it.
TO_INTELLIGENT_TIERING = {"StorageClass": StorageClass.INTELLIGENT_TIERING.name, "TransitionInDays": TRANSITION_DAYS}


@dataclass(frozen=True)
class Lifecycle:
    """The lifecycle of one bucket.

    `current_days` removes *current* objects and must stay None for packages: a registry still refers to them
    (distribution/distribution#4363 shows what happens otherwise). `storage_class` is that of current objects, which are
    written to S3 Standard and moved from there. Noncurrent versions stay in the class that they are in.
    """

    noncurrent_days: int
    incomplete_upload_days: int
    current_days: int | None = None
    storage_class: StorageClass = StorageClass.STANDARD

    @property
    def moved_to(self) -> str | None:
        """S3's name of the storage class that current objects are moved to; None where they stay where they are."""
        return None if self.storage_class is StorageClass.STANDARD else self.storage_class.name


ACCESS_LOGS = Lifecycle(noncurrent_days=30, incomplete_upload_days=7, current_days=365)


def packages(instance: Instance) -> Lifecycle:
    """The lifecycle of the packages of an instance."""
    return Lifecycle(
        noncurrent_days=instance.noncurrent_days, incomplete_upload_days=7, storage_class=instance.storage_class
    )
