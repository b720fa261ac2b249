"""The access keys of the user that GHES signs in as: which generation each is, and when it was last used."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import boto3

from ghes_packages.config.instance import Instance
from ghes_packages.live import deployed
from ghes_packages.live.aws import CONFIG, explained
from ghes_packages.outputs import Outputs


@dataclass(frozen=True)
class AccessKey:
    """One access key of the user.

    `generation` is None for a key that the stack does not know; `last_used` is None for one that was never used.
    Both times are aware, in UTC; AWS says that the last use may show some hours late.
    """

    generation: int | None
    access_key_id: str
    status: str
    created: datetime
    last_used: datetime | None
    last_service: str | None

    def used_within(self, limit: timedelta, now: datetime) -> bool:
        """Whether it may have been used in that time before now; the use of a key that is younger may not show yet."""
        return now - (self.last_used or self.created) < limit

    @property
    def name(self) -> str:
        """What people call it."""
        return f"access key {self.generation}" if self.generation else f"stray access key {self.access_key_id}"


def read(instance: Instance, outputs: Outputs, session: boto3.Session) -> list[AccessKey]:
    """All access keys of the deployed user, the newest generation first.

    Raises what `deployed.resources` and `deployed.parts` raise.
    """
    generations = deployed.parts(instance, outputs, deployed.resources(instance, session)).access_keys
    known = {access_key_id: generation for generation, access_key_id in generations.items()}
    keys = []
    with explained():
        iam = session.client("iam", config=CONFIG)
        for entry in iam.list_access_keys(UserName=outputs.user_name)["AccessKeyMetadata"]:
            used = iam.get_access_key_last_used(AccessKeyId=entry["AccessKeyId"])["AccessKeyLastUsed"]
            keys.append(
                AccessKey(
                    generation=known.get(entry["AccessKeyId"]),
                    access_key_id=entry["AccessKeyId"],
                    status=entry["Status"],
                    created=entry["CreateDate"],
                    last_used=used.get("LastUsedDate"),
                    last_service=used["ServiceName"] if "LastUsedDate" in used else None,
                )
            )
    return sorted(keys, key=lambda key: key.generation or 0, reverse=True)
