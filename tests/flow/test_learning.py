"""Furniture learnt per source: what is learnt, when, and what never is."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from monitor.flow.ingest import Ingester
from monitor.flow.learning import LEARNT_LINES, LineMemory
from monitor.model import Analysis, AnalysisFailed, Document, PollResult, SourceKind, SourceSpec, SourceState, ZoneKind
from monitor.store import SqlStore
from monitor.text.layout import lay_out
from monitor.text.phrases import key
from tests.fakes import FakeClock, FakeMeter, FakeOperations, FakeWorkers

LABEL = "Reporting by our desk in the northern capital with others elsewhere"
SENTENCE = "The Wire has reported from the region since it was founded long ago."


class Desk:
    """One source's articles, noted as the ingester notes them."""

    def __init__(self, clock: FakeClock | None = None, *, candidates: int = 1000) -> None:
        self.clock = clock or FakeClock()
        self.memory = LineMemory(self.clock, {}, candidates=candidates)
        self.count = 0

    def publish(
        self, *, first: str = "", middle: str = "", last: str = "", article: str = "", source: str = "wire", told: str = ""
    ) -> None:
        self.count += 1
        number = self.count
        told = told or str(number)
        prose = [f"This is paragraph {n} of what happened, told as number {told}, and it says that much of it." for n in range(8)]
        lines = [f"Headline of article number {told}", first, *prose[:4], middle, *prose[4:], last]
        text = "\n\n".join(line for line in lines if line)
        learnt = self.memory.learnt_in(source, text)
        layout = lay_out(text, learnt=frozenset(learnt))
        self.memory.note(source, article or f"id-{number}", text, layout.zones)

    def new(self, source: str = "wire") -> tuple[str, ...]:
        return self.memory.take_new(source)


def test_a_label_is_learnt_at_its_third_article_and_once() -> None:
    desk = Desk()
    desk.publish(last=LABEL)
    desk.publish(last=LABEL)
    assert desk.new() == ()
    desk.publish(last=LABEL)
    assert desk.new() == (key(LABEL),)
    desk.publish(last=LABEL)
    assert desk.new() == ()
    assert desk.memory.learnt_in("wire", f"x\n  {LABEL.upper()} »\ny") == (key(LABEL),)
    assert desk.memory.learnt_in("other", f"x\n{LABEL}") == ()


def test_another_source_and_the_same_article_teach_nothing() -> None:
    desk = Desk()
    for _ in range(9):
        desk.publish(last=LABEL, article="same")
    for source in ("a", "b", "c"):
        desk.publish(last=LABEL, source=source)
    for number in range(9):
        desk.publish(last=LABEL, article=f"again-{number}", told="one text under many ids", source="d")
    assert [desk.new(source) for source in ("wire", "a", "b", "c", "d")] == [()] * 5


def test_a_sentence_is_learnt_at_five_articles_over_a_day_at_the_edge() -> None:
    desk = Desk()
    for _ in range(8):
        desk.publish(last=SENTENCE)
    assert desk.new() == ()
    desk.clock.advance(25 * 3600)
    desk.publish(last=SENTENCE)
    assert desk.new() == (key(SENTENCE),)


def test_background_within_the_text_goes_on_matching() -> None:
    desk = Desk()
    for hour in range(100):
        desk.clock.advance(3600)
        desk.publish(**{"middle" if hour == 2 else "last": SENTENCE})
    assert desk.new() == ()


def test_what_was_not_seen_for_long_is_forgotten_and_memory_is_bounded() -> None:
    desk = Desk(candidates=40)
    desk.publish(last=LABEL)
    desk.publish(last=LABEL)
    for number in range(60):
        desk.publish(last=f"Some other label with the number {number} in it")
    desk.publish(last=LABEL)
    assert desk.new() == ()
    assert len(desk.memory._young) + len(desk.memory._old) <= 40
    for number in range(LEARNT_LINES + 50):
        for _ in range(3):
            desk.publish(last=f"Label of many with the number {number} in it")
    assert len(desk.new()) == LEARNT_LINES


def test_title_and_what_is_furniture_already_are_no_candidates() -> None:
    desk = Desk()
    for number in range(5):
        text = f"The daily briefing of this very paper\n\nParagraph {number} of the text says that much has happened today.\nIt is so."
        desk.memory.note("wire", str(number), text, lay_out(text).zones)
    assert desk.new() == ()


def test_the_ingester_learns_marks_and_keeps_what_is_learnt(tmp_path: Path) -> None:
    async def run() -> None:
        clock, store = FakeClock(), await SqlStore.open(tmp_path)
        spec = SourceSpec("wire", SourceKind.FEED, "http://news.example/feed", 900)
        await store.sync_sources([spec], clock.now())
        workers = Layouts()
        operations = FakeOperations(clock)
        memory = LineMemory(clock, await store.lines())
        ingester = Ingester(
            store, workers, route=lambda _: (), facts=dict, clock=clock, meter=FakeMeter(), operations=operations, lines=memory
        )
        state = SourceState("wire", clock.now())
        for number in range(4):
            text = "\n\n".join(
                [f"Headline of {number}", *(f"Paragraph {n} of number {number} says that it was so." for n in range(8)), LABEL]
            )
            documents = (Document("wire", str(number), text),)
            await ingester.ingest(spec, state, state, PollResult(documents, {}))
        assert workers.marked == [False, False, False, True]
        await store.close()
        again = await SqlStore.open(tmp_path)
        assert await again.lines() == {"wire": {key(LABEL)}}
        assert LineMemory(clock, await again.lines()).learnt_in("wire", f"x\n{LABEL}") == (key(LABEL),)
        await again.close()

    asyncio.run(run())


class Layouts(FakeWorkers):
    """Lays texts out as a worker process does; ``marked`` says of each whether its last line was furniture."""

    def __init__(self) -> None:
        super().__init__()
        self.marked: list[bool] = []

    def _analyse(self, document: Document) -> Analysis | AnalysisFailed:
        zones = lay_out(document.text, document.title, learnt=frozenset(document.learnt)).zones
        self.marked.append(zones[-1].kind is ZoneKind.FURNITURE)
        found = super()._analyse(document)
        assert isinstance(found, Analysis)
        return replace(found, zones=zones)
