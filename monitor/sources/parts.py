"""What the fields of a feed's item come to: its text, of the several it may be given in, and its date.

It must not know what the feed was written in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from monitor.sources.dates import instant
from monitor.sources.item import bounded
from monitor.sources.markup import part_to_text

#: One text of an item: media type in lower case ("" for what is not said), text or markup, language.
Part = tuple[str, str, str]


def best_text(full: Sequence[Part], short: Sequence[Part], *others: Sequence[Part]) -> tuple[str, str]:
    """(text, language) of an item: the longest of its full contents and its summaries, and of the ``others`` only where
    those are empty."""
    for parts in ((*full, *short), *others):
        best = ("", "")
        for media_type, value, language in parts:
            if len(value) > len(best[0]):
                text = part_to_text(value, media_type)
                if len(text) > len(best[0]):
                    best = (text, language)
        if best[0]:
            return best
    return "", ""


def dated(raws: Iterable[str], now: datetime) -> tuple[str, datetime | None]:
    """The first date that can be read, as it was written and as an instant; else the first as it was written."""
    first = ""
    for raw in raws:
        if raw and (at := instant(raw)):
            return _short(raw), bounded(at, now)
        first = first or raw
    return _short(first), None


def _short(raw: str) -> str:
    return " ".join(raw[:200].split())
