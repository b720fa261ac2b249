"""What a change does, as rows: each kind of risk is a module that yields them."""

import json
import re
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Topic:
    """One table of the report; `headings` are those of the subject, what happens to it, before and after."""

    title: str
    headings: tuple[str, ...] = ("resource", "what", "before", "after")


RESOURCES = Topic("Resources", ("resource", "type", "what happens", "before", "after"))
OUTPUTS = Topic("Outputs", ("output", "what happens", "before", "after"))
ACCESS = Topic("Who may do what", ("who", "actions", "effect", "on, before", "on, after"))
PROMISES = Topic("Broken promises", ("resource", "at", "what"))
KEYS = Topic("Access keys", ("access key", "what", "before", "after"))
ENCRYPTION = Topic("Encryption")
NETWORK = Topic("Network")
RETENTION = Topic("Retention")
LOGGING = Topic("Logging")
IDENTITIES = Topic("Identities")
SECRET = Topic("Secret", ("resource", "field", "before", "after"))
STACK = Topic("Stack", ("", "what", "before", "after"))
TAGS = Topic("Tags")
OTHER = Topic("Other properties", ("resource", "property", "what", "before", "after"))
FINDINGS = Topic("Acknowledged findings", ("finding", "at", "what", "reason before", "reason after"))

# In the order of the report.
TOPICS = (
    RESOURCES,
    OUTPUTS,
    ACCESS,
    PROMISES,
    KEYS,
    ENCRYPTION,
    NETWORK,
    RETENTION,
    LOGGING,
    IDENTITIES,
    SECRET,
    STACK,
    TAGS,
    OTHER,
    FINDINGS,
)


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
