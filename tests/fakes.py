"""Fakes of the ports, shared by all rooms' tests: real behaviour over plain memory, nothing recorded for its own sake.

Append new fakes at the end; a fake keeps the promises its port states, so that what passes here passes on the real part.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from monitor.errors import DocumentError, FetchError, MonitorError, StorageError, WatchlistError
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
    Notification,
    Operation,
    PollResult,
    Severity,
    SourceKind,
    SourceSpec,
    SourceState,
    Stance,
    Story,
    WatchlistFacts,
    Way,
    Zone,
    ZoneKind,
    identity,
)
from monitor.ports import (
    DecideAgain,
    Decided,
    DeliveryResult,
    FeedRead,
    Fetched,
    Generation,
    IngestArticle,
    IngestBatch,
    Known,
    LanguagePulse,
    Owner,
    PageRead,
    Posted,
    Prior,
    Probe,
    Remembered,
    Selection,
    SinkStatus,
    StoredVersion,
    Tls,
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

    def raise_(
        self,
        key: str,
        message: str,
        *,
        severity: Severity = Severity.MEDIUM,
        tell: bool = False,
        subject: str = "",
        since: datetime | None = None,
    ) -> None:
        known = self._open.get(key)
        if known is None:
            self.history.append(f"+{key}")
        told = tell or (known is not None and known.told)
        self._open[key] = Operation(key, message, known.raised if known else since or self._clock.now(), severity, told, subject)

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
        self.changed: dict[tuple[str, str], datetime] = {}
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

    async def claim(self, sink: str, now: datetime, limit: int, *, lanes: Collection[Severity] | None = None) -> Sequence[Delivery]:
        self._check()
        claimed: list[Delivery] = []
        for severity in sorted(lanes if lanes is not None else Severity, key=lambda s: -s.rank):
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

    async def probe(self, sink: str, now: datetime) -> Delivery | None:
        self._check()
        rows = self._of(sink)
        waiting = [row for row in rows if row.state is DeliveryState.PENDING]
        if not waiting or any(row.state is DeliveryState.INFLIGHT for row in rows):
            return None
        self._write()
        row = replace(waiting[0], state=DeliveryState.INFLIGHT, attempts=waiting[0].attempts + 1)
        self._put(row)
        return row

    async def expire(self, sink: str, before: datetime, now: datetime, detail: str, limit: int = 1000) -> Sequence[str]:
        self._write()
        waiting = [row for state in (DeliveryState.PENDING, DeliveryState.HELD) for row in self._of(sink) if row.state is state]
        late = [row for row in waiting if row.since < before][:limit]
        for row in late:
            self.changed[row.notification, sink] = now
            self._put(replace(row, state=DeliveryState.EXPIRED, reason=detail))
        return [row.notification for row in late]

    async def settle(self, results: Sequence[DeliveryResult], status: SinkStatus | None, now: datetime) -> None:
        self._write()
        self._record(results, now)
        if status is not None and not self.sinks.get(status.name, status).by:
            self.sinks[status.name] = status

    async def replay(self, wanted: Selection, now: datetime, actor: str) -> int:
        self._write()
        given_up = [row for row in self.rows.values() if row.state in {DeliveryState.DEAD, DeliveryState.EXPIRED}]
        chosen = [row for row in given_up if _is_selected(row, wanted)][: wanted.limit or None]
        for row in chosen:
            self._put(replace(row, state=DeliveryState.PENDING, reason="", due=now, replayed=now))
        return len(chosen)

    async def given_up(self, sink: str, since: datetime | None = None) -> int:
        self._check()
        rows = [row for row in self._of(sink) if row.state in {DeliveryState.DEAD, DeliveryState.EXPIRED}]
        return sum(since is None or self.changed[row.notification, sink] >= since for row in rows)

    async def behind(self, delivery: Delivery) -> int:
        self._check()
        lane = [row for row in self._of(delivery.sink) if row.severity is delivery.severity and row.sequence > delivery.sequence]
        return sum(row.state in {DeliveryState.PENDING, DeliveryState.INFLIGHT} for row in lane)

    def _record(self, results: Sequence[DeliveryResult], now: datetime) -> None:
        for result in results:
            self.changed[result.delivery.notification, result.delivery.sink] = now
            row = self.rows[result.delivery.notification, result.delivery.sink]
            assert row.state is DeliveryState.INFLIGHT, f"recorded without a claim: {row.notification} is {row.state}"
            waits = result.state in {DeliveryState.PENDING, DeliveryState.DELIVERED}
            progress = row.progress if result.answer.progress is None else result.answer.progress
            reason = "" if waits else result.answer.detail
            self._put(replace(row, state=result.state, due=result.due or row.due, reason=reason, progress=progress))
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


def _is_selected(row: Delivery, wanted: Selection) -> bool:
    return (
        wanted.sink in {"", row.sink}
        and (not wanted.states or row.state in wanted.states)
        and (wanted.since is None or row.created >= wanted.since)
        and (wanted.until is None or row.created < wanted.until)
        and (not wanted.notifications or row.notification in wanted.notifications)
        and wanted.alert in {"", row.alert}
    )


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
        concurrency: int = 1,
        never_pauses: bool = False,
        before: Callable[[Sequence[Delivery]], Awaitable[None]] | None = None,
        already: Iterable[str] = (),
    ) -> None:
        self.name = name
        self.batch = batch
        self.concurrency = concurrency
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

    async def post(self, url: str, headers: Mapping[str, str], body: bytes, *, tls: Tls | None = None) -> Posted:
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
        #: (source, key) -> the article it stands for, where that is not the one made of them.
        self.stands_for: dict[tuple[str, str], str] = {}
        self.owners: dict[str, Owner] = {}
        self.aliases: dict[str, str] = {}
        self.specs: dict[str, SourceSpec] = {}
        self.learnt: dict[str, set[str]] = {}
        self.pulses: dict[str, LanguagePulse] = {}
        self.alerts: dict[tuple[str, str], Told] = {}
        self.priors: dict[tuple[str, str], Prior] = {}
        self.places: dict[str, tuple[int, IngestArticle]] = {}
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

    async def sync_sources(self, specs: Sequence[SourceSpec], now: datetime, *, spread: float = 0.0) -> None:
        self._check()
        new = [spec for spec in specs if spec.name not in self.sources]
        for n, spec in enumerate(new):
            wait = spread * n / len(new) if spec.kind is SourceKind.FEED else 0.0
            self.sources[spec.name] = SourceState(spec.name, now + timedelta(seconds=wait))
        self.specs = {spec.name: spec for spec in specs}
        for name in [name for name in self.sources if name not in self.specs]:
            del self.sources[name]
        self.leases.clear()

    async def claim_sources(
        self, now: datetime, lease: float, limit: int, *, busy: Collection[str] = (), per_host: int = 4
    ) -> Sequence[SourceState]:
        self._check()
        due = sorted((state for state in self.sources.values() if state.next_due <= now), key=lambda state: (state.next_due, state.name))
        taken: list[SourceState] = []
        of_host: dict[str, int] = {}
        for state in due:
            host = self.host_of(state.name)
            leased = state.name in self.leases and self.leases[state.name] > now
            if leased or state.paused or state.gone or host in busy or self._kind_of(state.name) is SourceKind.PUSH:
                continue
            of_host[host] = of_host.get(host, 0) + 1
            if (not host or of_host[host] <= per_host) and len(taken) < limit:
                taken.append(state)
        self.leases.update({state.name: now + timedelta(seconds=lease) for state in taken})
        return taken

    def _kind_of(self, name: str) -> SourceKind:
        return self.specs[name].kind if name in self.specs else SourceKind.FOLDER

    def host_of(self, name: str) -> str:
        """Of a feed; "" for what is without a host."""
        spec = self.specs.get(name)
        return urlsplit(spec.location).netloc.lower() if spec is not None and spec.kind is SourceKind.FEED else ""

    async def due_now(self, name: str, now: datetime) -> bool:
        return self._change(name, next_due=now, not_before=None)

    async def pause_source(self, name: str, now: datetime, by: str) -> bool:
        return self._change(name, paused=now, paused_by=by)

    async def resume_source(self, name: str, now: datetime, by: str) -> bool:
        return self._change(name, paused=None, paused_by="", gone=None, deaths=0, failing_since=None, next_due=now, not_before=None)

    def _change(self, name: str, **changes: Any) -> bool:
        self._check()
        if name not in self.sources:
            return False
        self.sources[name] = replace(self.sources[name], **changes)
        return True

    async def save_source(self, state: SourceState) -> None:
        """As the record does it: an operator's pause is not the poll's to save."""
        self._check()
        before = self.sources.get(state.name)
        paused = {"paused": before.paused, "paused_by": before.paused_by} if before else {}
        self.sources[state.name] = replace(state, **paused)  # type: ignore[arg-type]
        self.leases.pop(state.name, None)

    async def source_states(self) -> Sequence[SourceState]:
        return list(self.sources.values())

    async def source_state(self, name: str) -> SourceState | None:
        return self.sources.get(name)

    async def seen(self, source: str, keys: Sequence[str]) -> Mapping[str, str]:
        return {key: self.seen_keys[source, key] for key in keys if (source, key) in self.seen_keys}

    async def known(self, source: str, probes: Sequence[Probe]) -> Sequence[Known]:
        return [self._known(source, probe) for probe in probes]

    def _known(self, source: str, probe: Probe) -> Known:
        stands_for = [self.aliases.get(hash_, "") for hash_ in probe.aliases]
        link, content = (stands_for[0], stands_for[1]) if len(stands_for) > 1 else ("", stands_for[0] if stands_for else "")
        content_hash = self.seen_keys.get((source, probe.key), "")
        own = self.stands_for.get((source, probe.key)) or identity(source, probe.key)
        siblings = {key for (its, key) in self.seen_keys if its == source and link and self._article_of(its, key) == link} - {probe.key}
        return Known(
            content_hash,
            self.owners.get(own) if content_hash else None,
            self.owners.get(link),
            self.owners.get(content),
            frozenset(siblings),
        )

    def _article_of(self, source: str, key: str) -> str:
        return self.stands_for.get((source, key)) or identity(source, key)

    async def lines(self) -> Mapping[str, frozenset[str]]:
        return {name: frozenset(lines) for name, lines in self.learnt.items()}

    async def languages(self) -> Mapping[str, LanguagePulse]:
        return dict(self.pulses)

    async def told(self, pairs: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Told]:
        return {pair: self.alerts[pair] for pair in pairs if pair in self.alerts}

    async def prior(self, articles: Sequence[str]) -> Mapping[tuple[str, str], Prior]:
        return {place: prior for place, prior in self.priors.items() if place[1] in articles}

    async def stories_of(self, articles: Sequence[str]) -> Mapping[str, str]:
        return {article: self._place(article).story for article in articles if article in self.places}

    async def titles(self, articles: Sequence[str]) -> Mapping[str, str]:
        return {article: self.places[article][1].article.title for article in articles if article in self.places}

    async def story_facts(self, stories: Sequence[str]) -> Mapping[str, Story]:
        found = {}
        for story in stories:
            items = [item for _, item in sorted(self.places.values(), key=lambda place: place[0]) if item.membership.story == story]
            if items:
                outlets = tuple(dict.fromkeys(item.membership.outlet for item in items))
                languages = tuple(dict.fromkeys(item.article.language for item in items))
                url = self.places[story][1].article.url if story in self.places else ""
                found[story] = Story(story, story, len(items), outlets, len(outlets), languages, url)
        return found

    async def remembered(self, limit: int, before: int | None = None) -> Sequence[tuple[int, Remembered]]:
        kept = [(number, item) for number, item in self.places.values() if item.membership.fingerprint]
        newest = sorted(((n, item) for n, item in kept if before is None or n < before), key=lambda one: -one[0])
        return [
            (n, Remembered(item.article.id, place.story, place.at, place.fingerprint, str((place.joined or {}).get("kind", ""))))
            for n, item in newest[:limit]
            for place in [item.membership]
        ]

    async def forget(self, remembered: int) -> None:
        for number, item in sorted(self.places.values(), key=lambda place: -place[0])[remembered:]:
            assert item.membership is not None
            bare = replace(item, membership=replace(item.membership, fingerprint=b""))
            self.places[item.article.id] = number, bare

    def _place(self, article: str) -> Any:
        return self.places[article][1].membership

    async def ingest(self, batch: IngestBatch) -> None:
        self._check()
        batch.receipt.written = False
        if not all(receipt.written for receipt in batch.relies_on):
            raise DecideAgain
        claims = [(hash_, item.article.id) for item in batch.articles for hash_ in item.aliases]
        claims += [(hash_, sighting.article) for sighting in batch.sightings for hash_ in sighting.aliases]
        if any(self.aliases.get(hash_, article) != article for hash_, article in claims):
            raise DecideAgain
        self.batches.append(batch)
        for stored in batch.articles:
            self._remember(stored, batch)
            for decided in stored.decided:
                self._tell(stored, decided)
        for sighting in batch.sightings:
            self.seen_keys[batch.source, sighting.key] = sighting.content_hash
            self.stands_for[batch.source, sighting.key] = sighting.article
            for hash_ in sighting.aliases:
                self.aliases.setdefault(hash_, sighting.article)
        self.learnt.setdefault(batch.source, set()).update(batch.lines)
        if batch.state is not None:
            await self.save_source(batch.state)
        batch.receipt.written = True

    def _remember(self, stored: IngestArticle, batch: IngestBatch) -> None:
        article = stored.article
        if stored.membership is not None:
            number, before = self.places.get(article.id, (len(self.places) + 1, stored))
            place = replace(before.membership, fingerprint=stored.membership.fingerprint or before.membership.fingerprint)
            self.places[article.id] = number, replace(stored, membership=place)
        place = (stored.seen_source or article.source, stored.seen_key or article.key)
        self.seen_keys[place] = stored.content_hash
        if place != (article.source, article.key):
            self.stands_for[place] = article.id
        for hash_ in stored.aliases:
            self.aliases.setdefault(hash_, article.id)
        if article.id not in self.owners:
            before = self.pulses.get(article.language, LanguagePulse(batch.now, 0))
            self.pulses[article.language] = LanguagePulse(batch.now, before.articles + 1)
        own_hash = self.seen_keys.get((article.source, article.key), "")
        self.owners[article.id] = Owner(
            article.id,
            article.source,
            article.key,
            len(stored.text),
            own_hash,
            article.title,
            article.url,
            article.published,
            article.labels,
        )

    def _tell(self, stored: IngestArticle, decided: Decided) -> None:
        key = (decided.match.watchlist, decided.story.id)
        if decided.notification is not None:
            told = Prior(decided.match, stored.article.text_hash, stored.article.title)
            self.priors[decided.match.watchlist, stored.article.id] = told
        if decided.told is not None:
            self.alerts[key] = decided.told
            return
        if decided.alert is None or decided.notification is None:
            return
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
            outlets=before.outlets if before else frozenset(),
            spread_told=before is not None and before.spread_told,
            last_told=decided.notification.created,
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
        self.feed: FeedRead | FetchError = FeedRead((), b"", 0)
        self.page: PageRead | FetchError = FetchError("no article was found on the page")
        self.severity = Severity.HIGH
        self.stances: tuple[Stance, ...] = (Stance.REPORTED,)
        self.broken: MonitorError | None = None

    async def parse_feed(self, spec: SourceSpec, fetched: Fetched, *, known: bytes = b"", skip: int = 0) -> FeedRead:
        self.parsed.append(fetched)
        if isinstance(self.feed, FetchError):
            raise self.feed
        return self.feed

    async def parse_page(self, spec: SourceSpec, fetched: Fetched, title: str) -> PageRead:
        self.parsed.append(fetched)
        if isinstance(self.page, FetchError):
            raise self.page
        return self.page

    async def parse_file(self, spec: SourceSpec, raw: bytes, name: str, *, key: str, cut: bool) -> Document:
        return Document(spec.name, key, raw.decode())

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


class FakePages:
    """``pages`` is page address -> the article's text; what is not there keeps its teaser, with the note ``page:failed``."""

    def __init__(self, pages: Mapping[str, str] | None = None) -> None:
        self.pages = dict(pages or {})
        self.asked: list[str] = []

    async def complete(self, spec: SourceSpec, documents: Sequence[Document]) -> Sequence[Document]:
        return [self._complete(document) for document in documents]

    def _complete(self, document: Document) -> Document:
        if not document.page:
            return document
        self.asked.append(document.page)
        if document.page not in self.pages:
            return replace(document, notes=(*document.notes, "page:failed"))
        title = document.text[document.title.start : document.title.end] if document.title else ""
        body = self.pages[document.page]
        return replace(document, text=f"{title}\n\n{body}" if title else body)


class FakeWatch:
    """``told`` lists every poll's end in order: ("succeeded", name, new), ("failed", name, message), ("forgotten", name, "")."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, int | str]] = []
        self.states: list[SourceState] = []
        self.down = False

    def succeeded(self, spec: SourceSpec, state: SourceState, *, new: int) -> None:
        self.told.append(("succeeded", spec.name, new))
        self.states.append(state)

    def failed(self, spec: SourceSpec, state: SourceState, error: FetchError | DocumentError | Exception) -> None:
        self.told.append(("failed", spec.name, error.message if isinstance(error, MonitorError) else str(error)))
        self.states.append(state)

    def forgotten(self, name: str) -> None:
        self.told.append(("forgotten", name, ""))

    @property
    def network_down(self) -> bool:
        return self.down


class FakeSourceList:
    """Sources as a list; its stamp changes with them."""

    def __init__(self, specs: Iterable[SourceSpec] = ()) -> None:
        self.specs = list(specs)
        self.unreadable: Exception | None = None
        self.asked: list[bool] = []
        self.elsewhere: list[str] = []

    def stamp(self) -> str:
        return repr((self.specs, str(self.unreadable), self.elsewhere))

    def read(self, *, asked: bool = False) -> Sequence[SourceSpec]:
        self.asked.append(asked)
        if self.unreadable is not None:
            raise self.unreadable
        return list(self.specs)

    def waiting(self) -> Sequence[str]:
        return self.elsewhere


class FakeOperationsRecord:
    """Operations that were told, by key; ``told`` lists what was committed as (key, kind, sinks). Where ``lost`` is set, a
    commit succeeds and its answer is lost, once."""

    def __init__(self) -> None:
        self.standing: dict[str, Operation] = {}
        self.told: list[tuple[str, str, tuple[str, ...]]] = []
        self.payloads: dict[str, bytes] = {}
        self.failing: StorageError | None = None
        self.lost = False

    async def open_operations(self) -> Sequence[Operation]:
        if self.failing is not None:
            raise self.failing
        return list(self.standing.values())

    async def save_operation(
        self, operation: Operation, notification: Notification | None, ways: tuple[Way, ...], now: datetime, *, closed: bool
    ) -> None:
        if self.failing is not None:
            raise self.failing
        if closed:
            self.standing.pop(operation.key, None)
        else:
            self.standing[operation.key] = replace(operation, told=True)
        if notification is not None and notification.id not in self.payloads:
            self.payloads[notification.id] = notification.payload
            self.told.append((operation.key, notification.kind.value, tuple(way.sink for way in ways)))
        if self.lost:
            self.lost = False
            raise StorageError("the disk did not answer")


class FakeBeating:
    """Counts its beats; answers from a script, then that all is well."""

    def __init__(self, name: str, every: float = 60.0, answers: Iterable[AnswerKind] = ()) -> None:
        self.name = name
        self.every = every
        self.beats = 0
        self.script = list(answers)

    async def beat(self) -> Answer:
        self.beats += 1
        return Answer(self.script.pop(0) if self.script else AnswerKind.DELIVERED)
