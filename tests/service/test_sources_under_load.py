"""What a long life with many sources must not do to the program: grow, or look dead while only others are."""

from __future__ import annotations

import asyncio
import os
import resource
import sqlite3
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from monitor.cli.control import command, performing
from monitor.cli.options import Place
from monitor.dictionaries import default_folder
from monitor.flow.ingest import Ingester
from monitor.flow.poll import Poller
from monitor.flow.watch import Coverage
from monitor.model import SourceKind, SourceSpec
from monitor.operations import OperationsBoard
from monitor.ports import Fetched
from monitor.sources.feed import FeedSource
from monitor.workers import ProcessWorkers
from tests.fakes import FakeClock, FakeMeter, FakeStore, FakeWorkers
from tests.service.harness import Daemon, Workspace, eventually

MIB = 1024 * 1024
#: Articles before the memory is taken as the program's own, those after it, and how many come in a poll.
WARM, MORE, BATCH = 4_000, 16_000, 1_000


class Server:
    """Feeds whose every answer is new: ``/N`` brings a batch of items that nobody has seen. ``/fail`` is down."""

    def __init__(self) -> None:
        self.served = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = b"" if self.path.startswith("/fail") else outer.body()
                self.send_response(200 if body else 503)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = Thread(target=self._server.serve_forever, daemon=True)

    def body(self) -> bytes:
        first, self.served = self.served, self.served + BATCH
        items = "".join(
            f"<item><guid>{n}</guid><title>Report {n}</title><description>It was said on day {n} that {n * 7919 % 10_007} ships came to "
            f"harbour {n % 97}, and that more of them would follow.</description></item>"
            for n in range(first, first + BATCH)
        )
        return f"<rss version='2.0'><channel><title>t</title>{items}</channel></rss>".encode()

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def subscribe(workspace: Workspace, server: Server, paths: list[str]) -> None:
    sources = "".join(f"  s{n}: {{feed: 'http://127.0.0.1:{server.port}{path}', every: 1h}}\n" for n, path in enumerate(paths))
    text = workspace.config.read_text().replace("  drop: {folder: ./articles, every: 300ms}\n", sources)
    fetch = f"fetch: {{allow_private: ['127.0.0.1:{server.port}'], spacing: 0s, starts_a_second: 1000}}\n"
    # What the index of stories may hold is full long before the first look at the memory.
    workspace.config.write_text(text + fetch + "stories: {remember: 1000}\n")


def resident(daemon: Daemon) -> int:
    """Bytes of the main process alone: workers are others."""
    pages = int(Path(f"/proc/{daemon.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def descriptors(daemon: Daemon) -> int:
    return len(list(Path(f"/proc/{daemon.process.pid}/fd").iterdir()))


def stored(workspace: Workspace) -> int:
    (path,) = (workspace.folder / "var").glob("*.db")
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return int(database.execute("SELECT count(*) FROM article").fetchone()[0])
    finally:
        database.close()


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory and descriptors are counted in /proc")
def test_fault_54_twenty_thousand_articles_leave_memory_and_descriptors_as_they_were(workspace: Workspace) -> None:
    with Server() as server:
        subscribe(workspace, server, [f"/{n}" for n in range(2)])
        daemon = workspace.start().ready()
        eventually(lambda: stored(workspace) >= 2 * BATCH, "the first poll of each")
        with performing(Place(workspace.config), "sources.poll") as does:

            def poll_until(articles: int) -> None:
                while server.served < articles:
                    answer = does(command("sources.poll", names=["s0", "s1"]))
                    assert [one["error"] for one in answer["sources"]] == ["", ""]

            poll_until(WARM)
            memory, open_files = resident(daemon), descriptors(daemon)
            poll_until(WARM + MORE)
            grown = resident(daemon) - memory
            logs = max(file.stat().st_size for file in (workspace.folder / "var").glob("*.db-wal"))
        print(
            f"{server.served} articles: {resident(daemon) / MIB:.0f} MiB, {grown / MIB:+.1f} MiB in the last {MORE}; "
            f"descriptors {open_files} then {descriptors(daemon)}; write-ahead log {logs / MIB:.1f} MiB"
        )
        assert stored(workspace) == server.served == WARM + MORE
        # The record's page caches fill up to 16 MiB for the writer and 8 for a reader, and the memory of lines that may be
        # furniture (flow/learning.py) to 30 MB with its 100,000th; a KiB kept of each article would come on top.
        assert grown < 32 * MIB
        # A connection or two may be open or not at that moment.
        assert abs(descriptors(daemon) - open_files) <= 4
        assert logs < 64 * MIB
        assert daemon.stop() == 0


def test_fault_55_a_hundred_failing_sources_are_no_reason_to_restart_the_program(workspace: Workspace) -> None:
    with Server() as server:
        subscribe(workspace, server, [f"/fail{n}" for n in range(100)] + ["/good"])
        daemon = workspace.start().ready()
        eventually(lambda: stored(workspace) == BATCH, "the one source that answers")
        with performing(Place(workspace.config), "sources.poll") as does:
            while daemon.health()[1]["operations_open"] < 100:  # failures in a row, until each of them is an operation
                does(command("sources.poll", all=True))
        status, document = daemon.health()
        assert (status, document["status"], document["storage"]) == (200, "degraded", "ok")
        # However many fail, the page stays one that a person and a probe can read.
        assert len(document["operations"]) == 20
        assert len(daemon.get(daemon.address)[1]) < 16_384
        assert "monitor_up 1.0" in daemon.get(daemon.address.replace("/healthz", "/metrics"))[1]
        assert daemon.stop() == 0


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="the limits of another process are set on Linux only")
def test_fault_55_a_record_that_cannot_be_written_is_told_by_health_until_it_can(workspace: Workspace) -> None:
    daemon = workspace.start().ready()
    workspace.article("first")
    eventually(lambda: len(workspace.lines()) == 1, "an alert")
    assert daemon.health()[0] == 200
    none = resource.RLIM_INFINITY
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (1, none))  # as a full disk: no file may grow, its own log included
    workspace.article("second")
    status, document = eventually(lambda: (found := daemon.health())[0] == 503 and found, "health to say so")
    assert (status, document["status"]) == (503, "failing")
    assert document["storage"] != "ok"
    assert [operation["key"] for operation in document["operations"]] == ["storage"]
    assert "monitor_up 0.0" in daemon.get(daemon.address.replace("/healthz", "/metrics"))[1]
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (none, none))
    eventually(lambda: len(workspace.lines()) == 2, "the alert that waited")
    eventually(lambda: daemon.health()[0] == 200, "health")
    assert daemon.stop() == 0


class Bombs:
    """A fetcher whose every body keeps the reader busy beyond its time."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def get(self, url: str, headers: Mapping[str, str]) -> Fetched:
        self.asked.append(url)
        body = b"<rss><channel>" + b"<item><title>x" * 29_000
        if "good" in url:
            body = b"<rss><channel><item><guid>%d</guid><title>report %d</title></item></channel></rss>" % ((len(self.asked),) * 2)
        return Fetched(200, url, {}, body, complete=True)


def test_fault_56_a_source_that_ends_three_real_processes_is_left_alone_for_a_day_and_others_go_on() -> None:
    async def run() -> None:
        clock, meter, store, fetcher = FakeClock(), FakeMeter(), FakeStore(), Bombs()
        board = OperationsBoard(clock, meter)
        workers = ProcessWorkers(clock, default_folder(os.environ), parse_limit=0.3)
        specs = [SourceSpec(name, SourceKind.FEED, f"https://{name}.example/rss", 600) for name in ("bomb", "good")]
        ingester = Ingester(store, FakeWorkers(), route=lambda _: (), facts=dict, clock=clock, meter=meter, operations=board)
        poller = Poller(
            store,
            [FeedSource(spec, fetcher, workers) for spec in specs],
            ingester,
            clock=clock,
            meter=meter,
            operations=board,
            random=lambda: 0.0,
            watch=Coverage(board, clock, meter, language_silence=86_400, daily="08:00", factor=3.0),
        )
        try:
            await store.sync_sources(specs, clock.now())
            for _ in range(23 * 6):
                await poller.tick()
                await poller.join(30)
                clock.advance(600)
        finally:
            await workers.close()
        bomb, good = store.sources["bomb"], store.sources["good"]
        assert (bomb.deaths, bomb.failures) == (3, 3)
        assert fetcher.asked.count("https://bomb.example/rss") == 3
        assert "source:bomb:quarantine" in {operation.key for operation in board.told()}
        assert good.error == ""
        assert fetcher.asked.count("https://good.example/rss") > 100
        assert len(store.articles) == fetcher.asked.count("https://good.example/rss")

    asyncio.run(run())
