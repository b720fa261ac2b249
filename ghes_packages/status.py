"""`status`: how is an instance, and how are its access keys?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ghes_packages.config.instance import ACTIVE, Instance
from ghes_packages.config.values import MAX_AGE_DAYS
from ghes_packages.live import access_keys, aws, deployed, replication
from ghes_packages.live.access_keys import AccessKey
from ghes_packages.live.replication import Replication
from ghes_packages.printable import one_line
from ghes_packages.rotation.instances_file import KEYS
from ghes_packages.rotation.steps import UNUSED_FOR, ago, behind, used
from ghes_packages.template.options import in_words
from ghes_packages.template.version import version_of

MAX_AGE = timedelta(days=MAX_AGE_DAYS)
HEADINGS = ("access key", "age", "last used", "replica")


@dataclass(frozen=True)
class Status:
    """One instance: what CloudFormation says of its stack, its access keys, the newest first, and its replica.

    `instance` has the options of `instances.toml`, `deployed` those of the stack. `version` is of this project:
    the one that wrote the template of the stack, where it says so.
    """

    instance: Instance
    deployed: Instance
    stack_status: str
    keys: tuple[AccessKey, ...]
    now: datetime
    replication: Replication | None = None
    max_age: timedelta = MAX_AGE
    unused_for: timedelta = UNUSED_FOR
    version: str | None = None

    @property
    def name(self) -> str:
        """The instance's."""
        return self.instance.name

    def row(self) -> Sequence[str]:
        """The newest access key and the replica, under HEADINGS."""
        for key in self.keys:
            replica = self.replication.in_short if self.replication else ""
            return key.name, ago(self.now - key.created), used(key, self.now), replica
        return ()

    def problems(self) -> Iterator[str]:
        """The problems for an administrator; one line each, with what to do."""
        name, newest = self.instance.name, self.instance.access_key
        if lag := behind(self.instance, self.keys):
            yield lag
        yield from self._options_behind()
        made = {key.generation for key in self.keys}
        for key in self.keys:
            if key.generation is None:
                yield (
                    f"{key.name}: the stack does not know it; find out who created it and what uses it,"
                    " then delete it in IAM"
                )
            if self.now - key.created > self.max_age:
                yield (
                    f"{key.name} is {ago(self.now - key.created)} old, and the limit is {ago(self.max_age)};"
                    f" take the next step with: ghes-packages rotate {name}"
                )
            older = key.generation is not None and key.generation < newest and key.status == ACTIVE
            if newest in made and older and key.last_used and key.used_within(self.unused_for, self.now):
                yield (
                    f"{key.name} is still in use (last used: {used(key, self.now)}): GHES has it;"
                    f" enter access key {newest} in the Management Console: ghes-packages settings {name} --show-secret"
                )

        if self.replication:
            yield from self.replication.problems()

    def _options_behind(self) -> Iterator[str]:
        """Access keys are left out: there IAM says more than the template does."""
        keys = self.deployed.access_key, self.deployed.previous_access_key
        configured = self.instance.model_copy(update=dict(zip(KEYS, keys, strict=True)))
        there, wanted = in_words(self.deployed), in_words(configured)
        if there != wanted:
            yield (
                f"the deployed stack is behind the configuration: deployed: {', '.join(sorted(there - wanted))};"
                f" configured: {', '.join(sorted(wanted - there))}; deploy it with: make deploy INSTANCE={self.name}"
            )

    @property
    def exit_status(self) -> int:
        """0 if there is nothing to do, else 1."""
        return 1 if any(self.problems()) else 0

    def for_machines(self) -> dict[str, Any]:
        """As JSON. Times are ISO 8601, in UTC."""
        return {
            "instance": self.instance.name,
            "stack": self.instance.stack_name,
            "stack_status": self.stack_status,
            "template_version": self.version,
            "access_keys": [
                {
                    "generation": key.generation,
                    "access_key_id": key.access_key_id,
                    "status": key.status,
                    "created": key.created.isoformat(),
                    "last_used": key.last_used.isoformat() if key.last_used else None,
                    "last_service": key.last_service,
                    "for_ghes": key.generation == self.instance.access_key,
                }
                for key in self.keys
            ],
            "replication": self.replication.for_machines() if self.replication else None,
            "problems": list(self.problems()),
        }

    def write_table(self, console: Console) -> None:
        """For people."""
        version = f", template of version {self.version}" if self.version else ""
        console.print(_text(f"{self.instance.stack_name}: {self.stack_status}{version}"), highlight=False)
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for heading in ("key", "ID", "status"):
            table.add_column(heading, no_wrap=True)
        for heading in ("age", "last used", "GHES"):
            table.add_column(heading, overflow="fold")
        for key in self.keys:
            table.add_row(
                str(key.generation or "stray"),
                _text(key.access_key_id),
                _text(key.status, style="green" if key.status == ACTIVE else "yellow"),
                ago(self.now - key.created),
                _text(used(key, self.now)),
                "to use this" if key.generation == self.instance.access_key else "",
            )
        console.print(table)
        if self.replication:
            replica = Table(box=None, pad_edge=False, show_header=False)
            for title, value in self.replication.rows():
                replica.add_row(title, _text(value))
            console.print(replica)
        for problem in self.problems():
            console.print(_text(problem, style="bold red"), soft_wrap=True)
        if not any(self.problems()):
            console.print("nothing to do", style="green")


def _text(said: str, style: str = "") -> Text:
    """What AWS said is no markup, and nothing that a terminal would obey."""
    return Text(one_line(said), style)


def read(instance: Instance, max_age: timedelta = MAX_AGE, unused_for: timedelta = UNUSED_FOR) -> Status:
    """The status of a deployed instance. Raises what `aws.session`, `deployed` and `access_keys` raise."""
    session = aws.session(instance)
    stack = deployed.read(instance, session)
    template = deployed.template(instance, session)
    there = deployed.with_options_of(instance, template)
    keys = access_keys.read(instance, stack.outputs, session)
    now = datetime.now(UTC)
    replica = (
        replication.read(there.replica, stack.outputs.bucket, session, aws.session(there.replica), now)
        if there.replica
        else None
    )
    return Status(instance, there, stack.status, tuple(keys), now, replica, max_age, unused_for, version_of(template))
