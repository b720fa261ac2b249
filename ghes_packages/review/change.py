"""What a change does, as rows: each kind of risk is a module that yields them."""

import json
import re
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ghes_packages.template.rendering import in_words

# The values of one cell, as the templates have them; none where there is nothing.
Cell = tuple[str, ...]


@dataclass(frozen=True)
class Risk:
    """What needs a second thought. `id` is how it is accepted; `why` says what hurts, `instead` the safe way.

    No value of a template stands in `why` and `instead`, and an `id` is letters, digits and `-`.
    """

    id: str
    why: str
    instead: str


class Topic(Enum):
    """One table of the report; `headings` are those of the subject, what happens to it, before and after.

    They are in the order of the report.
    """

    RESOURCES = "Resources", ("resource", "type", "what happens", "before", "after")
    OUTPUTS = "Outputs", ("output", "what happens", "before", "after")
    ACCESS = "Who may do what", ("who", "actions", "effect", "on, before", "on, after")
    PROMISES = "Broken promises", ("resource", "at", "what")
    KEYS = "Access keys", ("access key", "what", "before", "after")
    ENCRYPTION = "Encryption"
    NETWORK = "Network"
    RETENTION = "Retention"
    LOGGING = "Logging"
    IDENTITIES = "Identities"
    SECRET = "Secret", ("resource", "field", "before", "after")
    STACK = "Stack", ("", "what", "before", "after")
    TAGS = "Tags"
    OTHER = "Other properties", ("resource", "property", "what", "before", "after")
    FINDINGS = "Acknowledged findings", ("finding", "at", "what", "reason before", "reason after")

    def __init__(self, title: str, headings: tuple[str, ...] = ("resource", "what", "before", "after")) -> None:
        self.title = title
        self.headings = headings


@dataclass(frozen=True)
class Change:
    """One row: what happens to the subject, and the risk of it if there is one.

    `subject`, `before` and `after` are as the templates have them; `what` holds no value of a template.
    """

    topic: Topic
    subject: tuple[Cell, ...]
    what: str
    before: Cell = ()
    after: Cell = ()
    risk: Risk | None = None


def identifier(*parts: str) -> str:
    """The ID of a risk: letters, digits and `-`, whatever a template has in its names."""
    return "-".join(re.sub(r"[^A-Za-z0-9]+", "-", part).strip("-") for part in parts)


def slug(resource_type: str) -> str:
    """What a resource type is called in an ID: bucket-policy for AWS::S3::BucketPolicy."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", resource_type.rpartition("::")[2]).lower()


def shown(value: Any) -> Cell:
    """The values of a cell: a list is one value each, an object is JSON, with the functions in it in words."""
    if value is None:
        return ()
    values = value if isinstance(value, list | tuple) else [value]
    return tuple(each if isinstance(each, str) else json.dumps(in_words(each), sort_keys=True) for each in values)
