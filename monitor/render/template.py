"""Bodies of an operator's own making: a small, closed part of Jinja2, in which a template cannot reach out, run on or blow up.

What is allowed is listed: the kinds of nodes, methods, filters and tests below. All else is refused where the template is read,
with its line. Jinja2's own sandbox keeps a template from Python's insides, but neither from memory (``'a'.ljust(10**9)``, a text
doubled thirty times) nor from time (loops in loops): here whatever makes text is bounded by `LONGEST`, all loops together by `STEPS`,
and all that one rendering handles by a budget (`template_filters.py`). Pure: it knows no files; the source is given, and a fault
says its line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from typing import Any, Final

from jinja2 import StrictUndefined, TemplateSyntaxError, Undefined, nodes
from jinja2 import Template as JinjaTemplate
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from monitor.model import JsonObject
from monitor.render.message import Message
from monitor.render.plain import Piece
from monitor.render.template_filters import BUDGET, CHECKS, FILTERS, LONGEST, METHODS, Budget, added, called, shown
from monitor.render.text import text

#: Characters of a template itself.
LONGEST_SOURCE: Final = 64 * 1024
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
_CALLED: Final = frozenset().union(*METHODS.values())
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
        _Charged().visit(tree)
        code = environment.compile(tree, name, name)
        return Template(name, JinjaTemplate.from_code(environment, code, {}))
    except TemplateSyntaxError as error:
        raise TemplateFault(str(error.message), error.lineno) from None
    except TemplateFault:
        raise
    except Exception as error:  # a number of 5,000 digits, brackets 10,000 deep
        raise TemplateFault(f"the template cannot be read: {type(error).__name__}: {str(error)[:120]}", 1) from None


def render(template: Template, document: JsonObject, message: Message, budget: Budget | None = None) -> str:
    """The body. Raises `TemplateFault` for what the template makes of this document: a name that is not there, more than `LONGEST`,
    more work than its ``budget``. Of the worst that is a second or two, which a loop of others must not wait for."""
    kept: list[str] = []
    size = 0
    try:
        for piece in template.made.generate(document=document, message=_data(message), text=text(message), **{BUDGET: budget or Budget()}):
            size += len(piece)
            if size > LONGEST:
                raise ValueError(f"the body is longer than {LONGEST // 1024} KiB")
            if piece:
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


class _Charged(NodeTransformer):
    """Puts in what charges the budget of a rendering where Jinja2 itself asks nobody: rounds, parts and comparisons."""

    def visit_For(self, node: nodes.For) -> nodes.Node:
        weight = _weight(node)
        self.generic_visit(node)
        node.iter = _through("_each", node.iter, nodes.Const(weight))
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:
        self.generic_visit(node)
        if not isinstance(node.arg, nodes.Slice):
            return node
        ends = (node.arg.start, node.arg.stop, node.arg.step)
        return _through("_part", node.node, *(nodes.Const(None) if end is None else end for end in ends))

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:
        self.generic_visit(node)
        node.expr = _through("_seen", node.expr)
        for operand in node.ops:
            operand.expr = _through("_seen", operand.expr)
        return node


def _through(name: str, value: Any, *arguments: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(value, name, list(arguments), [], None, None, lineno=value.lineno)


def _weight(loop: nodes.For) -> int:
    """The nodes of one round: of a loop within it only what it goes through, for its own rounds are counted by themselves."""

    def count(node: nodes.Node) -> int:
        return 1 + (count(node.iter) if isinstance(node, nodes.For) else sum(map(count, node.iter_child_nodes())))

    return sum(map(count, loop.iter_child_nodes()))


class _Closed(ImmutableSandboxedEnvironment):
    """Only what is listed; a key of the document comes before a method of its name."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "**", "%"})

    def __init__(self) -> None:
        super().__init__(
            autoescape=False, undefined=StrictUndefined, loader=None, extensions=[], finalize=shown, keep_trailing_newline=True
        )
        self.globals.clear()
        self.filters.clear()
        self.filters.update(FILTERS)
        self.tests.clear()
        self.tests.update(CHECKS)

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Undefined):
            return getattr(obj, attribute)  # which says what was missing before
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        if isinstance(obj, LoopContext) and attribute in _LOOP:
            return getattr(obj, attribute)
        if attribute in METHODS.get(type(obj), ()):
            return getattr(obj, attribute)
        return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Undefined):
            return obj[argument]
        try:
            return obj[argument] if isinstance(obj, str | Sequence | Mapping) else self.undefined(obj=obj, name=argument)
        except (TypeError, LookupError):
            return self.undefined(obj=obj, name=argument)

    def call(self, context: Context, method: Any, /, *arguments: Any, **named: Any) -> Any:
        said = {name: value for name, value in named.items() if not name.startswith("_")}  # Jinja2 passes on what a loop has set
        return called(context[BUDGET], method, arguments, said, lambda: super(_Closed, self).call(context, method, *arguments, **named))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return added(context[BUDGET], left, right)
        if operator in "+-" and isinstance(left, int | float) and isinstance(right, int | float):
            return left + right if operator == "+" else left - right
        raise ValueError(f"{operator} takes two numbers, or two texts where it is +")


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
