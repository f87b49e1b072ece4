"""What a poll brought becomes part of the record: judge what is known, fetch pages, analyse, decide, and write it.

The order of the steps stands in ``Ingester.ingest`` and ``_batch``. Decisions are made against committed state, and a poll's
position (validators, next due time, the items known) is written with its last articles or not at all, so that a crash or a
full disk at any moment means the same poll again and nothing else. It speaks to ports only; it knows neither feeds nor SQL.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Protocol, TypeVar

from monitor.errors import StorageContradiction, StorageError
from monitor.flow.aftermath import Aftermath
from monitor.flow.batch import Asked, Before, Decided, Found, IngestReport, Poll, asked, brings, sighting, with_page
from monitor.flow.decision import Ground, Router, ingested, is_stale, never, page_failed, stored_article
from monitor.flow.identity import RETRIES, Kind, Verdict, judge, prepared, probe
from monitor.flow.limits import Limits
from monitor.flow.route import About
from monitor.flow.stories import Placed, StoryDesk
from monitor.flow.turn import Handed, Turn, ended
from monitor.model import (
    Analysis,
    AnalysisFailed,
    Article,
    Document,
    JsonObject,
    PollResult,
    Silence,
    SourceKind,
    SourceSpec,
    SourceState,
    WatchlistFacts,
    Zone,
)
from monitor.ports import Clock, DecideAgain, IngestBatch, Meter, Operations, Pages, Receipt, Sighting, Store, Workers

#: Articles of one transaction: the writer is held for some 50 ms (FAULTS.md row 44: a feed of 50,000 items).
BATCH = 500
#: The same where pages are fetched first: what they took minutes to bring is not to be lost with the process.
BATCH_OF_PAGES = 25
#: Times that a poll is judged anew because another source brought the same article meanwhile; then without its aliases.
JUDGED = 4
#: Times that what is told of one article may not fit the record: then it is put aside, and its source goes on without it.
UNFIT = 3
#: Documents whose judging, at some 50 µs each, the loop may wait for.
MANY = 200

T = TypeVar("T")


class Lines(Protocol):
    """Furniture learnt per source."""

    def learnt_in(self, source: str, text: str) -> tuple[str, ...]:
        """Keys of the learnt lines that stand in this text."""

    def note(self, source: str, article: str, text: str, zones: Sequence[Zone]) -> None:
        """One more text of the source."""

    def take_new(self, source: str) -> tuple[str, ...]:
        """The lines learnt since this was last asked."""


class Ingester:
    """``facts`` gives the watchlists by id, those just replaced included; ``announce`` shows a committed notification's
    document to a person; ``wake`` tells the deliverer that there is something to send. Without ``pages`` teasers stay what
    they are, without ``lines`` no furniture is learnt, without ``stories`` each article is its own. ``turn`` is that of all who
    change what is told; the ``spread``-th outlet of a story is told (0: none); ``silenced`` names the silence that mutes something;
    ``limits`` gives what watchlists have raised of what they may."""

    def __init__(
        self,
        store: Store,
        workers: Workers,
        *,
        route: Router,
        facts: Callable[[], Mapping[str, WatchlistFacts]],
        clock: Clock,
        meter: Meter,
        operations: Operations,
        announce: Callable[[JsonObject], None] = lambda document: None,
        wake: Callable[[], None] = lambda: None,
        pages: Pages | None = None,
        lines: Lines | None = None,
        stories: StoryDesk | None = None,
        turn: Turn | None = None,
        spread: int = 0,
        silenced: Callable[[About], Silence | None] = never,
        limits: Callable[[Iterable[WatchlistFacts], datetime], Awaitable[Limits]] | None = None,
    ) -> None:
        self._store = store
        self._workers = workers
        self._route = route
        self._facts = facts
        self._clock = clock
        self._meter = meter
        self._operations = operations
        self._aftermath = Aftermath(meter, operations, announce, wake)
        self._pages = pages
        self._lines = lines
        self._unwritten: dict[str, tuple[str, ...]] = {}  # lines learnt whose transaction failed
        self._stories = stories
        self._turn = turn or Turn()
        self._spread = spread
        self._silenced = silenced
        self._limits = limits

    async def ingest(self, spec: SourceSpec, before: SourceState, after: SourceState, result: PollResult) -> IngestReport:
        """Everything ``result`` brought that is not known yet, and with it ``after`` as the source's state.

        Raises StorageError where the record cannot be written, MonitorError where nothing can be analysed now; the
        source's position then stays where it was."""
        first = spec.kind is SourceKind.FEED and before.never_succeeded
        documents = await _apart(len(result.documents), partial(prepared, result.documents, spec))
        poll = Poll(spec, after, documents, first)
        try:
            await self._judged_again(poll, before)
        except StorageError as error:
            self._meter.count("storage_errors_total", room="ingest")
            self._operations.raise_("storage", f"the record cannot be written, and polling waits: {error.message}")
            raise
        self._operations.close("storage")
        # Most of a feed's known items never come this far: they are dropped before they are read.
        listed = max(result.items or 0, len(poll.documents))
        return replace(poll.report, unchanged=listed - poll.report.articles - poll.report.sighted)

    async def _judged_again(self, poll: Poll, before: SourceState) -> None:
        """Rounds until one goes through. An article that keeps them from it is put aside: it never blocks its source."""
        judged = 0
        while True:
            try:
                return await self._round(poll, before, claiming=judged < JUDGED)
            except DecideAgain as error:
                self._meter.count("ingest_judged_again_total")
                poll.refused += 1
                await self._turn.past()  # it may be by one of these that it was refused: they are to be known
                if error.article and error.article not in poll.aside:
                    poll.unfit[error.article] += 1
                    if poll.unfit[error.article] >= UNFIT:
                        poll.aside[error.article] = f"what is told of it does not fit the record, {UNFIT} times in a row ({error})"
                    continue
                judged += 1
                if judged > JUDGED:
                    times = f"{judged} times in a row"
                    raise StorageError(f"what {poll.spec.name} brought was decided against an older state {times}") from error

    async def _round(self, poll: Poll, before: SourceState, *, claiming: bool) -> None:
        """Judge all that came, then write it in parts. Raises DecideAgain where a part was judged by what no longer holds;
        the parts before it stay written, and are known in the next round."""
        changed = [verdict for verdict in await self._judged(poll) if verdict.kind is not Kind.UNCHANGED]
        if not claiming:
            changed = [verdict._replace(aliases=()) for verdict in changed]
        size = 1 if poll.singly else BATCH_OF_PAGES if self._pages is not None and poll.spec.full_text else BATCH
        for start in range(0, len(changed), size):
            verdicts = await self._completed(poll, changed[start : start + size])
            if any(page_failed(verdict.document) and verdict.tries < RETRIES for verdict in verdicts):
                # What was dropped as known would never be asked for its page again.
                poll.after = replace(poll.after, known=before.known)
            await self._batch(poll, verdicts, last=start + size >= len(changed))
        if not changed:
            await self._store.save_source(poll.after)

    async def _judged(self, poll: Poll) -> list[Verdict]:
        if not poll.documents:
            return []
        many = len(poll.documents)
        probes = await _apart(many, lambda: [probe(document) for document in poll.documents])
        poll.judged_at = self._turn.handed
        known = await self._store.known(poll.spec.name, probes)
        return await _apart(many, partial(judge, poll.spec, poll.documents, probes, known))

    # ----------------------------------------------------------------------------------------- pages
    async def _completed(self, poll: Poll, verdicts: Sequence[Verdict]) -> list[Verdict]:
        """With the pages of what will be told or kept as a whole; what a first poll keeps to itself costs no request."""
        if self._pages is not None and poll.spec.full_text:
            now = self._clock.now()
            wanted = [
                verdict.document
                for verdict in verdicts
                if verdict.kind in (Kind.NEW, Kind.EDITED)
                and verdict.document.key not in poll.pages
                and not (poll.first and is_stale(verdict.document.published, poll.spec, now))
            ]
            if wanted:
                fetched = await self._pages.complete(poll.spec, wanted)
                poll.pages.update((document.key, whole) for document, whole in zip(wanted, fetched, strict=True))
        return [with_page(verdict, poll.pages.get(verdict.document.key, verdict.document)) for verdict in verdicts]

    # --------------------------------------------------------------------------------- one transaction
    async def _batch(self, poll: Poll, verdicts: Sequence[Verdict], *, last: bool) -> None:
        """Analyse, look up what was told, decide, write; then tell."""
        sightings = tuple(sighting(verdict) for verdict in verdicts if verdict.kind is Kind.SIGHTED)
        written = [verdict for verdict in verdicts if verdict.kind is not Kind.SIGHTED]
        analyses = await self._analysed(poll, [self._to_analyse(poll.spec, verdict) for verdict in written])
        self._learn(poll.spec, written, analyses)
        poll.brought = poll.brought or any(map(brings, verdicts))
        before = await self._before(written)
        claims = frozenset(hash_ for verdict in written if verdict.kind is Kind.NEW for hash_ in verdict.aliases)
        async with self._turn.of_source(len(verdicts), behind=poll.refused > 1):
            if self._turn.claimed(claims, poll.judged_at):
                raise DecideAgain("another source has brought one of these articles since they were judged")
            decided = await self._decided(poll, verdicts=written, analyses=analyses, before=before, sightings=sightings, last=last)
            handed = replace(decided.handed, claims=claims)
            writing = self._turn.hand_over(partial(self._committed, poll, decided), handed)
        await ended(writing)
        batch = decided.batch
        poll.analysed.clear()
        edited = sum(verdict.kind is Kind.EDITED for verdict in written)
        poll.report += IngestReport(len(batch.articles), *self._aftermath.committed(poll.spec, batch.articles), edited, len(sightings))
        if sightings:
            self._meter.count("articles_sighted_total", len(sightings), source=poll.spec.name)

    async def _analysed(self, poll: Poll, documents: Sequence[Document]) -> list[Analysis | AnalysisFailed]:
        done = poll.analysed
        missing = [document for document in documents if document.key not in done or done[document.key][0] != document]
        if missing:
            analyses = await self._workers.analyse(missing)
            done |= {document.key: (document, analysis) for document, analysis in zip(missing, analyses, strict=True)}
        return [done[document.key][1] for document in documents]

    def _to_analyse(self, spec: SourceSpec, verdict: Verdict) -> Document:
        """The document as its watchlists see it: under the source and labels of the article it is."""
        document = verdict.document
        learnt = self._lines.learnt_in(spec.name, document.text) if self._lines is not None else document.learnt
        if learnt != document.learnt:
            document = replace(document, learnt=learnt)
        if verdict.foreign and verdict.owner is not None:
            document = replace(document, source=verdict.owner.source, labels=verdict.owner.labels)
        return document

    def _learn(self, spec: SourceSpec, written: Sequence[Verdict], analyses: Sequence[Analysis | AnalysisFailed]) -> None:
        if self._lines is None:
            return
        for verdict, analysis in zip(written, analyses, strict=True):
            if isinstance(analysis, Analysis):
                self._lines.note(spec.name, verdict.article, verdict.document.text, analysis.zones)

    async def _decided(
        self,
        poll: Poll,
        *,
        verdicts: Sequence[Verdict],
        analyses: Sequence[Analysis | AnalysisFailed],
        before: Before,
        sightings: tuple[Sighting, ...],
        last: bool,
    ) -> Decided:
        """Find each article's story, look up what was told of it, decide."""
        now = self._clock.now()
        if poll.aside:
            reasons = [poll.aside.get(verdict.article, "") for verdict in verdicts]
            analyses = [AnalysisFailed(why) if why else found for why, found in zip(reasons, analyses, strict=True)]
        stored = [stored_article(verdict, analysis, now) for verdict, analysis in zip(verdicts, analyses, strict=True)]
        placed = await self._placed(stored, analyses, before)
        found = list(zip(verdicts, analyses, stored, placed.places, strict=True))
        on = asked(found, self._facts())
        try:
            if not on.nothing:
                await self._turn.settled(on.stories | on.counted())  # the record is to have what was told of these
            ground = await self._ground(poll, now, found, on)
            articles = tuple([ingested(verdict, analysis, article, place, ground) for verdict, analysis, article, place in found])
        except BaseException:
            self._take_back(placed)
            raise
        batch = IngestBatch(poll.spec.name, articles, now, poll.state() if last else None, sightings)
        of = placed.speaks_of()
        return Decided(
            batch, placed, Handed(batch.receipt, of | on.stories | on.counted(), frozenset(placed.added), len(articles) + len(sightings))
        )

    async def _committed(self, poll: Poll, decided: Decided, relies_on: tuple[Receipt, ...]) -> None:
        try:
            await self._write(poll, replace(decided.batch, relies_on=relies_on))
        except BaseException:
            self._take_back(decided.placed)
            raise
        if self._stories is not None:
            self._stories.keep(decided.placed)

    def _take_back(self, placed: Placed) -> None:
        if self._stories is not None:
            self._stories.take_back(placed)

    async def _before(self, verdicts: Sequence[Verdict]) -> Before:
        alone = self._turn.alone
        known = {} if self._stories is None else await self._stories.known([verdict.article for verdict in verdicts])
        return Before(known, alone)

    async def _placed(self, stored: Sequence[Article], analyses: Sequence[Analysis | AnalysisFailed], before: Before) -> Placed:
        if self._stories is None:
            return Placed((None,) * len(stored))
        known = before.stories
        if before.alone != self._turn.alone:  # a person may have moved them
            known = await self._stories.known([article.id for article in stored])
        return await self._stories.place(list(zip(stored, analyses, strict=True)), known)

    async def _ground(self, poll: Poll, now: datetime, found: Sequence[Found], asked: Asked) -> Ground:
        """Everything the record knows that decisions are made against: of a batch without a match, nothing is asked."""
        facts = asked.facts
        ground = partial(Ground, poll.spec, now, poll.first, facts, route=self._route, spread=self._spread, silenced=self._silenced)
        priors = await self._store.prior(asked.edited) if asked.edited else {}
        stories = {article.id: place.story if place else article.id for _, _, article, place in found}
        pairs = asked.pairs + [(watchlist, stories[article]) for watchlist, article in priors]
        spoken_of = dict.fromkeys(story for _, story in pairs)
        if not pairs:
            return ground({}, spoken_of=spoken_of.keys())
        told = dict(await self._store.told(list(dict.fromkeys(pairs))))
        known = dict(await self._store.story_facts(list(spoken_of)))
        near = {str(place.joined["article"]) for *_, place in found if place and place.joined}
        titles = {article.id: article.title for _, _, article, _ in found}
        titles |= await self._store.titles(sorted(near - titles.keys()))
        limits = (
            Limits()
            if self._limits is None
            else await self._limits([facts[name] for name in {pair[0] for pair in pairs} & facts.keys()], now)
        )
        return ground(told, stories=known, priors=priors, titles=titles, limits=limits, spoken_of=spoken_of.keys())

    async def _write(self, poll: Poll, batch: IngestBatch) -> None:
        """With the furniture learnt of the source; where the transaction fails, the next one writes it."""
        name = poll.spec.name
        lines = self._unwritten.pop(name, ()) + (self._lines.take_new(name) if self._lines is not None else ())
        try:
            await self._store.ingest(replace(batch, lines=lines))
        except BaseException as error:
            if lines:
                self._unwritten[name] = lines
            if not isinstance(error, StorageContradiction) or not batch.articles:
                raise
            poll.singly, known = True, poll.singly
            raise DecideAgain(error.message, article=batch.articles[0].article.id if known else "") from error


async def _apart(many: int, work: Callable[[], T]) -> T:
    """Pure work on so many documents: of a long list off the loop, which has other polls to serve."""
    return await asyncio.to_thread(work) if many > MANY else work()
