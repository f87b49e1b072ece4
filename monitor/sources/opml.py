"""OPML: lists of feeds, as other readers write them and as this one keeps them.

Read leniently (groups of any depth, attributes in any case, what is no feed passed over) and safely (no entities, bounded
depth and size), with the line of everything that is wrong. What OPML has no attribute for stands in attributes beginning
``monitor:`` (``monitor:every="15m"``), which other readers leave alone.

This module must not know where a list is kept, nor whether its feeds answer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final
from urllib.parse import unquote, urlsplit
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from monitor.errors import Fault
from monitor.text.latin import latin

MAX_BYTES: Final = 16 * 1024 * 1024
_MAX_DEPTH: Final = 64
NAMESPACE: Final = "urn:news-monitor:opml"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
#: Attributes of ours that hold what a source's settings hold, in the words of the configuration.
SETTINGS: Final = ("every", "full_text", "important", "fresh")
_GENERIC_HOSTS: Final = frozenset({"www", "rss", "feeds", "feed", "news", "api"})


@dataclass(frozen=True, slots=True)
class Outline:
    """One feed of a list. ``settings`` are those of ``SETTINGS`` that it gives, as text; ``line`` is where it stands (0: nowhere)."""

    name: str
    url: str
    title: str = ""
    site: str = ""
    language: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    verified: bool = True
    line: int = 0


class _Refused(Exception):
    """What makes the rest of the file not worth reading."""


def read(raw: bytes, file: str, taken: Iterable[str] = ()) -> tuple[list[Outline], list[Fault]]:
    """The feeds of a list in its order, and what is wrong with it. Where a fault is no warning the list is not to be used.

    Names are those of ``monitor:name``, else made of the title or the host so that they are the same at every reading;
    ``taken`` are names that others have, which none is made like.
    """
    reader = _Reader(file, set(taken))
    if len(raw) > MAX_BYTES:
        return [], [Fault(f"larger than {MAX_BYTES // 1024 // 1024} MiB: not read", file=file, hint="split it into several files")]
    return reader.read(raw)


class _Reader:
    def __init__(self, file: str, taken: set[str]) -> None:
        self.file, self.taken = file, taken
        self.given: set[str] = set()
        self.outlines: list[Outline] = []
        self.faults: list[Fault] = []
        self.groups: list[str] = []
        self.depth = 0
        self.root = ""
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.EntityDeclHandler = self._entity

    def read(self, raw: bytes) -> tuple[list[Outline], list[Fault]]:
        try:
            self.parser.Parse(raw, True)
        except expat.ExpatError as error:
            self._fault(f"not well-formed XML: {expat.errors.messages[error.code]}", error.lineno, error.offset + 1)
        except _Refused as refused:
            self._fault(str(refused), self.parser.CurrentLineNumber)
        except (LookupError, ValueError) as error:  # an encoding that is none
            self._fault(f"cannot be decoded: {error}", 1)
        if not self.faults and self.root != "opml":
            self._fault(f"not an OPML file: its first element is <{self.root}>", 1)
        return self.outlines, self.faults

    def _fault(self, message: str, line: int, column: int = 0, hint: str = "") -> None:
        self.faults.append(Fault(message, file=self.file, line=line, column=column, hint=hint))

    def _entity(self, *_: object) -> None:
        raise _Refused("declares entities of its own, which lists of feeds have no use for")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise _Refused(f"nested more than {_MAX_DEPTH} deep")
        self.root = self.root or tag.lower()
        if tag.lower() != "outline":
            return
        plain = {key.lower(): value.strip() for key, value in attributes.items()}
        url = plain.get("xmlurl", "") or (plain.get("url", "") if plain.get("type", "").lower() in ("rss", "atom", "feed") else "")
        if url:
            self._feed(url, plain)
            self.groups.append("")
        else:
            self.groups.append(plain.get("title", "") or plain.get("text", ""))

    def _end(self, tag: str) -> None:
        self.depth -= 1
        if tag.lower() == "outline":
            self.groups.pop()

    def _feed(self, url: str, plain: Mapping[str, str]) -> None:
        line = self.parser.CurrentLineNumber
        parts = _parts(url)
        if parts is None:
            self._fault(
                f"{url[:200]!r} is not an http:// or https:// address: passed over", line, hint="only feeds on the web can be asked"
            )
            self.faults[-1] = _as_warning(self.faults[-1])
            return
        title = plain.get("title", "") or plain.get("text", "")
        name = plain.get("monitor:name", "")
        if name and (not _NAME.fullmatch(name) or name in self.given):
            wrong = "stands here twice" if _NAME.fullmatch(name) else "is not a name (lower-case letters, digits, '-' and '_')"
            self._fault(f"monitor:name {name[:80]!r} {wrong}", line, hint="give each source a name of its own, or leave the attribute out")
            return
        name = name or name_of(title, parts[1], self.taken)
        self.taken.add(name)
        self.given.add(name)
        group = next((group for group in reversed(self.groups) if group), "")
        labels = _labels(plain.get("monitor:labels", ""))
        category = plain.get("category", "").split(",")[0].strip(" /") or group
        if category:
            labels.setdefault("category", category)
        if plain.get("monitor:country"):
            labels.setdefault("country", plain["monitor:country"])
        self.outlines.append(
            Outline(
                name=name,
                url=url,
                title=title,
                site=plain.get("htmlurl", ""),
                language=_language(plain.get("monitor:language", "") or plain.get("language", "")),
                labels=labels,
                settings={key: plain[f"monitor:{key}"] for key in SETTINGS if plain.get(f"monitor:{key}")},
                verified=plain.get("monitor:verified", "yes").lower() not in ("no", "false", "0"),
                line=line,
            )
        )


def _as_warning(fault: Fault) -> Fault:
    return Fault(fault.message, file=fault.file, line=fault.line, hint=fault.hint, warning=True)


def _parts(url: str) -> tuple[str, str] | None:
    """Scheme and host of a web address; None where it is none."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    return (parts.scheme, host) if parts.scheme.lower() in ("http", "https") and host else None


def _labels(text: str) -> dict[str, str]:
    """``region=Gulf; kind=agency``; what is none of the two signs may stand as ``%3B`` and ``%3D``."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {unquote(key).strip(): unquote(value).strip() for key, sign, value in pairs if sign and key.strip()}


def _escaped(text: str) -> str:
    return text.strip().replace("%", "%25").replace(";", "%3B").replace("=", "%3D")


def _language(value: str) -> str:
    """ISO 639-1 of ``ar``, ``AR-eg``, ``en_US``; "" where it is none."""
    code = re.split(r"[-_]", value.lower())[0]
    return code if re.fullmatch(r"[a-z]{2,3}", code) and code != "unknown" else ""


def _slug(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:50].strip("-")
    # One of a title's letters that happens to be Latin is no name.
    return slug if len(slug) >= 3 else ""


def _of_host(host: str) -> str:
    labels = [label for label in host.lower().split(".") if label and label not in _GENERIC_HOSTS]
    return re.sub(r"[^a-z0-9]+", "-", "-".join(labels[:2])).strip("-")[:50] or "feed"


def name_of(title: str, host: str, taken: set[str]) -> str:
    """A source's name made of its title, or else of its host; none of those ``taken``. Where the host is a bare number, which tells
    nobody anything, a title in other letters is written in Latin ones."""
    return _unique(_slug(title) or (_slug(latin(title)) if _is_number(host) else "") or _of_host(host), taken)


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _unique(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    return next(numbered for number in range(2, len(taken) + 3) if (numbered := f"{name}-{number}") not in taken)


def write(outlines: Iterable[Outline], title: str) -> bytes:
    """A list that ``read`` gives back the same, and that other readers can read too. One feed a line, for diffs."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<opml version="2.0" xmlns:monitor="{NAMESPACE}">',
        f"  <head><title>{_text(title)}</title></head>",
        "  <body>",
        *(f"    <outline {_attributes(outline)}/>" for outline in outlines),
        "  </body>",
        "</opml>",
        "",
    ]
    return "\n".join(lines).encode()


def _attributes(outline: Outline) -> str:
    title = outline.title or outline.name
    pairs: list[tuple[str, str]] = [("type", "rss"), ("text", title), ("title", title), ("xmlUrl", outline.url), ("htmlUrl", outline.site)]
    pairs += [("language", outline.language), ("monitor:name", outline.name)]
    pairs.append(("monitor:labels", "; ".join(f"{_escaped(key)}={_escaped(value)}" for key, value in outline.labels.items())))
    pairs += [(f"monitor:{key}", value) for key, value in outline.settings.items()]
    if not outline.verified:
        pairs.append(("monitor:verified", "no"))
    return " ".join(f"{key}={quoteattr(_plain(value))}" for key, value in pairs if value)


def _plain(value: str) -> str:
    """Without the characters that XML has no way to write."""
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", value)


def _text(value: str) -> str:
    return _plain(value).replace("&", "&amp;").replace("<", "&lt;")
