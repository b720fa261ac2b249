"""What each resource promises, before and after: a risk where a promise is weakened, a row where it only changes."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ghes_packages.outputs import Outputs, ReplicaOutputs
from ghes_packages.review.change import OTHER, Change, Risk, identifier, shown
from ghes_packages.review.replacement import REPLACING
from ghes_packages.review.settings import SETTINGS
from ghes_packages.review.settings.setting import Setting
from ghes_packages.template.assembly import Stack
from ghes_packages.template.grants import PROPERTIES as COMPARED_BY_ACCESS
from ghes_packages.template.rendering import Names, at, names, referred, rendered

# Here nothing is changed unseen: what no setting reads is a risk, but for what is for people only.
GUARDED = {
    "AWS::IAM::AccessKey",
    "AWS::IAM::Group",
    "AWS::IAM::User",
    "AWS::KMS::Key",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
}
FOR_PEOPLE = {"Description", "Tags"}
# What a module of its own compares.
COMPARED_APART = {"AWS::IAM::AccessKey": {"Status"}, "AWS::SecretsManager::Secret": {"SecretString"}}
# Properties that can hold a password or a secret key, if somebody wrote it out.
SECRET = {"LoginProfile", "SecretString"}
# An ARN whose partition, region and account may be references; the name or ID of what is in the stack's account; and a
# reference to what the stack has.
ARN = re.compile(
    r"arn:(?:[a-z-]+|\$\{AWS::Partition\}):[a-z0-9]+:(?:[a-z0-9-]*|\$\{AWS::Region\}):(?P<account>\$\{AWS::AccountId\}|[^:]+):.+"
)
NAME = re.compile(r"alias/.+|[A-Za-z0-9-]+", re.DOTALL)
REFERENCE = re.compile(r"\$\{(?P<name>[^!.}]+)(?:\.[A-Za-z]+)?\}")
# The buckets that hold packages, or a replica of them.
OF_PACKAGES = (str(Outputs.model_fields["bucket"].alias), str(ReplicaOutputs.model_fields["bucket"].alias))
AS_IT_IS = "leave it as it is"


def changes(before: Stack, after: Stack) -> Iterator[Change]:
    """A row for each setting that changes, of the resources that stay; and for what no setting reads.

    Of the resources that come, a row for each risk.
    """
    yield from of_what_is_new(before, after)
    called = names(before.template, after.template)
    for logical_id, resource in before.resources.items():
        if logical_id not in after.resources or resource == after.resources[logical_id]:
            continue
        was, becomes = rendered(resource, called), rendered(after.resources[logical_id], called)
        kind = was.get("Type", "")
        known, settings = _read_elsewhere(kind), _settings(kind)
        for setting in settings:
            if change := _change(setting, logical_id, was, becomes, after, called):
                known.add(setting.path[0])
                yield change
        read = {setting.path[0] for setting in settings}
        for name in sorted(_properties(was).keys() | _properties(becomes).keys()):
            old, new = at(was, "Properties", name), at(becomes, "Properties", name)
            if name not in known and old != new:
                values = ((), ()) if name in SECRET else (shown(old), shown(new))
                unread = kind in GUARDED and name not in FOR_PEOPLE | read and new is not None
                yield Change(
                    OTHER, ((logical_id,), (name,)), "changed", *values, _unread(logical_id, name) if unread else None
                )


def of_what_is_new(before: Stack, after: Stack) -> Iterator[Change]:
    """A row for each promise that a new resource does not make, and for each property of it that nobody knows."""
    called = names(before.template, after.template)
    outputs = after.template.get("Outputs", {})
    packages = {name for each in OF_PACKAGES for name in referred(at(outputs, each, "Value"))}
    for logical_id in sorted(after.resources.keys() - before.resources.keys()):
        new = rendered(after.resources[logical_id], called)
        kind = new.get("Type", "")
        settings = _settings(kind)
        for setting in settings:
            value = setting.value(new)
            counts = kind in setting.when_new_of and (logical_id in packages or not setting.of_packages)
            if (counts and setting.when_new(value)) or _of_another(setting, value, after, called):
                yield Change(
                    setting.topic, ((logical_id,),), setting.title, (), shown(value), _risk(setting, logical_id)
                )
        known = FOR_PEOPLE | _read_elsewhere(kind) | {setting.path[0] for setting in settings}
        for name in sorted(_properties(new).keys() - known if kind in GUARDED else ()):
            yield Change(OTHER, ((logical_id,), (name,)), "set", risk=_unread(logical_id, name))


def _settings(kind: str) -> list[Setting]:
    return [setting for setting in SETTINGS if setting.of in (None, kind)]


def _read_elsewhere(kind: str) -> set[str]:
    """The properties of a type that other modules look at."""
    return {name for some in (COMPARED_BY_ACCESS, REPLACING, COMPARED_APART) for name in some.get(kind, ())}


def _unread(logical_id: str, name: str) -> Risk:
    return Risk(
        identifier("property", name, logical_id),
        "this review knows nothing of the property, and so not what it gives up",
        "leave it out; if it is to stay, put it into ghes_packages/review/settings/",
    )


def _change(setting: Setting, logical_id: str, was: Any, becomes: Any, after: Stack, called: Names) -> Change | None:
    old, new = setting.value(was), setting.value(becomes)
    if old == new:
        return None
    weaker = setting.weakens(old, new) or _of_another(setting, new, after, called)
    risk = _risk(setting, logical_id) if weaker else None
    return Change(setting.topic, ((logical_id,),), setting.title, shown(old), shown(new), risk)


def _risk(setting: Setting, logical_id: str) -> Risk:
    name = identifier(setting.topic.title.lower(), setting.title.partition(",")[0], logical_id)
    return Risk(name, setting.why, AS_IT_IS)


def _of_another(setting: Setting, value: Any, stack: Stack, called: Names) -> bool:
    """Whether it could be another stack's or account's where it must not: it is, unless it is known whose it is."""
    if value is None or not (setting.of_the_account or setting.of_the_stack):
        return False
    reference = REFERENCE.fullmatch(str(value))
    if reference and reference["name"] in {called[each] for each in stack.resources}:
        return False
    arn = ARN.fullmatch(str(value))
    known = arn["account"] in ("${AWS::AccountId}", stack.place["account"]) if arn else NAME.fullmatch(str(value))
    return setting.of_the_stack or not known


def _properties(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = at(resource, "Properties")
    return properties if isinstance(properties, dict) else {}
