"""When silence is more than quiet, and when the network is to blame: the arithmetic behind the coverage alarms.

Pure: gaps, times and outcomes come in; a bound, a yes or a no goes out. What follows from it is ``watch``'s.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from monitor.ports import LanguagePulse

#: From as many gaps on a rhythm is known well enough to miss it.
ENOUGH: Final = 8
#: Of an important source: so many times its longest usual gap, and never under an hour; of others, never under six (seconds).
IMPORTANT_FACTOR: Final = 1.5
IMPORTANT_LEAST: Final = 3_600.0
LEAST: Final = 21_600.0
#: A night, or a weekend, is longer than any usual gap; so much more than the longest of the last days is silence all the same.
BEYOND_LONGEST: Final = 1.25
LONGEST_KEPT: Final = timedelta(days=8)

#: The network: outcomes of the last minutes count (seconds), of so many hosts at least.
WINDOW: Final = 600.0
HOSTS: Final = 5
#: It is back when half of the last tries succeed, and so many of them.
LAST_TRIES: Final = 10
BACK: Final = 3

#: A language is missed only where it is one of ours: so many articles ever, and a share of all (or a source that names it).
LANGUAGE_ARTICLES: Final = 20
LANGUAGE_SHARE: Final = 0.01
#: After so many times its bound a language is no longer missed: its sources were given up.
LANGUAGE_FORGOTTEN: Final = 30


def usual(gaps: Sequence[float]) -> float:
    """The gap that nineteen of twenty do not exceed; 0 where there is none."""
    return sorted(gaps)[math.ceil(0.95 * len(gaps)) - 1] if gaps else 0.0


def patience(gaps: Sequence[float], longest: float, *, factor: float, important: bool) -> float | None:
    """Seconds without a new item from which on a source is silent; None while its rhythm is not known. ``longest`` is the
    longest gap of its last days."""
    if len(gaps) < ENOUGH:
        return None
    times, least = (IMPORTANT_FACTOR, IMPORTANT_LEAST) if important else (factor, LEAST)
    return max(times * usual(gaps), BEYOND_LONGEST * max(longest, *gaps), least)


@dataclass(slots=True)
class Longest:
    """The longest gap of a source's last days. Gaps shorter than a later one are forgotten: they can never be the longest."""

    _kept: deque[tuple[datetime, float]] = field(default_factory=deque)

    def add(self, at: datetime, gap: float) -> None:
        while self._kept and self._kept[-1][1] <= gap:
            self._kept.pop()
        self._kept.append((at, gap))

    def at(self, now: datetime) -> float:
        while self._kept and now - self._kept[0][0] > LONGEST_KEPT:
            self._kept.popleft()
        return self._kept[0][1] if self._kept else 0.0


@dataclass(slots=True)
class Network:
    """Whether many hosts at once give no answer: then the network is at fault and not they. ``down`` may be set at start."""

    down: bool = False
    _last: dict[str, tuple[float, bool]] = field(default_factory=dict)  # host -> (when, whether it answered)
    _tries: deque[bool] = field(default_factory=lambda: deque(maxlen=LAST_TRIES))

    def tried(self, host: str, now: float, *, answered: bool) -> None:
        """``now`` in seconds that never go back."""
        self._last[host] = (now, answered)
        self._tries.append(answered)
        if not self.down:
            if not answered:
                self._judge(now)
            return
        well = sum(self._tries)
        if well >= min(BACK, len(self._last)) and 2 * well >= len(self._tries):
            self.down = False
            # What failed while it was down says nothing of the hosts once it is back.
            self._last = {host: seen for host, seen in self._last.items() if seen[1]}

    def _judge(self, now: float) -> None:
        self._last = {host: seen for host, seen in self._last.items() if now - seen[0] <= WINDOW}
        silent = self.failing
        if silent >= HOSTS and 2 * silent >= len(self._last):
            self.down = True
            self._tries.clear()

    @property
    def failing(self) -> int:
        """Hosts whose last try had no answer."""
        return sum(not answered for _, answered in self._last.values())

    @property
    def hosts(self) -> int:
        return len(self._last)


def silent_languages(pulses: Mapping[str, LanguagePulse], ours: frozenset[str], now: datetime, bound: float) -> dict[str, LanguagePulse]:
    """The languages that are missed: ``bound`` seconds without a new article. ``ours`` are those that sources name."""
    total = sum(pulse.articles for pulse in pulses.values())
    return {
        code: pulse
        for code, pulse in pulses.items()
        if code != "und"
        and pulse.articles >= LANGUAGE_ARTICLES
        and (code in ours or pulse.articles >= LANGUAGE_SHARE * total)
        and bound < (now - pulse.last).total_seconds() <= LANGUAGE_FORGOTTEN * bound
    }


def lasting(seconds: float) -> str:
    """A length of time as a person says it."""
    for unit, size in (("day", 86_400.0), ("hour", 3_600.0), ("minute", 60.0)):
        if seconds >= 2 * size or (size == 60.0 and seconds >= size):
            count = int(seconds // size)
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{int(seconds)} seconds"
