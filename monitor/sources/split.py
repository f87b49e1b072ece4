"""A feed's body cut into its items without reading it, so that what was read before need not be read again.

Most polls bring one or two new items among thirty. Every item is known again by a digest of its bytes; only the others
go to a parser, between the feed's own beginning and end. Nothing here understands XML: a body with anything odd about
it is not cut at all (``split`` answers None), and is then read whole. It must not know what an item says, only where it
stands and whether two of them share a name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

#: Goes into every digest: raised where the reader learns to read more of an item, so that all are read once more.
READER_VERSION: Final = b"1"
#: Bytes of a digest, and how many are kept of one source (16 KB in its row of the record).
DIGEST: Final = 8
MOST_KNOWN: Final = 2_000

_BLANK: Final = re.compile(rb"[ \t\r\n]*")
_ROOT: Final = re.compile(rb"<([A-Za-z_][\w.-]{0,40}:)?(rss|RDF|feed|urlset)(?=[ \t\r\n>])[^>]*>")
_CHANNEL: Final = re.compile(rb"<channel(?=[ \t\r\n>])[^>]*>")
_LANGUAGE: Final = re.compile(rb"<(?:dc:)?language>([^<]{1,40})<")
#: What stands in an item's name: nothing of it may be longer than a tag of sense.
_HREF: Final = re.compile(rb"""\shref\s*=\s*["']([^"']*)""")
_REL: Final = re.compile(rb"""\srel\s*=\s*["']([^"']*)""")
_ABOUT: Final = re.compile(rb"""\s(?:\w+:)?about\s*=\s*["']([^"']*)""")
_AFTER_NAME: Final = frozenset(b" \t\r\n>/")
_MOST_LINKS: Final = 20  # of one item; each is looked at


@dataclass(frozen=True, slots=True)
class Split:
    """Where the items of ``body`` stand, in its order, and their digests.

    ``shared`` says that two of them have the same id or link: which key each gets can then only be told with all in view.
    """

    body: bytes = field(repr=False)
    items: tuple[tuple[int, int], ...]
    digests: tuple[bytes, ...]
    shared: bool

    @property
    def head(self) -> bytes:
        return self.body[: self.items[0][0]]

    @property
    def tail(self) -> bytes:
        return self.body[self.items[-1][1] :]

    @property
    def known(self) -> bytes:
        """The digests as the record keeps them."""
        return b"".join(self.digests[:MOST_KNOWN])

    def without(self, known: bytes) -> list[int]:
        """The numbers of the items that are not in ``known`` (digests one after the other)."""
        before = digests_of(known)
        return [number for number, digest in enumerate(self.digests) if digest not in before]

    def only(self, numbers: Iterable[int]) -> bytes:
        """The body with these items and no others, in its order."""
        return b"".join((self.head, *(self.body[slice(*self.items[number])] for number in sorted(numbers)), self.tail))


def digests_of(known: bytes) -> Collection[bytes]:
    return {known[at : at + DIGEST] for at in range(0, len(known), DIGEST)}


def digest(content: bytes, key: bytes = b"") -> bytes:
    """``key`` is at most 64 bytes long."""
    return blake2b(content, digest_size=DIGEST, key=key or READER_VERSION).digest()


def split(body: bytes) -> Split | None:
    """``body`` is UTF-8 without a document type. None where it has no items or anything unusual about it."""
    root = _root(body)
    if root is None:
        return None
    prefix, kind = root[1] or b"", root[2]
    name = {b"feed": prefix + b"entry", b"urlset": prefix + b"url"}.get(kind, b"item")
    items = _items(body, name, root.end())
    if not items:
        return None
    key = _key(root[0], body[root.end() : items[0][0]])
    pieces = [body[start:end] for start, end in items]
    digests = tuple(blake2b(piece, digest_size=DIGEST, key=key).digest() for piece in pieces)
    return Split(body, tuple(items), digests, _share_a_name(pieces))


def _root(body: bytes) -> re.Match[bytes] | None:
    """The root element's start tag, after declarations and comments."""
    at = 0
    while True:
        blank = _BLANK.match(body, at)
        at = blank.end() if blank else at
        close = b"?>" if body.startswith(b"<?", at) else b"-->" if body.startswith(b"<!--", at) else b""
        if not close:
            return _ROOT.match(body, at)
        end = body.find(close, at)
        if end < 0:
            return None
        at = end + len(close)


def _key(root: bytes, head: bytes) -> bytes:
    """What else an item's reading hangs on: namespaces, the base of its links, the feed's language. Not the rest of the
    feed's head, which often holds the time of day."""
    channel = _CHANNEL.search(head)
    parts = (READER_VERSION, root, channel[0] if channel else b"", *_LANGUAGE.findall(head))
    return blake2b(b"\0".join(parts), digest_size=32).digest()


# ------------------------------------------------------------------------------------------- where items stand
def _items(body: bytes, name: bytes, start: int) -> list[tuple[int, int]] | None:
    found: list[tuple[int, int]] = []
    begin = _tag(body, b"<" + name, start)
    at = start
    while begin >= 0:
        if not (_is_gap(body[at:begin]) if found else _hidden_until(body, at, begin) == 0):
            return None
        end = _end_of_item(body, name, begin)
        if end < 0:
            return None
        found.append((begin, end))
        at = end
        begin = _tag(body, b"<" + name, at)
    return found


def _tag(body: bytes, opening: bytes, at: int, end: int | None = None) -> int:
    """Where the next ``opening`` stands that is a whole name (``<item`` is not ``<items``)."""
    while (at := body.find(opening, at, end)) >= 0:
        after = at + len(opening)
        if after < len(body) and body[after] in _AFTER_NAME:
            return at
        at = after
    return -1


def _end_of_item(body: bytes, name: bytes, begin: int) -> int:
    """Just behind the item's end tag; -1 where it cannot be told."""
    close = begin
    while (close := _tag(body, b"</" + name, close)) >= 0:
        hidden = _hidden_until(body, begin, close)
        if hidden < 0 or _tag(body, b"<" + name, begin + 1, close) >= 0:
            return -1
        if hidden == 0:
            return body.find(b">", close) + 1 or -1
        close = hidden
    return -1


def _hidden_until(body: bytes, begin: int, at: int) -> int:
    """Where the CDATA section that hides ``at`` ends; 0 where nothing hides it, -1 where that cannot be told."""
    section = body.rfind(b"<![CDATA[", begin, at)
    section_end = body.find(b"]]>", section) if section >= 0 else 0
    if section_end < 0 or section_end > at:
        return section_end + 3 if section_end > 0 else -1
    comment = body.rfind(b"<!--", begin, at)
    if comment >= 0 and not section < comment < section_end and body.find(b"-->", comment, at) < 0:
        return -1
    return 0


def _is_gap(between: bytes) -> bool:
    """Whether nothing is lost with what stands between two items: blanks, or one comment."""
    between = between.strip()
    return not between or (between.startswith(b"<!--") and between.endswith(b"-->") and between.find(b"-->") == len(between) - 3)


# ------------------------------------------------------------------------------------------- what items are called
def _share_a_name(items: Sequence[bytes]) -> bool:
    names: set[tuple[bytes, bytes]] = set()
    for item in items:
        own = _names(item)
        if not names.isdisjoint(own):
            return True
        names |= own
    return False


def _names(item: bytes) -> set[tuple[bytes, bytes]]:
    """The item's id and links as they are written."""
    start_tag = item[: item.find(b">")]
    about = _ABOUT.search(start_tag)
    ids = [_text(item, b"<guid"), _text(item, b"<id"), about[1] if about else b""]
    names = {(b"id", value) for value in ids if value}
    names |= {(b"link", value) for value in _links(item) if value}
    return names


def _links(item: bytes) -> Iterable[bytes]:
    yield _text(item, b"<loc")
    at = 0
    for _ in range(_MOST_LINKS):
        at = _tag(item, b"<link", at)
        if at < 0:
            return
        end = item.find(b">", at)
        tag = item[at:end]
        if href := _HREF.search(tag):
            rel = _REL.search(tag)
            if rel is None or rel[1] == b"alternate":
                yield href[1]
        else:
            yield _text(item, b"<link", at)
        at = end


def _text(item: bytes, opening: bytes, at: int = 0) -> bytes:
    at = _tag(item, opening, at)
    if at < 0:
        return b""
    begin = item.find(b">", at) + 1
    text = item[begin : item.find(b"</", begin)].strip()
    return text.removeprefix(b"<![CDATA[").removesuffix(b"]]>").strip()
