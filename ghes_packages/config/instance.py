"""One GHES instance: its options, and what follows from them."""

from collections.abc import Mapping
from typing import Self

from pydantic import model_validator

from ghes_packages.config.combinations import RULES
from ghes_packages.config.options import Options
from ghes_packages.config.values import LONGEST_STACK_NAME, OWN, STACK_NAME_PREFIX, PreviousAccessKey

REPLICA_SUFFIX = "-Replica"

# IAM's own words for the status of an access key.
ACTIVE, INACTIVE = "Active", "Inactive"
# As many as AWS allows an IAM user.
MOST_ACCESS_KEYS = 2


def reviewed_as(stack_name: str) -> str:
    """What `review` calls a stack: the name of its instance, unless the instance names the stack."""
    return stack_name.removeprefix(STACK_NAME_PREFIX)


class Instance(Options):
    """One GHES instance and the storage that it gets. Immutable; its options go together."""

    def __hash__(self) -> int:
        """By the name alone, because tags have no hash; a name is in a file once."""
        return hash(self.name)

    @property
    def construct_id(self) -> str:
        """What its stack is called in the app: `cdk deploy` takes it, whatever the stack's name in CloudFormation."""
        return STACK_NAME_PREFIX + self.name

    @property
    def replica(self) -> Self | None:
        """What the stack in `replica_region` is made of, if there is one; what is about the user alone does not count.

        No bucket has a name twice, and S3 delivers access logs within a region only.
        """
        if self.replica_region is None:
            return None
        named = {"name": self.name + REPLICA_SUFFIX, "stack_name": self.stack_name + REPLICA_SUFFIX}
        there = {"region": self.replica_region, "replica_region": None, "access_logs": OWN, "bucket_name": None}
        return self.model_copy(update={**named, **there})

    @property
    def access_keys(self) -> Mapping[int, str]:
        """The access keys that the user is to have, the newest first: IAM's status by generation."""
        keys = {self.access_key: ACTIVE}
        if self.previous_access_key in (PreviousAccessKey.ACTIVE, PreviousAccessKey.INACTIVE):
            keys[self.access_key - 1] = self.previous_access_key.capitalize()
        return keys

    @property
    def has_central_log_bucket(self) -> bool:
        """Whether access is logged to a bucket that the stack does not make."""
        return self.access_logs != OWN

    @property
    def central_log_bucket(self) -> str | None:
        """The name of that bucket."""
        return self.access_logs if self.has_central_log_bucket else None

    @property
    def access_logs_prefix(self) -> str | None:
        """Below what the access logs are, so that those of several stacks in one bucket can be told apart."""
        return f"{self.stack_name}/" if self.has_central_log_bucket else None

    @model_validator(mode="after")
    def _options_go_together(self) -> Self:
        for reason in (reason for rule in RULES for reason in rule(self)):
            raise ValueError(reason)
        if self.replica and (beyond := len(self.replica.stack_name) - LONGEST_STACK_NAME) > 0:
            named = "stack_name" if "stack_name" in self.model_fields_set else "the instance's name"
            raise ValueError(
                f'replica_region = "{self.replica_region}" with the stack name {self.replica.stack_name} for the'
                f" replica, and CloudFormation allows {LONGEST_STACK_NAME} characters; shorten {named} by {beyond}"
            )
        return self
