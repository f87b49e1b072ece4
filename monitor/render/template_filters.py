"""What a template may do with values, and what that costs: its filters, its methods, and the budget of one rendering.

Whatever a template does that takes time or memory by the length of what it works on is charged here, in characters handled: what
goes in, what comes out, the parts of a split, a text that is compared. So neither straight lines (a text doubled and kept under a
thousand names) nor loops (a slow filter ten thousand times) come to more than `HANDLED`, a second or two. Pure: it knows neither
the documents nor how a template is read.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final
from urllib.parse import quote

from jinja2 import Undefined, pass_context
from jinja2.filters import do_default
from jinja2.runtime import Context
from jinja2.tests import TESTS

from monitor.render.plain import plain, shortened

#: Characters of a body, and of any text on the way to it.
LONGEST: Final = 256 * 1024
#: Rounds of all loops together, and parts of a split: every hit of every passage fits many times.
STEPS: Final = 10_000
#: Characters that one rendering handles: the largest document eight times. At four bytes each it is 32 MiB at most.
HANDLED: Final = 8 * 1024 * 1024
#: What a part of a list that is made takes in memory, and one that is looked at in time, as so many characters.
_MADE: Final = 64
_SEEN: Final = 4
#: What a step within a loop takes, a name or an operator, in the same measure.
_NODE: Final = 4
#: Those that look at each letter in Python take twenty times as long as the others.
_SLOW: Final[Mapping[str, int]] = {"plain": 4, "line": 4}
#: These take as long for a long list as for a short one.
_GLANCES: Final = frozenset({"first", "last", "length"})
#: Letters that .strip() takes off: each letter of a text is looked for among them.
_STRIPPED: Final = 100
#: The name it goes under while a template is rendered; none that a template has can begin so.
BUDGET: Final = "_budget"

METHODS: Final[Mapping[type, frozenset[str]]] = {
    str: frozenset({"upper", "lower", "title", "strip", "startswith", "endswith", "split"}),
    dict: frozenset({"get", "items", "keys", "values"}),
}


@dataclass(slots=True)
class Budget:
    """What is left of one rendering. Raises ValueError when there is none."""

    rounds: int = STEPS
    characters: int = HANDLED

    def round(self) -> None:
        self.rounds -= 1
        if self.rounds < 0:
            raise ValueError(f"the loops go round more than {STEPS:,} times: loop through fewer, as with [:100]")

    def charge(self, characters: int) -> None:
        self.characters -= characters
        if self.characters < 0:
            many = f"{HANDLED >> 20} million characters"
            raise ValueError(f"the template handles more than {many}: shorten texts first, as with | truncate(200), or loop through fewer")


def weight(value: Any, part: int = _SEEN) -> int:
    """In characters; ``part`` for each part of a list."""
    return len(value) if isinstance(value, str) else part * len(value) if isinstance(value, Sized) else 0


def short(value: Any) -> Any:
    return too_long() if isinstance(value, str) and len(value) > LONGEST else value


def too_long() -> Any:
    raise ValueError(f"a text is longer than {LONGEST // 1024} KiB")


def shown(value: Any) -> Any:
    """What ``{{ … }}`` writes: a text or a number. A list has no one way to be written."""
    if isinstance(value, Undefined):
        str(value)  # raises, and says what is missing
    if value is None:
        return ""
    if isinstance(value, str | int | float):
        return value
    raise ValueError("a list or an object is written with {{ … | json }}")


# ------------------------------------------------------------------------------------- what is charged
def called(budget: Budget, method: Any, arguments: Sequence[Any], named: Mapping[str, Any], call: Callable[[], Any]) -> Any:
    """What a method of a text or an object gives; ``call`` makes the call."""
    text = getattr(method, "__self__", None)
    if not isinstance(text, str):
        return call()
    given = (*arguments, *named.values())
    budget.charge(len(text) + sum(map(weight, given)))
    if method.__name__ == "strip" and any(weight(each) > _STRIPPED for each in given):
        raise ValueError(f".strip() takes off {_STRIPPED} different letters at most")
    made = _split(text, *arguments, **named) if method.__name__ == "split" else call()
    budget.charge(_made(made))
    return short(made)


def _split(text: str, sep: str | None = None, maxsplit: int = -1) -> list[str]:
    parts = text.split(sep, STEPS if maxsplit < 0 else min(maxsplit, STEPS))
    if len(parts) > STEPS:
        raise ValueError(f".split() makes more than {STEPS:,} parts: shorten the text first, as with | truncate(200)")
    return parts


def _made(value: Any) -> int:
    """The weight of what was made: of a list with the texts in it."""
    return weight(value, _MADE) + (sum(map(weight, value)) if isinstance(value, list) else 0)


def added(budget: Budget, left: str, right: str) -> str:
    if len(left) + len(right) > LONGEST:
        too_long()
    budget.charge(2 * (len(left) + len(right)))
    return left + right


@pass_context
def _each(context: Context, items: Any, nodes: int) -> Iterator[Any]:
    """What a loop goes through. The rounds of all loops of one rendering are counted together, and each is charged for the ``nodes``
    that it goes through: what costs little a time does so ten thousand times."""
    if isinstance(items, str | Undefined) or not isinstance(items, Iterable):
        raise ValueError(f"a loop goes through a list, and this is {'text' if isinstance(items, str) else 'none'}")
    budget: Budget = context[BUDGET]
    for item in items:
        budget.round()
        budget.charge(_NODE * nodes)
        yield item


@pass_context
def _part(context: Context, value: Any, start: Any, stop: Any, step: Any) -> Any:
    """``value[start:stop:step]``, which Jinja2 would make without asking anybody."""
    if isinstance(value, Undefined):
        str(value)
    if not isinstance(value, str | Sequence):
        raise ValueError("a part, as with [:3], is taken of a text or a list")
    made = value[start:stop:step]
    context[BUDGET].charge(weight(made, _MADE))
    return made


@pass_context
def _seen(context: Context, value: Any) -> Any:
    """One side of a comparison."""
    if not isinstance(value, Undefined):
        context[BUDGET].charge(weight(value))
    return value


def _bounded(name: str, made: Callable[..., Any]) -> Callable[..., Any]:
    # With the context Jinja2 runs none of them while it reads a template, when nobody counts.
    @pass_context
    def bounded(context: Context, value: Any, *arguments: Any, **named: Any) -> Any:
        if isinstance(value, Undefined):
            str(value)
        budget: Budget = context[BUDGET]
        if name not in _GLANCES or isinstance(value, str):
            budget.charge(_SLOW.get(name, 1) * weight(value) + sum(map(weight, (*arguments, *named.values()))))
        result = made(short(value), *arguments, **named)
        if name not in _GLANCES:
            budget.charge(_made(result))
        return short(result)

    return bounded


def _test(made: Callable[..., Any]) -> Callable[..., Any]:
    @pass_context
    def tested(context: Context, value: Any, *arguments: Any) -> Any:
        for each in (value, *arguments):
            _seen(context, each)
        return made(value, *arguments)

    return tested


# ----------------------------------------------------------------------------------------------- filters
def _json(value: Any) -> str:
    """As JSON, in pieces: one too long is given up before it is whole."""
    made: list[str] = []
    size = 0
    for piece in json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).iterencode(value):
        size += len(piece)
        if size > LONGEST:
            too_long()
        made.append(piece)
    return "".join(made)


def _join(values: Iterable[Any], between: str = "") -> str:
    parts: list[str] = []
    size = 0
    for value in values:
        parts.append(str(shown(value)))
        size += len(parts[-1]) + len(between)
        if size > LONGEST:
            too_long()
    return between.join(parts)


def _replace(value: Any, old: str, new: str) -> str:
    said = str(shown(value))
    if len(said) + said.count(old) * max(len(new) - len(old), 0) > LONGEST:
        too_long()
    return said.replace(old, new)


def _truncate(value: Any, length: int = 255, end: str = "…") -> str:
    said = str(shown(value))
    return said if len(said) <= length else said[: max(length - len(end), 0)] + end


def _last(values: Any) -> Any:
    return values[-1] if values else ""


_FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "e": lambda value: html.escape(str(shown(value)), quote=True),
    "escape": lambda value: html.escape(str(shown(value)), quote=True),
    "first": lambda values: next(iter(values), ""),
    "join": _join,
    "json": _json,
    "last": _last,
    "length": len,
    "line": lambda value, most=200: shortened(shown(value), min(most, LONGEST // 2)),
    "lower": lambda value: str(shown(value)).lower(),
    "plain": lambda value: plain(shown(value)),
    "replace": _replace,
    "sort": lambda values: sorted(islice(values, STEPS)),
    "title": lambda value: str(shown(value)).title(),
    "truncate": _truncate,
    "upper": lambda value: str(shown(value)).upper(),
    "urlencode": lambda value: quote(str(shown(value)), safe=""),
}
#: As Jinja2 is given them; those that begin with _ are put in where the template has a loop, a part or a comparison.
FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "default": do_default,
    **{name: _bounded(name, made) for name, made in _FILTERS.items()},
    "_each": _each,
    "_part": _part,
    "_seen": _seen,
}
_TESTS: Final[Mapping[str, Any]] = TESTS
CHECKS: Final[Mapping[str, Callable[..., Any]]] = {
    **{name: _TESTS[name] for name in ("defined", "undefined", "none", "string", "number", "mapping")},
    **{name: _test(_TESTS[name]) for name in ("in", "eq", "==", "ne", "!=")},
}
