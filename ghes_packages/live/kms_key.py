"""The KMS key of an instance, under whichever of its names AWS answers with."""

from dataclasses import dataclass


@dataclass(frozen=True)
class KmsKey:
    """`id` is the key ID or the key ARN. A key of the stack's own has an `alias`, by which the bucket names it."""

    id: str
    alias: str | None = None

    @property
    def belongs_to_the_stack(self) -> bool:
        """Whether the stack made it, and so promises what it is like."""
        return self.alias is not None

    @property
    def name_for_bucket(self) -> str:
        """What the encryption of the bucket is set to."""
        return self.alias or self.id

    def is_called(self, name: str) -> bool:
        """Whether that is one of its names: key ID, key ARN, alias or alias ARN."""
        return _in_its_account(name) in (_in_its_account(self.id), self.alias)


def _in_its_account(name: str) -> str:
    return name.rpartition(":")[2].removeprefix("key/")
