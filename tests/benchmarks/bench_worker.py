"""A match worker with the shipped watchlists: its memory, and how long it takes to be ready, with and without caches.

Run: ``NEWS_TEST_DATA=… python -m tests.benchmarks.bench_worker [--quick]``. Every figure is of a process of its own. The
look-up files are once the user's own, and once made from nothing in a temporary folder.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from monitor.analysis import analyse_document
from monitor.dictionaries import default_folder, open_dictionary, open_lookup
from monitor.match import compile_engine, languages_of
from monitor.model import Document
from tests.benchmarks import corpus, lists
from tests.benchmarks.measure import QUICK, apart, data_folder, peak_memory, sizes, verdict

#: MB (DESIGN.md §10).
_MEMORY = 150.0


def worker(folder: Path, articles: Path) -> None:
    """What a worker does: load, compile, analyse; the times and the memory as one line of JSON."""
    texts: list[str] = json.loads(articles.read_text(encoding="utf-8"))
    begun = perf_counter()
    watchlists = lists.shipped()
    loaded = perf_counter()
    dictionary = open_dictionary(folder, languages_of(watchlists))
    opened = perf_counter()
    engine = compile_engine(watchlists, dictionary.lookup, dictionary.expansions)
    compiled = perf_counter()
    dictionary.save()
    ready = peak_memory()
    times = []
    for text in texts:
        start = perf_counter()
        analyse_document(Document("bench", "", text), engine)
        times.append(perf_counter() - start)
    first, last = times[: len(times) // 10], times[-len(times) // 2 :]
    print(
        json.dumps(
            {
                "lists": len(watchlists),
                "load": loaded - begun,
                "open": opened - loaded,
                "compile": compiled - opened,
                "ready_mb": ready,
                "most_mb": peak_memory(),
                "first_us": sum(first) / len(first) * 1e6,
                "last_us": sum(last) / len(last) * 1e6,
            }
        )
    )


def main() -> int:
    if sys.argv[1:2] == ["--worker"]:
        worker(Path(sys.argv[2]), Path(sys.argv[3]))
        return 0
    how_much = sizes(__doc__)
    data = data_folder()
    if data is None:
        return 0
    texts = corpus.read(data, how_much, open_lookup(default_folder(os.environ), ["ar", "en"]))
    number = 200 if how_much == QUICK else 1_500
    mixed = [*texts.articles["en"], *texts.articles["ar"], *texts.unseen][:number]
    reached = True
    with TemporaryDirectory() as temporary:
        articles = Path(temporary) / "articles.json"
        articles.write_text(json.dumps(mixed), encoding="utf-8")
        folder = Path(temporary) / "cache"
        folder.mkdir()
        runs = (("nothing cached", folder), ("all cached", folder), ("all cached, again", folder))
        print(f"{'':20}{'load s':>8}{'open s':>8}{'compile s':>11}{'ready MB':>10}{'most MB':>9}{'first µs':>10}{'later µs':>10}")
        for name, place in runs:
            found = apart("tests.benchmarks.bench_worker", "--worker", str(place), str(articles))
            print(
                f"{name:20}{found['load']:8.2f}{found['open']:8.2f}{found['compile']:11.2f}{found['ready_mb']:10.0f}{found['most_mb']:9.0f}"
                f"{found['first_us']:10,.0f}{found['last_us']:10,.0f}"
            )
            sys.stdout.flush()
        print(
            f"MB of a match worker after {number:,} articles: {found['most_mb']:.0f} ≤ {_MEMORY:.0f}: {verdict(found['most_mb'], _MEMORY)}"
        )
        print("(first: the mean of a first tenth of the articles, layout, language and matching; later: of the second half)")
        reached = found["most_mb"] <= _MEMORY
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
