"""One document's text, analysed under one generation of watchlists: zones, language, matches.

The one place where text and match meet. Plain synchronous code without clock or file: it runs in the match processes,
and in ``monitor match``, ``check`` and ``explain`` in the command's own process, with the same result.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

from monitor.match import ENGINE_VERSION, Engine
from monitor.match.explain import Explanation, explain
from monitor.model import Analysis, AnalysisFailed, Document, Facts, Fingerprint, Layout, Match, Span, Zone
from monitor.render.bounds import kept
from monitor.text.fingerprint import Fingerprint as Printed
from monitor.text.fingerprint import fingerprint, prose
from monitor.text.fingerprint_many import fingerprints
from monitor.text.language import identify
from monitor.text.layout import lay_out


class Matcher(Protocol):
    """What is asked of a compiled engine here."""

    def match(self, text: str, layout: Layout, facts: Facts) -> tuple[Match, ...]: ...


class AnalysisInput(NamedTuple):
    """All that analysing asks of a document, as it crosses to another process."""

    source: str
    text: str
    title: Span | None
    language_hint: str
    labels: Mapping[str, str]
    learnt: Collection[str]


class _Read(NamedTuple):
    """An analysis, all but its fingerprint."""

    text_hash: str
    language: str
    title: str
    zones: tuple[Zone, ...]
    matches: tuple[Match, ...]

    def printed(self, found: Printed) -> Analysis:
        return Analysis(*self, ENGINE_VERSION, Fingerprint(found.data, found.lines))


def analyse_document(document: Document | AnalysisInput, engine: Matcher) -> Analysis:
    layout, read = _analysed(document, engine)
    return read.printed(fingerprint(document.text, layout))


def analyse_documents(documents: Sequence[Document | AnalysisInput], engine: Matcher) -> list[Analysis | AnalysisFailed]:
    """The same of many, their fingerprints taken together. A document that trips the analysis fails alone."""
    found: list[_Read | AnalysisFailed] = []
    proses: list[tuple[str, str]] = []
    for document in documents:
        try:
            layout, read = _analysed(document, engine)
            proses.append(prose(document.text, layout))
            found.append(read)
        except Exception as error:
            found.append(_failed(error))
    try:
        prints = iter(fingerprints(proses))
    except Exception:  # one by one: it is for one of them alone that there is none
        return [_alone(document, engine) for document in documents]
    return [one if isinstance(one, AnalysisFailed) else one.printed(next(prints)) for one in found]


def _alone(document: Document | AnalysisInput, engine: Matcher) -> Analysis | AnalysisFailed:
    try:
        return analyse_document(document, engine)
    except Exception as error:
        return _failed(error)


def _failed(error: Exception) -> AnalysisFailed:
    return AnalysisFailed(f"{type(error).__name__}: {error}"[:500])


def _analysed(document: Document | AnalysisInput, engine: Matcher) -> tuple[Layout, _Read]:
    layout = lay_out(document.text, document.title, learnt=frozenset(document.learnt))
    language = identify(document.text, document.language_hint)
    matches = tuple(map(kept, engine.match(document.text, layout, Facts(language, document.source, document.labels))))
    return layout, _Read(text_hash(document.text), language, layout.title, layout.zones, matches)


def explain_document(document: Document, engine: Engine, watchlist: str) -> Explanation:
    """How the query of one watchlist fares on this document; raises KeyError where the engine has no such watchlist."""
    layout = lay_out(document.text, document.title, learnt=frozenset(document.learnt))
    facts = Facts(identify(document.text, document.language_hint), document.source, document.labels)
    return explain(engine, watchlist, document.text, layout, facts)


def text_hash(text: str) -> str:
    """SHA-256 hex of the text in UTF-8; the text was cleaned of lone surrogates at the border."""
    return hashlib.sha256(text.encode()).hexdigest()
