"""The version of this project in a template: its Metadata say which one wrote it."""

from collections.abc import Mapping
from typing import Any

from ghes_packages import __version__
from ghes_packages.template.rendering import at

NAME, VERSION = "GhesPackages", "Version"
METADATA = {NAME: {VERSION: __version__}}


def version_of(template: Mapping[str, Any]) -> str | None:
    """The version that wrote a template; None before 1.1, and where somebody else wrote it."""
    version = at(template, "Metadata", NAME, VERSION)
    return version if isinstance(version, str) else None
