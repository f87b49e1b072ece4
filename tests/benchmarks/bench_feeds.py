"""All the Arabic news of the test data as 299 feeds on loopback: fetched, read, matched and stored, beside the ``reader`` package.

Run: ``NEWS_TEST_DATA=… python -m tests.benchmarks.bench_feeds [--quick]``. Ours runs with the shipped watchlists, alerts
and their outbox; ``reader`` (two workers, its own SQLite) fetches, parses and stores, and matches nothing. Each has a process
of its own and an empty record, is ready before the clock starts, and takes its turn several times; the server is this process.
What ours has stored is counted: every item once. ``READER_PYTHON`` names a Python that has the package where this one has not.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any, Final

from tests.benchmarks.measure import FULL, ROOT, apart, data_folder, sizes, verdict
from tests.service import arabic

#: How many times quicker than ``reader`` (issue: sources).
_AIM: Final = 2.0


def _theirs(folder: Path, urls: list[str]) -> dict[str, Any]:
    python = os.environ.get("READER_PYTHON", sys.executable)
    script = ROOT / "tests" / "benchmarks" / "peer_reader.py"
    done = subprocess.run([python, str(script), str(folder / "reader.sqlite"), *urls], stdout=subprocess.PIPE, check=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _config(folder: Path, server: arabic.ArabicServer, feeds: list[arabic.ArabicFeed]) -> Path:
    sources, rest = arabic.configuration(server, feeds)
    path = folder / "monitor.yaml"
    path.write_text(
        f"data_dir: ./var\nwatchlists: {ROOT / 'watchlists'}\nsources:\n{sources}sinks:\n  log: {{type: alert_log, path: ./alerts.jsonl}}\n"
        f"log: {{level: warning}}\n{rest}"
    )
    return path


def main() -> None:
    full = sizes(__doc__) is FULL
    data = data_folder()
    if data is None:
        return
    feeds = arabic.feeds(data, None if full else 60)
    wanted = arabic.expected(feeds)
    compared = "READER_PYTHON" in os.environ or find_spec("reader") is not None
    if not compared:
        print("the package reader is not installed (requirements-bench.txt): ours alone")
    ours, theirs = [], []
    with arabic.ArabicServer(feeds) as server:
        print(f"{len(feeds)} feeds, {len(wanted.keys)} items, {server.size / 1e6:.1f} MB, {os.cpu_count()} cores")
        for _ in range(3 if full else 2):
            with tempfile.TemporaryDirectory() as made:
                folder = Path(made)
                ours.append(apart("tests.benchmarks.feeds", str(_config(folder, server, feeds))))
                if compared:
                    theirs.append(_theirs(folder, [server.url(feed) for feed in feeds]))
    _report(ours, theirs, wanted)


def _report(ours: list[dict[str, Any]], theirs: list[dict[str, Any]], wanted: arabic.Expected) -> None:
    for answer in ours:
        stored = answer["articles"] + answer["again"]
        assert (answer["failed"], answer["articles"], stored) == (0, wanted.articles, len(wanted.keys)), answer
    print(f"every item stored once: {len(wanted.keys)} of {len(wanted.keys)}, as {wanted.articles} articles")
    seconds = median(answer["seconds"] for answer in ours)
    used = median(answer["processor"] for answer in ours)
    rate = f"{ours[0]['matches']} matches, {wanted.articles / seconds:,.0f} articles/s"
    print(f"ours    {seconds:6.2f} s by the clock, {used:6.2f} s of the processor, {rate}")
    if theirs:
        other = median(answer["seconds"] for answer in theirs)
        processor = median(answer["processor"] for answer in theirs)
        print(f"reader  {other:6.2f} s by the clock, {processor:6.2f} s of the processor, {theirs[0]['stored']} stored, matches nothing")
        ratio = median(their["seconds"] / our["seconds"] for their, our in zip(theirs, ours, strict=True))
        print(f"times as quick as reader: {ratio:.2f} (aim: {_AIM:g}) {verdict(ratio, _AIM, least=True)}")


if __name__ == "__main__":
    main()
