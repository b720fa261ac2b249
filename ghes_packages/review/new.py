"""A new stack: who may do what, and what of it no stack of this project has."""

import json
import re
from collections.abc import Iterator

from ghes_packages.config.regions import S3_HOST_PREFIXES, dns_suffixes
from ghes_packages.outputs import Outputs
from ghes_packages.review import access, access_keys, expected_access, promises, resources, secret, secret_leaks, stack
from ghes_packages.review.change import OUTPUTS, Change, Risk, identifier, shown
from ghes_packages.template.assembly import Stack
from ghes_packages.template.grants import own_name
from ghes_packages.template.rendering import at, names, rendered

_HOST = "|".join(map(re.escape, S3_HOST_PREFIXES.values()))
_SUFFIX = "|".join(map(re.escape, ("${AWS::URLSuffix}", *sorted(dns_suffixes()))))
_SERVICE_URL = re.compile(rf"https://({_HOST})\.([a-z0-9-]+|\$\{{AWS::Region\}})\.({_SUFFIX})")
# How the manifest may name another account than the stack's: in an ARN.
_ANOTHER_ACCOUNT = re.compile(r":[0-9]{12}:")


def changes(after: Stack) -> Iterator[Change]:
    """A row for all access, and one for each risk: that the stack is new is none."""
    nothing = Stack(deployment=_deployment(after), termination_protection=True)
    for kind in (resources, secret_leaks, stack, access_keys):
        yield from (change for change in kind.changes(nothing, after) if change.risk)
    yield from _outputs(after)
    yield from promises.of_what_is_new(nothing, after)
    yield from secret.of_a_new_stack(after)
    yield from access.changes(nothing, after, expected_access.granted_by(after))


def _deployment(after: Stack) -> dict[str, object]:
    """What the manifest may say of the deployment: nobody else deploys it, or is told."""
    return {
        name: value
        for name, value in after.deployment.items()
        if name != "notificationArns" and not _ANOTHER_ACCOUNT.search(json.dumps(value))
    }


def _outputs(after: Stack) -> Iterator[Change]:
    """A row for what GHES would be told to use that is neither the stack's bucket nor S3."""
    called = names(after.template)
    outputs = rendered(after.template.get("Outputs", {}), called)
    buckets = {own_name(each, called) for each in after.of_type("AWS::S3::Bucket")}
    bucket, url = (str(Outputs.model_fields[each].alias) for each in ("bucket", "service_url"))
    for name, is_ours in ((bucket, buckets.__contains__), (url, _SERVICE_URL.fullmatch)):
        value = at(outputs, name, "Value")
        if value is not None and not is_ours(str(value)):
            risk = Risk(
                identifier("output-elsewhere", name),
                "GHES would put packages where this stack does not say what becomes of them",
                "leave the output to the stack; with an existing bucket, read what that one promises",
            )
            yield Change(OUTPUTS, ((name,),), "added", (), shown(value), risk)
