"""What the secret holds: a risk where a field goes, or is not what GHES is to be given."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import SecretStr

from ghes_packages import logical_ids
from ghes_packages.outputs import Outputs, PackagesSecret
from ghes_packages.review.change import OTHER, SECRET, Change, Risk, identifier, shown
from ghes_packages.review.settings.reading import in_json
from ghes_packages.template.assembly import Stack
from ghes_packages.template.rendering import at, names, rendered

HOLDER = "AWS::SecretsManager::Secret"
HIDDEN = {key for key, field in PackagesSecret.model_fields.items() if field.annotation is SecretStr}


def changes(before: Stack, after: Stack) -> Iterator[Change]:
    """A row for each field that changes, of the secrets that stay; nothing in them is shown that may be secret."""
    called = names(before.template, after.template)
    expected = _expected(after, called)
    for logical_id in after.of_type(HOLDER):
        if logical_id not in before.resources:
            continue
        was, becomes = (
            at(rendered(stack.resources[logical_id], called), "Properties", "SecretString") for stack in (before, after)
        )
        rows = [row for key in PackagesSecret.model_fields for row in _field(logical_id, key, was, becomes, expected)]
        yield from rows
        if was != becomes and not rows:
            yield Change(OTHER, ((logical_id,), ("SecretString",)), "changed")


def of_a_new_stack(after: Stack) -> Iterator[Change]:
    """A row for each field that is not what the outputs and the newest access key say."""
    called = names(after.template)
    expected = _expected(after, called)
    for logical_id in after.of_type(HOLDER):
        text = at(rendered(after.resources[logical_id], called), "Properties", "SecretString")
        for key in PackagesSecret.model_fields:
            rows = _field(logical_id, key, None, text, {key: None, **expected}, needed=True)
            yield from (row for row in rows if row.risk)


def _field(
    logical_id: str, key: str, was: Any, becomes: Any, expected: Mapping[str, Any], *, needed: bool = False
) -> Iterator[Change]:
    old, new = (in_json(key)(text) for text in (was, becomes))
    why = ""
    if new is None and (needed or old is not None):
        why = "what reads the secret would fail"
    elif new is not None and new != expected.get(key, new):
        why = "it would not be what the outputs of the stack and its newest access key say"
    before, after = (None if each is None else "set" if key in HIDDEN else each for each in (old, new))
    if why or before != after:
        risk = Risk(identifier("secret", key, logical_id), why, "leave it as it is") if why else None
        yield Change(SECRET, ((logical_id,),), key, shown(before), shown(after), risk)


def _expected(stack: Stack, called: Mapping[str, str]) -> Mapping[str, Any]:
    """The fields of the secret as outputs and newest access key have them, as far as the template has these."""
    outputs = rendered(stack.template.get("Outputs", {}), called)
    aliases = {key: Outputs.model_fields[key].alias for key in ("bucket", "service_url", "region")}
    found = {key: at(outputs, str(alias), "Value") for key, alias in aliases.items() if alias in outputs}
    keys = {
        generation: logical_id
        for logical_id in stack.of_type("AWS::IAM::AccessKey")
        if (generation := logical_ids.generation(logical_id))
    }
    if keys:
        newest = called[keys[max(keys)]]
        found |= {"access_key_id": f"${{{newest}}}", "secret_access_key": f"${{{newest}.SecretAccessKey}}"}
    return found
