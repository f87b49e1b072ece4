"""Articles written as JSON: one form for what is pushed over HTTP, for ``monitor ingest`` and for .jsonl files of folders.

    id         text, 1 to 500 characters    names the article within its source for ever; the same id again is an edit of it
    text       text                         the article, or
    html       text                         the page it stands on
    title      text                         what goes before the text, a blank line between
    url        http:// or https://          where people read it
    published  RFC 3339, with a time zone   2026-03-01T14:05:00+02:00
    language   ar, en …                     where detection should not decide alone
    labels     {name: text, …}              for label(name=…) in queries, over those of the source

``id`` and one of ``text`` and ``html`` must be there; what is not in this table is a fault. Whoever writes an article is
told what to write instead, by the field. This module must not know who hands articles in, nor how.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any, Final
from urllib.parse import urlsplit

from monitor.errors import DocumentError
from monitor.model import Document, SourceSpec, Span
from monitor.ports import PushedArticle, PushFault
from monitor.sources.item import CONTROLS, MAX_KEY, MAX_TITLE, MAX_URL, bounded
from monitor.text.decode import MAX_BYTES, clean
from monitor.text.links import own

#: Articles of one body, so that one push is one short piece of work.
MAX_ARTICLES: Final = 1_000
MAX_HTML: Final = 8 * 1024 * 1024  # characters
MAX_LABELS: Final = 50
#: Numbers below it are shown as the text that was meant.
_SHORT_NUMBER: Final = 10**20
MAX_LABEL: Final = 200  # characters, of a name or a value

FIELDS: Final = ("id", "text", "html", "title", "url", "published", "language", "labels")

_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")
_RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)
_FRACTION: Final = re.compile(r"\.\d+")


# ------------------------------------------------------------------------------------------- bodies
def read_articles(body: bytes, *, lines: bool, spec: SourceSpec, now: datetime) -> list[PushedArticle | PushFault]:
    """``body`` is JSON Lines, or one article or a list of them. Raises DocumentError where it is neither, or too much."""
    if not lines:
        value = read_json(body)
        values = value if isinstance(value, list) else [value]
        _bounded(len(values))
        return [_one(index, value, spec, now) for index, value in enumerate(values)]
    found = body.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    written = [(index, line) for index, line in enumerate(found) if line.strip()]
    _bounded(len(written))
    return [_one(index, line, spec, now) for index, line in written]


def _bounded(count: int) -> None:
    if count > MAX_ARTICLES:
        raise DocumentError(f"{count:,} articles at once, and {MAX_ARTICLES:,} are taken", hint="send them in parts")


def _one(index: int, value: Any, spec: SourceSpec, now: datetime) -> PushedArticle | PushFault:
    """``value`` as JSON has it, or the bytes of a line."""
    try:
        return parse_article(read_json(value) if isinstance(value, bytes) else value, spec=spec, now=now, index=index)
    except DocumentError as error:
        return PushFault(index, error.message)


def read_json(raw: bytes) -> Any:
    """One JSON value; raises DocumentError. Stricter than the library: no NaN, no name twice."""
    try:
        return json.loads(raw.decode("utf-8-sig"), parse_constant=_no_number, object_pairs_hook=_once_each)
    except UnicodeDecodeError as error:
        raise DocumentError(f"this is not UTF-8 (byte {error.start})") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}" if error.lineno > 1 else f"column {error.colno}"
        raise DocumentError(f"this is not JSON: {error.msg} ({where})") from None
    except RecursionError:
        raise DocumentError("this is nested too deep to be an article") from None
    except ValueError as error:  # a number of thousands of digits; our own two
        raise DocumentError(f"this is not JSON: {str(error)[:200]}") from None


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _once_each(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{_shown(twice)} is given twice")
    return found


# ----------------------------------------------------------------------------------------- one article
def parse_article(value: Any, *, spec: SourceSpec, now: datetime, index: int = 0) -> PushedArticle:
    """Raises DocumentError naming the field and what to write."""
    if not isinstance(value, dict):
        raise DocumentError('an article is an object: {"id": …, "text": …}')
    for name in value:
        if name not in FIELDS:
            near = get_close_matches(name[:50], FIELDS, 1)
            raise DocumentError(f"{_shown(name)} is no field of an article" + (f": did you mean {near[0]}?" if near else f" ({_listed()})"))
    key = _id(value)
    title = _title(value)
    url = _url(value)
    text, html = _text(value, "text", MAX_BYTES), _text(value, "html", MAX_HTML)
    if bool(text.strip()) == bool(html.strip()):
        raise DocumentError("both text and html are given: one is enough" if text.strip() else "text (or html) is missing, or empty")
    cleaned = clean(f"{title}\n\n{text}" if title else text)
    document = Document(
        source=spec.name,
        key=key,
        text="" if html else cleaned.text,
        title=Span(0, len(title)) if title and not html else None,
        url=url,
        published=_published(value, now),
        published_raw=str(value.get("published") or ""),
        language_hint=_language(value) or spec.language,
        labels={**spec.labels, **_labels(value)},
        notes=() if html else cleaned.notes,
        link=own(url, "") if url else "",
    )
    return PushedArticle(index, document, title, html)


def _id(value: Mapping[str, Any]) -> str:
    key = value.get("id")
    if isinstance(key, int | float) and not isinstance(key, bool):
        example = f': "{key}"' if isinstance(key, int) and abs(key) < _SHORT_NUMBER else ""
        raise DocumentError(f"id is a number; write it as text{example}")
    if key is not None and not isinstance(key, str):
        raise DocumentError("id is not text")
    if key is None or not key.strip():
        raise DocumentError("id is missing: text that names this article for ever, such as the sender's own number of it")
    if len(key) > MAX_KEY:
        raise DocumentError(f"id is longer than {MAX_KEY} characters")
    if CONTROLS.search(key) or clean(key).text != key or "\n" in key:
        raise DocumentError("id holds control characters, or what is no character")
    return key


def _text(value: Mapping[str, Any], name: str, most: int) -> str:
    text = value.get(name)
    if text is None:
        return ""
    if not isinstance(text, str):
        raise DocumentError(f"{name} is not text")
    if len(text) > most or len(text.encode("utf-8", "replace")) > most:
        raise DocumentError(f"{name} is longer than {most >> 20} MiB")
    return text


def _title(value: Mapping[str, Any]) -> str:
    title = " ".join(clean(CONTROLS.sub(" ", _text(value, "title", MAX_BYTES))).text.split())
    if len(title) > MAX_TITLE:
        raise DocumentError(f"title is longer than {MAX_TITLE:,} characters")
    return title


def _url(value: Mapping[str, Any]) -> str:
    url = _text(value, "url", MAX_URL * 4)
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and len(url) <= MAX_URL
    except ValueError:
        sound = False
    if url and (not sound or not url.isprintable() or " " in url):
        raise DocumentError("url is no http:// or https:// address")
    return url


def _published(value: Mapping[str, Any], now: datetime) -> datetime | None:
    raw = value.get("published")
    if raw is None or raw == "":
        return None
    if isinstance(raw, str) and _RFC3339.fullmatch(raw):
        try:
            at = datetime.fromisoformat(_FRACTION.sub("", raw).replace("z", "Z"))
            return bounded(at.astimezone(UTC), now)
        except (ValueError, OverflowError):
            pass  # 30 February
    raise DocumentError("published is no date of the form 2026-03-01T14:05:00Z or 2026-03-01T14:05:00+02:00")


def _language(value: Mapping[str, Any]) -> str:
    language = value.get("language")
    if language is None or language == "":
        return ""
    if not isinstance(language, str) or not _LANGUAGE.fullmatch(language):
        raise DocumentError("language is no code such as ar, en or ru")
    return language


def _labels(value: Mapping[str, Any]) -> dict[str, str]:
    labels = value.get("labels")
    if labels is None:
        return {}
    if not isinstance(labels, dict) or not all(isinstance(given, str) for given in labels.values()):
        raise DocumentError('labels is no object of texts such as {"desk": "gulf"}')
    if len(labels) > MAX_LABELS or any(len(name) > MAX_LABEL or len(given) > MAX_LABEL for name, given in labels.items()):
        raise DocumentError(f"labels are more than {MAX_LABELS}, or longer than {MAX_LABEL} characters")
    if not all(name.strip() and name.isprintable() and given.isprintable() for name, given in labels.items()):
        raise DocumentError("labels have an empty name, or hold characters that cannot be printed")
    return labels


def _shown(name: str) -> str:
    return repr(name[:50])


def _listed() -> str:
    return "there are " + ", ".join(FIELDS)
