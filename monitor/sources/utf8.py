"""A feed's bytes as sound UTF-8, whatever they were declared as: what all that follows works on.

The encoding of a large body is read off its beginning. It must not know what kind of feed the bytes are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from monitor.text.decode import as_utf8 as decode_to_utf8

_SAMPLE: Final = 1024 * 1024  # bytes: articles of every language a feed may mix
_MARK: Final = b"\xef\xbb\xbf"

_DECLARED: Final = re.compile(rb"^[\s\x00]*<\?xml[^>]{0,500}?encoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"']", re.IGNORECASE)
_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)

_QUOTES_AND_ENDS: Final = re.compile(rb"""["'\[\]>]|<!--""")
_ROOT: Final = re.compile(rb"<\w")


def as_utf8(body: bytes, headers: Mapping[str, str]) -> tuple[bytes, tuple[str, ...]]:
    """``body`` in UTF-8 without a byte order mark, and the note that says what it was read as, unless that is UTF-8.

    ``headers`` have names in lower case."""
    if b"\0" not in body and b"\x1b" not in body and _is_utf8(body):  # without a NUL it is not UTF-16
        return body.removeprefix(_MARK), ()
    declared = _charset(headers) or _declared(body)
    decoded, found = decode_to_utf8(body if len(body) <= _SAMPLE else body[:_SAMPLE], declared)
    notes = tuple(note for note in found if note.startswith("encoding:"))
    if len(body) <= _SAMPLE and "cut" not in found:
        return decoded, notes
    name = notes[0].removeprefix("encoding:").replace("windows-", "cp") if notes else "utf-8-sig"
    return body.decode(name, "replace").encode("utf-8", "replace"), notes


def _is_utf8(body: bytes) -> bool:
    if body.isascii():
        return True
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _charset(headers: Mapping[str, str]) -> str:
    found = _CHARSET.search(headers.get("content-type", ""))
    return found[1] if found else ""


def _declared(body: bytes) -> str:
    found = _DECLARED.match(body[:1000])
    return found[1].decode("ascii") if found else ""


def without_doctype(body: bytes) -> bytes:
    """``body`` without its document type, and so without entities of its own: they are used for bombs, hardly ever for
    news, and a backslash in one makes feedparser raise. The names HTML knows are understood without it."""
    root = _ROOT.search(body)
    start = body.find(b"<!", 0, root.start() if root else len(body))
    while start >= 0 and body[start + 2 : start + 9].upper() != b"DOCTYPE":
        end = body.find(b"-->", start) if body.startswith(b"<!--", start) else start + 2
        # A comment before the root may hold a tag, so what looked like the root was none.
        root = _ROOT.search(body, max(end, 0)) if end >= 0 else None
        start = body.find(b"<!", end, root.start() if root else len(body)) if end >= 0 else -1
    if start < 0:
        return body
    return body[:start] + body[_end_of_doctype(body, start) :]


def _end_of_doctype(body: bytes, start: int) -> int:
    """Behind the ``>`` that ends it: not one within quotes, a comment, or the declarations in brackets."""
    depth, at = 0, start + 9
    while found := _QUOTES_AND_ENDS.search(body, at):
        at = found.end()
        mark = found[0]
        if mark in (b'"', b"'", b"<!--"):
            end = body.find(b"-->" if mark == b"<!--" else mark, at)
            at = end + 1 if end >= 0 else at
        elif mark == b"[":
            depth += 1
        elif mark == b"]":
            depth = max(0, depth - 1)
        elif depth == 0:
            return at
    end = body.find(b">", start)  # never closed: its first line goes, the rest is read as well as it can be
    return end + 1 if end >= 0 else len(body)
