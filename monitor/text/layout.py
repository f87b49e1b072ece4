"""Layout: what a text is made of. Zones that cover every visible character, and the sentences inside them.

Lines are found (``lines``), furniture and the title are marked (``furniture``), prose is parted into sentences
(``sentences``); here the parts are put together. The title is one sentence and a paragraph of its own. A blank line ends
a paragraph, furniture does, and so does the end of a line too long to have been wrapped: where every line is a
paragraph, a heading belongs to the one below it.

This room knows only str.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Final

from monitor.model import Layout, Sentence, Span, Zone, ZoneKind
from monitor.text.furniture import mark
from monitor.text.lines import WIDEST_WRAP, Kind, Line, logical_lines
from monitor.text.loops import look
from monitor.text.sentences import Enders, split
from monitor.text.survey import INVISIBLE_CHARS, Survey

#: As ``Sentence(…)`` does it, without the function around it, which takes longer than all it does: texts have dozens.
_sentence: Final = tuple.__new__
#: By themselves: Python 3.11 takes long to find a member in its enum.
_TITLE: Final = ZoneKind.TITLE
_LEAD: Final = ZoneKind.LEAD
_BODY: Final = ZoneKind.BODY
_FURNITURE: Final = ZoneKind.FURNITURE
_IS_BODY: Final = Kind.BODY
_IS_TITLE: Final = Kind.TITLE
_EDGES: Final = INVISIBLE_CHARS + " \t\r\n\u00a0"


def lay_out(text: str, title: Span | None = None, *, all_body: bool = False, learnt: AbstractSet[str] = frozenset()) -> Layout:
    """The layout of ``text``. ``title`` is the title's span where the source knows it; an empty one says that there is none.

    With ``all_body`` (inline tests of watchlists) nothing is furniture or title. ``learnt`` are the lines that the text's source
    repeats, as ``text.phrases.key`` makes them comparable.
    """
    given = None if all_body or title is None else _trim(text, max(title.start, 0), max(title.end, 0))
    find_title = not all_body and title is None
    found, enders = look(text, given.end if given else 0)
    lines, invisible = _lines(text, found, given, find_title=find_title)
    if all_body:
        for line in lines:
            line.kind = Kind.BODY
    else:
        heading = text[given.start : given.end] if given else ""
        mark(text, lines, enders, found, title=heading, find_title=find_title, learnt=learnt)
    if given:
        place = next((place for place, line in enumerate(lines) if line.start >= given.end), len(lines)) if given.start else 0
        lines.insert(place, _title_line(text, given))
    zones: list[Zone] = []
    sentences: list[Sentence] = []
    _assemble(text, lines, enders, zones, sentences)
    if invisible:
        zones = _widen(zones, invisible) if all_body else _cover(zones, invisible)
    return Layout(tuple(zones), tuple(sentences), _title_text(text, zones, sentences))


def _trim(text: str, start: int, end: int) -> Span | None:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    piece = piece.strip()
    return Span(start, start + len(piece)) if piece else None


def _lines(text: str, found: Survey, given: Span | None, *, find_title: bool) -> tuple[list[Line], list[tuple[int, int]]]:
    if given is None:
        return logical_lines(text, 0, len(text), found, title_first=find_title)
    after, hidden_after = logical_lines(text, given.end, len(text), found, title_first=False)
    if not given.start:
        return after, hidden_after
    before, hidden_before = logical_lines(text, 0, given.start, found, title_first=False)
    return before + after, hidden_before + hidden_after


def _title_line(text: str, span: Span) -> Line:
    return Line(span.start, span.end, text[span.start : span.end], 0, True, True, 0, Kind.TITLE)


def _assemble(text: str, lines: list[Line], enders: Enders, zones: list[Zone], sentences: list[Sentence]) -> None:
    """Append the zones and sentences of ``lines`` to the lists, neighbouring lines of one zone as one."""
    places = enders.places
    ahead = 0  # in places
    paragraph = -1
    body = _LEAD  # the zone of prose, until its first paragraph has ended
    begun = goes_on = False
    zone: ZoneKind | None = None
    start = end = 0
    for line in lines:
        if line.kind is _IS_BODY:
            if not goes_on or line.opens:
                paragraph += 1
                body = _BODY if begun else _LEAD
                begun = True
            kind = body
            ahead = bisect_left(places, line.start, ahead)
            if ahead == len(places) or places[ahead] >= line.end - 1:  # none before its last character
                sentences.append(_sentence(Sentence, (line.start, line.end, kind, paragraph)))
            else:
                for first, last in split(text, line.start, line.end, enders, ahead):
                    sentences.append(_sentence(Sentence, (first, last, kind, paragraph)))
            goes_on = line.last_width <= WIDEST_WRAP
        else:
            goes_on = False
            kind = _FURNITURE
            if line.kind is _IS_TITLE:
                kind = _TITLE
                paragraph += 1
                sentences.append(Sentence(line.start, line.end, kind, paragraph))
        if kind is not zone or kind is _TITLE:
            if zone is not None:
                zones.append(Zone(zone, start, end))
            start, zone = line.start, kind
        end = line.end
    if zone is not None:
        zones.append(Zone(zone, start, end))


def _cover(zones: list[Zone], invisible: list[tuple[int, int]]) -> list[Zone]:
    """Furniture for the lines that hold only invisible characters, where no zone covers them yet."""
    return sorted([*zones, *_uncovered(zones, invisible)], key=lambda zone: zone.start)


def _uncovered(zones: list[Zone], invisible: list[tuple[int, int]]) -> Iterator[Zone]:
    ahead = iter(zones)
    zone = next(ahead, None)
    for start, end in invisible:
        while zone is not None and zone.end <= start:
            zone = next(ahead, None)
        if zone is None or zone.start >= end:
            yield Zone(ZoneKind.FURNITURE, start, end)


def _widen(zones: list[Zone], invisible: list[tuple[int, int]]) -> list[Zone]:
    """Where there must be no furniture, such lines belong to the lead when they stand before it, and else to what they follow."""
    if not zones:
        return [Zone(ZoneKind.LEAD, invisible[0][0], invisible[-1][1])]
    edges = [zone.start for zone in zones] + [max(zones[-1].end, invisible[-1][1])]
    edges[0] = min(edges[0], invisible[0][0])
    ends = iter(end for _, end in invisible)
    widened: list[Zone] = []
    end = next(ends, None)
    for i, zone in enumerate(zones):
        last = zone.end
        while end is not None and end <= edges[i + 1]:
            last = max(last, end)
            end = next(ends, None)
        widened.append(Zone(zone.kind, edges[i], last))
    return widened


def _title_text(text: str, zones: list[Zone], sentences: list[Sentence]) -> str:
    """The title on one line; where no line can be one, the first sentence stands in for it (and no zone is the title's)."""
    for zone in zones:
        if zone.kind is _TITLE:
            return _one_line(text[zone.start : zone.end])
    return _one_line(text[sentences[0].start : sentences[0].end]) if sentences else ""


def _one_line(title: str) -> str:
    title = title.strip(_EDGES)
    return title if len(title.splitlines()) <= 1 else " ".join(title.split())
