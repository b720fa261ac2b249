"""Tables and values in GitHub's Markdown. A value can neither leave its cell, nor mention anyone, nor be HTML."""

from collections.abc import Iterable, Iterator, Sequence

from ghes_packages.review.change import Cell
from ghes_packages.template.rendering import in_words

LONGEST_VALUE = 300
MOST_VALUES = 30
NOTHING = "—"


def code(value: str) -> str:
    """A value as code, in which GitHub sees no mention, no link and no HTML."""
    visible = "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in value)
    if len(visible) > LONGEST_VALUE:
        visible = f"{visible[:LONGEST_VALUE]}… and {len(visible) - LONGEST_VALUE} characters more"
    if "`" in visible or "|" in visible:
        # A backtick ends a code span, and no escape of a pipe holds after a backslash.
        escaped = "".join(each if each.isalnum() or each == " " else f"&#{ord(each)};" for each in visible)
        return f"<code>{escaped}</code>"
    return f"`{visible}`" if visible.strip() else "(blank)"


def cell(values: Cell, between: str = "<br>") -> str:
    """The values of a cell, each function in words."""
    shown = [code(in_words(each)) for each in values[:MOST_VALUES]]
    if len(values) > MOST_VALUES:
        shown.append(f"and {len(values) - MOST_VALUES} more")
    return between.join(shown) or NOTHING


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a table, without the columns that hold nothing."""
    filled = list(rows)
    kept = [column for column in range(len(headings)) if any(row[column] not in ("", NOTHING) for row in filled)]
    for line in (headings, ["---"] * len(headings), *filled):
        yield f"| {' | '.join(line[column] for column in kept)} |"
