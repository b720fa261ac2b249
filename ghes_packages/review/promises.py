"""What each resource promises, before and after: a risk where a promise is weakened, a row where it only changes."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ghes_packages.review.assembly import Stack
from ghes_packages.review.change import OTHER, Change, Risk, identifier
from ghes_packages.review.grants import PROPERTIES as COMPARED_BY_ACCESS
from ghes_packages.review.intrinsics import at, folded, names, shown
from ghes_packages.review.replacement import REPLACING
from ghes_packages.review.settings import SETTINGS
from ghes_packages.review.settings.setting import Setting

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
# In an ARN, whose partition and region may be references.
ACCOUNT = re.compile(r":(?P<account>[0-9]{12}):")
AS_IT_IS = "leave it as it is"


def changes(before: Stack, after: Stack) -> Iterator[Change]:
    """A row for each setting that changes, of the resources that stay; and for what no setting reads."""
    called = names(before.template, after.template)
    for logical_id, resource in before.resources.items():
        if logical_id not in after.resources or resource == after.resources[logical_id]:
            continue
        was, becomes = folded(resource, called), folded(after.resources[logical_id], called)
        kind = was.get("Type", "")
        known = {name for some in (COMPARED_BY_ACCESS, REPLACING, COMPARED_APART) for name in some.get(kind, ())}
        settings = [setting for setting in SETTINGS if setting.of in (None, kind)]
        for setting in settings:
            if change := _change(setting, logical_id, was, becomes, after.place["account"]):
                known.add(setting.path[0])
                yield change
        guarded = kind in GUARDED
        read = FOR_PEOPLE | {setting.path[0] for setting in settings}
        for name in sorted(_properties(was).keys() | _properties(becomes).keys()):
            old, new = at(was, "Properties", name), at(becomes, "Properties", name)
            if name not in known and old != new:
                values = ((), ()) if name in SECRET else (shown(old), shown(new))
                risk = _unread(logical_id, name) if guarded and name not in read and new is not None else None
                yield Change(OTHER, ((logical_id,), (name,)), "changed", *values, risk)


def _unread(logical_id: str, name: str) -> Risk:
    return Risk(
        identifier("property", name, logical_id),
        "this review knows nothing of the property, and so not what it gives up",
        "leave it out; if it is to stay, put it into ghes_packages/review/settings/",
    )


def _change(setting: Setting, logical_id: str, was: Any, becomes: Any, account: str | None) -> Change | None:
    old, new = setting.value(was), setting.value(becomes)
    if old == new:
        return None
    risk = None
    if setting.weakens(old, new) or (setting.of_the_account and _of_another(new, account)):
        name = identifier(setting.topic.title.lower(), setting.title.partition(",")[0], logical_id)
        risk = Risk(name, setting.why, AS_IT_IS)
    return Change(setting.topic, ((logical_id,),), setting.title, shown(old), shown(new), risk)


def _of_another(arn: Any, account: str | None) -> bool:
    named = ACCOUNT.search(str(arn))
    return bool(account and named and named["account"] != account)


def _properties(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = at(resource, "Properties")
    return properties if isinstance(properties, dict) else {}
