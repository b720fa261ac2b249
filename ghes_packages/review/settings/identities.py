"""The settings of the user and of roles."""

from functools import partial

from ghes_packages.review.change import IDENTITIES
from ghes_packages.review.settings.reading import as_it_stands, hidden
from ghes_packages.review.settings.setting import Setting
from ghes_packages.review.settings.weakening import added, any_value, given_up, more, no_value, nothing

_user = partial(Setting, IDENTITIES, "AWS::IAM::User")

SETTINGS = (
    *(
        Setting(
            IDENTITIES,
            f"AWS::IAM::{kind}",
            ("PermissionsBoundary",),
            "permissions boundary",
            given_up,
            "another policy that is attached later could give more than the seven actions",
            of_the_account=True,
            when_new=when_new,
        )
        for kind, when_new in (("User", no_value), ("Role", nothing))
    ),
    _user(("Groups",), "groups", more, "the user gains what the other group may do"),
    _user(
        ("LoginProfile",),
        "console password",
        added,
        "people could sign in as the user",
        hidden(as_it_stands),
        when_new=any_value,
    ),
)
