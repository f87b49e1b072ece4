"""Which hint a fault of a query gets: of what could be written instead, the first that can be read where it would stand.

Whoever follows a hint must not be refused for it. The grammar hands over how it reads; this module must not know the rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from monitor.watchlist.foreign import CONNECTIVE, Answer, answer
from monitor.watchlist.query import Filter, Node, true_of_nothing
from monitor.watchlist.tokens import Offer, QueryError, tokens

#: A query's tree, as the grammar reads it; it raises QueryError without advice.
Read = Callable[[str], Node]
#: A hint should be read at a glance.
_LONGEST: Final = 200
_JOINING: Final = frozenset({"and", "or", "not", "near", "then"})


def advised(text: str, fault: QueryError, read: Read) -> QueryError:
    """The fault with a hint: of another tool's operator where one stands there, and of what is offered the first that can be read."""
    theirs = _theirs(text, fault)
    if theirs is not None:
        message = f"{theirs.theirs!r} is another tool's operator"
        fault = QueryError(message, theirs.at, theirs.length, theirs.hint, offers=theirs.offers)
    offers, fault.offers = fault.offers, ()
    for offer in offers:
        texts = tuple(each for each in offer.texts if _stands(text, offer, each, read))
        if texts:
            stands = replace(offer, texts=texts)
            fault.hint, fault.offers = stands.hint, (stands,)
            break
    return fault


def _theirs(text: str, fault: QueryError) -> Answer | None:
    if fault.settled:
        return None
    return answer(text, fault.at) or (answer(text, fault.before) if fault.before >= 0 else None)


def _stands(text: str, offer: Offer, part: str, read: Read) -> bool:
    """Whether the query can be read with ``part`` in its place: wholly, or as far as a fault that stands behind."""
    if len(part) > _LONGEST:
        return False
    written = [token.text.lower() for token in tokens(part) if token.kind == "word"]
    if any(word not in _JOINING and CONNECTIVE.fullmatch(word) for word in written) or not _whole(part):
        return False
    whole = text[: offer.at] + part + text[offer.end :]
    found = [token.text for token in tokens(whole) if token.kind == "op"]
    # What is not closed yet is told by and by; a remark must not swallow what closes it.
    whole += "\n" + ")" * (found.count("(") - found.count(")"))
    try:
        node = read(whole)
    except QueryError as fault:
        theirs = _theirs(whole, fault)
        return min(fault.at, theirs.at if theirs else fault.at) >= offer.at + len(part)
    return not true_of_nothing(node) or _says_something(part, read)


def _whole(part: str) -> bool:
    """Whether no operator stands at an end of it that wants what is not in it."""
    words = re.findall(r"[\w/]+", part.lower())
    return bool(words) and words[-1] not in _JOINING and words[0] not in ("and", "or", "then")


def _says_something(part: str, read: Read) -> bool:
    """Whether it is not for this part that a query is true of nothing: a filter only wants a group beside it."""
    try:
        node = read(part)
    except QueryError:
        return False
    return isinstance(node, Filter) or not true_of_nothing(node)
