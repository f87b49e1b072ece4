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

Operators and function names in any case; curly quotes, « » and 「 」 are quotes, commas and parentheses of Arabic and full-width keyboards
are ours, digits of any script are digits, and the invisible RLM, LRM and no-break space are blanks. The sides of NEAR and THEN, and what
``count`` counts, are groups, literals or ORs of them. Operators of other tools are named in the fault with ours (``foreign.py``).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from typing import Final

from monitor.text.forms import Mark
from monitor.watchlist.advice import (
    USAGE,
    beside,
    called,
    compared_inside,
    comparison,
    doubled,
    first_without_number,
    joined,
    near_without_number,
    number_alone,
    number_first,
    suggestion,
    uncounted,
)
from monitor.watchlist.cursor import Cursor
from monitor.watchlist.foreign import LANGUAGES
from monitor.watchlist.marks import MARKS, parse_mark, split_mark
from monitor.watchlist.offers import advised
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
from monitor.watchlist.tokens import Offer, QueryError, Token

#: Deeper than any query a person writes; keeps recursion bounded.
MAX_DEPTH: Final = 50
MAX_WINDOW: Final = 1000
SEPARATORS: Final = frozenset(";؛；")
COMPARISONS: Final = frozenset({">=", ">", "<", "="})
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


class _Parser(Cursor):
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
        aside = "two parts stand side by side without an operator"
        if self.op(","):
            return self.fail("a comma joins nothing here", offers=joined(self, (" AND ", " OR "), gap=self.token.at + 1))
        if self.word("not"):
            return self.fail(aside, offers=joined(self, (" AND NOT ",), gap=self.token.at + self.token.length))
        if self.token.kind in ("word", "text"):
            phrase = ', or put a phrase in quotes: "…"'
            fault = self.fail(aside, "write AND or OR between them", offers=joined(self, (" AND ",), tail=phrase))
            # ATLEAST3 and its like stand before the one thing they are said of.
            fault.before = self.tokens[self.index - 1].at
            return fault
        if self.token.kind == "op" and self.token.text in COMPARISONS:
            return uncounted(self)
        if self.op("("):
            return self.fail(aside, "write AND or OR between them", offers=joined(self, (" AND ", " OR ")))
        between = self.op("/") or self.token.text in SEPARATORS
        fault = self.fail(f"{self.shown()} is not expected here", offers=self.quotable())
        if between:
            fault.offers = joined(self, (" AND ", " OR "), gap=self.token.at + 1)
        elif self.token.kind == "number":
            fault.offers = joined(self, (" AND ",), quoted=True)
        return fault

    def _many(self, word: str, below: Callable[[], Node], make: Callable[..., Node], kind: type[And] | type[Or]) -> Node:
        start = self.token.at
        first = below()
        if not self.word(word):
            return first
        items = [first]
        while self.word(word):
            self.next()
            items.append(below())
        # (a OR b) OR c is a OR b OR c: one flat node, so that trees of equal queries are equal.
        flat = tuple(sub for item in items for sub in (item.items if isinstance(item, kind) else (item,)))
        return make(flat, at=start, length=self._length(start))

    def _length(self, at: int) -> int:
        return max(1, self.end() - at)

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
                raise self.too_deep()
        node = self.near()
        for token in reversed(negations):
            node = Not(node, at=token.at, length=self._length(token.at))
            self.depth -= 1
        return node

    def near(self) -> Node:
        start = self.token.at
        left = self.unary()
        if not self.word("near", "then"):
            return left
        operator, words = self._operator()
        if self.word("not"):
            raise self._near_not(left, operator)
        right = self.unary()
        if self.word("near", "then"):
            raise self._chain([left, right], [(operator, words)])
        span = (start, self.end())
        for side in (left, right):
            where = f"a side of {operator.partition('/')[0]}"
            self._need_leaves(
                side, where, lambda node: beside(node, left, operator, right, span), "sentence(…) and paragraph(…) take any query"
            )
        return Near(words, (left, right), operator.startswith("THEN"), at=start, length=self._length(start))

    def _operator(self) -> tuple[str, int]:
        """NEAR or THEN with its window, as written in full, and the window."""
        kind = self.next().text.upper()
        words = DEFAULT_WINDOW
        if self.op("/"):
            self.next()
            words = self.number("words between the two sides", 0, MAX_WINDOW)
        return f"{kind}/{words}", words

    def _near_not(self, left: Node, operator: str) -> QueryError:
        fault = self.settled("NOT cannot be a side of NEAR or THEN")
        fault.hint = f"write, for example: a AND NOT a {operator} b"
        self.next()
        third = self._third()
        if third:
            fault.offers = (Offer(left.at, self.end(), (f"{left} AND NOT {left} {operator} {third}",)),)
        return fault

    def _third(self) -> str:
        try:
            return str(self.unary())
        except QueryError:
            return ""

    def _chain(self, sides: list[Node], operators: list[tuple[str, int]]) -> QueryError:
        fault = self.settled("NEAR and THEN take two sides")
        fault.hint = "write, for example: near(10, a, b, c)"
        parts = list(map(str, sides))
        while self.word("near", "then"):
            try:
                operators.append(self._operator())
            except QueryError:
                return fault
            parts.append(self._third())
        if not all(parts):
            return fault
        if all(operator.startswith("NEAR") for operator, _ in operators):
            text = f"near({max(words for _, words in operators)}, {', '.join(parts)})"
        else:
            pairs = zip(parts, operators, parts[1:], strict=False)
            text = " AND ".join(f"{a} {operator} {b}" for a, (operator, _), b in pairs)
        fault.offers = (Offer(sides[0].at, self.end(), (text,)),)
        return fault

    def _need_leaves(self, node: Node, where: str, advice: Callable[[Node], Sequence[Offer]], hint: str) -> None:
        """Sides of NEAR and what count counts: groups, literals, ORs of them. ``advice`` says what to write for another node."""
        match node:
            case Group() | Literal():
                return
            case Or(items):
                for item in items:
                    self._need_leaves(item, where, advice, hint)
            case _:
                why = "cannot carry a prefix" if isinstance(node, Field) else "must be a group, a quoted phrase or an OR of them"
                raise QueryError(f"{where} {why}", node.at, node.length, hint, settled=True, offers=advice(node))

    def too_deep(self) -> QueryError:
        fault = self.settled(f"nested more than {MAX_DEPTH} deep")
        fault.hint = "split the query into groups"
        return fault

    def unary(self) -> Node:
        # Prefixes and functions nest here, parentheses and NOT above: whatever nests comes through, so the depth is counted here.
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.too_deep()
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
        if self.op(")") and self.index and self.tokens[self.index - 1].text == "(":
            raise self.fail("there is nothing in these parentheses", "write what belongs there, or leave them out")
        if token.kind == "end":
            hint = "leave the last operator out, or write what it joins" if self.index else ""
            raise self.fail("the query ends where a group, a quoted phrase or '(' is expected", hint)
        raise self.fail(f"expected a group, a quoted phrase or '(', found {self.shown()}", offers=self.quotable())

    def _unclosed(self, opened: Token) -> QueryError:
        if self.token.kind == "end":
            return self.fail("this '(' is never closed", "add a ')'", opened)
        return self._leftover()

    def _literal(self) -> Literal:
        token = self.next()
        text, mark = split_mark(token.text)
        if mark is not None and not isinstance(mark, Mark):
            raise self.fail(f"({mark}) is not a mark", f"marks: {MARKS}; other parentheses mean nothing in a phrase: leave them out", token)
        named = self.peek().text if self.op("(") and self.peek().kind == "word" else ""
        if mark is None and named and parse_mark(named) is not None and self.peek(2).text == ")":
            self.next()
            mark = parse_mark(self.next().text)
            self.next()
        if not any(c.isalnum() for c in text):
            raise self.fail("a quoted phrase needs at least one letter or digit", token=token, offers=doubled(self, token))
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
            usage = f"write, for example: {USAGE[name]}" if name in USAGE else ""
            if name in ("and", "or"):
                usage = f"something must stand before it and behind it: a {name.upper()} b"
            if name in ("and", "or") and self.index and self.tokens[self.index - 1].text.lower() in ("and", "or", "near", "then", "not"):
                usage = "leave one of the two operators out"
            raise self.fail(f"{token.text!r} is an operator and cannot stand here", usage)
        if following.text == "(" and following.kind == "op" and parse_mark(self.peek(2).text) is not None and self.peek(3).text == ")":
            end = self.peek(3).at + 1
            offer = Offer(token.at, end, (f'"{token.text}" {" ".join(self.text[following.at : end].split())}',))
            raise self.fail("a mark stands behind a quoted phrase, or behind a term of a group", offers=(offer,))
        if following.text == "(" and following.kind == "op":
            hint = suggestion(name, sorted(_CALLS))
            # A blank before it: a group and a parenthesis, rather than a function.
            apart = following.at > token.at + token.length and not hint.startswith("did you mean")
            offers = called(token, self) if apart else ()
            raise self.fail(f"there is no function {token.text!r}", hint, offers=offers)
        if "*" in token.text:
            offer = Offer(token.at, token.at + token.length, (f'"{token.text}"',))
            raise self.fail("a wildcard belongs in a group or in quotes", offers=(offer,))
        self.next()
        return Group(token.text, at=token.at, length=token.length)

    def _field(self, token: Token) -> Field:
        try:
            kind = FieldKind(token.text.lower())
        except ValueError:
            close = difflib.get_close_matches(token.text.lower(), list(FieldKind), n=1, cutoff=0.6)
            raise self.fail(
                f"there is no prefix {token.text!r}", f"did you mean {close[0]}:" if close else "prefixes: title:, lead:, body:"
            ) from None
        self.next()
        self.next()
        item = self.unary()
        return Field(kind, item, at=token.at, length=self._length(token.at))

    # ------------------------------------------------------------------ functions
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
            self._need_leaves(item, "a part of near(…)", lambda node: (whole,), "sentence(…) takes any query")
        return Near(words, items, at=token.at, length=self._length(token.at))

    def call_scope(self) -> Node:
        token = self._open()
        items = self._arguments(1, token)
        if all(map(true_of_nothing, items)):
            hint = f"name something that must be in it: {token.text.lower()}(group, …)"
            raise QueryError("every passage in which nothing was found would do", token.at, self._length(token.at), hint)
        return Scope(ScopeKind(token.text.lower()), items, at=token.at, length=self._length(token.at))

    def call_count(self) -> Node:
        token = self._open()
        if self.token.kind == "number" and self.peek().text == ",":
            example = "write, for example: count(a) >= 3"
            raise self.fail("how often stands behind count(…)", example, offers=number_first(self, token))
        item = self.or_()
        each = "count each by itself, for example: count(a) >= 2 AND count(b) >= 2"
        self._need_leaves(item, "what count counts", lambda node: (), each)
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
        return Count(item, self.number("how many", 1, 10_000), at=token.at, length=self._length(token.at))

    def call_first(self) -> Node:
        token = self._open()
        if self.token.kind != "number":
            raise first_without_number(self)
        words = self.number("how many words", 1, 100_000)
        self.expect(",", "after the number of words", f"write, for example: first({words}, a)", offers=number_alone(self, token, words))
        item = self.or_()
        self._close(token, joiners=(" AND ", " OR "))
        return First(words, item, at=token.at, length=self._length(token.at))

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
        return Filter(kind, texts, key, at=token.at, length=self._length(token.at))

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


def parse_query(text: str) -> Node:
    """The tree of a query; raises QueryError at the first fault.

    A query that would be true of an article without any hit (a bare NOT, a bare filter) is refused.
    """
    try:
        return _read(text)
    except QueryError as error:
        fault = error
    raise advised(text, fault, _tree)


def _tree(text: str) -> Node:
    return _Parser(text).query()


def _read(text: str) -> Node:
    node = _tree(text)
    if true_of_nothing(node):
        message = "this query is true of articles in which nothing was found"
        hint = "add a group that must be there: group AND …"
        raise QueryError(message, node.at, node.length, hint, settled=True)
    return node
