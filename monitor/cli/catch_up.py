"""What first polls kept to themselves, as ``--catch-up`` shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from monitor.cli.options import short_time

if TYPE_CHECKING:
    from monitor.model import JsonObject

#: More than a person reads at once; ``--json`` lists all.
SHOWN = 50


def catch_up_lines(rows: Sequence[JsonObject], nothing: str) -> Iterator[str]:
    """Two lines for each match that was not told, as ``SourceQueries.quiet`` gives them; ``nothing`` where there is none. Copies of
    one article are one story and would have raised one alert, so stories are counted beside the matches."""
    from monitor.render.plain import plain

    if not rows:
        yield nothing
        return
    stories = len({row["story"] or row["article"] for row in rows})
    yield f"Kept quiet about what was there before: {_counted(len(rows), 'match', 'matches')} in {_counted(stories, 'story', 'stories')}:"
    for row in rows[:SHOWN]:
        when = short_time(row["published"]) if row["published"] else "undated"
        yield f"  {row['severity']:<8}  {when}  {row['watchlist']}  {plain(row['source'])}  {plain(row['title']) or '(no title)'}"
        yield f"            {plain(row['quote'])}"
    if len(rows) > SHOWN:
        yield f"  … and {len(rows) - SHOWN} more; --json lists all"


def _counted(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"
