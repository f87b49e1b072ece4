"""Documents, analyses and watchlists on their way between processes, as plain tuples.

Pickling a frozen object by its own means takes three times as long as the tuple of its fields, and both ends of each pipe are
as much of an article's time as reading it from its feed; of the terms of watchlists, which are tens of thousands, it takes
longer than all else that an edit needs. This module must not know what runs in a process.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from monitor.analysis import AnalysisInput
from monitor.model import Analysis, AnalysisFailed, Document, Fingerprint, Span, Zone, ZoneKind
from monitor.ports import StoredVersion
from monitor.text.aliases import hashes
from monitor.watchlist import Term

#: A document, or an analysis: its fields in order, what is made of parts among them as those.
Packed = tuple[Any, ...]

_DOCUMENT: Final = attrgetter(*(one.name for one in fields(Document)))
_NAMES: Final = [one.name for one in fields(Document)]
_TITLE: Final = _NAMES.index("title")
_HASHES: Final = _NAMES.index("hashes")
#: What all terms of a run have in common; a run is followed by their texts.
_COMMON: Final = attrgetter("language", "mark", "entity")
_ZONES: Final = tuple(ZoneKind)
_KINDS: Final = {kind: number for number, kind in enumerate(_ZONES)}
#: As ``Zone(…)`` and its like do it, without the function around it, which takes longer than all it does.
_new: Final = tuple.__new__


def packed(documents: Iterable[Document]) -> list[Packed]:
    """With what each is known again by, which costs the process that asks for it more than it can spare."""
    found = []
    for document in documents:
        values = list(_DOCUMENT(document))
        title = document.title
        values[_TITLE] = title and (title.start, title.end)
        values[_HASHES] = document.hashes or _hashes(document)
        found.append(tuple(values))
    return found


def _hashes(document: Document) -> tuple[str, ...]:
    try:
        return hashes(document)
    except UnicodeEncodeError:  # half a character in its key: whoever asks for this one shall hear of it, not all that go with it
        return ()


def unpacked(found: Sequence[Packed]) -> tuple[Document, ...]:
    documents = []
    for fields_of in found:
        values = list(fields_of)
        values[_TITLE] = values[_TITLE] and _new(Span, values[_TITLE])
        documents.append(Document(*values))
    return tuple(documents)


class Documents(list[Document]):
    """Documents to analyse. Across a pipe go only what analysing asks of them, and come out as that."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _asked, ([_asked_of(document) for document in self],)


def _asked_of(document: Document) -> Packed:
    title = document.title and (document.title.start, document.title.end)
    return document.source, document.text, title, document.language_hint, document.labels, document.learnt


def _asked(found: Sequence[Packed]) -> list[AnalysisInput]:
    return [
        _new(AnalysisInput, (source, text, title and _new(Span, title), hint, labels, learnt))
        for source, text, title, hint, labels, learnt in found
    ]


class Analyses(list[Analysis | AnalysisFailed]):
    """What came of documents, in their order."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _analyses, ([_found_in(analysis) if isinstance(analysis, Analysis) else analysis for analysis in self],)


def _found_in(analysis: Analysis) -> Packed:
    # In one row: of three parts each, they would be most of what is packed.
    zones = [part for kind, start, end in analysis.zones for part in (_KINDS[kind], start, end)]
    one = analysis.fingerprint
    said = None if one is None else (one.data, one.lines)
    return analysis.text_hash, analysis.language, analysis.title, zones, analysis.matches, analysis.engine, said


def _analyses(found: Sequence[Packed | AnalysisFailed]) -> list[Analysis | AnalysisFailed]:
    return [one if isinstance(one, AnalysisFailed) else _analysis(one) for one in found]


def _analysis(found: Packed) -> Analysis:
    text_hash, language, title, zones, matches, engine, said = found
    parts = iter(zones)
    placed = tuple([_new(Zone, (_ZONES[kind], start, end)) for kind, start, end in zip(parts, parts, parts)])  # noqa: B905 -- in threes
    return Analysis(text_hash, language, title, placed, matches, engine, None if said is None else Fingerprint(*said))


# ------------------------------------------------------------------------------------------ watchlists
class Versions(tuple[StoredVersion, ...]):
    """Versions of watchlists to compile. Across a pipe go what was read of each, without the places of its terms, which only
    messages to editors name; its tests where they are to run; and no file but those that were not read, or are read by tests."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        # Lists that use one vocabulary hold the same terms, and go on doing so.
        shared: dict[int, list[Packed]] = {}
        return _versions, ([_to_compile(version, shared) for version in self],)


def _to_compile(version: StoredVersion, shared: dict[int, list[Packed]]) -> StoredVersion | Packed:
    read = version.read
    if read is None:
        return version

    def runs(terms: tuple[Term, ...]) -> list[Packed]:
        if id(terms) not in shared:
            shared[id(terms)] = [(*common, [term.text for term in run]) for common, run in groupby(terms, _COMMON)]
        return shared[id(terms)]

    files = {} if version.tested else {name: text for name, text in version.files.items() if name not in read.files}
    bare = replace(read, files={}, groups={}, masks=(), cues={}, tests=() if version.tested else read.tests)
    groups = {name: runs(terms) for name, terms in read.groups.items()}
    cues = {stance: runs(terms) for stance, terms in read.cues.items()}
    return replace(version, files=files, read=None), bare, groups, runs(read.masks), cues


def _versions(found: Sequence[StoredVersion | Packed]) -> Versions:
    shared: dict[int, tuple[Term, ...]] = {}

    def terms(runs: Sequence[Packed]) -> tuple[Term, ...]:
        if id(runs) not in shared:
            shared[id(runs)] = tuple([Term(text, language, mark, entity) for language, mark, entity, texts in runs for text in texts])
        return shared[id(runs)]

    versions = []
    for one in found:
        if isinstance(one, StoredVersion):
            versions.append(one)
            continue
        version, bare, groups, masks, cues = one
        read = replace(
            bare,
            groups={name: terms(runs) for name, runs in groups.items()},
            masks=terms(masks),
            cues={stance: terms(runs) for stance, runs in cues.items()},
        )
        versions.append(replace(version, read=read))
    return Versions(versions)
