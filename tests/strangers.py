"""What strangers may write: strategies of Hypothesis for text and JSON that mean no good."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

# Controls of terminals and of writing direction, halves of characters, line ends, and what Markdown and TOML obey.
EVIL = "\0\a\b\t\n\r\x1b\x7f\x85\x9b\u200b\u2028\u202e\u2066\ud800\udfff`|<>[]@!\\\"'#*_~$%{}. -é漢"

text = st.text(st.one_of(st.sampled_from(EVIL), st.characters()), max_size=20)
names = st.one_of(st.text("aZ0-", min_size=1, max_size=8), text)
numbers = st.one_of(st.integers(), st.integers(10**30, 10**31), st.floats())
scalars = st.one_of(st.booleans(), numbers, text, st.just("x" * 5000))


def containers(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """These, and lists and objects of them."""
    return st.recursive(
        leaves,
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3)),
        max_leaves=8,
    )


json = containers(st.one_of(st.none(), scalars))


def edited(value: Any, draw: Callable[[st.SearchStrategy[Any]], Any]) -> Any:
    """The value after one edit somewhere in it: something is taken away, put in its place, or added."""
    if not value or not isinstance(value, dict | list) or draw(st.integers(0, 9)) == 0:
        return draw(json)
    items = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    place = draw(st.integers(0, len(items) - 1))
    key, old = items[place]
    match draw(st.sampled_from(["take", "put", "put", "put", "add"])):
        case "take":
            del items[place]
        case "put":
            items[place] = (key, edited(old, draw))
        case "add":
            items.insert(place, (draw(names), edited(old, draw)))
    return dict(items) if isinstance(value, dict) else [each for _, each in items]
