"""Bodies of an operator's own making: a small, closed part of Jinja2, in which a template cannot reach out, run on or blow up.

What is allowed is listed: the kinds of nodes, methods, filters and tests below. All else is refused where the template is read,
with its line. Jinja2's own sandbox keeps a template from Python's insides, but neither from memory (``'a'.ljust(10**9)``, a text
doubled thirty times) nor from time (loops in loops): here whatever makes text is bounded by `LONGEST`, and all loops together by
`STEPS`. Pure: it knows no files; the source is given, and a fault says its line.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final
from urllib.parse import quote

from jinja2 import StrictUndefined, TemplateSyntaxError, Undefined, nodes, pass_context
from jinja2 import Template as JinjaTemplate
from jinja2.filters import do_default
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS

from monitor.model import JsonObject
from monitor.render.message import Message
from monitor.render.plain import Piece, plain, shortened
from monitor.render.text import text

#: Characters of a body, and of any text on the way to it.
LONGEST: Final = 256 * 1024
#: Characters of a template itself.
LONGEST_SOURCE: Final = 64 * 1024
#: Rounds of all loops together: every hit of every passage fits many times.
STEPS: Final = 10_000
#: Loops within loops: members of passages of a document.
DEEPEST: Final = 3

_NODES: Final = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr, nodes.Getitem, nodes.Slice),
    *(nodes.Filter, nodes.Test, nodes.Call, nodes.Keyword, nodes.For, nodes.If, nodes.CondExpr, nodes.Assign, nodes.List, nodes.Tuple),
    *(nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Neg, nodes.Add, nodes.Sub),
)
_HINTS: Final[Mapping[type[nodes.Node], str]] = {
    nodes.Concat: "~ is not available here: write two {{ … }} beside each other, or +",
    nodes.Mul: "* is not available here",
    nodes.Mod: "% is not available here",
    nodes.AssignBlock: "a {% set %} block is not available here: set a value with {% set name = … %}",
    nodes.Dict: "a {…} value is not available here: write the JSON itself around {{ … | json }}",
    nodes.Include: "a template stands alone: there is nothing to include",
    nodes.Extends: "a template stands alone: there is nothing to extend",
}
_METHODS: Final[Mapping[type, frozenset[str]]] = {
    str: frozenset({"upper", "lower", "title", "strip", "startswith", "endswith", "split"}),
    dict: frozenset({"get", "items", "keys", "values"}),
}
_CALLED: Final = frozenset().union(*_METHODS.values())
#: How Jinja2 says that something has no such key; who writes a template need not know of which of our types it is.
_ABSENT: Final = re.compile(r"'?[\w .]+ object'? has no (?:attribute|element) '?([^']*)'?")
_LOOP: Final = frozenset({"index", "index0", "first", "last", "length"})


class TemplateFault(ValueError):
    """A template that is refused, or that a document cannot be put into; ``line`` is where, from 1 (0: not known)."""

    def __init__(self, message: str, line: int, name: str = "") -> None:
        super().__init__(f"{name}:{line}: {message}" if name and line else f"{name}: {message}" if name else message)
        self.message = message
        self.line = line


@dataclass(frozen=True, slots=True)
class Template:
    """One that was read; ``name`` is what its faults are told under."""

    name: str
    made: JinjaTemplate = field(repr=False)


def compile(source: str, name: str) -> Template:  # noqa: A001 - as re.compile
    """Raises `TemplateFault`. ``source`` may use ``document`` (the stored document as it is), ``message`` (the same tamed and
    bounded, as all other channels show it) and ``text`` (the whole message as plain text)."""
    if len(source) > LONGEST_SOURCE:
        raise TemplateFault(f"a template has at most {LONGEST_SOURCE // 1024} KiB", 1)
    environment = _Closed()
    try:
        tree = environment.parse(source, name, name)
        _check(tree)
        for loop in list(tree.find_all(nodes.For)):
            loop.iter = nodes.Filter(loop.iter, "_each", [], [], None, None, lineno=loop.lineno)
        code = environment.compile(tree, name, name)
        return Template(name, JinjaTemplate.from_code(environment, code, {}))
    except TemplateSyntaxError as error:
        raise TemplateFault(str(error.message), error.lineno) from None
    except TemplateFault:
        raise
    except Exception as error:  # a number of 5,000 digits, brackets 10,000 deep
        raise TemplateFault(f"the template cannot be read: {type(error).__name__}: {str(error)[:120]}", 1) from None


def render(template: Template, document: JsonObject, message: Message) -> str:
    """The body. Raises `TemplateFault` for what the template makes of this document: a name that is not there, more than `LONGEST`."""
    kept: list[str] = []
    size = 0
    try:
        for piece in template.made.generate(document=document, message=_data(message), text=text(message), _steps=_Steps()):
            size += len(piece)
            if size > LONGEST:
                raise ValueError(f"the body is longer than {LONGEST // 1024} KiB")
            kept.append(piece)
    except Exception as error:
        said = _ABSENT.sub(r"there is no '\1'", str(error)[:200]) or type(error).__name__
        raise TemplateFault(said, _line(template.name, error), template.name) from None
    return "".join(kept)


def _line(name: str, error: BaseException) -> int:
    """The line of the template that failed, 0 where that is not known."""
    line, trace = 0, error.__traceback__
    while trace is not None:
        line = trace.tb_lineno if trace.tb_frame.f_code.co_filename == name else line
        trace = trace.tb_next
    return line


# -------------------------------------------------------------------------------------- what is allowed
def _check(tree: nodes.Node, loops: int = 0) -> None:
    if isinstance(tree, nodes.For):
        loops += 1
        if loops > DEEPEST or tree.recursive:
            raise TemplateFault(f"loops stand at most {DEEPEST} deep, and none within itself", tree.lineno)
    if not isinstance(tree, _NODES):
        hint = _HINTS.get(type(tree), f"{type(tree).__name__.lower()} is not available here")
        raise TemplateFault(hint, tree.lineno)
    _check_names(tree)
    for child in tree.iter_child_nodes():
        _check(child, loops)


def _check_names(node: nodes.Node) -> None:
    match node:
        case nodes.Name(name=name) | nodes.Filter(name=name) | nodes.Test(name=name) if name.startswith("_"):
            raise TemplateFault(f"there is no {name}", node.lineno)
        case nodes.Filter(node=None):
            raise TemplateFault("a filter needs something before it", node.lineno)
        case nodes.Call() if not (isinstance(node.node, nodes.Getattr) and node.node.attr in _CALLED) or node.dyn_args or node.dyn_kwargs:
            raise TemplateFault(f"only these can be called: {', '.join(f'.{name}()' for name in sorted(_CALLED))}", node.lineno)
        case nodes.List(items=items) if not all(isinstance(item, nodes.Const) for item in items):
            raise TemplateFault("a list has plain values only", node.lineno)
        case nodes.Tuple(items=items, ctx="load") if not all(isinstance(item, nodes.Const) for item in items):
            raise TemplateFault("a list has plain values only", node.lineno)
        case _:
            pass


class _Closed(ImmutableSandboxedEnvironment):
    """Only what is listed; a key of the document comes before a method of its name."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "**", "%"})

    def __init__(self) -> None:
        super().__init__(
            autoescape=False, undefined=StrictUndefined, loader=None, extensions=[], finalize=_shown, keep_trailing_newline=True
        )
        self.globals.clear()
        self.filters.clear()
        self.filters.update({name: _bounded(made) for name, made in _FILTERS.items()} | {"default": do_default, "_each": _each})
        kept = {name: TESTS[name] for name in ("defined", "undefined", "none", "string", "number", "mapping", "in", "eq", "==", "ne", "!=")}
        self.tests.clear()
        self.tests.update(kept)

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Undefined):
            return getattr(obj, attribute)  # which says what was missing before
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        if isinstance(obj, LoopContext) and attribute in _LOOP:
            return getattr(obj, attribute)
        if attribute in _METHODS.get(type(obj), ()):
            return getattr(obj, attribute)
        return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Undefined):
            return obj[argument]
        try:
            return obj[argument] if isinstance(obj, str | Sequence | Mapping) else self.undefined(obj=obj, name=argument)
        except (TypeError, LookupError):
            return self.undefined(obj=obj, name=argument)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return _short(left + right) if len(left) + len(right) <= LONGEST else _too_long()
        if operator in "+-" and isinstance(left, int | float) and isinstance(right, int | float):
            return left + right if operator == "+" else left - right
        raise ValueError(f"{operator} takes two numbers, or two texts where it is +")


@dataclass(slots=True)
class _Steps:
    left: int = STEPS


@pass_context
def _each(context: Context, items: Any) -> Iterator[Any]:
    """What a loop goes through; the rounds of all loops of one rendering are counted together."""
    if isinstance(items, str | Undefined) or not isinstance(items, Iterable):
        raise ValueError(f"a loop goes through a list, and this is {'text' if isinstance(items, str) else 'none'}")
    steps: _Steps = context["_steps"]
    for item in items:
        steps.left -= 1
        if steps.left < 0:
            raise ValueError(f"the loops go round more than {STEPS:,} times")
        yield item


def _shown(value: Any) -> Any:
    """What ``{{ … }}`` writes: a text or a number. A list has no one way to be written."""
    if isinstance(value, Undefined):
        str(value)  # raises, and says what is missing
    if value is None:
        return ""
    if isinstance(value, str | int | float):
        return value
    raise ValueError("a list or an object is written with {{ … | json }}")


def _data(value: Any) -> Any:
    """A message as plain data: what a template is given has no methods of ours."""
    if isinstance(value, Piece):
        return {"text": value.text, "hit": value.hit}
    if isinstance(value, tuple):
        return [_data(each) for each in value]
    if is_dataclass(value):
        data = {each.name: _data(getattr(value, each.name)) for each in fields(value)}
        return data | {name: _data(getattr(value, name)) for name in ("text", "rtl", "title_pieces") if hasattr(value, name)}
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, str) else value  # of an enumeration its value


# ----------------------------------------------------------------------------------------------- filters
def _bounded(made: Callable[..., Any]) -> Callable[..., Any]:
    def bounded(value: Any, *arguments: Any, **named: Any) -> Any:
        if isinstance(value, Undefined):
            str(value)
        if isinstance(value, str):
            _short(value)
        return _short(made(value, *arguments, **named))

    return bounded


def _short(value: Any) -> Any:
    return _too_long() if isinstance(value, str) and len(value) > LONGEST else value


def _too_long() -> Any:
    raise ValueError(f"a text is longer than {LONGEST // 1024} KiB")


def _json(value: Any) -> str:
    """As JSON, in pieces: one too long is given up before it is whole."""
    made: list[str] = []
    size = 0
    for piece in json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).iterencode(value):
        size += len(piece)
        if size > LONGEST:
            _too_long()
        made.append(piece)
    return "".join(made)


def _join(values: Iterable[Any], between: str = "") -> str:
    parts: list[str] = []
    size = 0
    for value in values:
        parts.append(str(_shown(value)))
        size += len(parts[-1]) + len(between)
        if size > LONGEST:
            _too_long()
    return between.join(parts)


def _replace(value: Any, old: str, new: str) -> str:
    said = str(_shown(value))
    if len(said) + said.count(old) * max(len(new) - len(old), 0) > LONGEST:
        _too_long()
    return said.replace(old, new)


def _truncate(value: Any, length: int = 255, end: str = "…") -> str:
    said = str(_shown(value))
    return said if len(said) <= length else said[: max(length - len(end), 0)] + end


def _last(values: Any) -> Any:
    return values[-1] if values else ""


_FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "e": lambda value: html.escape(str(_shown(value)), quote=True),
    "escape": lambda value: html.escape(str(_shown(value)), quote=True),
    "first": lambda values: next(iter(values), ""),
    "join": _join,
    "json": _json,
    "last": _last,
    "length": len,
    "line": lambda value, most=200: shortened(_shown(value), min(most, LONGEST // 2)),
    "lower": lambda value: str(_shown(value)).lower(),
    "plain": lambda value: plain(_shown(value)),
    "replace": _replace,
    "sort": lambda values: sorted(islice(values, STEPS)),
    "title": lambda value: str(_shown(value)).title(),
    "truncate": _truncate,
    "upper": lambda value: str(_shown(value)).upper(),
    "urlencode": lambda value: quote(str(_shown(value)), safe=""),
}
