"""What a text is made of: spans, zones, sentences."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


def identity(*parts: str) -> str:
    """32 hex digits of SHA-256 over the parts: the id of an article is that of its source and key, and so on. The parts are
    length-prefixed, so that no two lists of parts run together alike."""
    raws = [part.encode() for part in parts]
    return hashlib.sha256(b"".join([b"%d:%b" % (len(raw), raw) for raw in raws])).hexdigest()[:32]


class Span(NamedTuple):
    """``[start, end)`` in code points of the article's text."""

    start: int
    end: int


class ZoneKind(StrEnum):
    TITLE = "title"
    LEAD = "lead"  # the first body paragraph
    BODY = "body"  # the rest of the body; a query's ``body:`` includes the lead
    FURNITURE = "furniture"  # menus, related headlines, notices: kept, never matched


class Zone(NamedTuple):
    kind: ZoneKind
    start: int
    end: int


class Sentence(NamedTuple):
    """One sentence outside furniture; ``paragraph`` counts from 0 (the title is a paragraph of its own)."""

    start: int
    end: int
    zone: ZoneKind
    paragraph: int


@dataclass(frozen=True, slots=True)
class Layout:
    """What a text is made of. Zones are sorted, disjoint and cover every character that is not white space;
    sentences are sorted, disjoint and lie inside the zones that are not furniture."""

    zones: tuple[Zone, ...]
    sentences: tuple[Sentence, ...]
    title: str
