"""What every resource can have, whatever its type."""

from functools import partial

from ghes_packages.review.change import RETENTION, TAGS
from ghes_packages.review.replacement import RETAINED
from ghes_packages.review.settings.reading import or_else, tags
from ghes_packages.review.settings.setting import Setting
from ghes_packages.review.settings.weakening import always, never, out_of

_attribute = partial(Setting, RETENTION, None)

SETTINGS = (
    _attribute(
        ("DeletionPolicy",),
        "when the stack drops it",
        out_of(*RETAINED),
        "a change of the template, or a deletion of the stack, could delete it",
        or_else("Delete"),
        attribute=True,
    ),
    _attribute(
        ("UpdateReplacePolicy",),
        "when it is replaced",
        out_of(*RETAINED),
        "a change of the template could delete the old one",
        or_else("Delete"),
        attribute=True,
    ),
    _attribute(("Condition",), "made only if", always, "it would go where the condition is not met", attribute=True),
    Setting(TAGS, None, ("Tags",), "tags", never, read=tags),
)
