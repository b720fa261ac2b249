"""The settings of KMS keys and their aliases."""

from functools import partial

from ghes_packages.review.change import ENCRYPTION
from ghes_packages.review.settings.reading import flag
from ghes_packages.review.settings.setting import Setting
from ghes_packages.review.settings.weakening import always, below, lower, none_of, out_of

_key = partial(Setting, ENCRYPTION, "AWS::KMS::Key")
_alias = partial(Setting, ENCRYPTION, "AWS::KMS::Alias")

SETTINGS = (
    _key(
        ("EnableKeyRotation",),
        "yearly rotation",
        out_of("on"),
        "the key would not be rotated any more",
        flag(default=False),
        when_new=none_of("on"),
    ),
    _key(
        ("Enabled",),
        "key enabled",
        out_of("on"),
        "nothing under the key could be read",
        flag(default=True),
        when_new=none_of("on"),
    ),
    _key(
        ("PendingWindowInDays",),
        "days before deletion",
        lower,
        "less time to take a deletion of the key back",
        when_new=below(30),
    ),
    _alias(
        ("TargetKeyId",), "key of the alias", always, "what uses the alias would use another key", of_the_account=True
    ),
)
