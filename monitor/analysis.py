"""One document's text, analysed under one generation of watchlists: zones, language, matches.

The one place where text and match meet. Plain synchronous code without clock or file: it runs in the match processes,
and in ``monitor match``, ``check`` and ``explain`` in the command's own process, with the same result.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from monitor.match import ENGINE_VERSION, Engine
from monitor.match.explain import Explanation, explain
from monitor.model import Analysis, AnalysisFailed, Document, Facts, Fingerprint, Layout, Match
from monitor.render.bounds import kept
from monitor.text.fingerprint import fingerprint, prose
from monitor.text.fingerprint_many import fingerprints
from monitor.text.language import identify
from monitor.text.layout import lay_out


class Matcher(Protocol):
    """What is asked of a compiled engine here."""

    def match(self, text: str, layout: Layout, facts: Facts) -> tuple[Match, ...]: ...


def analyse_document(document: Document, engine: Matcher) -> Analysis:
    layout, analysis = _analysed(document, engine)
    found = fingerprint(document.text, layout)
    return replace(analysis, fingerprint=Fingerprint(found.data, found.words))


def analyse_documents(documents: Sequence[Document], engine: Matcher) -> list[Analysis | AnalysisFailed]:
    """The same of many, their fingerprints taken together. A document that trips the analysis fails alone."""
    found: list[Analysis | AnalysisFailed] = []
    proses: list[tuple[str, str]] = []
    for document in documents:
        try:
            layout, analysis = _analysed(document, engine)
            proses.append(prose(document.text, layout))
            found.append(analysis)
        except Exception as error:
            found.append(_failed(error))
    try:
        prints = iter([Fingerprint(one.data, one.words) for one in fingerprints(proses)])
    except Exception:  # one by one: it is for one of them alone that there is none
        return [_alone(document, engine) for document in documents]
    return [one if isinstance(one, AnalysisFailed) else replace(one, fingerprint=next(prints)) for one in found]


def _alone(document: Document, engine: Matcher) -> Analysis | AnalysisFailed:
    try:
        return analyse_document(document, engine)
    except Exception as error:
        return _failed(error)


def _failed(error: Exception) -> AnalysisFailed:
    return AnalysisFailed(f"{type(error).__name__}: {error}"[:500])


def _analysed(document: Document, engine: Matcher) -> tuple[Layout, Analysis]:
    """All but the fingerprint."""
    layout = lay_out(document.text, document.title, learnt=frozenset(document.learnt))
    language = identify(document.text, document.language_hint)
    matches = tuple(map(kept, engine.match(document.text, layout, Facts(language, document.source, document.labels))))
    return layout, Analysis(text_hash(document.text), language, layout.title, layout.zones, matches, ENGINE_VERSION)


def explain_document(document: Document, engine: Engine, watchlist: str) -> Explanation:
    """How the query of one watchlist fares on this document; raises KeyError where the engine has no such watchlist."""
    layout = lay_out(document.text, document.title, learnt=frozenset(document.learnt))
    facts = Facts(identify(document.text, document.language_hint), document.source, document.labels)
    return explain(engine, watchlist, document.text, layout, facts)


def text_hash(text: str) -> str:
    """SHA-256 hex of the text in UTF-8; the text was cleaned of lone surrogates at the border."""
    return hashlib.sha256(text.encode()).hexdigest()
