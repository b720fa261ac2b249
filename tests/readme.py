"""The parts of the pages that repeat the code, and the schema; `python -m tests.readme` writes them anew."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from ghes_packages.config import schema
from ghes_packages.config.instance import Instance
from ghes_packages.config.options import OPTIONS
from ghes_packages.guardrails import RULES
from ghes_packages.outputs import Outputs, ReplicaOutputs
from ghes_packages.policies.permissions import PERMISSIONS
from tests import costs, deploy_permissions, handler_permissions, promises
from tests.findings import ACKNOWLEDGED
from tests.operator_permissions import OPERATOR_PERMISSIONS, Command, OperatorPermission

README = Path(__file__).parent.parent / "README.md"
SCHEMA = README.with_name(schema.FILE)
PAGES = (*sorted(README.parent.glob("*.md")), *sorted((README.parent / "docs").glob("*.md")))


def generated() -> Mapping[str, str]:
    """The text between the markers, by the name in the first marker."""
    return {
        "permissions": _table(
            ("action", "on the", "what GHES needs it for"),
            *((f"`{each.action}`", each.resource_type, each.purpose) for each in PERMISSIONS),
        ),
        "seven actions": f"\n  {', '.join(f'`{each.action}`' for each in PERMISSIONS)}\n\n  ",
        "options": _table(
            ("key", "takes", "default", "what it does"),
            *((f"`{key}`", option.allowed, _default(key), option.consequence) for key, option in OPTIONS.items()),
        ),
        "outputs": _table(
            ("output", "what it is"),
            *((f"`{field.alias}`", str(field.description)) for field in Outputs.model_fields.values()),
        ),
        "replica outputs": _table(
            ("output", "what it is"),
            *((f"`{field.alias}`", str(field.description)) for field in ReplicaOutputs.model_fields.values()),
        ),
        "findings": _table(
            ("finding", "at", "reason"),
            *(
                (", ".join(f"`{rule}`" for rule in row.rules), ", ".join(dict.fromkeys(row.at)), row.why)
                for row in ACKNOWLEDGED
            ),
        ),
        "findings counted": f"\n{_counted()}\n\n",
        "guardrails": _table(
            ("rule", "promise", "why"), *((f"`{rule.name}`", rule.promise, rule.reason) for rule in RULES)
        ),
        "promises": _table(("promise", "at synth", "in `review`", "by `verify`"), *promises.promises()),
        "risks": _table(("risk", "its ID", "accepted by"), *promises.risks()),
        "rights": _table(
            ("what for", "actions", "on", "in the region of", "commands", "needed"),
            *(
                (
                    each.purpose,
                    ", ".join(f"`{action}`" for action in each.actions),
                    f"`{each.resource}`",
                    each.where,
                    _commands(each),
                    each.when,
                )
                for each in OPERATOR_PERMISSIONS
            ),
        ),
        "costs dates": f"\n{costs.dates()}\n\n",
        **{f"costs {name}": _table(*rows) for name, rows in costs.tables().items()},
        "deploy source": f"\nThe pinned one is {handler_permissions.source()}.\n\n",
        **{f"deploy {name}": _table(*rows) for name, rows in deploy_permissions.tables().items()},
        **{f"deploy policy {name}": _json(policy) for name, policy in deploy_permissions.written_policies().items()},
    }


def written(text: str) -> str:
    """The text with its generated parts as they must be."""
    for name, part in generated().items():
        pattern = rf"(<!-- generated: {name} -->\n).*?(<!-- end -->)"
        text = re.sub(pattern, lambda found, part=part: found[1] + part + found[2], text, flags=re.DOTALL)  # type: ignore[misc]
    return text


def _counted() -> str:
    """How many findings of each pack."""
    packs = Counter(rule.partition("-")[0] for row in ACKNOWLEDGED for rule, _ in row.each())
    return ", ".join(f"{pack}: {count}" for pack, count in packs.items()) + f"; {packs.total()} in all."


def _commands(needed: OperatorPermission) -> str:
    if needed.commands == set(Command):
        return "all"
    return ", ".join(f"`{command}`" for command in Command if command in needed.commands)


def _default(key: str) -> str:
    default = Instance.model_fields[key].get_default(call_default_factory=True, validated_data={"name": "NAME"})
    return f"`{json.dumps(default)}`" if default else "none"


def _json(text: str) -> str:
    return f"\n```json\n{text}\n```\n\n"


def _table(heading: tuple[str, ...], *rows: tuple[str, ...]) -> str:
    lines = [heading, tuple("---" for _ in heading), *rows]
    return "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines) + "\n"


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(written(page.read_text()))
    SCHEMA.write_text(schema.written())
