"""How the measurements measure: warm up, several rounds, the median, all within a budget; and programs run apart for their memory.

Times are wall-clock seconds of one thread; on a machine that others use as well, ratios within one run tell more.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured. ``budget`` is in seconds, for one figure."""

    articles: int
    terms: tuple[int, ...]
    rounds: int
    budget: float


FULL: Final = Sizes(articles=120, terms=(100, 1_000, 10_000, 100_000), rounds=7, budget=0.4)
QUICK: Final = Sizes(articles=30, terms=(100, 1_000, 10_000), rounds=5, budget=0.2)


def sizes(description: str | None) -> Sizes:
    """The sizes asked for on the command line (``--quick``) or by the environment (``BENCH_QUICK``)."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="smaller sizes, for a look in half a minute")
    options = parser.parse_args()
    return QUICK if options.quick or os.environ.get("BENCH_QUICK") else FULL


def data_folder() -> Path | None:
    named = os.environ.get("NEWS_TEST_DATA")
    if not named:
        print("skipped: NEWS_TEST_DATA does not name the folder of test data")
        return None
    return Path(named)


class _Timed:
    """One way to deal with a text, and the texts it gets through within the budget."""

    def __init__(self, find: Callable[[str], object], texts: Sequence[str], sizes: Sizes) -> None:
        self.find = find
        first = seconds(lambda: find(texts[0]))
        if first < sizes.budget:  # the first call may have had tables to build
            first = seconds(lambda: find(texts[0]))
        fitting = int(sizes.budget / max(first, 1e-9))
        self.times = [first] if fitting <= 1 else []
        self.texts = texts[: max(1, min(len(texts), fitting // 2))]
        self.rounds = min(sizes.rounds, fitting // len(self.texts) - 1)
        if self.rounds > 0:
            self.round()
            self.times.clear()

    def round(self) -> None:
        find = self.find
        begun = perf_counter()
        for text in self.texts:
            find(text)
        self.times.append((perf_counter() - begun) / len(self.texts))


def compare(finds: Mapping[str, Callable[[str], object]], texts: Sequence[str], sizes: Sizes) -> dict[str, float]:
    """Seconds a text by name: the median of several rounds over the same texts, after one that warms up.

    The rounds take turns, so that what else the machine does falls on all alike. What is too slow for the budget gets
    fewer texts and rounds, at the slowest one text once.
    """
    # As in a worker: what is compiled lives as long as the process and is no business of the collector's.
    gc.collect()
    gc.freeze()
    timed = {name: _Timed(find, texts, sizes) for name, find in finds.items()}
    gc.collect()
    gc.freeze()
    for number in range(sizes.rounds):
        for one in timed.values():
            if number < one.rounds:
                one.round()
    gc.unfreeze()
    return {name: median(one.times) for name, one in timed.items()}


def seconds(call: Callable[[], object]) -> float:
    begun = perf_counter()
    call()
    return perf_counter() - begun


def apart(module: str, *arguments: str, **environment: str) -> dict[str, Any]:
    """What ``python -m module`` prints as one line of JSON, run in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.PIPE, check=True
    )
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def peak_memory() -> float:
    """MB of memory that this process held at the most.

    Not ``ru_maxrss``: a child starts with its parent's, which on Linux outlives the exec.
    """
    status = Path("/proc/self/status")
    if status.exists():
        found = re.search(r"VmHWM:\s*(\d+) kB", status.read_text())
        if found:
            return int(found[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def verdict(value: float, aim: float, *, least: bool = False) -> str:
    """Whether a figure reaches its aim: at most it, or with ``least`` at least it."""
    return "reached" if (value >= aim if least else value <= aim) else "MISSED"
