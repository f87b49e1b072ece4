"""Coverage: which operations stand about the sources, and which of them people are told of.

key                     raised when                                  closed when              people are told
---                     -----------                                  -----------              ---------------
source:NAME             a poll failed, and neither quarantine nor    a poll heals it          at the 5th failure in a row (important: 2nd),
                        empty below says why                                                  or after a day without success
source:NAME:gone        it answered 410                              resumed, readdressed     at once
source:NAME:quarantine  it ended three worker processes in a row     a poll heals it          at once
source:NAME:empty       twice in a row 200 and no item where there   an item is read          at once
                        used to be some, or no feed
source:NAME:silent      nothing new for far longer than its rhythm   a new item               important: at once; others: next line
sources:silent          once a day, where sources are silent         none is silent           then; again where the list has changed
language:CODE           no article of a language for too long        one comes                at once
network                 five hosts and half of all give no answer    half of the tries do     at once; meanwhile of no ``source:NAME``

Told of every poll's end, and asked to look around once a minute. Time spent stopped or cut off is no silence: a source can be
silent only once it was read since. What was told before a restart stands on the board again and is not told anew, and so does
``source:NAME`` of what failed then and was not told yet, since when it failed first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from monitor.errors import DocumentError, FetchError, StorageError
from monitor.flow.pace import DEATHS
from monitor.flow.silence import Longest, Network, lasting, patience, silent_languages
from monitor.flow.standing import Standing
from monitor.model import Severity, SourceKind, SourceSpec, SourceState
from monitor.ports import Clock, CoverageRecord, LanguagePulse, Meter, Operations

#: Failures in a row from which on people are told; seconds without success that are too many before that.
TELL_AFTER: Final = 5
TELL_IMPORTANT_AFTER: Final = 2
TELL_AFTER_SECONDS: Final = 86_400.0
EMPTY: Final = 2
#: Seconds between two looks around; sources judged between two turns of the event loop.
LOOK: Final = 60.0
SLICE: Final = 50
#: Seconds by which wall and monotonic time may differ between two ticks.
STEPPED: Final = 60.0
#: The day's report is made within an hour of its time, or not that day: a start in the afternoon is no morning.
REPORT_WITHIN: Final = timedelta(hours=1)
#: Names in the day's report.
NAMED: Final = 20

SILENT: Final = "sources:silent"
NETWORK: Final = "network"


@dataclass(slots=True)
class _Seen:
    """What this process knows of a source beside its state. ``since`` is when it began to be listened to: at its start, when
    the network came back, when it was resumed; ``answered`` when it last answered a poll, None where the last one failed."""

    spec: SourceSpec
    since: datetime
    answered: datetime | None = None
    longest: Longest = field(default_factory=Longest)


class Coverage:
    """Implements the port Watch. ``daily`` is the time of day (``08:00``, UTC) at which ordinary silence is told;
    ``language_silence`` in seconds."""

    def __init__(self, operations: Operations, clock: Clock, meter: Meter, *, language_silence: float, daily: str, factor: float) -> None:
        self._standing = Standing(operations)
        self._clock = clock
        self._meter = meter
        self._language_silence = language_silence
        hour, _, minute = daily.partition(":")
        self._daily = timedelta(hours=int(hour), minutes=int(minute))
        self._factor = factor
        self._network = Network()
        self._since = clock.now()
        self._offset = clock.now().timestamp() - clock.monotonic()
        self._seen: dict[str, _Seen] = {}
        self._resting: set[str] = set()  # paused or gone at the last look
        self._silent: set[str] = set()  # whose silence stands
        self._reported: datetime | None = None
        self._looked: float | None = None
        self._begun = False

    def _begin(self) -> None:
        """Before anything else is done: what was told before the restart stands on the board by now."""
        if not self._begun:
            self._begun = True
            self._network.down = self._standing.told(NETWORK)
            self._silent = {key.split(":")[1] for key in self._standing.told_below("source:") if key.endswith(":silent")}

    # ------------------------------------------------------------------------------------- told by the poller
    def succeeded(self, spec: SourceSpec, state: SourceState, *, new: int) -> None:
        self._begin()
        seen = self._of(spec)
        self._tried(spec, answered=True)
        seen.answered = self._clock.now()
        if new and state.gaps:
            seen.longest.add(seen.answered, state.gaps[-1])
        if state.failures == 0:
            self._standing.close(f"source:{spec.name}")
        elif state.broken and self._too_long(seen, state) and not self._explained(spec.name):
            # A 304 heals nothing. Where the last body could not be read, being told that it has not changed is no comfort.
            self._standing.raise_(f"source:{spec.name}", _failing(state), severity=_gravity(spec))
        self._judge(spec, state)
        if new:
            self._speaks(spec.name)

    def failed(self, spec: SourceSpec, state: SourceState, error: FetchError | DocumentError | Exception) -> None:
        self._begin()
        # Failures of an earlier life began then; in one life an operation that closed meanwhile begins anew.
        since = state.failing_since if spec.name not in self._seen and state.failures > 1 else None
        seen = self._of(spec)
        seen.answered = None
        self._tried(spec, answered=not (isinstance(error, FetchError) and error.transport))
        self._judge(spec, state)
        key = f"source:{spec.name}"
        if state.gone is not None or self._explained(spec.name):
            self._standing.close(key)
            return
        tell = not self._network.down and self._too_long(seen, state)
        self._standing.raise_(key, _failing(state), tell=tell, severity=_gravity(spec), since=since)

    def _explained(self, name: str) -> bool:
        """Whether another operation says already what is wrong with it, and people have not been told of its failures before."""
        key = f"source:{name}"
        return self._standing.told(f"{key}:empty", f"{key}:quarantine") and not self._standing.told(key)

    def forgotten(self, name: str) -> None:
        self._begin()
        self._seen.pop(name, None)
        self._resting.discard(name)
        self._speaks(name)
        key = f"source:{name}"
        self._standing.close(key, f"{key}:gone", f"{key}:quarantine", f"{key}:empty")

    @property
    def network_down(self) -> bool:
        self._begin()
        return self._network.down

    def _of(self, spec: SourceSpec) -> _Seen:
        seen = self._seen.get(spec.name)
        if seen is None:
            seen = self._seen[spec.name] = _Seen(spec, self._since)
        seen.spec = spec
        return seen

    def _too_long(self, seen: _Seen, state: SourceState) -> bool:
        if state.failures >= (TELL_IMPORTANT_AFTER if seen.spec.important else TELL_AFTER):
            return True
        last = state.last_success or state.failing_since
        return last is not None and (self._clock.now() - last).total_seconds() >= TELL_AFTER_SECONDS

    def _judge(self, spec: SourceSpec, state: SourceState) -> None:
        """What stands in the state of a source, whatever its last poll was."""
        name, grave = spec.name, _gravity(spec)
        key = f"source:{name}"
        if state.gone is None and state.deaths < DEATHS and state.empty < EMPTY:
            self._standing.close(f"{key}:gone", f"{key}:quarantine", f"{key}:empty")
            return
        gone = (
            f"source {name} is gone for good (HTTP 410) and is not asked any more: remove it, give it its new address, or "
            f"`monitor sources resume {name}`"
        )
        ends = f"source {name} ended {state.deaths} worker processes in a row and is left alone for a day: {state.error}"
        what = state.error or "its feed lists no item, where there used to be some"
        empty = f"source {name} answers, but there is nothing to read: {what}; look at its address with `monitor sources check {name}`"
        self._standing.stands(f"{key}:gone", state.gone is not None, gone, grave)
        self._standing.stands(f"{key}:quarantine", state.deaths >= DEATHS, ends, grave)
        # One operation a source: what nobody could read to its end is not said to hold nothing.
        self._standing.stands(f"{key}:empty", state.empty >= EMPTY and state.deaths < DEATHS, empty, grave)

    def _tried(self, spec: SourceSpec, *, answered: bool) -> None:
        if spec.kind is not SourceKind.FEED:
            return
        was = self._network.down
        self._network.tried(urlsplit(spec.location).netloc.lower(), self._clock.monotonic(), answered=answered)
        if self._network.down:
            said = f"{self._network.failing} of {self._network.hosts} hosts give no answer; look at this machine's network and name lookup"
            self._standing.raise_(NETWORK, said, severity=Severity.HIGH)
        elif was:
            self._listen_anew()
            self._standing.close(NETWORK)

    def _listen_anew(self) -> None:
        """After a time in which nothing could be heard: nothing is silent before it was read again."""
        self._since = self._clock.now()
        for seen in self._seen.values():
            seen.since = self._since

    def _speaks(self, name: str) -> None:
        self._silent.discard(name)
        self._standing.close(f"source:{name}:silent")

    # ------------------------------------------------------------------------------------------ looking around
    async def tick(self, record: CoverageRecord) -> None:
        """Called every second, looks around once a minute."""
        self._begin()
        moment = self._clock.monotonic()
        offset = self._clock.now().timestamp() - moment
        if abs(offset - self._offset) > STEPPED:
            self._listen_anew()  # the clock was set, or the machine has slept
        self._offset = offset
        if self._looked is not None and moment - self._looked < LOOK:
            return
        try:
            sources, pulses = await record.coverage(), await record.languages()
        except StorageError:
            return  # said by whoever must write; looked at again at the next tick
        if self._looked is None:
            self._forget({state.name for _, state in sources})
            self._stand_again([state for _, state in sources])
        self._looked = moment
        now, failing, settled = self._clock.now(), 0, True
        for n, (kind, state) in enumerate(sources):
            if n % SLICE == SLICE - 1:
                await asyncio.sleep(0)  # five thousand sources at once would hold up everything else
            failing += state.failures > 0
            if self._rests(state, now):
                continue
            settled = settled and (kind is SourceKind.PUSH or (state.last_poll is not None and state.last_poll >= self._since))
            self._listen(state, now)
        if not self._network.down:
            self._report(now, settled=settled)
            if settled:
                self._languages(pulses, now)
        self._meter.gauge("sources_failing", failing)
        self._meter.gauge("sources_silent", len(self._silent))

    def _forget(self, names: set[str]) -> None:
        """What was told before the restart, of sources that are configured no longer."""
        for name in {key.split(":")[1] for key in self._standing.told_below("source:")} - names:
            self.forgotten(name)

    def _stand_again(self, states: Sequence[SourceState]) -> None:
        """What failed before the restart fails still: it stands on the board before its next poll, which may be a day away."""
        for state in states:
            key = f"source:{state.name}"
            rests = state.paused is not None or state.gone is not None
            known = self._standing.told(key) or self._explained(state.name)
            if state.failures and not rests and state.name not in self._seen and not known:
                self._standing.raise_(key, _failing(state), tell=False, severity=Severity.MEDIUM, since=state.failing_since)

    def _rests(self, state: SourceState, now: datetime) -> bool:
        """Paused or gone: nothing of it can be missed, and of one that an operator has stopped nothing need be said."""
        name, key = state.name, f"source:{state.name}"
        if state.paused is None and state.gone is None:
            if name in self._resting:
                self._resting.discard(name)
                if name in self._seen:
                    self._seen[name].since = now
            self._standing.close(f"{key}:gone")
            return False
        if name not in self._resting:
            self._resting.add(name)
            self._speaks(name)
            self._standing.close(key, f"{key}:quarantine", f"{key}:empty")
        return True

    def _listen(self, state: SourceState, now: datetime) -> None:
        """Raise or close a source's silence; where nothing can be said of it, it stays as it was."""
        seen = self._seen.get(state.name)
        if seen is None or state.last_new is None:
            return
        if seen.spec.important:
            self._meter.gauge("source_last_new_seconds", (now - state.last_new).total_seconds(), source=state.name)
        if self._network.down or seen.answered is None or seen.answered < seen.since:
            return
        # Nobody can push while the daemon stands still; a feed that is read lists what came meanwhile.
        heard = max(state.last_new, seen.since) if seen.spec.kind is SourceKind.PUSH else state.last_new
        bound = patience(state.gaps, seen.longest.at(now), factor=self._factor, important=seen.spec.important)
        if bound is None or (now - heard).total_seconds() <= bound:
            if state.name in self._silent:
                self._speaks(state.name)
            return
        self._silent.add(state.name)
        usually = f"where something usually comes within {lasting(max(state.gaps))}"
        said = f"source {state.name} is silent: nothing new since {state.last_new:%Y-%m-%d %H:%M} UTC, {usually}"
        self._standing.raise_(f"source:{state.name}:silent", said, tell=seen.spec.important, severity=_gravity(seen.spec))

    def _report(self, now: datetime, *, settled: bool) -> None:
        """Ordinary silence, once a day; important sources are told by themselves."""
        ordinary = sorted(name for name in self._silent if name not in self._seen or not self._seen[name].spec.important)
        if not ordinary:
            if settled:
                self._standing.close(SILENT)
            return
        due = now.replace(hour=0, minute=0, second=0, microsecond=0) + self._daily
        if not timedelta(0) <= now - due <= REPORT_WITHIN or self._reported == due:
            return
        self._reported = due
        named = ", ".join(ordinary[:NAMED]) + (f" and {len(ordinary) - NAMED} more" if len(ordinary) > NAMED else "")
        are = "source is" if len(ordinary) == 1 else "sources are"
        said = f"{len(ordinary)} {are} silent far beyond their rhythm: {named}; `monitor sources health` says since when"
        self._standing.raise_(SILENT, said, severity=Severity.LOW, again=True)

    def _languages(self, pulses: Mapping[str, LanguagePulse], now: datetime) -> None:
        ours = frozenset(seen.spec.language for seen in self._seen.values() if seen.spec.language)
        missed = silent_languages(pulses, ours, now, self._language_silence)
        for code, pulse in missed.items():
            said = f"no article in {code} since {pulse.last:%Y-%m-%d %H:%M} UTC; `monitor sources health` shows its sources"
            self._standing.raise_(f"language:{code}", said, severity=Severity.HIGH)
        for key in self._standing.told_below("language:"):
            if key.partition(":")[2] not in missed:
                self._standing.close(key)


def _gravity(spec: SourceSpec) -> Severity:
    return Severity.HIGH if spec.important else Severity.MEDIUM


def _failing(state: SourceState) -> str:
    often = "once" if state.failures == 1 else f"{state.failures} times in a row"
    last = state.last_success
    since = "it has never been read" if last is None else f"last read {last:%Y-%m-%d %H:%M} UTC"
    return f"source {state.name} cannot be read: {state.error} ({often}; {since})"
