"""Polls that bring nothing, over real connections: how many a second of one core, beside the bare HTTP client.

Run: ``python -m tests.benchmarks.bench_unchanged [--quick]``. A server in a process of its own, on many addresses of loopback,
answers 304 to everybody. All sources are polled once by the poller with its manners, guard, record and coverage; then the
same addresses are asked by aiohttp alone, as many at a time. Seconds are of the processor, of this process and its threads.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from random import random
from statistics import median
from time import perf_counter, process_time
from typing import Final

import aiohttp

from monitor.clock import SystemClock
from monitor.flow.ingest import Ingester
from monitor.flow.poll import CONCURRENCY, Poller
from monitor.flow.watch import Coverage
from monitor.metrics import PrometheusMeter
from monitor.model import SourceKind, SourceSpec
from monitor.net import HttpClient
from monitor.net.polite import PoliteFetcher
from monitor.operations import OperationsBoard
from monitor.service.daemon import spare_the_collector
from monitor.sources.feed import FeedSource
from monitor.store import SqlStore
from tests.benchmarks.measure import FULL, sizes, verdict
from tests.benchmarks.polling import quiet
from tests.fakes import FakeWorkers

#: Polls a second of one core.
_AIM: Final = 3_000.0
_HOSTS: Final = 64
_ETAG: Final = '"unchanged"'
_ANSWER: Final = f"HTTP/1.1 304 Not Modified\r\nETag: {_ETAG}\r\nDate: Thu, 01 May 2025 10:00:00 GMT\r\n\r\n".encode()


def _addresses() -> list[str]:
    return [f"127.0.1.{n + 1}" for n in range(_HOSTS)]


# ------------------------------------------------------------------------------------------- the server
class _Unchanged(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._read = b""

    def data_received(self, data: bytes) -> None:
        *whole, self._read = (self._read + data).split(b"\r\n\r\n")
        self._transport.write(_ANSWER * len(whole))


async def _serve() -> None:
    """On one port of every address; says which, and ends with its input."""
    loop = asyncio.get_running_loop()
    first, *others = _addresses()
    server = await loop.create_server(_Unchanged, first, 0)
    port = server.sockets[0].getsockname()[1]
    for address in others:
        await loop.create_server(_Unchanged, address, port)
    print(port, flush=True)
    await asyncio.to_thread(sys.stdin.read)


@contextmanager
def _server() -> Iterator[int]:
    command = [sys.executable, "-m", "tests.benchmarks.bench_unchanged", "--serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())


# ------------------------------------------------------------------------------------------- the two ways
async def _ours(urls: list[str], port: int, rounds: int) -> tuple[float, float]:
    """Polls a second by the clock, and of the processor: the median of so many rounds over all."""
    clock, meter = SystemClock(), PrometheusMeter()
    operations = OperationsBoard(clock, meter)
    http = HttpClient(contact="ops@example.org", allow_private=[f"{address}:{port}" for address in _addresses()])
    polite = PoliteFetcher(http, clock, spacing=0.0, random=random)
    workers = FakeWorkers()
    specs = [SourceSpec(f"source{n}", SourceKind.FEED, url, 900.0, adaptive=True) for n, url in enumerate(urls)]
    with tempfile.TemporaryDirectory() as folder:
        store = await SqlStore.open(Path(folder))
        try:
            ingester = Ingester(store, workers, route=lambda *_, **__: (), facts=dict, clock=clock, meter=meter, operations=operations)
            poller = Poller(
                store,
                [FeedSource(spec, polite, workers) for spec in specs],
                ingester,
                clock=clock,
                meter=meter,
                operations=operations,
                random=random,
                watch=Coverage(operations, clock, meter, language_silence=86_400.0, daily="08:00", factor=3.0),
            )
            now = datetime.now(UTC)
            await store.sync_sources(specs, now)
            for state in await store.source_states():
                read = now - timedelta(hours=1)
                await store.save_source(replace(state, validators={"etag": _ETAG}, last_poll=read, last_success=read, last_new=read))
            await poller.once()
            spare_the_collector()  # as the daemon does; and from here on for aiohttp alone too
            clocked, used = [], []
            for _ in range(rounds):
                began, before = perf_counter(), process_time()
                report = await poller.once()
                used.append(process_time() - before)
                clocked.append(perf_counter() - began)
                assert (report.sources, dict(report.failed), report.ingested.articles) == (len(urls), {}, 0)
        finally:
            await http.close()
            await store.close()
    return len(urls) / median(clocked), len(urls) / median(used)


async def _bare(urls: list[str], rounds: int) -> tuple[float, float]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=256)) as session:
        room = asyncio.Semaphore(CONCURRENCY)

        async def ask(url: str) -> None:
            async with room, session.get(url, headers={"If-None-Match": _ETAG}) as response:
                assert response.status == 304
                await response.read()

        clocked, used = [], []
        for _ in range(rounds + 1):
            began, before = perf_counter(), process_time()
            await asyncio.gather(*map(ask, urls))
            used.append(process_time() - before)
            clocked.append(perf_counter() - began)
    return len(urls) / median(clocked[1:]), len(urls) / median(used[1:])


def main() -> None:
    if sys.argv[1:] == ["--serve"]:
        asyncio.run(_serve())
        return
    full = sizes(__doc__) is FULL
    quiet()
    sources, rounds = (4_096, 3) if full else (1_024, 2)
    with _server() as port:
        urls = [f"http://{address}:{port}/{n}" for n, address in enumerate(islice(cycle(_addresses()), sources))]
        clocked, used = asyncio.run(_ours(urls, port, rounds))
        bare_clocked, bare = asyncio.run(_bare(urls, rounds))
    print(f"{sources} sources on {_HOSTS} hosts, every answer 304")
    print(f"aiohttp alone       {bare_clocked:7,.0f} requests a second by the clock, {bare:7,.0f} a second of one core")
    print(
        f"polls               {clocked:7,.0f} a second by the clock, {used:7,.0f} a second of one core, {used / bare:.2f} of aiohttp alone"
    )
    print(f"polls a second of one core: {used:,.0f} (aim: {_AIM:,.0f}) {verdict(used, _AIM, least=True)}")


if __name__ == "__main__":
    main()
