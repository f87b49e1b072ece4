"""The Workers port over real processes and the real engine."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import pytest
from structlog.testing import capture_logs

from monitor.clock import SystemClock
from monitor.dictionaries import default_folder
from monitor.errors import DocumentError, FetchError
from monitor.flow.reload import stored_version
from monitor.model import Analysis, AnalysisFailed, Document, SourceKind, SourceSpec
from monitor.ports import FeedRead, Fetched, Generation
from monitor.watchlist import load
from monitor.workers import ProcessWorkers, WorkersError
from monitor.workers.analysing import BATCH_CHARACTERS, BATCH_DOCUMENTS, batches
from monitor.workers.process import _reason
from tests.fakes import FakeMeter

T = TypeVar("T")

SPEC = SourceSpec("f", SourceKind.FEED, "http://x.example/feed", 900, labels={"k": "v"})
ROCKET = "id: rocket\ngroups:\n  thing: {any: [rocket (exact)]}\nwhen: thing\n"
TESTED = ROCKET + "tests:\n  - alert: a rocket rose\n  - quiet: nothing flew\n  - {alert_file: seed.txt}\n"
FAILING = ROCKET + "tests:\n  - alert: nothing flew\n"


def generation(texts: Mapping[str, str], seeds: Mapping[str, str] | None = None, name: str = "g") -> Generation:
    """``texts`` is watchlist id -> file."""
    files = {f"{id_}.yaml": text for id_, text in texts.items()} | {f"seeds/{name}": text for name, text in (seeds or {}).items()}
    return Generation(name, tuple(stored_version(load(id_, files), files) for id_ in texts))


def with_workers(work: Callable[[ProcessWorkers], Awaitable[T]], **limits: float) -> T:
    async def run() -> T:
        workers = ProcessWorkers(SystemClock(), default_folder(os.environ), **limits)  # type: ignore[arg-type]
        try:
            return await work(workers)
        finally:
            await workers.close()

    return asyncio.run(run())


def fetched(body: bytes) -> Fetched:
    return Fetched(200, SPEC.location, {}, body, complete=True)


def document(text: str, key: str = "1") -> Document:
    return Document("f", key, text, labels={"k": "v"})


def test_a_generation_is_warmed_tested_swapped_and_matches() -> None:
    async def work(workers: ProcessWorkers) -> None:
        with pytest.raises(WorkersError, match="no watchlists are in force yet"):
            await workers.analyse([document("x")])
        first = generation({"rocket": TESTED}, {"seed.txt": "The rocket\n\nA rocket rose over the sea this morning."})
        report = await workers.warm(first)
        assert dict(report.test_failures) == {}
        assert dict(report.faults) == {}
        assert report.facts["rocket"].version == first.versions[0].version
        await workers.swap(first)
        analyses = await workers.analyse(
            [document("A rocket rose over the sea.", str(n)) for n in range(120)] + [document("Nothing flew.")]
        )
        assert len(analyses) == 121
        matches = [analysis.matches for analysis in analyses if isinstance(analysis, Analysis)]
        assert [match.watchlist for match in matches[0]] == ["rocket"]
        assert matches[-1] == ()
        second = generation({"sea": ROCKET.replace("rocket", "sea")}, name="h")
        await workers.warm(second)
        (before,) = await workers.analyse([document("A rocket rose over the sea.")])
        await workers.swap(second)
        (after,) = await workers.analyse([document("A rocket rose over the sea.")])
        assert isinstance(before, Analysis)
        assert isinstance(after, Analysis)
        assert [match.watchlist for match in before.matches] == ["rocket"]
        assert [match.watchlist for match in after.matches] == ["sea"]

    with_workers(work)


def test_failing_tests_are_reported_and_a_missing_article_is_passed_over() -> None:
    async def work(workers: ProcessWorkers) -> None:
        report = await workers.warm(generation({"rocket": FAILING}))
        assert "should alert but is quiet" in report.test_failures["rocket"][0]
        assert "rocket" in report.facts
        report = await workers.warm(generation({"rocket": TESTED}))
        assert dict(report.test_failures) == {}

    with_workers(work)


def test_of_many_tests_each_is_run_and_what_fails_is_said_in_their_order() -> None:
    async def work(workers: ProcessWorkers) -> None:
        texts = [f"number {number}" if number in (3, 80, 150, 299) else f"a rocket, number {number}" for number in range(300)]
        many = ROCKET + "tests:\n" + "".join(f"  - alert: {text}\n" for text in texts)
        sound = ROCKET.replace("rocket", "sea") + "tests:\n  - alert: the sea\n"
        report = await workers.warm(generation({"rocket": many, "sea": sound}))
        assert set(report.test_failures) == {"rocket"}
        said = report.test_failures["rocket"]
        assert [int(failure.rpartition(" ")[2]) for failure in said] == [3, 80, 150, 299]

    with_workers(work)


def test_a_version_that_no_longer_loads_is_reported_and_the_others_run() -> None:
    async def work(workers: ProcessWorkers) -> None:
        sound = generation({"rocket": ROCKET})
        broken = Generation("b", (*sound.versions, type(sound.versions[0])("old", "0", {"old.yaml": "id: old\nwhen: ("}, "e")))
        report = await workers.warm(broken)
        assert set(report.facts) == {"rocket"}
        assert report.faults["old"]

    with_workers(work)


def test_a_feed_is_read_apart() -> None:
    async def work(workers: ProcessWorkers) -> None:
        body = b"<rss><channel><item><title>T</title><description>b</description></item></channel></rss>"
        result = await workers.parse_feed(SPEC, Fetched(200, SPEC.location, {}, body, complete=False))
        assert [(d.text, dict(d.labels)) for d in result.documents] == [("T\n\nb", {"k": "v"})]
        assert result.items == 1
        with pytest.raises(FetchError, match="HTML page") as caught:
            await workers.parse_feed(SPEC, Fetched(200, SPEC.location, {}, b"<html></html>", complete=True))
        assert caught.value.hint

    with_workers(work)


GOOD = b"<rss><channel>%s</channel></rss>" % (b"<item><title>x</title></item>" * 3)
#: Nothing is closed: 400 KB that keep feedparser busy for a second.
BOMB = b"<rss><channel>" + b"<item><title>x" * 29_000
#: One letter takes four bytes in memory as soon as one of them is beyond the common ones.
FAT = b"<rss><channel><item><title>\xf0\x9f\x98\x80%s</title></item></channel></rss>" % (b"x" * 14_000_000)


def test_fault_38_a_feed_that_overruns_its_time_is_given_up_and_the_next_is_read() -> None:
    async def work(workers: ProcessWorkers) -> None:
        await workers.parse_feed(SPEC, fetched(GOOD))
        with pytest.raises(FetchError, match=r"longer than 0\.4 s") as caught:
            await workers.parse_feed(SPEC, fetched(BOMB))
        assert caught.value.died
        assert len((await workers.parse_feed(SPEC, fetched(GOOD))).documents) == 1

    with_workers(work, parse_limit=0.4)


def test_fault_38_a_bomb_among_feeds_that_wait_together_fails_alone() -> None:
    async def work(workers: ProcessWorkers) -> None:
        await workers.parse_feed(SPEC, fetched(GOOD))
        bodies = [GOOD] * 20
        bodies[7] = BOMB
        started = time.monotonic()
        done: list[float] = []

        async def read(body: bytes) -> FeedRead:
            try:
                return await workers.parse_feed(SPEC, fetched(body))
            finally:
                done.append(time.monotonic() - started)

        answers = await asyncio.gather(*(read(body) for body in bodies), return_exceptions=True)
        assert [n for n, answer in enumerate(answers) if not isinstance(answer, FeedRead)] == [7]
        assert isinstance(answers[7], FetchError)
        assert answers[7].died
        print(f"19 feeds beside a bomb were read after {done[-2]:.2f} s at the latest, the bomb was given up after {done[-1]:.2f} s")
        assert (await workers.parse_feed(SPEC, fetched(GOOD))).items == 3

    with_workers(work, parse_limit=0.3)


@pytest.mark.parametrize("processes", [1, 2])
def test_fault_38_no_other_poll_waits_for_a_bomb(processes: int) -> None:
    """Also where one process reads them all: what takes long gets its time in another."""

    async def work(workers: ProcessWorkers) -> None:
        await asyncio.gather(*(workers.parse_feed(SPEC, fetched(GOOD)) for _ in range(4)))
        bomb = asyncio.create_task(workers.parse_feed(SPEC, fetched(BOMB * 30)))
        await asyncio.sleep(0)
        started = time.monotonic()
        reads = await asyncio.gather(*(workers.parse_feed(SPEC, fetched(GOOD)) for _ in range(40)))
        print(f"{processes} processes: 40 feeds behind a bomb were read after {time.monotonic() - started:.2f} s")
        assert not bomb.done()
        assert {read.items for read in reads} == {3}
        with pytest.raises(FetchError, match=r"longer than 3 s"):
            await bomb

    with_workers(work, parse_limit=3, parse_processes=processes)


def test_fault_38_what_is_only_slow_is_read_in_its_full_time() -> None:
    async def work(workers: ProcessWorkers) -> None:
        read = await workers.parse_feed(SPEC, fetched(BOMB))
        assert read.items == 1  # it never ends, so there is no second

    with_workers(work, parse_limit=60)


@pytest.mark.parametrize(("mib", "others"), [(300, 0), (300, 20), (400, 0)])
def test_fault_38_fault_56_a_feed_that_takes_all_memory_fails_alone(mib: int, others: int) -> None:
    """Its process may have 1 GiB; here less, so that the machine need not give it."""

    async def work(workers: ProcessWorkers) -> None:
        await workers.parse_feed(SPEC, fetched(GOOD))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        answers = await asyncio.gather(
            workers.parse_feed(SPEC, fetched(FAT)),
            *(workers.parse_feed(SPEC, fetched(GOOD)) for _ in range(others)),
            return_exceptions=True,
        )
        assert isinstance(answers[0], FetchError)
        assert answers[0].died
        assert "MiB of memory" in answers[0].message
        assert all(isinstance(answer, FeedRead) for answer in answers[1:])
        assert (await workers.parse_feed(SPEC, fetched(GOOD))).items == 3
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024

    with_workers(work, parse_memory=mib << 20)


def test_feeds_that_wait_together_each_get_their_own_answer() -> None:
    async def work(workers: ProcessWorkers) -> None:
        def body(n: int) -> bytes:
            return b"<html></html>" if n % 7 == 3 else GOOD.replace(b"x", b"n%d" % n)

        answers = await asyncio.gather(*(workers.parse_feed(SPEC, fetched(body(n))) for n in range(60)), return_exceptions=True)
        for n, answer in enumerate(answers):
            if n % 7 == 3:
                assert isinstance(answer, FetchError)
                assert answer.unread
                assert not answer.died
            else:
                assert isinstance(answer, FeedRead)
                assert {document.text for document in answer.documents} == {f"n{n}"}

    with_workers(work)


def test_what_is_known_is_not_handed_over_again() -> None:
    async def work(workers: ProcessWorkers) -> None:
        body = b"<rss><channel><item><guid>1</guid><title>a</title></item><item><guid>2</guid><title>b</title></item></channel></rss>"
        first = await workers.parse_feed(SPEC, fetched(body))
        again = await workers.parse_feed(SPEC, fetched(body.replace(b"<title>b", b"<title>c")), known=first.known)
        assert [document.text for document in again.documents] == ["c"]
        assert (again.items, again.rest, len(again.known)) == (2, 0, 16)

    with_workers(work)


def test_a_caller_that_no_longer_waits_is_passed_over() -> None:
    async def work(workers: ProcessWorkers) -> None:
        await workers.parse_feed(SPEC, fetched(GOOD))
        gone = [asyncio.create_task(workers.parse_feed(SPEC, fetched(BOMB))) for _ in range(5)]
        await asyncio.sleep(0)
        for task in gone:
            task.cancel()
        assert (await workers.parse_feed(SPEC, fetched(GOOD))).items == 3
        assert all(task.cancelled() for task in gone)

    with_workers(work)


def test_one_bad_document_fails_alone() -> None:
    async def work(workers: ProcessWorkers) -> None:
        await workers.swap(generation({"rocket": ROCKET}))
        await workers.analyse([document("warm up")])
        # A document that takes longer than the limit allows: megabytes in many short sentences.
        slow = document("A rocket rose. The sea was calm. " * 300_000, "slow")
        analyses = await workers.analyse([document("A rocket rose.", "1"), slow, document("A rocket fell.", "2")])
        assert [type(analysis) for analysis in analyses] == [Analysis, AnalysisFailed, Analysis]
        assert isinstance(analyses[1], AnalysisFailed)
        assert "took longer than 0.5 s" in analyses[1].reason

    with_workers(work, match_limit=0.5)


def test_a_document_that_trips_the_analysis_is_named_in_its_batch() -> None:
    async def work(workers: ProcessWorkers) -> None:
        await workers.swap(generation({"rocket": ROCKET}))
        good, bad = await workers.analyse([document("A rocket rose."), document("lone surrogate \ud800")])
        assert isinstance(good, Analysis)
        assert isinstance(bad, AnalysisFailed)
        assert "UnicodeEncodeError" in bad.reason

    with_workers(work)


def test_batches_keep_order_and_bounds() -> None:
    documents = [document("x" * size, str(n)) for n, size in enumerate([1] * 120 + [BATCH_CHARACTERS] * 3 + [1])]
    made = list(batches(documents))
    assert [d for batch in made for d in batch] == documents
    assert all(len(batch) <= BATCH_DOCUMENTS for batch in made)
    assert all(len(batch) == 1 or sum(len(d.text) for d in batch) <= BATCH_CHARACTERS for batch in made)
    assert list(batches([])) == []


# A page that is a minute's work for who looks for the article in it: as many places where it may stand as paragraphs.
KNOT = b"<html><title>T</title><body>" + b"<div class=article><p>some text here</p></div>" * 80_000


def test_fault_38_a_file_is_read_within_the_limits_of_its_process() -> None:
    async def work(workers: ProcessWorkers) -> None:
        page = b"<html><title>T</title><body><p>It left the port in the night, with nobody on board.</p></body></html>"
        document = await workers.parse_file(SPEC, page, "a.html", key="in/a.html", cut=False)
        assert (document.source, document.key, document.text.partition("\n")[0]) == ("f", "in/a.html", "T")
        assert dict(document.labels) == {"k": "v"}
        with pytest.raises(DocumentError):
            await workers.parse_file(SPEC, b"Content-Type: multipart/mixed; boundary=x\n" * 50, "a.eml", key="a.eml", cut=False)
        with pytest.raises(FetchError, match="the file took longer than 1 s to read and was given up") as refused:
            await workers.parse_file(SPEC, KNOT, "b.html", key="b.html", cut=False)
        assert refused.value.died
        assert (await workers.parse_file(SPEC, page, "a.html", key="a.html", cut=False)).text == document.text

    with_workers(work, parse_limit=1)


def test_a_worker_that_dies_is_a_line_in_the_log_and_counted() -> None:
    meter = FakeMeter()

    async def work() -> None:
        workers = ProcessWorkers(SystemClock(), default_folder(os.environ), meter=meter)
        try:
            await workers.swap(generation({"rocket": ROCKET}))
            await workers.analyse([document("a rocket rose")])
            assert not meter.counters
            for process in multiprocessing.active_children():
                process.kill()
            await asyncio.sleep(0.3)  # a real process's death must reach the real pool
            (found,) = await workers.analyse([document("a rocket rose")])
            assert isinstance(found, Analysis)
        finally:
            await workers.close()

    with capture_logs() as logged:
        asyncio.run(work())
    assert meter.counters == {("workers_died_total", (("pool", "match"),)): 1}
    assert [(line["event"], line["pool"], line["log_level"]) for line in logged] == [("worker_died", "match", "warning")]


def test_what_is_said_of_a_worker_s_end() -> None:
    assert _reason(-signal.SIGKILL) == "killed by SIGKILL"
    assert _reason(1) == "it ended by itself"
    assert _reason(-250) == "killed by signal 250"
    assert "could not start" in _reason(None)
