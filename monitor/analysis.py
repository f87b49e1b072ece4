"""One document's text, analysed under one generation of watchlists: zones, language, matches.

The one place where text and match meet. Plain synchronous code without clock or file: it runs in the match processes,
and in ``monitor match``, ``check`` and ``explain`` in the command's own process, with the same result.
"""

from __future__ import annotations

import hashlib
from typing import Protocol

from monitor.match import ENGINE_VERSION, Engine
from monitor.match.explain import Explanation, explain
from monitor.model import Analysis, Document, Facts, Fingerprint, Layout, Match
from monitor.text.fingerprint import fingerprint
from monitor.text.language import identify
from monitor.text.layout import lay_out


class Matcher(Protocol):
    """What is asked of a compiled engine here."""

    def match(self, text: str, layout: Layout, facts: Facts) -> tuple[Match, ...]: ...


def analyse_document(document: Document, engine: Matcher) -> Analysis:
    layout = lay_out(document.text, document.title, learnt=frozenset(document.learnt))
    language = identify(document.text, document.language_hint)
    matches = engine.match(document.text, layout, Facts(language, document.source, document.labels))
    found = fingerprint(document.text, layout)
    said = Fingerprint(found.data, found.words)
    return Analysis(text_hash(document.text), language, layout.title, layout.zones, matches, ENGINE_VERSION, said)


def explain_document(document: Document, engine: Engine, watchlist: str) -> Explanation:
    """How the query of one watchlist fares on this document; raises KeyError where the engine has no such watchlist."""
    layout = lay_out(document.text, document.title, learnt=frozenset(document.learnt))
    facts = Facts(identify(document.text, document.language_hint), document.source, document.labels)
    return explain(engine, watchlist, document.text, layout, facts)


def text_hash(text: str) -> str:
    """SHA-256 hex of the text in UTF-8; the text was cleaned of lone surrogates at the border."""
    return hashlib.sha256(text.encode()).hexdigest()
