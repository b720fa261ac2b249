"""How the help looks: flags without a type, and examples at its end."""

from typing import Any

from typer.core import TyperCommand, TyperGroup


def examples(*lines: str) -> str:
    """The end of a command's help."""
    return "\n".join(("Examples:", *(f"$ ghes-packages {line}" for line in lines)))


class Command(TyperCommand):
    """A command whose flags have no type in the help."""

    def get_params(self, ctx: Any) -> list[Any]:
        """All parameters, `--help` too."""
        return _untyped(super().get_params(ctx))


class Group(TyperGroup):
    """The same for what stands before a command."""

    def get_params(self, ctx: Any) -> list[Any]:
        """All parameters, `--help` too."""
        return _untyped(super().get_params(ctx))


def _untyped(parameters: list[Any]) -> list[Any]:
    for each in parameters:
        if getattr(each, "is_flag", False):
            each.metavar = ""
    return parameters
