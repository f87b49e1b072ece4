"""Reading feeds beside plain ``feedparser.parse`` of the same bytes, in one run.

Run: ``NEWS_TEST_DATA=… python -m tests.benchmarks.bench_read [--quick]``. Three polls: one that brings two new items among
thirty, one whose hundred full articles are all new, and one whose body is what it was. Each is measured as the reader
alone; and as polls are made, from the answers' bytes to the polls' outcomes, through a worker process and back, many
sources at a time. These times are of the processor, in all processes: the aims are held against them. The last column is
by the clock, for one poll when nothing else goes on, most of it the way to the worker and back. The news of the test data
is written as feeds, in UTF-8 and in windows-1256.
"""

from __future__ import annotations

import asyncio
import gzip
import html
import io
import json
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any, Final

import feedparser

from monitor.clock import SystemClock
from monitor.dictionaries import default_folder
from monitor.model import PollResult, SourceKind, SourceSpec, SourceState
from monitor.ports import Fetched
from monitor.sources.feed import FeedSource
from monitor.sources.feedread import read_feed
from monitor.workers import ProcessWorkers
from tests.benchmarks.measure import FULL, data_folder, sizes, verdict

#: The aims: how many times quicker than feedparser (issue: sources).
_TWO_NEW: Final = 10.0
_ALL_NEW: Final = 3.0
_UNCHANGED: Final = 50.0

_NOW: Final = datetime(2025, 5, 1, 12, 0, tzinfo=UTC)
_SPEC: Final = SourceSpec("bench", SourceKind.FEED, "http://news.example/feed.xml", 900.0)
_HEAD: Final = (
    '<?xml version="1.0" encoding="{0}"?>\n<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>أخبار</title>'
    "<link>http://news.example/</link><description>أخبار</description><language>ar</language><ttl>15</ttl>\n"
)


@dataclass(frozen=True, slots=True)
class Case:
    """One poll: the body that comes, and what is known before it."""

    name: str
    aim: float
    body: bytes
    state: SourceState
    new: int


def main() -> int:
    how_much = sizes(__doc__)
    data = data_folder()
    if data is None:
        return 0
    return asyncio.run(_measure(data, 12 if how_much == FULL else 4))


async def _measure(data: Path, rounds: int) -> int:
    articles = list(_articles(data, 132))
    workers = ProcessWorkers(SystemClock(), default_folder(os.environ))
    reached = True
    try:
        print(f"{'':32}{'KB':>5}{'feedparser ms':>15}{'reader ms':>11}{'ratio':>8}{'poll ms':>9}{'ratio':>8}{'':24}{'alone ms':>9}")
        for encoding in ("utf-8", "windows-1256"):
            for case in await _cases(articles, encoding, workers):
                parse, read, poll, alone = await _times(case, workers, rounds)
                print(
                    f"{case.name:32}{len(case.body) / 1024:5.0f}{parse * 1e3:15.2f}{read * 1e3:11.3f}{parse / read:7.1f}×{poll * 1e3:9.3f}"
                    f"{parse / poll:7.1f}×  ≥ {case.aim:.0f} ×: {verdict(parse / poll, case.aim, least=True):15}{alone * 1e3:9.3f}"
                )
                sys.stdout.flush()
                reached &= parse / poll >= case.aim
    finally:
        await workers.close()
    return 0 if reached else 1


async def _cases(articles: Sequence[dict[str, Any]], encoding: str, workers: ProcessWorkers) -> list[Case]:
    before, after = _teasers(articles, encoding)
    full = _feed(articles[:100], encoding, full=True)
    new = SourceState("bench", _NOW)
    return [
        Case(f"2 new of 30, {encoding}", _TWO_NEW, after, await _polled(before, workers), 2),
        Case(f"100 full articles, {encoding}", _ALL_NEW, full, new, 100),
        Case(f"unchanged, {encoding}", _UNCHANGED, after, await _polled(after, workers), 0),
    ]


async def _times(case: Case, workers: ProcessWorkers, rounds: int) -> tuple[float, float, float, float]:
    """Median seconds of feedparser, of our reader, of one poll of many, and of one poll alone: the rounds take turns."""
    source = FeedSource(_SPEC, _Answer(case.body), workers)
    many = max(16, 400_000 // len(case.body) * 16)

    async def polls() -> None:
        for result in await asyncio.gather(*(source.poll(case.state, _NOW) for _ in range(many))):
            assert len(result.documents) == case.new

    await polls()
    taken: list[tuple[float, float, float, float]] = []
    for _ in range(rounds):
        parse = min(_processor(lambda: feedparser.parse(io.BytesIO(case.body))) for _ in range(3))
        read = min(
            _processor(lambda: read_feed(case.body, {}, _SPEC.location, source="bench", now=_NOW, known=case.state.known))
            for _ in range(10)
        )
        begun = _all_processes()
        await polls()
        poll = (_all_processes() - begun) / many
        begun = perf_counter()
        await source.poll(case.state, _NOW)
        taken.append((parse, read, poll, perf_counter() - begun))
    parse, read, poll, alone = (median(column) for column in zip(*taken, strict=True))
    return parse, read, poll, alone


def _processor(call: Callable[[], object]) -> float:
    begun = process_time()
    call()
    return process_time() - begun


def _all_processes() -> float:
    """Seconds of the processor that this process and its workers have used; the workers' in hundredths."""
    used = process_time()
    for child in multiprocessing.active_children():
        fields = Path(f"/proc/{child.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        used += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return used


# ------------------------------------------------------------------------------------------- the feeds
@dataclass(frozen=True, slots=True)
class _Answer:
    """A server that gives one answer."""

    body: bytes

    async def get(self, url: str, headers: object) -> Fetched:
        return Fetched(200, url, {"content-type": "application/rss+xml"}, self.body, complete=True)


async def _polled(body: bytes, workers: ProcessWorkers) -> SourceState:
    result: PollResult = await FeedSource(_SPEC, _Answer(body), workers).poll(SourceState("bench", _NOW), _NOW)
    return SourceState("bench", _NOW, validators=result.validators, known=result.known or b"")


def _articles(data: Path, number: int) -> Iterator[dict[str, Any]]:
    with gzip.open(data / "arabic-news" / "articles.jsonl.gz", "rt", encoding="utf-8") as lines:
        for _, line in zip(range(number), lines, strict=False):
            yield json.loads(line)


def _teasers(articles: Sequence[dict[str, Any]], encoding: str) -> tuple[bytes, bytes]:
    """A feed of thirty items, and the same after two more."""
    whole = _feed(articles[:32], encoding, full=False)
    head, *items = whole.split(b"<item>")
    last, tail = items[-1].split(b"</item>")
    items[-1] = last + b"</item>\n"

    def feed(some: list[bytes]) -> bytes:
        return head + b"".join(b"<item>" + item for item in some) + tail

    return feed(items[2:]), feed(items[:30])


def _feed(articles: Sequence[dict[str, Any]], encoding: str, *, full: bool) -> bytes:
    items = "".join(_item(article, number, full=full) for number, article in enumerate(articles))
    return f"{_HEAD.format(encoding)}{items}</channel></rss>\n".encode(encoding, "xmlcharrefreplace")


def _item(article: dict[str, Any], number: int, *, full: bool) -> str:
    paragraphs = "".join(f"<p>{html.escape(line)}</p>" for line in article["text"].splitlines() if line.strip())
    content = f"<content:encoded><![CDATA[{paragraphs}]]></content:encoded>" if full else ""
    return (
        f"<item><title>{html.escape(article['title'])}</title><link>{html.escape(article['url'])}</link>"
        f'<guid isPermaLink="false">{article["id"]}</guid><dc:creator>{html.escape(article["source"])}</dc:creator>'
        f"<category>{article['topic']}</category><pubDate>{_NOW - number * timedelta(minutes=7):%a, %d %b %Y %H:%M:%S GMT}</pubDate>"
        f"<description>{html.escape(article['text'][:300])}</description>{content}</item>\n"
    )


if __name__ == "__main__":
    sys.exit(main())
