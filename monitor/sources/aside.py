"""The long texts of a feed's items, put aside before its XML is parsed.

A parser goes through a text one character at a time, and most bytes of a feed are texts, in which there is nothing for it to
find. So what is plainly the whole text of an element, and cannot be anything else, is taken out, with a mark in its place. What a
parser would refuse, or only it could tell, is left to it. It must not know what the elements mean.
"""

from __future__ import annotations

import re
from typing import Final

from monitor.sources.native import COMPILED, kernel

#: Stands for a text, before its number. A feed that uses this character itself is left as it is; that none names it by its number is
#: for the caller to see to.
MARK: Final = "\uf8ff"
_MARK: Final = MARK.encode()
#: What hides markup, and how it ends.
_ENDS: Final = {b"<!--": b"-->", b"<?": b"?>", b"<![CDATA[": b"]]>"}
_SECTION: Final = b"<![CDATA["
#: Elements of long texts; what hides markup, or begins a document type, which may name texts.
_STOPS: Final = re.compile(rb"<(?:(description|content:encoded)>|!\[CDATA\[|!--|\?|!)")
#: Not in XML, and so for the parser to refuse; how they and the mark begin, which is found many times quicker.
_FORBIDDEN: Final = (b"\xef\xbf\xbe", b"\xef\xbf\xbf")
_BEGINNING: Final = b"\xef"
#: Bytes of a text that is worth it; and what the parser has limits for.
_LEAST: Final = 200
_MOST: Final = 1 << 20


def put_aside(body: bytes) -> tuple[bytes, list[str]]:
    """``body`` (UTF-8, without control characters) with marks for long texts, and these."""
    if not COMPILED or (_BEGINNING in body and any(map(body.__contains__, (_MARK, *_FORBIDDEN)))):
        return body, []
    pieces: list[bytes] = []
    texts: list[str] = []
    at = done = 0
    while found := _STOPS.search(body, at):
        at = found.end()
        if found[1] is None:
            at = body.find(_ENDS.get(found[0], b""), at)
            if at < 0 or found[0] == b"<!":
                return body, []
            continue
        start, text, end = _text(body, at)
        if text is not None:
            pieces += body[done:start], b"%b%d" % (_MARK, len(texts))
            texts.append(text)
            done = end
        at = max(at, end)
    return (b"".join((*pieces, body[done:])), texts) if texts else (body, [])


def _text(body: bytes, start: int) -> tuple[int, str | None, int]:
    """(start, text, end) of all that an element holds whose start tag ends at ``start``; no text where that is not plain."""
    section = body.startswith(_SECTION, start)
    end = body.find(b"]]>" if section else b"<", start)
    if end < 0:
        return start, None, start
    behind = end + 3 if section else end
    raw = body[start + len(_SECTION) if section else start : end]
    if not _LEAST <= len(raw) <= _MOST or not body.startswith(b"</", behind):
        return start, None, start
    try:
        return start, (_whole(raw) if section else kernel.unescaped(raw)), behind
    except UnicodeDecodeError:
        return start, None, start


def _whole(raw: bytes) -> str | None:
    return None if b"\r" in raw else raw.decode()
