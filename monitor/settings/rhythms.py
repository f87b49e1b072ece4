"""What the configuration says about when people are told, as the flow reads it: rhythms of digests, quiet hours, rates.

The strings are those of ``routes`` and ``sinks``; what is decided with them is the flow's. Messages say what to write instead.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Final

from monitor.flow.digests import Every, Rhythm, cron
from monitor.flow.moment import Quiet, Rate, Rules, never_ends
from monitor.settings.values import parse_duration
from monitor.sinks import SinkSection
from monitor.sinks.when import DAYS, QuietSettings, parse_rate

_MINUTE: Final = 60.0
_DAY: Final = 86_400.0
_WEEK: Final = 7 * _DAY
#: Fields of a cron line; a duration has one word, or a few as in ``1h 30m``.
_CRON: Final = 4
#: Any Monday will do to see whether quiet hours ever end.
_MONDAY: Final = datetime(2024, 1, 1, tzinfo=UTC)


def rhythm(text: str | None, zone: str) -> Rhythm | None:
    """Raises ValueError for what is neither a duration nor a cron line, and for a cron line that never comes."""
    if text is None:
        return None
    if len(text.split()) >= _CRON or "*" in text:
        return cron(text, zone)
    try:
        seconds = parse_duration(text)
    except ValueError:
        raise ValueError(f"{text!r} is no rhythm; write 1h or 1d, or a cron line such as '0 8 * * 1-5'") from None
    if not _MINUTE <= seconds <= _WEEK:
        raise ValueError(f"digest: {text} is not between 1m and 7d; a cron line may come more seldom")
    if seconds > _DAY and seconds % _DAY:
        raise ValueError(f"digest: {text} is more than a day, and not whole days")
    return Every(seconds, zone)


def rules_of(sink: SinkSection) -> Rules:
    quiet = tuple(_quiet(one) for one in sink.quiet)
    return Rules(quiet, Rate(*parse_rate(sink.rate)) if sink.rate else None, sink.sums_up)


def speaks(sink: SinkSection) -> bool:
    """False where its quiet hours leave nothing of the week."""
    return not never_ends(rules_of(sink).quiet, _MONDAY)


def _quiet(written: QuietSettings) -> Quiet:
    start = time() if written.from_ == "24:00" else time.fromisoformat(written.from_)
    end = None if written.to in {"24:00", "00:00"} else time.fromisoformat(written.to)
    return Quiet(start, end, written.zone, frozenset(DAYS.index(day) for day in written.days))
