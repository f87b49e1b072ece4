"""Articles, from the document as it was read to the article as it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from monitor.model.text import Span


@dataclass(frozen=True, slots=True)
class Document:
    """One document as a source read it, before analysis: the one text is final from here on.

    ``key`` identifies it within its source for ever (path below the folder, guid, link, external id).
    ``title`` is the title's span where the source knows it (a feed item); None lets the layout find it.
    ``notes`` name what was done to the text on the way in: ``nul``, ``surrogates``, ``encoding:windows-1256``, ``html``, ``cut``.
    ``learnt`` are the furniture lines its source was seen to repeat and that stand in this text (keys of ``text.phrases.key``);
    the ingester sets them. ``page`` is the address of the item's page where the item is a teaser and its page may be fetched.
    ``link`` is the canonical link, "" where the item has none of its own (it shares it, or it is the site's front page).
    ``hashes`` is what it is known again by (``text.aliases``), where that was worked out with the reading: of the item as its feed
    had it, whatever page is fetched for it. Whoever gives it another source, key or link leaves them out.
    """

    source: str
    key: str
    text: str
    title: Span | None = None
    url: str = ""
    published: datetime | None = None
    published_raw: str = ""
    language_hint: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    learnt: tuple[str, ...] = ()
    page: str = ""
    link: str = ""
    hashes: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a query's filters ask about an article: ``lang()``, ``source()``, ``label()``."""

    language: str = "und"  # ISO 639-1, or ``und``
    source: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Article:
    """One published text, stored. ``id`` is 32 hex digits of SHA-256 over (source, key); ``text_hash`` SHA-256 hex of the text in UTF-8."""

    id: str
    source: str
    key: str
    url: str
    title: str
    language: str
    published: datetime | None
    fetched: datetime
    text_hash: str
    labels: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
