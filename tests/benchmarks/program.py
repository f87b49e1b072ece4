"""The program itself, started for a measurement in a folder of its own, with one pushed source and one webhook."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.benchmarks.measure import ROOT

TOKEN: Final = "a-token-of-the-wire-service"
_LIST: Final = "id: arms\ntitle: Arms\nseverity: high\ngroups:\n  deal: {any: [rocketsale (exact)]}\nwhen: deal\n"
_PATIENCE: Final = 120.0


@dataclass(frozen=True, slots=True)
class Running:
    """``ready`` are the seconds that it took to come up; ``address`` is host and port."""

    pid: int
    address: str
    ready: float


def configure(folder: Path, hook: str, *, concurrency: int = 1, extra: str = "") -> None:
    """Into ``folder``: a configuration whose record is in ``var``."""
    (folder / "watchlists").mkdir()
    (folder / "watchlists" / "arms.yaml").write_text(_LIST)
    (folder / "monitor.yaml").write_text(
        f"data_dir: ./var\nwatchlists: ./watchlists\nsources:\n  wire: {{push: true, secret: {TOKEN}}}\n"
        f"sinks:\n  desk: {{type: webhook, url: '{hook}', concurrency: {concurrency}}}\n"
        f"server: {{listen: 127.0.0.1:0}}\nlog: {{format: json, level: warning}}\n{extra}"
    )
    (folder / "monitor.yaml").chmod(0o600)


@contextmanager
def running(folder: Path) -> Iterator[Running]:
    began = time.monotonic()
    said = folder / "out.txt"
    with said.open("w") as out:
        command = [sys.executable, "-m", "monitor", "run", "--config", str(folder / "monitor.yaml")]
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
    try:
        while "Health:" not in said.read_text():
            assert process.poll() is None, said.read_text()
            assert time.monotonic() - began < _PATIENCE, said.read_text()
            time.sleep(0.02)
        ready = time.monotonic() - began
        line = next(line for line in said.read_text().splitlines() if line.startswith("Health:"))
        yield Running(process.pid, line.split()[1].split("/")[2], ready)
    finally:
        process.terminate()
        process.wait(60)
