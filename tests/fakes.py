"""Fakes of the ports, shared by all rooms' tests: real behaviour over plain memory, nothing recorded for its own sake.

Append new fakes at the end; a fake keeps the promises its port states, so that what passes here passes on the real part.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitor.errors import FetchError, MonitorError, StorageError, WatchlistError
from monitor.model import (
    Analysis,
    AnalysisFailed,
    Answer,
    AnswerKind,
    Delivery,
    DeliveryState,
    Document,
    Evidence,
    Hit,
    Match,
    Mode,
    Operation,
    PollResult,
    Severity,
    SourceSpec,
    SourceState,
    Stance,
    WatchlistFacts,
    Zone,
    ZoneKind,
)
from monitor.ports import (
    Decided,
    DeliveryResult,
    Fetched,
    Generation,
    IngestArticle,
    IngestBatch,
    Posted,
    SinkStatus,
    StoredVersion,
    Told,
    WarmReport,
)

START = datetime(2025, 5, 1, 12, 0, tzinfo=UTC)


class FakeClock:
    """Stands still until told to go on; wall and monotonic time move together unless ``step`` moves the wall alone."""

    def __init__(self, now: datetime = START) -> None:
        self._now = now
        self._monotonic = 1000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds

    def step(self, seconds: float) -> None:
        """The wall clock is set, by hand or by NTP."""
        self._now += timedelta(seconds=seconds)


class FakeMeter:
    """Counters and gauges by (name, sorted labels); ``counted`` sums a counter over the labels not given."""

    def __init__(self) -> None:
        self.counters: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
        self.gauges: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
        self.observations: list[tuple[str, float, Mapping[str, str]]] = []

    def count(self, name: str, value: float = 1, **labels: str) -> None:
        key = (name, tuple(sorted(labels.items())))
        self.counters[key] = self.counters.get(key, 0) + value

    def gauge(self, name: str, value: float, **labels: str) -> None:
        self.gauges[name, tuple(sorted(labels.items()))] = value

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        self.observations.append((name, seconds, labels))

    def counted(self, name: str, **labels: str) -> float:
        wanted = set(labels.items())
        return sum(value for (found, its), value in self.counters.items() if found == name and wanted <= set(its))


class FakeOperations:
    """``history`` holds every raise and close in order, as ``+key`` and ``-key``."""

    def __init__(self, clock: FakeClock | None = None) -> None:
        self._clock = clock or FakeClock()
        self._open: dict[str, Operation] = {}
        self.history: list[str] = []

    def raise_(self, key: str, message: str) -> None:
        known = self._open.get(key)
        if known is None:
            self.history.append(f"+{key}")
        self._open[key] = Operation(key=key, message=message, raised=known.raised if known else self._clock.now())

    def close(self, key: str) -> None:
        if self._open.pop(key, None) is not None:
            self.history.append(f"-{key}")

    def open(self) -> Sequence[Operation]:
        return list(self._open.values())

    def message(self, key: str) -> str:
        """Of an open operation; "" where it is not open."""
        return self._open[key].message if key in self._open else ""


class FakeOutbox:
    """The outbox over a dictionary. ``failing`` makes every call raise StorageError while it is set; ``commits`` counts the
    calls that wrote something."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], Delivery] = {}
        self.sinks: dict[str, SinkStatus] = {}
        self.results: list[DeliveryResult] = []
        self.failing = False
        self.commits = 0
        self._order = 0
        self._touched: dict[tuple[str, str], int] = {}

    def add(
        self,
        notification: str,
        sink: str,
        *,
        now: datetime = START,
        severity: Severity = Severity.HIGH,
        payload: bytes | None = None,
        state: DeliveryState = DeliveryState.PENDING,
    ) -> Delivery:
        """As an ingest would have committed it."""
        sequence = 1 + max((row.sequence for row in self.rows.values() if row.sink == sink), default=0)
        delivery = Delivery(
            notification=notification,
            sink=sink,
            alert=f"alert-of-{notification}",
            severity=severity,
            sequence=sequence,
            state=state,
            attempts=0 if state is DeliveryState.PENDING else 1,
            due=now,
            created=now,
            payload=payload if payload is not None else b'{"specversion":"1.0","id":"%s","type":"t"}' % notification.encode(),
        )
        self._put(delivery)
        return delivery

    def states(self, sink: str) -> list[DeliveryState]:
        """In sequence."""
        return [row.state for row in self._of(sink)]

    def row(self, notification: str, sink: str) -> Delivery:
        return self.rows[notification, sink]

    async def recover(self, now: datetime) -> int:
        self._write()
        flying = [row for row in self.rows.values() if row.state is DeliveryState.INFLIGHT]
        for row in flying:
            self._put(replace(row, state=DeliveryState.PENDING, due=now))
        return len(flying)

    async def sync_sinks(self, names: Sequence[str], now: datetime) -> Sequence[SinkStatus]:
        self._write()
        for row in list(self.rows.values()):
            if row.sink not in names and row.state in {DeliveryState.PENDING, DeliveryState.INFLIGHT, DeliveryState.HELD}:
                self._put(replace(row, state=DeliveryState.CANCELLED))
        return [self.sinks.setdefault(name, SinkStatus(name)) for name in names]

    async def claim(self, sink: str, now: datetime, limit: int) -> Sequence[Delivery]:
        self._check()
        claimed: list[Delivery] = []
        for severity in sorted(Severity, key=lambda s: -s.rank):
            lane = [row for row in self._of(sink) if row.severity is severity]
            if any(row.state is DeliveryState.INFLIGHT for row in lane):
                continue
            waiting = [row for row in lane if row.state is DeliveryState.PENDING]
            for row in waiting[:limit]:
                if row.due > now:
                    break
                claimed.append(replace(row, state=DeliveryState.INFLIGHT, attempts=row.attempts + 1))
        for row in claimed:
            self._put(row)
        if claimed:
            self._write()
        return claimed

    async def record(self, results: Sequence[DeliveryResult], now: datetime) -> None:
        self._write()
        for result in results:
            row = self.rows[result.delivery.notification, result.delivery.sink]
            assert row.state is DeliveryState.INFLIGHT, f"recorded without a claim: {row.notification} is {row.state}"
            self._put(replace(row, state=result.state, due=result.due or row.due))
            self.results.append(result)

    async def release(self, deliveries: Sequence[Delivery], now: datetime, *, unsent: bool = False) -> None:
        self._write()
        for delivery in deliveries:
            row = self.rows[delivery.notification, delivery.sink]
            self._put(replace(row, state=DeliveryState.PENDING, due=now, attempts=row.attempts - unsent))

    async def hasten(self, sink: str, now: datetime) -> None:
        self._write()
        latest = {(result.delivery.notification, result.delivery.sink): result.answer.kind for result in self.results}
        for key, row in self.rows.items():
            if row.sink == sink and row.state is DeliveryState.PENDING and row.due > now and latest.get(key) is AnswerKind.RETRY:
                self.rows[key] = replace(row, due=now)

    async def save_sink(self, status: SinkStatus) -> None:
        self._write()
        self.sinks[status.name] = status

    async def next_due(self) -> datetime | None:
        self._check()
        return min((row.due for row in self.rows.values() if row.state is DeliveryState.PENDING), default=None)

    async def recent(self, sink: str, limit: int) -> Sequence[Delivery]:
        self._check()
        told = [row for row in self._of(sink) if row.state in {DeliveryState.INFLIGHT, DeliveryState.DELIVERED}]
        return sorted(told, key=lambda row: -self._touched[row.notification, row.sink])[:limit]

    async def pending_counts(self) -> Mapping[str, int]:
        self._check()
        counts: dict[str, int] = {}
        for row in self.rows.values():
            if row.state in {DeliveryState.PENDING, DeliveryState.INFLIGHT, DeliveryState.HELD}:
                counts[row.sink] = counts.get(row.sink, 0) + 1
        return counts

    def _of(self, sink: str) -> list[Delivery]:
        return sorted((row for row in self.rows.values() if row.sink == sink), key=lambda row: row.sequence)

    def _put(self, delivery: Delivery) -> None:
        key = (delivery.notification, delivery.sink)
        self.rows[key] = delivery
        self._order += 1
        self._touched[key] = self._order

    def _write(self) -> None:
        self._check()
        self.commits += 1

    def _check(self) -> None:
        if self.failing:
            raise StorageError("the disk is full")


class FakeSink:
    """Answers from a script, one answer a delivery, then delivers. ``sent`` lists (notification, time) of every attempt;
    ``before`` is awaited in each ``send``, where a test wants to hold or look at it."""

    def __init__(
        self,
        name: str,
        clock: FakeClock,
        answers: Iterable[Answer | AnswerKind] = (),
        *,
        batch: int = 1,
        never_pauses: bool = False,
        before: Callable[[Sequence[Delivery]], Awaitable[None]] | None = None,
        already: Iterable[str] = (),
    ) -> None:
        self.name = name
        self.batch = batch
        self.never_pauses = never_pauses
        self.sent: list[tuple[str, datetime]] = []
        self.closed = False
        self.script = list(answers)
        self._clock = clock
        self._before = before
        self._already = set(already)

    async def start(self, recent: Callable[[int], Awaitable[Sequence[Delivery]]]) -> Sequence[Delivery]:
        return [d for d in await recent(1000) if d.state is DeliveryState.INFLIGHT and d.notification in self._already]

    async def send(self, deliveries: Sequence[Delivery]) -> Sequence[Answer]:
        self.sent += [(delivery.notification, self._clock.now()) for delivery in deliveries]
        if self._before is not None:
            await self._before(deliveries)
        answers = [self.script.pop(0) if self.script else AnswerKind.DELIVERED for _ in deliveries]
        return [answer if isinstance(answer, Answer) else Answer(answer) for answer in answers]

    async def close(self) -> None:
        self.closed = True

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.sent]


class FakePoster:
    """Answers posts from a script of statuses, ready answers or errors; then 200."""

    def __init__(self, script: Iterable[int | Posted | FetchError] = ()) -> None:
        self.script = list(script)
        self.posts: list[tuple[str, Mapping[str, str], bytes]] = []

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Posted:
        self.posts.append((url, dict(headers), body))
        answer = self.script.pop(0) if self.script else 200
        if isinstance(answer, FetchError):
            raise answer
        return Posted(answer, {}, b"") if isinstance(answer, int) else answer


class FakeStore:
    """Sources, articles and watchlist versions over dictionaries; ``failing`` makes every write raise while it is set.

    ``ingest`` is all or nothing; ``batches`` lists what was committed."""

    def __init__(self) -> None:
        self.sources: dict[str, SourceState] = {}
        self.leases: dict[str, datetime] = {}
        self.seen_keys: dict[tuple[str, str], str] = {}
        self.alerts: dict[tuple[str, str], Told] = {}
        self.batches: list[IngestBatch] = []
        self.versions: dict[str, StoredVersion] = {}
        self.retired: list[str] = []
        self.failing: StorageError | None = None

    @property
    def articles(self) -> list[IngestArticle]:
        return [article for batch in self.batches for article in batch.articles]

    @property
    def decided(self) -> list[Decided]:
        return [decided for article in self.articles for decided in article.decided]

    async def sync_sources(self, specs: Sequence[SourceSpec], now: datetime) -> None:
        self._check()
        for spec in specs:
            self.sources.setdefault(spec.name, SourceState(spec.name, now))
        self.leases.clear()

    async def claim_sources(self, now: datetime, lease: float, limit: int) -> Sequence[SourceState]:
        self._check()
        due = sorted((state for state in self.sources.values() if state.next_due <= now), key=lambda state: state.next_due)
        free = [state for state in due if state.name not in self.leases or self.leases[state.name] <= now][:limit]
        self.leases.update({state.name: now + timedelta(seconds=lease) for state in free})
        return free

    async def save_source(self, state: SourceState) -> None:
        self._check()
        self.sources[state.name] = state
        self.leases.pop(state.name, None)

    async def source_states(self) -> Sequence[SourceState]:
        return list(self.sources.values())

    async def seen(self, source: str, keys: Sequence[str]) -> Mapping[str, str]:
        return {key: self.seen_keys[source, key] for key in keys if (source, key) in self.seen_keys}

    async def told(self, pairs: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Told]:
        return {pair: self.alerts[pair] for pair in pairs if pair in self.alerts}

    async def ingest(self, batch: IngestBatch) -> None:
        self._check()
        self.batches.append(batch)
        for stored in batch.articles:
            self.seen_keys[batch.source, stored.article.key] = stored.content_hash
            for decided in stored.decided:
                self._tell(stored, decided)
        if batch.state is not None:
            await self.save_source(batch.state)

    def _tell(self, stored: IngestArticle, decided: Decided) -> None:
        if decided.alert is None or decided.notification is None:
            return
        key = (decided.match.watchlist, decided.story.id)
        before = self.alerts.get(key)
        hits = [hit for evidence in decided.match.evidence for hit in evidence.hits]
        self.alerts[key] = Told(
            alert=decided.alert,
            article=stored.article.id,
            text_hash=stored.article.text_hash,
            groups=frozenset(hit.group for hit in hits) | (before.groups if before else frozenset()),
            clauses=frozenset(e.clause for e in decided.match.evidence) | (before.clauses if before else frozenset()),
            entities=frozenset(hit.entity.id for hit in hits if hit.entity) | (before.entities if before else frozenset()),
            stances=frozenset(map(str, decided.match.stances)) | (before.stances if before else frozenset()),
            languages=frozenset({stored.article.language}) | (before.languages if before else frozenset()),
            notifications=1 + (before.notifications if before else 0),
        )

    async def good_versions(self) -> Sequence[StoredVersion]:
        return list(self.versions.values())

    async def save_version(self, version: StoredVersion, now: datetime) -> None:
        self._check()
        self.versions[version.watchlist] = version

    async def retire_watchlist(self, watchlist: str, now: datetime) -> None:
        self._check()
        self.versions.pop(watchlist, None)
        self.retired.append(watchlist)

    def _check(self) -> None:
        if self.failing is not None:
            raise self.failing


class FakeWorkers:
    """Matches an article where its text holds the word of a watchlist: ``words`` is watchlist -> word. Texts that hold
    ``POISON`` fail. ``warm`` reports what ``faults`` and ``failures`` say for a (watchlist, version)."""

    POISON = "poison pill"

    def __init__(self, words: Mapping[str, str] | None = None, facts: Mapping[str, WatchlistFacts] | None = None) -> None:
        self.words = dict(words or {})
        self.known = dict(facts or {})
        self.faults: dict[str, tuple[str, ...]] = {}
        self.failures: dict[str, tuple[str, ...]] = {}
        self.warmed: list[Generation] = []
        self.swapped: list[Generation] = []
        self.parsed: list[Fetched] = []
        self.feed: PollResult | FetchError = PollResult((), {})
        self.severity = Severity.HIGH
        self.stances: tuple[Stance, ...] = (Stance.REPORTED,)
        self.broken: MonitorError | None = None

    async def parse_feed(self, spec: SourceSpec, fetched: Fetched) -> PollResult:
        self.parsed.append(fetched)
        if isinstance(self.feed, FetchError):
            raise self.feed
        return replace(self.feed, complete=fetched.complete)

    async def warm(self, generation: Generation) -> WarmReport:
        """``faults`` and ``failures`` are asked for the text of the list's own file: text found in it -> what is wrong."""
        if self.broken is not None:
            raise self.broken
        self.warmed.append(generation)
        facts, failures, faults = {}, {}, {}
        for version in generation.versions:
            text = version.files[f"{version.watchlist}.yaml"]
            fault = next((found for mark, found in self.faults.items() if mark in text), None)
            failure = next((found for mark, found in self.failures.items() if mark in text), None)
            if fault:
                faults[version.watchlist] = fault
                continue
            facts[version.watchlist] = watchlist_facts(version.watchlist, version=version.version)
            if failure:
                failures[version.watchlist] = failure
        return WarmReport(facts, failures, faults)

    async def swap(self, generation: Generation) -> None:
        self.swapped.append(generation)

    async def analyse(self, documents: Sequence[Document]) -> Sequence[Analysis | AnalysisFailed]:
        if self.broken is not None:
            raise self.broken
        return [self._analyse(document) for document in documents]

    def _analyse(self, document: Document) -> Analysis | AnalysisFailed:
        if self.POISON in document.text:
            return AnalysisFailed("the analysis took longer than 10 s and was given up")
        matches = tuple(
            self._match(name, word, document.text, document.text.index(word)) for name, word in self.words.items() if word in document.text
        )
        text_hash = hashlib.sha256(document.text.encode()).hexdigest()
        zones = (Zone(ZoneKind.BODY, 0, len(document.text)),)
        return Analysis(text_hash, document.language_hint or "en", document.text.partition("\n")[0], zones, matches, "engine 1")

    def _match(self, name: str, word: str, text: str, start: int) -> Match:
        hit = Hit("deal", word, start, start + len(word), word)
        quotes = tuple(Evidence(0, len(text), text, ZoneKind.BODY, stance, f"deal {stance}", (hit,)) for stance in self.stances)
        return Match(name, f"version of {name}", self.severity, self.stances, quotes)


def watchlist_facts(name: str, *, mode: Mode = Mode.LIVE, version: str = "") -> WatchlistFacts:
    return WatchlistFacts(name, version or f"version of {name}", name.title(), "", "desk", Severity.HIGH, {"topic": "test"}, mode)


class FakeSource:
    """Answers polls from a script of results and errors, the last one again and again; ``states`` lists what it was given.
    ``before`` is awaited in each poll."""

    def __init__(
        self, spec: SourceSpec, script: Iterable[PollResult | Exception], *, before: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        self.spec = spec
        self.script = list(script)
        self.states: list[SourceState] = []
        self._before = before

    async def poll(self, state: SourceState, now: datetime) -> PollResult:
        self.states.append(state)
        if self._before is not None:
            await self._before()
        answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class FakeWatchlists:
    """A folder of watchlists as a dictionary; its stamp changes with any text in it."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = dict(files)
        self.unreadable: WatchlistError | None = None
        self.reads = 0

    def stamp(self) -> str:
        return repr((sorted(self.files.items()), str(self.unreadable)))

    def read(self) -> Mapping[str, str]:
        self.reads += 1
        if self.unreadable is not None:
            raise self.unreadable
        return dict(self.files)
