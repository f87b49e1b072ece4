"""A feed's body cut into its items without reading it, so that what was read before need not be read again.

Most polls bring one or two new items among thirty. Every item is known again by a digest of its bytes; only the others
go to a parser, between the feed's own beginning and end. Nothing here understands XML: a body with anything odd about
it is not cut at all (``split`` answers None), and is then read whole. It must not know what an item says, only where it
stands and whether two of them share a name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
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
#: What stands in an item's name: nothing of it may be longer than a tag of sense.
_HREF: Final = re.compile(rb"""\shref\s*=\s*["']([^"']*)""")
_REL: Final = re.compile(rb"""\srel\s*=\s*["']([^"']*)""")
_ABOUT: Final = re.compile(rb"""\s(?:\w+:)?about\s*=\s*["']([^"']*)""")


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
    scan = _scan(body, name, root.end())
    if scan is None:
        return None
    key = _key(root[0], body[root.end() : scan.items[0][0]])
    digests = tuple(blake2b(body[start:end], digest_size=DIGEST, key=key).digest() for start, end in scan.items)
    return Split(body, tuple(scan.items), digests, scan.shared)


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
@dataclass(slots=True)
class _Scan:
    """What the scanner has met: items, and the ids and links that two of them share."""

    items: list[tuple[int, int]] = field(default_factory=list)
    names: set[tuple[bytes, bytes]] = field(default_factory=set)
    shared: bool = False


@cache
def _marks(name: bytes) -> re.Pattern[bytes]:
    """What the scanner stops at: ends of items, what hides markup, and an item's names."""
    return re.compile(
        rb"<(?:(?P<item>/?" + re.escape(name) + rb")(?=[\s>/])|(?P<section>!\[CDATA\[)|(?P<comment>!--)|(?P<source>/?source)(?=[\s>])"
        rb"|(?P<name>guid|id|link|loc)(?P<attributes>(?:\s[^<>]*)?)>\s*(?:<!\[CDATA\[)?(?P<text>[^<]*))"
    )


def _scan(body: bytes, name: bytes, start: int) -> _Scan | None:
    """None where an item is not closed, or something stands between two items."""
    scan = _Scan()
    search = _marks(name).search
    at, begin, own, in_source = start, -1, set[tuple[bytes, bytes]](), False
    while found := search(body, at):
        kind, here = found.lastgroup, found.start()
        # Of what stands between two items nothing may be lost; ``at`` is the end of the last item or comment there.
        if begin < 0 and scan.items and body[at:here].strip() and kind == "item":
            return None
        at = found.end()
        if kind == "item":
            closes = found["item"].startswith(b"/")
            if closes != (begin >= 0):
                return None
            if closes:
                at = body.find(b">", at) + 1
                scan.items.append((begin, at))
                scan.shared = scan.shared or not own.isdisjoint(scan.names)
                scan.names |= own
                begin = -1
            else:
                begin, own, in_source = here, _about(body, at), False
        elif kind in ("section", "comment"):
            end = body.find(b"]]>" if kind == "section" else b"-->", at)
            if end < 0:
                return None
            at = end + 3
        elif kind == "source":
            in_source = not found["source"].startswith(b"/")
        elif begin >= 0 and not in_source and (named := _named(found)):
            own.add(named)
    return scan if begin < 0 and scan.items else None


def _about(body: bytes, at: int) -> set[tuple[bytes, bytes]]:
    """The id in an RDF item's start tag, whose name ends at ``at``."""
    about = _ABOUT.search(body, at, body.find(b">", at)) if body[at] != 62 else None
    return {(b"id", about[1])} if about else set()


def _named(found: re.Match[bytes]) -> tuple[bytes, bytes] | None:
    """An item's id or link as it is written."""
    name, attributes = found["name"], found["attributes"]
    value = found["text"].strip()
    if name == b"link":
        if attributes and (href := _HREF.search(attributes)):
            rel = _REL.search(attributes)
            value = href[1] if rel is None or rel[1] == b"alternate" else b""
    else:
        name = b"id"
    value = value.removesuffix(b"]]>").strip()
    return (name, value) if value else None
