"""What each resource promises, before and after: a risk where a promise is weakened, a row where it only changes."""

from collections.abc import Iterator, Mapping
from typing import Any

from ghes_packages.review.assembly import Stack
from ghes_packages.review.change import OTHER, Change, Risk, identifier
from ghes_packages.review.grants import PROPERTIES as COMPARED_BY_ACCESS
from ghes_packages.review.intrinsics import at, folded, names, shown
from ghes_packages.review.replacement import REPLACING
from ghes_packages.review.settings import SETTINGS
from ghes_packages.review.settings.setting import Setting

# Properties that can hold a password or a secret key, if somebody wrote it out.
SECRET = {"LoginProfile", "SecretString"}
AS_IT_IS = "leave it as it is"


def changes(before: Stack, after: Stack) -> Iterator[Change]:
    """A row for each setting that changes, of the resources that stay; and for what no setting reads."""
    called = names(before.template, after.template)
    for logical_id, resource in before.resources.items():
        if logical_id not in after.resources or resource == after.resources[logical_id]:
            continue
        was, becomes = folded(resource, called), folded(after.resources[logical_id], called)
        known = set(COMPARED_BY_ACCESS.get(was.get("Type"), ())) | REPLACING.get(was.get("Type"), set())
        for setting in SETTINGS:
            if setting.of in (None, was.get("Type")) and (change := _change(setting, logical_id, was, becomes)):
                known.add(setting.path[0])
                yield change
        for name in sorted(_properties(was).keys() | _properties(becomes).keys()):
            old, new = at(was, "Properties", name), at(becomes, "Properties", name)
            if name not in known and old != new:
                values = ((), ()) if name in SECRET else (shown(old), shown(new))
                yield Change(OTHER, ((logical_id,), (name,)), "changed", *values)


def _change(setting: Setting, logical_id: str, was: Any, becomes: Any) -> Change | None:
    old, new = setting.value(was), setting.value(becomes)
    if old == new:
        return None
    risk = None
    if setting.weakens(old, new):
        name = identifier(setting.topic.title.lower(), setting.title.partition(",")[0], logical_id)
        risk = Risk(name, setting.why, AS_IT_IS)
    return Change(setting.topic, ((logical_id,),), setting.title, shown(old), shown(new), risk)


def _properties(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = at(resource, "Properties")
    return properties if isinstance(properties, dict) else {}
