"""The checks that the app passed, and their findings that somebody acknowledged: which come, which go, and why."""

from collections.abc import Iterator

from ghes_packages.guardrails import PLUGIN
from ghes_packages.review.change import Change, Risk, Topic, identifier, shown
from ghes_packages.template.assembly import Stack

# CDK's report names a plugin only where it found something, be it acknowledged. CDK's own validation and the guardrails
# are therefore not missed there.
NOT_MISSED = {"CloudFormation-Validate", PLUGIN}


def changes(before: Stack, after: Stack) -> Iterator[Change]:
    """A row for each that is added or dropped, or has another reason.

    That one is acknowledged is no risk: what it lets pass may be.
    """
    for plugin in sorted(before.plugins - after.plugins - NOT_MISSED):
        removed = Risk(
            identifier("checks-removed", plugin),
            "the rules of this plugin would no longer check the stack",
            "keep the plugin; acknowledge a finding that does not apply, with the reason",
        )
        yield Change(Topic.FINDINGS, ((plugin,), ("the app",)), "checks removed", risk=removed)
    had, gets = before.acknowledged, after.acknowledged
    for key in sorted(had.keys() | gets.keys()):
        if had.get(key) != gets.get(key):
            what = "added" if key not in had else "dropped" if key not in gets else "another reason"
            finding, path = key
            yield Change(Topic.FINDINGS, ((finding,), (path,)), what, shown(had.get(key)), shown(gets.get(key)))
