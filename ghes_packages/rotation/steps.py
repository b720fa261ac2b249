"""The rotation of an access key: where an instance stands, what comes next, and what must not be done.

The steps are changes of two keys of the instance's table: a new key beside the old one, the old one inactive, the old
one deleted. Everything here is decided from what it is given: no file, no AWS, no clock.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ghes_packages.config.instance import ACTIVE, MOST_ACCESS_KEYS, Instance
from ghes_packages.config.instances import make_deploy, with_file
from ghes_packages.config.values import UNUSED_FOR_HOURS, PreviousAccessKey
from ghes_packages.errors import ConfigurationError, FoundWrong
from ghes_packages.live.access_keys import AccessKey
from ghes_packages.printable import one_line

UNUSED_FOR = timedelta(hours=UNUSED_FOR_HOURS)


@dataclass(frozen=True)
class Step:
    """What to write into the instance's table, why, and what the administrator does once it is deployed.

    In `then` stands {instance} for what the commands take.
    """

    access_key: int
    previous_access_key: PreviousAccessKey | None
    title: str
    then: tuple[str, ...]

    def applied_to(self, instance: Instance) -> Instance:
        """The instance after the step."""
        return Instance.model_validate(
            {
                **instance.model_dump(exclude_defaults=True),
                "access_key": self.access_key,
                "previous_access_key": self.previous_access_key,
            }
        )


def stands(instance: Instance) -> str:
    """Where in a rotation the configuration is."""
    newest = instance.access_key
    match instance.previous_access_key:
        case PreviousAccessKey.ACTIVE:
            return f"access key {newest} is new, and access key {newest - 1} works beside it"
        case PreviousAccessKey.INACTIVE:
            return f"access key {newest} is in use, and access key {newest - 1} is inactive"
    return f"access key {newest} is the only one: no rotation is in progress"


def next_step(instance: Instance) -> Step:
    """The next step of the rotation; the first one of a new rotation when none is under way."""
    newest = instance.access_key
    match instance.previous_access_key:
        case PreviousAccessKey.ACTIVE:
            return Step(
                newest,
                PreviousAccessKey.INACTIVE,
                f"deactivate access key {newest - 1}",
                ("watch GHES for a while: ghe-check-blob-connection, a docker pull, a package download",),
            )
        case PreviousAccessKey.INACTIVE:
            return Step(
                newest,
                PreviousAccessKey.DELETED,
                f"delete access key {newest - 1}",
                ("see that one key is left: ghes-packages status {instance}",),
            )
    return Step(
        newest + 1,
        PreviousAccessKey.ACTIVE,
        f"create access key {newest + 1} beside access key {newest}",
        (
            "prove the new key: ghes-packages verify {instance}",
            "enter it in the Management Console and save, which restarts GHES services:"
            " ghes-packages settings {instance} --show-secret",
            "on the appliance: ghe-check-blob-connection",
            "wait until the old key is unused: ghes-packages status {instance}",
        ),
    )


def step_back(instance: Instance) -> Step:
    """The way back from where the instance stands. Raises ConfigurationError where there is none."""
    newest = instance.access_key
    match instance.previous_access_key:
        case PreviousAccessKey.ACTIVE:
            return Step(
                newest - 1,
                PreviousAccessKey.DELETED if newest - 1 > 1 else None,
                f"delete access key {newest} and continue with access key {newest - 1}",
                ("see that the old key works: ghes-packages verify {instance}",),
            )
        case PreviousAccessKey.INACTIVE:
            return Step(
                newest,
                PreviousAccessKey.ACTIVE,
                f"activate access key {newest - 1} again",
                ("see that both keys work: ghes-packages verify {instance} --previous",),
            )
    raise ConfigurationError(
        f"[instances.{instance.name}] has no rotation in progress, so there is no step to undo;"
        f" start one with: ghes-packages rotate {instance.name}"
    )


def behind(instance: Instance, keys: Sequence[AccessKey]) -> str | None:
    """How what is deployed differs from the configuration; None if it does not."""
    deployed = {key.generation: key.status for key in keys if key.generation}
    if deployed == instance.access_keys:
        return None
    return (
        f"the deployed stack is behind the configuration: deployed: {_in_words(deployed)};"
        f" configured: {_in_words(instance.access_keys)}; deploy it with: make deploy INSTANCE={instance.name};"
        " if there is nothing to deploy, somebody changed a key by hand;"
        " unless it leaked, change it back: aws iam update-access-key"
    )


def refusals(
    instance: Instance, step: Step, keys: Sequence[AccessKey], now: datetime, unused_for: timedelta = UNUSED_FOR
) -> Iterator[str]:
    """Why the step would do harm; nothing if it would not. Raises FoundWrong if no step is possible."""
    if skipped := _skipped(instance, keys):
        raise FoundWrong(f"{instance.name}: {skipped}")
    if lag := behind(instance, keys):
        yield lag
        return
    wanted = step.applied_to(instance).access_keys
    new = [generation for generation in wanted if generation not in {key.generation for key in keys}]
    if new and len(keys) >= MOST_ACCESS_KEYS:
        yield (
            f"the user has {len(keys)} access keys, and AWS allows {MOST_ACCESS_KEYS}:"
            f" {', '.join(f'{key.name} ({key.access_key_id})' for key in keys)}; delete one of them first"
        )
    for key in keys:
        if key.generation and wanted.get(key.generation) != ACTIVE:
            yield from in_use(key, keys, now, unused_for)


def in_use(key: AccessKey, keys: Sequence[AccessKey], now: datetime, unused_for: timedelta) -> Iterator[str]:
    """Why a key is still needed."""
    if key.used_within(unused_for, now):
        yield f"{key.name} may be in use (last used: {used(key, now)})"
    for newer in keys:
        if (newer.generation or 0) <= (key.generation or 0):
            continue
        if now - newer.created < unused_for:
            yield (
                f"{newer.name} was created {ago(now - newer.created)} ago, and AWS shows a use of {key.name} some hours"
                " late"
            )
        if newer.last_used is None or (key.last_used is not None and newer.last_used < key.last_used):
            yield f"nothing shows that GHES uses {newer.name} (last used: {used(newer, now)})"


def _skipped(instance: Instance, keys: Sequence[AccessKey]) -> str | None:
    """The damage that deploying the configuration would do, because somebody skipped a step."""
    new = instance.access_keys.keys() - {key.generation for key in keys}
    for key in keys:
        if new and key.generation and key.status == ACTIVE and instance.access_keys.get(key.generation) != ACTIVE:
            return (
                f"the configuration skips a step: {key.name} would stop working in the deploy that creates"
                f" access key {max(new)}; first write access_key = {key.generation + 1} and"
                ' previous_access_key = "active"'
            )
    return None


def told(
    instance: Instance, file: Path, step: Step, change: str, refused: Sequence[str], reason: str, *, dry_run: bool
) -> Iterator[str]:
    """Where the instance stands, what was changed and what was overridden, and what to do next; a line each."""
    yield f"{instance.name}: {stands(instance)}."
    for refusal in refused:
        yield f"OVERRIDDEN ({reason}): {refusal}"
    yield f"{'Would' if dry_run else 'Now'} {step.title}:"
    yield ""
    yield change
    yield ""
    if not dry_run:
        yield "Next:"
        yield from (f"  {number}. {line}" for number, line in enumerate(_next(instance, file, step), 1))


def for_machines(
    instance: Instance, file: Path, step: Step, change: str, refused: Sequence[str], reason: str, *, written: bool
) -> dict[str, Any]:
    """The same as JSON. `overridden` are the refusals that `reason` is against."""
    return {
        "instance": instance.name,
        "file": str(file),
        "step": step.title,
        "access_key": step.access_key,
        "previous_access_key": step.previous_access_key,
        "written": written,
        "change": change,
        "overridden": list(refused),
        "reason": reason or None,
        "next": _next(instance, file, step),
    }


def _next(instance: Instance, file: Path, step: Step) -> list[str]:
    deploy = f"review and commit the change; then: {make_deploy(instance.name, file)}"
    return [deploy, *(line.format(instance=with_file(instance.name, file)) for line in step.then)]


def used(key: AccessKey, now: datetime) -> str:
    """When a key was last used, and by which service, in words."""
    if key.last_used is None:
        return f"never, created {ago(now - key.created)} ago"
    return f"{ago(now - key.last_used)} ago ({one_line(key.last_service or '')})"


def ago(span: timedelta) -> str:
    """A time span in its largest unit."""
    for unit, size in (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1))):
        if span >= size:
            count = span // size
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "less than a minute"


def _in_words(keys: Mapping[int, str]) -> str:
    return ", ".join(f"access key {generation} {status}" for generation, status in sorted(keys.items())) or "no key"
