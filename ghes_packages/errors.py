"""The errors that end a command: one line for stderr, and an exit status."""

from typing import ClassVar

from ghes_packages.printable import one_line


class CannotGoOn(Exception):
    """Base of all that ends a command. Each argument is a line: what, where, the value, what is allowed, what to do."""

    exit_status: ClassVar[int]

    def __str__(self) -> str:
        """The lines, and nothing in them that a terminal would obey."""
        return "\n".join(map(one_line, self.args))


class FoundWrong(CannotGoOn):
    """AWS answered, but its resources are not as this project deploys them."""

    exit_status = 1


class ConfigurationError(CannotGoOn):
    """The command line, `instances.toml` or the local AWS settings cannot be used as they are."""

    exit_status = 2


class AwsRefused(CannotGoOn):
    """AWS refused a request, or could not be reached."""

    exit_status = 3
