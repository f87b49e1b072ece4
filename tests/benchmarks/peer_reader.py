"""The ``reader`` package on a list of feeds: fetch, parse and store them with two workers, print what it took as JSON.

Run by ``bench_feeds`` in a process of its own, with the Python that has the package (``READER_PYTHON``, else this one).
It imports nothing of ours.
"""

from __future__ import annotations

import json
import resource
import sys
from importlib import import_module
from time import perf_counter


def main(database: str, *urls: str) -> None:
    reader = import_module("reader").make_reader(database)
    for url in urls:
        reader.add_feed(url)
    began, before = perf_counter(), _processor()
    reader.update_feeds(workers=2)
    took, used = perf_counter() - began, _processor() - before
    print(json.dumps({"seconds": took, "processor": used, "stored": reader.get_entry_counts().total}))


def _processor() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main(*sys.argv[1:])
