"""Foreign text made fit to show: on one line, without what a terminal, a mail reader or the bidi algorithm would obey.

Articles are written by strangers. Every renderer takes what it shows of one through here, whatever it escapes for its own
channel afterwards. Pure: text in, text out.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import quote as percent_encoded
from urllib.parse import urlsplit, urlunsplit

from monitor.model import JsonObject

#: A passage longer than this many characters is cut around its first hit; three or four lines of an ordinary window.
LONGEST_PASSAGE: Final = 420
#: Characters of a name (of a watchlist, a source, somebody) at most: lists and feeds are written by anybody.
LONGEST_NAME: Final = 120
#: What stands before the first hit of a cut passage.
BEFORE_HIT: Final = 140
#: Combining marks kept on one letter; the languages we read need four at most.
MARKS: Final = 8
#: A link beyond this is refused whole by some services, message and all (Discord takes 2,048 characters).
LONGEST_LINK: Final = 2000
#: What RFC 3986 allows in a path, but for what ends a Markdown link, an attribute or a sentence.
_LINK_SAFE: Final = "/%:@!$&*+,;=~-._?"

_LRI, _RLI, _FSI, _PDI = "\u2066", "\u2067", "\u2068", "\u2069"
#: Format characters with a meaning inside words, or marks that reorder nothing beyond their neighbours: ZWNJ, ZWJ, LRM, RLM, ALM.
_KEPT_FORMAT: Final = frozenset("\u200c\u200d\u200e\u200f\u061c")


class Piece(NamedTuple):
    """A run of foreign text, tamed; ``hit`` where it is what a term found."""

    text: str
    hit: bool = False


def plain(text: Any) -> str:
    """``text`` on one line, without anything that a terminal or the bidi algorithm would obey."""
    return " ".join(tame(str(text)).split())


def shortened(text: Any, most: int = LONGEST_PASSAGE) -> str:
    """Plain and no longer than ``most`` characters: the title of a text without line ends is the whole text."""
    # Marks and controls go when it is made plain: twice as much is looked at as may be shown.
    words = plain(str(text)[: 2 * most])
    return words if len(words) <= most and len(str(text)) <= 2 * most else f"{words[:most]}…"


def short_name(text: Any) -> str:
    return shortened(text, LONGEST_NAME)


def excerpt(passage: JsonObject, most: int = LONGEST_PASSAGE) -> tuple[Piece, ...]:
    """The quote of a passage of the payload in pieces, hits marked; one of more than ``most`` characters cut around its first hit."""
    quote, offset = passage["quote"], passage["start"]
    spans = merged((hit["start"] - offset, hit["end"] - offset) for hit in passage["hits"])
    first, last = _window(quote, spans, most)
    pieces = [Piece("…")] if first else []
    at = first
    for start, end in ((max(start, first), min(end, last)) for start, end in spans):
        if start < end:
            pieces += [Piece(tame(quote[at:start])), Piece(tame(quote[start:end]), hit=True)]
            at = end
    pieces.append(Piece(tame(quote[at:last]) + ("…" if last < len(quote) else "")))
    return tuple(piece for piece in pieces if piece.text)


def _window(quote: str, spans: Sequence[tuple[int, int]], most: int) -> tuple[int, int]:
    first, last, before = 0, len(quote), min(BEFORE_HIT, most // 3)
    if last > most:
        hit = spans[0][0] if spans else 0
        if hit > before:  # from the next gap on, so that no word is cut where there are gaps
            first = quote.find(" ", hit - before, hit) + 1 or hit - before
        last = min(last, first + most)
        if last < len(quote):
            last = max(quote.rfind(" ", first, last), spans[0][1] if spans else 0) if " " in quote[first:last] else last
            last = min(last, first + 2 * most)  # nor does a hit without end make it endless
    return first, last


def merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sorted, overlapping spans joined (two groups may share a word)."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def tame(text: str) -> str:
    """Without what a terminal obeys; of a stack of marks on one letter the first few, or it covers the lines around it."""
    if text.isascii() and text.isprintable():
        return text
    kept: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me"} else 0
        if marks <= MARKS:
            kept.append(_tamed(character))
    return "".join(kept)


def _tamed(character: str) -> str:
    category = unicodedata.category(character)
    if character.isspace():
        return " "
    if category == "Cs":
        return "\ufffd"
    if category in {"Cc", "Zl", "Zp"} or (category == "Cf" and character not in _KEPT_FORMAT):
        return ""
    if ord(character) & 0xFFFE == 0xFFFE:  # no characters, and XML refuses a document that has U+FFFE
        return ""
    return character


def has_rtl(text: str) -> bool:
    return any(unicodedata.bidirectional(c) in {"R", "AL"} for c in text)


def is_rtl(text: str) -> bool:
    """The direction of the first letter that has one, as the bidi algorithm takes it for a paragraph."""
    for character in text:
        direction = unicodedata.bidirectional(character)
        if direction in {"L", "R", "AL"}:
            return direction != "L"
    return False


def isolate(text: str, rtl: bool, *, bare: bool) -> str:
    return text if bare else f"{_RLI if rtl else _LRI}{text}{_PDI}"


def isolated(text: str) -> str:
    """Foreign text within a line of ours, in an isolate of its own direction where one is needed: plain text for people,
    whatever shows it orders each line by itself."""
    return isolate(text, is_rtl(text), bare=not has_rtl(text))


def http_link(url: Any) -> str:
    """``url`` where it is one that a person may follow; "" for everything else (javascript:, data:, text, no host, endless).

    In ASCII, nothing in it that ends a link, an attribute or a line anywhere; without a user, who is there to deceive."""
    try:
        parts = urlsplit(plain(str(url)[: 2 * LONGEST_LINK]))
        host, port = parts.hostname or "", parts.port
        host = f"[{host}]" if ":" in host else host.encode("idna").decode()
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not host.strip(".") or percent_encoded(host, safe=".-_[]:") != host:
        return ""
    rest = (percent_encoded(part, safe=_LINK_SAFE) for part in (parts.path, parts.query, parts.fragment))
    link = urlunsplit((parts.scheme, host if port is None else f"{host}:{port}", *rest))
    return link if len(link) <= LONGEST_LINK else ""
