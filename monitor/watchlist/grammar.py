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
from collections.abc import Callable
from typing import Final

from monitor.text.forms import Mark
from monitor.watchlist.advice import USAGE, beside, called, doubled, joined, suggestion, uncounted
from monitor.watchlist.calls import CALLS, COMPARISONS, MAX_WINDOW, SEPARATORS, Calls
from monitor.watchlist.marks import MARKS, parse_mark, split_mark
from monitor.watchlist.offers import advised
from monitor.watchlist.query import DEFAULT_WINDOW, And, Field, FieldKind, Group, Literal, Near, Node, Not, Or, true_of_nothing
from monitor.watchlist.tokens import Offer, QueryError, Token

#: Deeper than any query a person writes; keeps recursion bounded.
MAX_DEPTH: Final = 50
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


class _Parser(Calls):
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
        return make(flat, at=start, length=self.length(start))

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
            node = Not(node, at=token.at, length=self.length(token.at))
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
            self.need_leaves(
                side, where, lambda node: beside(node, left, operator, right, span), "sentence(…) and paragraph(…) take any query"
            )
        return Near(words, (left, right), operator.startswith("THEN"), at=start, length=self.length(start))

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
        return Literal(text, mark or Mark.ANY_FORM, at=token.at, length=self.length(token.at))

    def _named(self) -> Node:
        token = self.token
        name = token.text.lower()
        following = self.peek()
        if following.text == "(" and following.kind == "op" and name in CALLS:
            return CALLS[name](self)
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
            hint = suggestion(name, sorted(CALLS))
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
        return Field(kind, item, at=token.at, length=self.length(token.at))


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
