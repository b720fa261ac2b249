"""The findings of the validators that somebody acknowledged: which come, which go, and the reasons."""

from collections.abc import Iterator

from ghes_packages.review.assembly import Stack
from ghes_packages.review.change import FINDINGS, Change
from ghes_packages.review.intrinsics import shown


def changes(before: Stack, after: Stack) -> Iterator[Change]:
    """A row for each that is added or dropped, or has another reason. None is a risk: what it lets pass may be."""
    had, gets = before.acknowledged, after.acknowledged
    for key in sorted(had.keys() | gets.keys()):
        if had.get(key) != gets.get(key):
            what = "added" if key not in had else "dropped" if key not in gets else "another reason"
            finding, path = key
            yield Change(FINDINGS, ((finding,), (path,)), what, shown(had.get(key)), shown(gets.get(key)))
