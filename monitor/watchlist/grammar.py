"""The query language: text to tree.

    query   = or
    or      = and , { "OR" , and }
    and     = not , { "AND" , not }
    not     = "NOT" , not | near
    near    = unary , [ ( "NEAR" | "THEN" ) , [ "/" , number ] , unary ]
    unary   = field , ":" , unary | call | "(" , or , ")" | literal | group
    call    = "near" , "(" , number , "," , or , "," , or , { "," , or } , ")"
            | ( "sentence" | "paragraph" ) , "(" , or , { "," , or } , ")"
            | "count" , "(" , or , ")" , ">=" , number
            | "first" , "(" , number , "," , or , ")"
            | ( "lang" | "source" ) , "(" , value , { "," , value } , ")"
            | "label" , "(" , key , "=" , value , { "," , key , "=" , value } , ")"
    field   = "title" | "lead" | "body"
    literal = quote , text , quote , [ "(" , mark , ")" ]
    group   = letter , { letter | digit | "_" | "-" }

Operators and function names in any case; curly quotes and « » are quotes, the Arabic comma is a comma, digits of any script
are digits, and the invisible RLM, LRM and no-break space are blanks. The sides of NEAR and THEN, and what ``count`` counts, are groups,
literals or ORs of them. Operators of other tools are named in the fault with ours.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from typing import Final

from monitor.text.forms import Mark
from monitor.watchlist.query import (
    DEFAULT_WINDOW,
    And,
    Count,
    Field,
    FieldKind,
    Filter,
    FilterKind,
    First,
    Group,
    Literal,
    Near,
    Node,
    Not,
    Or,
    Scope,
    ScopeKind,
    true_of_nothing,
)
from monitor.watchlist.tokens import QueryError, Token, tokens

#: Deeper than any query a person writes; keeps recursion bounded.
MAX_DEPTH: Final = 50
MAX_WINDOW: Final = 1000
RESERVED: Final = frozenset(
    {
        "and",
        "or",
        "not",
        "near",
        "then",
        "sentence",
        "paragraph",
        "count",
        "first",
        "title",
        "lead",
        "body",
        "lang",
        "source",
        "label",
        "any",
    }
)


def parse_mark(text: str) -> Mark | None:
    """The mark named in parentheses after a term, or None."""
    try:
        return Mark(text.strip().lower().replace("_", "-").replace(" ", "-"))
    except ValueError:
        return None


def suggestion(word: str, known: Sequence[str]) -> str:
    """A hint naming the closest known word, or all of them where they are few."""
    close = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]}?"
    return f"known: {', '.join(sorted(known))}" if 0 < len(known) <= 20 else ""


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.index = 0
        self.depth = 0

    # ------------------------------------------------------------------ reading tokens
    @property
    def token(self) -> Token:
        return self.tokens[self.index]

    def peek(self, ahead: int = 1) -> Token:
        return self.tokens[min(self.index + ahead, len(self.tokens) - 1)]

    def next(self) -> Token:
        token = self.token
        if token.kind != "end":
            self.index += 1
        return token

    def word(self, *words: str) -> bool:
        return self.token.kind == "word" and self.token.text.lower() in words

    def op(self, text: str) -> bool:
        return self.token.kind == "op" and self.token.text == text

    def fail(self, message: str, hint: str = "", token: Token | None = None) -> QueryError:
        token = token or self.token
        return QueryError(message, token.at, token.length, hint)

    def expect(self, text: str, after: str) -> Token:
        if not self.op(text):
            raise self.fail(f"expected {text!r} {after}, found {self._shown()}")
        return self.next()

    def _shown(self) -> str:
        return self.token.text if self.token.kind == "end" else repr(self.text[self.token.at : self.token.at + self.token.length])

    def number(self, what: str, least: int, most: int) -> int:
        if self.token.kind != "number":
            raise self.fail(f"expected a number ({what}), found {self._shown()}")
        value = int(self.token.text)
        if not least <= value <= most:
            raise self.fail(f"{what}: {value} is out of range", f"write a number from {least} to {most}")
        self.next()
        return value

    # ------------------------------------------------------------------ the grammar
    def query(self) -> Node:
        if self.token.kind == "end":
            raise self.fail("the query is empty", "write, for example: deal OR weapon NEAR/10 transfer")
        node = self.or_()
        if self.token.kind != "end":
            raise self._leftover()
        return node

    def _leftover(self) -> QueryError:
        if self.op(")"):
            return self.fail("this ')' closes nothing", "remove it, or open a '(' before")
        if self.token.kind in ("word", "text"):
            left = self.tokens[self.index - 1]
            between = f"{self.text[left.at : left.at + left.length]} AND {self.text[self.token.at : self.token.at + self.token.length]}"
            return self.fail("two parts stand side by side without an operator", f'write {between}, or put a phrase in quotes: "…"')
        return self.fail(f"{self._shown()} is not expected here")

    def _many(self, word: str, below: Callable[[], Node], make: Callable[..., Node], kind: type[And] | type[Or]) -> Node:
        first = below()
        if not self.word(word):
            return first
        items = [first]
        while self.word(word):
            self.next()
            items.append(below())
        # (a OR b) OR c is a OR b OR c: one flat node, so that trees of equal queries are equal.
        flat = tuple(sub for item in items for sub in (item.items if isinstance(item, kind) else (item,)))
        return make(flat, at=first.at, length=self._length(first.at))

    def _length(self, at: int) -> int:
        last = self.tokens[max(0, self.index - 1)]
        return max(1, last.at + last.length - at)

    def or_(self) -> Node:
        return self._many("or", self.and_, Or, Or)

    def and_(self) -> Node:
        return self._many("and", self.not_, And, And)

    def not_(self) -> Node:
        negations: list[Token] = []
        while self.word("not"):
            negations.append(self.next())
            self.depth += 1
            if self.depth > MAX_DEPTH:
                raise self.fail(f"nested more than {MAX_DEPTH} deep", "split the query into groups")
        node = self.near()
        for token in reversed(negations):
            node = Not(node, at=token.at, length=self._length(token.at))
            self.depth -= 1
        return node

    def near(self) -> Node:
        left = self.unary()
        if not self.word("near", "then"):
            return left
        operator = self.next()
        ordered = operator.text.lower() == "then"
        words = self._window()
        if self.word("not"):
            raise self.fail("NOT cannot be a side of NEAR or THEN", "write: a AND NOT a NEAR/5 b")
        right = self.unary()
        if self.word("near", "then"):
            raise self._chain(left, right, words, ordered)
        for side in (left, right):
            self._need_leaves(side, f"a side of {operator.text.upper()}")
        return Near(words, (left, right), ordered, at=left.at, length=self._length(left.at))

    def _window(self) -> int:
        if not self.op("/"):
            return DEFAULT_WINDOW
        self.next()
        return self.number("words between the two sides", 0, MAX_WINDOW)

    def _chain(self, left: Node, right: Node, words: int, ordered: bool) -> QueryError:
        operator = self.next()
        if self.op("/"):
            self._window()
        try:
            third = str(self.unary())
        except QueryError:
            third = "c"
        if ordered or operator.text.lower() == "then":
            hint = f"write: {left} THEN/{words} {right} AND {right} THEN/{words} {third}"
        else:
            hint = f"write: near({words}, {left}, {right}, {third})"
        return self.fail("NEAR and THEN take two sides", hint, operator)

    def _need_leaves(self, node: Node, where: str) -> None:
        """Sides of NEAR and what count counts: groups, literals, ORs of them."""
        match node:
            case Group() | Literal():
                return
            case Or(items):
                for item in items:
                    self._need_leaves(item, where)
            case Field(kind, item):
                raise QueryError(
                    f"{where} cannot carry a prefix", node.at, node.length, f"put it in front: {kind.value}: ({item} NEAR/10 …)"
                )
            case _:
                hint = "use near(n, a, b, c) or sentence(a, b) for more" if isinstance(node, And | Near) else ""
                raise QueryError(f"{where} must be a group, a quoted phrase or an OR of them", node.at, node.length, hint)

    def unary(self) -> Node:
        # Prefixes and functions nest here, parentheses and NOT above: whatever nests comes through, so the depth is counted here.
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.fail(f"nested more than {MAX_DEPTH} deep", "split the query into groups")
        node = self._unary()
        self.depth -= 1
        return node

    def _unary(self) -> Node:
        token = self.token
        if token.kind == "text":
            return self._literal()
        if self.op("("):
            self.next()
            node = self.or_()
            if not self.op(")"):
                raise self._unclosed(token)
            self.next()
            return node
        if token.kind == "word":
            return self._named()
        if token.kind == "end":
            raise self.fail("the query ends where a group, a quoted phrase or '(' is expected")
        raise self.fail(f"expected a group, a quoted phrase or '(', found {self._shown()}")

    def _unclosed(self, opened: Token) -> QueryError:
        if self.token.kind == "end":
            return self.fail("this '(' is never closed", "add a ')'", opened)
        return self._leftover()

    def _literal(self) -> Literal:
        token = self.next()
        text, mark = split_mark(token.text)
        if mark is not None and not isinstance(mark, Mark):
            raise self.fail(f"({mark}) is not a mark", f"marks: {', '.join(m.value for m in Mark)}", token)
        named = self.peek().text if self.op("(") and self.peek().kind == "word" else ""
        if mark is None and named and parse_mark(named) is not None and self.peek(2).text == ")":
            self.next()
            mark = parse_mark(self.next().text)
            self.next()
        if not any(c.isalnum() for c in text):
            raise self.fail("a quoted phrase needs at least one letter or digit", token=token)
        return Literal(text, mark or Mark.ANY_FORM, at=token.at, length=self._length(token.at))

    def _named(self) -> Node:
        token = self.token
        name = token.text.lower()
        following = self.peek()
        if following.text == "(" and following.kind == "op" and name in _CALLS:
            return _CALLS[name](self)
        if following.text == ":" and following.kind == "op":
            return self._field(token)
        if name in RESERVED:
            raise self.fail(f"{token.text!r} is an operator and cannot stand here")
        if following.text == "(" and following.kind == "op":
            raise self.fail(f"there is no function {token.text!r}", suggestion(name, sorted(_CALLS)))
        if "*" in token.text:
            raise self.fail("a wildcard belongs in a group or in quotes", f'write: "{token.text}"')
        self.next()
        return Group(token.text, at=token.at, length=token.length)

    def _field(self, token: Token) -> Field:
        try:
            kind = FieldKind(token.text.lower())
        except ValueError:
            raise self.fail(f"there is no prefix {token.text!r}", "prefixes: title:, lead:, body:") from None
        self.next()
        self.next()
        item = self.unary()
        return Field(kind, item, at=token.at, length=self._length(token.at))

    # ------------------------------------------------------------------ functions
    def _arguments(self, least: int, name: str) -> tuple[Node, ...]:
        items = [self.or_()]
        while self.op(","):
            self.next()
            items.append(self.or_())
        if len(items) < least:
            raise self.fail(f"{name} needs at least {least} parts, separated by commas")
        self.expect(")", f"to close {name}(")
        return tuple(items)

    def _open(self) -> Token:
        token = self.next()
        self.next()
        return token

    def call_near(self) -> Node:
        token = self._open()
        words = self.number("words between", 0, MAX_WINDOW)
        self.expect(",", "after the number of words")
        items = self._arguments(2, "near")
        for item in items:
            self._need_leaves(item, "a part of near(…)")
        return Near(words, items, at=token.at, length=self._length(token.at))

    def call_scope(self) -> Node:
        token = self._open()
        items = self._arguments(1, token.text.lower())
        if all(map(true_of_nothing, items)):
            hint = f"name something that must be in it: {token.text.lower()}(group, …)"
            raise QueryError("every passage in which nothing was found would do", token.at, self._length(token.at), hint)
        return Scope(ScopeKind(token.text.lower()), items, at=token.at, length=self._length(token.at))

    def call_count(self) -> Node:
        token = self._open()
        item = self.or_()
        self._need_leaves(item, "what count counts")
        self.expect(")", "to close count(")
        if not self.op(">="):
            raise self.fail(f"expected '>=' after count(…), found {self._shown()}", f"write: count({item}) >= 2")
        self.next()
        return Count(item, self.number("how many", 1, 10_000), at=token.at, length=self._length(token.at))

    def call_first(self) -> Node:
        token = self._open()
        words = self.number("how many words", 1, 100_000)
        self.expect(",", "after the number of words")
        item = self.or_()
        self.expect(")", "to close first(")
        return First(words, item, at=token.at, length=self._length(token.at))

    def _value(self, what: str) -> str:
        if self.token.kind not in ("word", "text", "number"):
            raise self.fail(f"expected {what}, found {self._shown()}")
        token = self.next()
        value = token.text
        # A name such as 24-hours or example.org is several tokens: it needs quotes.
        if self.token.kind in ("word", "number") and self.token.at == token.at + token.length:
            raise self.fail(f"{what} with dots or leading digits goes in quotes", f'write: "{value}{self.token.text}…"', token)
        return value

    def call_filter(self) -> Node:
        token = self._open()
        kind = FilterKind(token.text.lower())
        key = ""
        values: list[str] = []
        while True:
            if kind is FilterKind.LABEL:
                here = self.token
                named = self._value("a label")
                if key and named != key:
                    raise self.fail("one label(…) asks one key", f"write: label({key}={values[0]}) AND label({named}=…)", here)
                key = named
                self.expect("=", "after the label's key")
            values.append(self._value("a value"))
            if not self.op(","):
                break
            self.next()
        self.expect(")", f"to close {kind.value}(")
        if kind is FilterKind.LANG:
            bad = next((v for v in values if not re.fullmatch(r"[A-Za-z]{2}|und", v)), None)
            if bad is not None:
                raise self.fail(f"{bad!r} is not a language code", "use the two letters of ISO 639-1, such as ar or fa", token)
            values = [v.lower() for v in values]
        return Filter(kind, tuple(values), key, at=token.at, length=self._length(token.at))


_CALLS: Final[dict[str, Callable[[_Parser], Node]]] = {
    "near": _Parser.call_near,
    "sentence": _Parser.call_scope,
    "paragraph": _Parser.call_scope,
    "count": _Parser.call_count,
    "first": _Parser.call_first,
    "lang": _Parser.call_filter,
    "source": _Parser.call_filter,
    "label": _Parser.call_filter,
}


def split_mark(text: str) -> tuple[str, Mark | str | None]:
    """``MANPADS (exact)`` -> (``MANPADS``, Mark.EXACT); an unknown mark comes back as its text, none as None."""
    found = re.search(r"\(([^()]*)\)\s*$", text)
    if not found:
        return text.strip(), None
    return text[: found.start()].strip(), parse_mark(found.group(1)) or found.group(1).strip()


def parse_query(text: str) -> Node:
    """The tree of a query; raises QueryError at the first fault.

    A query that would be true of an article without any hit (a bare NOT, a bare filter) is refused.
    """
    node = _Parser(text).query()
    if true_of_nothing(node):
        raise QueryError(
            "this query is true of articles in which nothing was found", node.at, node.length, "add a group that must be there: group AND …"
        )
    return node
