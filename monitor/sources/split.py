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
from functools import cache
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
# An item's names as they are written: the text of an element, or an attribute.
_NAMED: Final = re.compile(rb"<(guid|id|loc|link)(\s[^<>]*)?>\s*(?:<!\[CDATA\[)?([^<]*)")
_ABOUT: Final = re.compile(rb"""<item\s[^<>]*?\babout\s*=\s*["']([^"'<>]*)""")
_HREF: Final = re.compile(rb"""\shref\s*=\s*["']([^"']*)""")
_REL: Final = re.compile(rb"""\srel\s*=\s*["']([^"']*)""")
_SOURCE: Final = re.compile(rb"<source[\s>].*?</source>", re.DOTALL)
_SLASH: Final = ord("/")


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
    digests = tuple(blake2b(body[start:end], digest_size=DIGEST, key=key).digest() for start, end in items)
    return Split(body, tuple(items), digests, _share_a_name(body, items))


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
@cache
def _marks(name: bytes) -> re.Pattern[bytes]:
    """What the scanner stops at: ends of items, and what hides markup."""
    return re.compile(rb"<(?:(/?" + re.escape(name) + rb")(?=[\s>/])|(!\[CDATA\[)|(!--))")


def _items(body: bytes, name: bytes, start: int) -> list[tuple[int, int]]:
    """None at all where an item is not closed, or something stands between two."""
    items: list[tuple[int, int]] = []
    search = _marks(name).search
    at, begin = start, -1
    while found := search(body, at):
        tag = found[1]
        if tag is None:
            at = body.find(b"]]>" if found[2] else b"-->", found.end()) + 3
            if at < 3:
                return []
        elif tag[0] != _SLASH:
            # Of what stands between two items nothing may be lost; ``at`` is the end of the last item or comment there.
            if begin >= 0 or (items and body[at : found.start()].strip()):
                return []
            begin, at = found.start(), found.end()
        else:
            at = body.find(b">", found.end()) + 1
            if begin < 0 or not at:
                return []
            items.append((begin, at))
            begin = -1
    return items if begin < 0 else []


# ------------------------------------------------------------------------------------------- what items are called
def _share_a_name(body: bytes, items: Sequence[tuple[int, int]]) -> bool:
    """Whether two items have an id or a link in common, as they are written."""
    names = _names(body, items[0][0], items[-1][1])
    if len(set(names)) == len(names):
        return False
    # Some item may have told one twice: item by item then, without the feed that it says it is from.
    seen: set[tuple[bytes, bytes]] = set()
    for start, end in items:
        item = _SOURCE.sub(b"", body[start:end])
        own = set(_names(item, 0, len(item)))
        if not own.isdisjoint(seen):
            return True
        seen |= own
    return False


def _names(body: bytes, start: int, end: int) -> list[tuple[bytes, bytes]]:
    found = [(b"id", about) for about in _ABOUT.findall(body, start, end)] if b"about" in body else []
    for element, attributes, text in _NAMED.findall(body, start, end):
        if element != b"link":
            found.append((b"id", _bare(text)))
        elif href := _HREF.search(attributes) if attributes else None:
            rel = _REL.search(attributes)
            if rel is None or rel[1] == b"alternate":
                found.append((b"link", href[1]))
        else:
            found.append((b"link", _bare(text)))
    return [name for name in found if name[1]]


def _bare(text: bytes) -> bytes:
    return text.strip().removesuffix(b"]]>").rstrip()
