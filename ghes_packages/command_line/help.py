"""How the help looks: flags without a type, and examples at its end."""

from typing import Any

from typer.core import TyperCommand, TyperGroup


def examples(*lines: str) -> str:
    """The end of a command's help."""
    return "\n".join(("Examples:", *(f"$ ghes-packages {line}" for line in lines)))


class _Untyped:
    """Flags have no type in the help."""

    def get_params(self, ctx: Any) -> list[Any]:
        """All parameters, `--help` too."""
        parameters: list[Any] = super().get_params(ctx)  # type: ignore[misc]  # of the other base
        for each in parameters:
            if getattr(each, "is_flag", False):
                each.metavar = ""
        return parameters


class Command(_Untyped, TyperCommand):
    """A command of this program."""


class Group(_Untyped, TyperGroup):
    """What stands before a command."""
