"""Access keys must be the user's own: one active, two at most.

AWS allows two for each IAM user. Each is its own generation, and GHES signs in with the newest. Each sets its status,
so that no step of a rotation removes a property. A serial would replace the key that GHES uses.
"""

from ghes_packages import logical_ids
from ghes_packages.config.instance import ACTIVE, INACTIVE, MOST_ACCESS_KEYS
from ghes_packages.guardrails import Finding, Findings, RenderedStack, Resource


def findings(stack: RenderedStack) -> Findings:
    user, keys, newest = stack.user, stack.of_type("AWS::IAM::AccessKey"), newest_access_key(stack)
    if user and not (newest and newest.at("Status") == ACTIVE):
        yield Finding(newest or user, "", "Leave the newest access key active: GHES signs in with it")
    for key in keys[MOST_ACCESS_KEYS:]:
        yield Finding(key, "", "Create at most two access keys: AWS allows an IAM user no more")
    generations = [_generation(key) for key in keys]
    for key in keys:
        if not _generation(key) or generations.count(_generation(key)) > 1:
            yield Finding(key, "", "Create a new access key as a new generation: ghes-packages rotate")
        if user is None or key.at("UserName") != user.ref:
            yield Finding(key, "Properties.UserName", "Create access keys only for this stack's user: user=self.user")
        if "Serial" in key.properties:
            yield Finding(key, "Properties.Serial", "Leave out serial: a new key is a new generation")
        if key.at("Status") not in (ACTIVE, INACTIVE):
            yield Finding(key, "Properties.Status", "Set the status of every access key: status=STATUSES[status]")


def newest_access_key(stack: RenderedStack) -> Resource | None:
    """The access key that GHES is to have."""
    return max(stack.of_type("AWS::IAM::AccessKey"), key=_generation, default=None)


def _generation(key: Resource) -> int:
    """Which generation it is, by its logical ID; 0 for none."""
    return logical_ids.generation(key.logical_id) or 0
