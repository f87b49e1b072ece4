"""Alerts as an Atom feed (RFC 4287): one entry a notification, under an id that is its own for ever.

XML is only ever written here, by the standard library's serialiser, never read. Pure: messages in, bytes out; which are kept, and
where the feed stands, is the sink's business.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from monitor.model import identity
from monitor.render.mail import fragment
from monitor.render.message import Message
from monitor.render.oneline import line
from monitor.render.payload import timestamp

ATOM: Final = "http://www.w3.org/2005/Atom"
TITLE: Final = 160
_SCHEME: Final = "urn:news-monitor:"


def entry(message: Message) -> bytes:
    """One ``<entry>``, whole in itself, in UTF-8 without a declaration."""
    root = Element("entry", {"xmlns": ATOM})
    _text(root, "id", _urn(message.id))
    _text(root, "title", line(message, TITLE))
    _text(root, "updated", timestamp(message.time))
    if message.url:
        SubElement(root, "link", {"rel": "alternate", "href": message.url})
    SubElement(root, "category", {"term": message.severity.value, "scheme": _SCHEME + "severity"})
    if message.watchlist:
        SubElement(root, "category", {"term": message.watchlist, "scheme": _SCHEME + "watchlist", "label": message.name})
    _text(root, "content", fragment(message), type="html")
    return _bytes(root)


def feed(entries: Iterable[bytes], *, title: str, updated: datetime, url: str = "") -> bytes:
    """The whole feed; ``entries`` newest first, as `entry` made them. ``url`` is where the feed itself can be had, if anywhere."""
    root = Element("feed", {"xmlns": ATOM})
    _text(root, "id", url or _urn(identity("feed", title)))
    _text(root, "title", title)
    _text(root, "updated", timestamp(updated))
    if url:
        SubElement(root, "link", {"rel": "self", "href": url})
    SubElement(SubElement(root, "author"), "name").text = "news-monitor"
    _text(root, "generator", "news-monitor")
    head = _bytes(root).removesuffix(b"</feed>")
    return b"\n".join([b'<?xml version="1.0" encoding="utf-8"?>', head, *entries, b"</feed>\n"])


def _urn(id_: str) -> str:
    """RFC 9562: a name of 32 hex digits as a UUID; anything else is named by its hash."""
    digits = id_ if len(id_) == 32 and all(c in "0123456789abcdef" for c in id_) else identity(id_)
    return "urn:uuid:" + "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _text(root: Element, tag: str, text: str, **attributes: str) -> None:
    SubElement(root, tag, attributes).text = text


def _bytes(root: Element) -> bytes:
    return tostring(root, encoding="unicode").encode()
