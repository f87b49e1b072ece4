"""Reading a query's tokens one after the other, and saying what was found where something else was expected.

What the grammar's rules share. This module must not know the rules.
"""

from __future__ import annotations

from collections.abc import Sequence

from monitor.watchlist.tokens import Offer, QueryError, Token, tokens


class Cursor:
    """The tokens of one query and the place reached in them."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.index = 0
        self.depth = 0

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

    def fail(self, message: str, hint: str = "", token: Token | None = None, *, offers: Sequence[Offer] = ()) -> QueryError:
        token = token or self.token
        return token.fault or QueryError(message, token.at, token.length, hint, offers=offers)

    def settled(self, message: str) -> QueryError:
        return QueryError(message, self.token.at, self.token.length, settled=True)

    def expect(self, text: str, after: str, hint: str = "", *, offers: Sequence[Offer] = ()) -> Token:
        if not self.op(text):
            raise self.fail(f"expected {text!r} {after}, found {self.shown()}", hint, offers=offers)
        return self.next()

    def shown(self) -> str:
        return self.token.text if self.token.kind == "end" else repr(self.text[self.token.at : self.token.at + self.token.length])

    def number(self, what: str, least: int, most: int) -> int:
        token = self.token
        hint = f"write a whole number from {least} to {most}"
        if token.kind != "number":
            # Of -1 the whole is shown, not the sign alone.
            signed = token.kind == "bad" and self.peek().kind == "number"
            length = self.peek().at + self.peek().length - token.at if signed else token.length
            found = repr(self.text[token.at : token.at + length]) if token.kind != "end" else token.text
            raise QueryError(f"expected a number ({what}), found {found}", token.at, length, hint, settled=signed)
        value = int(token.text)
        if not least <= value <= most:
            raise QueryError(f"{what}: {value} is out of range", token.at, token.length, hint, settled=True)
        self.next()
        if self.token.at == token.at + token.length and self.token.kind in ("bad", "word") and not self.word("and", "or"):
            shown = self.text[token.at :].split()[0]
            raise QueryError(f"{what}: {shown!r} is no number", token.at, len(shown), hint, settled=not shown.endswith(("f", "F")))
        return value

    def written(self, token: Token) -> str:
        return self.text[token.at : token.at + token.length]

    def end(self) -> int:
        """Where the last token that was read ends."""
        last = self.tokens[max(0, self.index - 1)]
        return last.at + last.length

    def quotable(self) -> tuple[Offer, ...]:
        token = self.token
        offer = Offer(token.at, token.at + token.length, (f'"{self.written(token)}"',), "to find a number, put it in quotes: {}")
        return (offer,) if token.kind == "number" else ()
