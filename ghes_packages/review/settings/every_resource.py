"""What every resource can have, whatever its type."""

from functools import partial

from ghes_packages.review.change import RETENTION, TAGS
from ghes_packages.review.replacement import REPLACING, RETAINED
from ghes_packages.review.settings.reading import or_else, tags
from ghes_packages.review.settings.setting import Setting
from ghes_packages.review.settings.weakening import always, any_value, never, none_of, out_of

# What holds data, and what protects it. User and secret go with the stack: the way back is another key.
KEPT = frozenset({"AWS::KMS::Key", "AWS::S3::Bucket", "AWS::S3::BucketPolicy"})

_attribute = partial(Setting, RETENTION, None)

SETTINGS = (
    _attribute(
        ("DeletionPolicy",),
        "when the stack drops it",
        out_of(*RETAINED),
        "a change of the template, or a deletion of the stack, could delete it",
        or_else("Delete"),
        attribute=True,
        when_new=none_of(*RETAINED),
        new_of=KEPT,
    ),
    _attribute(
        ("UpdateReplacePolicy",),
        "when it is replaced",
        out_of(*RETAINED),
        "a change of the template could delete the old one",
        or_else("Delete"),
        attribute=True,
        when_new=none_of(*RETAINED),
        new_of=KEPT,
    ),
    _attribute(
        ("Condition",),
        "made only if",
        always,
        "it would go where the condition is not met",
        attribute=True,
        when_new=any_value,
        new_of=frozenset(REPLACING),
    ),
    Setting(TAGS, None, ("Tags",), "tags", never, read=tags),
)
