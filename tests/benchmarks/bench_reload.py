"""How soon an edited watchlist is in force beside the shipped ones: python -m tests.benchmarks.bench_reload [--quick]

The program itself, with a copy of the shipped watchlists and a small one beside them: from the writing of a file to the counter
that says that the reload is done. The promise is two seconds on a machine with nothing else to do; the ratio tells more on
others. Its reference is PyYAML's parser in Python over the same files, which makes nothing of what it reads.
"""

from __future__ import annotations

import http.client
import random
import re
import shutil
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Final

import yaml

from tests.benchmarks.measure import FULL, ROOT, seconds, sizes, verdict
from tests.benchmarks.program import configure, running

#: Seconds (docs/running.md, "Reload"), and how often the reference's time an edit of a shipped list may take.
_PROMISE: Final = 2.0
_RATIO: Final = 3.0
_OWN: Final = "arms"  # the list that ``configure`` writes
_RELOADS: Final = re.compile(r"^monitor_watchlist_reloads_total (\S+)", re.MULTILINE)


def _reloads(address: str) -> float:
    with closing(http.client.HTTPConnection(address, timeout=60)) as connection:
        connection.request("GET", "/metrics")
        found = _RELOADS.search(connection.getresponse().read().decode())
    assert found is not None
    return float(found[1])


def _edit(address: str, file: Path) -> float:
    """Seconds until a remark at the end of ``file``, which makes a new version of it with all its tests, is in force."""
    before = _reloads(address)
    text = file.read_text(encoding="utf-8")
    began = time.monotonic()
    file.write_text(f"{text}# edited\n", encoding="utf-8")
    while _reloads(address) == before:
        time.sleep(0.02)
    return time.monotonic() - began


def _parse(files: list[Path]) -> None:
    for file in files:
        for _ in yaml.parse(file.read_text(encoding="utf-8"), yaml.SafeLoader):
            pass


def main() -> int:
    rounds = 7 if sizes(__doc__) is FULL else 3
    shipped = ROOT / "watchlists"
    files = sorted(shipped.rglob("*.yaml"))
    reference = median(seconds(lambda: _parse(files)) for _ in range(5))
    took: dict[str, list[float]] = {name: [] for name in (_OWN, *(file.stem for file in sorted(shipped.glob("*.yaml"))))}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        configure(folder, "http://127.0.0.1:9/")
        shutil.copytree(shipped, folder / "watchlists", dirs_exist_ok=True)
        with running(folder) as program:
            print(f"ready after {program.ready:.1f} s")
            for _ in range(rounds):
                for edited, times in took.items():
                    time.sleep(random.uniform(0.5, 1.5))  # at no fixed moment of the daemon's second
                    times.append(_edit(program.address, folder / "watchlists" / f"{edited}.yaml"))
    medians = {edited: median(times) for edited, times in took.items()}
    for edited, one in medians.items():
        print(f"{edited + ' edited, in force after':<44} {one:5.2f} s (worst {max(took[edited]):.2f}): {verdict(one, _PROMISE)}")
    ratio = max(medians.values()) / reference
    against = f"PyYAML's reading of all files ({reference:.2f} s)"
    print(f"the slowest of them to {against}: {ratio:.2f} ≤ {_RATIO:.1f}: {verdict(ratio, _RATIO)}")
    return 0 if ratio <= _RATIO else 1


if __name__ == "__main__":
    sys.exit(main())
