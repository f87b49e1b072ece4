"""The functions of the query language: near(…), sentence(…), count(…), first(…), lang(…) and their kin, from their name to the ``)``.

The grammar calls them where it meets their names, and they call it for what stands within them. This module must not know operators.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Final

from monitor.watchlist.advice import (
    USAGE,
    compared_inside,
    comparison,
    first_without_number,
    joined,
    near_without_number,
    number_alone,
    number_first,
)
from monitor.watchlist.cursor import Cursor
from monitor.watchlist.foreign import LANGUAGES
from monitor.watchlist.query import (
    Count,
    Field,
    Filter,
    FilterKind,
    First,
    Group,
    Literal,
    Near,
    Node,
    Or,
    Scope,
    ScopeKind,
    true_of_nothing,
)
from monitor.watchlist.tokens import Offer, QueryError, Token

MAX_WINDOW: Final = 1000
SEPARATORS: Final = frozenset(";؛；")
COMPARISONS: Final = frozenset({">=", ">", "<", "="})


class Calls(Cursor, ABC):
    """What reads the functions. Whoever reads all of a query says how what stands within them is read."""

    @abstractmethod
    def or_(self) -> Node:
        """All that may stand within parentheses, from here on."""

    def length(self, at: int) -> int:
        return max(1, self.end() - at)

    def need_leaves(self, node: Node, where: str, advice: Callable[[Node], Sequence[Offer]], hint: str) -> None:
        """Sides of NEAR and what count counts: groups, literals, ORs of them. ``advice`` says what to write for another node."""
        match node:
            case Group() | Literal():
                return
            case Or(items):
                for item in items:
                    self.need_leaves(item, where, advice, hint)
            case _:
                why = "cannot carry a prefix" if isinstance(node, Field) else "must be a group, a quoted phrase or an OR of them"
                raise QueryError(f"{where} {why}", node.at, node.length, hint, settled=True, offers=advice(node))

    def _arguments(self, least: int, opened: Token) -> tuple[Node, ...]:
        items = [self.or_()]
        while self.op(","):
            self.next()
            items.append(self.or_())
        if len(items) < least and self.op(")"):
            raise self.fail(
                f"{opened.text.lower()} needs at least {least} parts, separated by commas", f"write, for example: {USAGE['near']}"
            )
        self._close(opened, joiners=(", ",))
        return tuple(items)

    def _open(self) -> Token:
        token = self.next()
        self.next()
        return token

    def _close(self, opened: Token, hint: str = "", joiners: Sequence[str] = ()) -> None:
        """The ``)`` of a function; where the query ends without it, the fault is where the function begins. Parts that stand
        side by side are offered with the joiners between."""
        name = opened.text.lower()
        if self.token.kind == "end":
            written = re.match(r"\w+\s*.", self.text[opened.at :])
            length = written.end() if written else opened.length
            raise QueryError(f"this '{name}(' is never closed", opened.at, length, "add a ')'", settled=True)
        if not self.op(")") and self.token.kind in ("word", "text") and joiners and not self.word("near", "then", "not"):
            message = f"two parts of {name}( stand side by side without {'a comma' if ', ' in joiners else 'an operator'}"
            fault = self.fail(message, hint, offers=joined(self, joiners))
            fault.before = self.tokens[self.index - 1].at
            raise fault
        apart = joined(self, joiners, gap=self.token.at + 1) if joiners and self.token.text in SEPARATORS else ()
        unread = self.token.fault
        if unread is not None and apart:
            unread.offers = apart
        self.expect(")", f"to close {name}(", hint, offers=apart)

    def call_near(self) -> Node:
        token = self._open()
        if self.token.kind != "number":
            raise near_without_number(self)
        words = self.number("words between", 0, MAX_WINDOW)
        self.expect(
            ",", "after the number of words", f"write, for example: near({words}, a, b, c)", offers=number_alone(self, token, words)
        )
        items = self._arguments(2, token)
        whole = Offer(token.at, self.end(), (f"sentence({', '.join(map(str, items))})",), "any query may be in one sentence: {}")
        for item in items:
            self.need_leaves(item, "a part of near(…)", lambda node: (whole,), "sentence(…) takes any query")
        return Near(words, items, at=token.at, length=self.length(token.at))

    def call_scope(self) -> Node:
        token = self._open()
        items = self._arguments(1, token)
        if all(map(true_of_nothing, items)):
            hint = f"name something that must be in it: {token.text.lower()}(group, …)"
            raise QueryError("every passage in which nothing was found would do", token.at, self.length(token.at), hint)
        return Scope(ScopeKind(token.text.lower()), items, at=token.at, length=self.length(token.at))

    def call_count(self) -> Node:
        token = self._open()
        if self.token.kind == "number" and self.peek().text == ",":
            example = "write, for example: count(a) >= 3"
            raise self.fail("how often stands behind count(…)", example, offers=number_first(self, token))
        item = self.or_()
        each = "count each by itself, for example: count(a) >= 2 AND count(b) >= 2"
        self.need_leaves(item, "what count counts", lambda node: (), each)
        if self.op(",") and self.peek().kind == "number":
            end = self.peek(2).at + 1 if self.peek(2).text == ")" else self.peek(2).at
            offer = Offer(token.at, end, (f"count({item}) >= {self.peek().text}",))
            raise self.fail("count(…) counts one thing", "write, for example: count(a) >= 3", offers=(offer,))
        if self.token.kind == "op" and self.token.text in COMPARISONS:
            raise compared_inside(self, item, token.at)
        self._close(token, joiners=(" OR ",))
        if not self.op(">="):
            raise comparison(self, item, token.at)
        self.next()
        return Count(item, self.number("how many", 1, 10_000), at=token.at, length=self.length(token.at))

    def call_first(self) -> Node:
        token = self._open()
        if self.token.kind != "number":
            raise first_without_number(self)
        words = self.number("how many words", 1, 100_000)
        self.expect(",", "after the number of words", f"write, for example: first({words}, a)", offers=number_alone(self, token, words))
        item = self.or_()
        self._close(token, joiners=(" AND ", " OR "))
        return First(words, item, at=token.at, length=self.length(token.at))

    def _value(self, what: str) -> Token:
        if self.token.kind not in ("word", "text", "number"):
            raise self.fail(f"expected {what}, found {self.shown()}")
        token = self.next()
        # A name such as 24-hours or example.org is several tokens: it needs quotes.
        if self.token.kind in ("word", "number", "bad") and self.token.at == token.at + token.length:
            whole = re.split(r"[\s,،()=]", self.text[token.at :], maxsplit=1)[0]
            message = f"{what} with dots or leading digits goes in quotes"
            offer = Offer(token.at, token.at + len(whole), (f'"{whole}"',))
            raise QueryError(message, token.at, len(whole), "put it in quotes", settled=True, offers=(offer,))
        return token

    def call_filter(self) -> Node:
        token = self._open()
        kind = FilterKind(token.text.lower())
        key = ""
        values: list[Token] = []
        while True:
            if kind is FilterKind.LABEL:
                key = self._label_key(key, values)
            values.append(self._value("a value"))
            if not self.op(","):
                break
            self.next()
        self._close(token, "part the values with commas" if self.token.kind in ("word", "text", "number") else "")
        if kind is FilterKind.LANG:
            for value in values:
                if not re.fullmatch(r"[A-Za-z]{2}|und", value.text):
                    code = LANGUAGES.get(value.text.lower())
                    offers = [Offer(value.at, value.at + value.length, (code,))] if code else []
                    hint = "use the two letters of ISO 639-1, such as ar or fa"
                    raise self.fail(f"{value.text!r} is not a language code", hint, value, offers=offers)
        texts = tuple(value.text.lower() if kind is FilterKind.LANG else value.text for value in values)
        return Filter(kind, texts, key, at=token.at, length=self.length(token.at))

    def _label_key(self, key: str, values: Sequence[Token]) -> str:
        here = self._value("a label")
        if key and here.text != key:
            hint = f"write, for example: label(country=EG) AND label({here.text}=value)"
            raise QueryError("one label(…) asks one key", here.at, here.length, hint, settled=True)
        if not self.op("="):
            fault = self.settled(f"expected '=' after the label's key, found {self.shown()}")
            fault.hint = f"write, for example: label({here.text}=value)"
            if self.op(":") and self.peek().kind in ("word", "text", "number"):
                end = self.peek().at + self.peek().length
                fault.offers = (Offer(here.at, end, (f"{here.text}={self.written(self.peek())}",), "write: label({})"),)
            raise fault
        self.next()
        return here.text


#: What reads each function, by its name.
CALLS: Final[dict[str, Callable[[Calls], Node]]] = {
    "near": Calls.call_near,
    "sentence": Calls.call_scope,
    "paragraph": Calls.call_scope,
    "count": Calls.call_count,
    "first": Calls.call_first,
    "lang": Calls.call_filter,
    "source": Calls.call_filter,
    "label": Calls.call_filter,
}
