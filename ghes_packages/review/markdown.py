"""The report as a comment on a pull request: the verdict, the risks, and then what each instance gains and loses."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from ghes_packages.review import diagram
from ghes_packages.review.change import Change, Topic
from ghes_packages.review.options import OptionChange
from ghes_packages.review.report import BY_NO_OPTION, Named, Report, Reviewed, State, first_time
from ghes_packages.review.table import cell, code, table

# GitHub takes comments of at most 65,536 characters; the rest is for what a workflow puts around the report.
MOST_CHARACTERS = 60_000


def written(report: Report) -> str:
    """The report. Where it would be too long, whole sections are left out at the end, never a risk."""
    text = "\n".join(["## Review of the storage for GitHub Packages", "", _verdict(report), "", *_risks(report)])
    sections = [*_sections(report.instances)]
    for number, section in enumerate(sections):
        if len(text) + len(section) > MOST_CHARACTERS:
            text += f"\n{len(sections) - number} of {len(sections)} sections are left out: `--json` has all of them.\n"
            break
        text += f"\n{section}"
    return text.rstrip("\n")


def _verdict(report: Report) -> str:
    count, refused = len(report.risks), report.refused
    if refused:
        others = f", {count - refused} accepted" if count > refused else ""
        verdict = f"**Refused**: {_number(refused, 'risk')} not accepted{others}."
    else:
        verdict = f"**Passed**: {_number(count, 'risk')}, accepted." if count else "**Passed**: no risk found."
    states = Counter(instance.state for instance in report.instances)
    return (
        f"{verdict} Instances: {', '.join(f'{states[state]} {state}' for state in State if states[state]) or 'none'}."
    )


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _risks(report: Report) -> Iterator[str]:
    """The table of the options with the risks that each brings, and of the other risks."""
    risks, rows = report.risks, list[list[str]]()
    options: dict[OptionChange, list[str]] = defaultdict(list)
    for instance in report.instances:
        for option in instance.options:
            options[option].append(instance.name)
    said = set[str]()
    for option, instances in options.items():
        told = [f"**`{option.option}`: {_values(option)}**", *first_time(option.consequence, said)]
        rows.append(["<br>".join(["**option**", *map(code, instances)]), "<br>".join(told)])
        rows += _rows([each for each in risks if each.option == option])
    others = [*_rows([each for each in risks if each.option is None])]
    if options and others:
        rows.append([f"**{BY_NO_OPTION}**", "Read these most carefully: no option above explains them."])
    if rows or others:
        yield from table(("option or risk" if options else "risk", "what would happen"), rows + others)
        yield ""
    if report.refused:
        yield "To accept a risk, name its ID: `--accept ID`."
        yield ""


def _rows(risks: Sequence[Named]) -> Iterator[list[str]]:
    """What several instances risk alike is one row with all their IDs; what is said of several rows, the first says."""
    rows: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for each in risks:
        advice = each.risk.why if each.option else f"{each.risk.why}<br>*instead:* {each.risk.instead}"
        rows["accepted" if each.accepted else "refused", _happens(each.change), advice].append(code(each.id))
    said = set[str]()
    for (state, what, advice), ids in rows.items():
        yield [f"{state}<br>{'<br>'.join(ids)}", "<br>".join([what, *first_time(advice, said)])]


def _happens(change: Change) -> str:
    what = f"{', '.join(cell(some, ', ') for some in change.subject)}: {change.what}"
    return f"{what}<br>{_values(change)}" if change.before or change.after else what


def _values(change: Change | OptionChange) -> str:
    return f"{cell(change.before, ', ')} → {cell(change.after, ', ')}"


def _sections(instances: Iterable[Reviewed]) -> Iterator[str]:
    """A section for each instance that is not as before; what happens to several alike is told once."""
    alike: dict[tuple[bool, int, tuple[Change, ...], tuple[str, ...]], list[Reviewed]] = defaultdict(list)
    for instance in instances:
        if instance.state is not State.UNCHANGED:
            drawn = tuple(diagram.drawn(instance.stack)) if instance.stack else ()
            safe = not any(change.risk for change in instance.changes)
            alike[safe, list(State).index(instance.state), instance.changes, drawn].append(instance)
    for (_, _, changes, drawn), some in sorted(alike.items(), key=lambda each: each[0][:2]):
        heading = f"### {some[0].state.capitalize()}: {', '.join(code(each.name) for each in some)}"
        yield "\n".join([heading, "", *(_new(changes, drawn) if drawn else _tables(changes))])


def _new(changes: Sequence[Change], drawn: Sequence[str]) -> Iterator[str]:
    """What a reader may want to see of an instance that nobody has yet."""
    yield from _folded("What it is", drawn)
    access = [change for change in changes if change.topic == Topic.ACCESS]
    yield from _folded(Topic.ACCESS.title, _table(access, (*Topic.ACCESS.headings[:-1], "on")))


def _folded(summary: str, lines: Iterable[str]) -> Iterator[str]:
    yield from (f"<details><summary>{summary}</summary>", "", *lines, "", "</details>", "")


def _tables(changes: Sequence[Change]) -> Iterator[str]:
    for topic in Topic:
        if lines := list(_table([change for change in changes if change.topic is topic], topic.headings)):
            yield from (f"**{topic.title}**", "", *lines, "")


def _table(changes: Sequence[Change], headings: Sequence[str]) -> Iterator[str]:
    """The table of one topic; what happens to several subjects alike is one row."""
    rows: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for change in changes:
        mark = "⚠️" if change.risk else ""
        others = [cell(each) for each in change.subject[1:]]
        rows[mark, *others, change.what, cell(change.before), cell(change.after)] += change.subject[0]
    if rows:
        yield from table(
            ("", *headings),
            ([mark, cell(tuple(dict.fromkeys(subjects))), *rest] for (mark, *rest), subjects in rows.items()),
        )
