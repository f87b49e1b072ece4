"""A disk whose k-th write or sync fails, for every k: ``run(folder, ks)`` in a process of its own, with ``eio.c`` loaded before libc.

python -m tests.store.eio FOLDER FIRST LAST STEP     (with LD_PRELOAD)     one line for each k, as JSON
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from monitor.errors import StorageError, StorageFull
from monitor.store import SqlStore, files
from tests.store import builders as b

SOURCE = Path(__file__).with_name("eio.c")
ARTICLES = 6


def compiled(folder: Path) -> Path | None:
    """The library; None where there is no compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    library = folder / "eio.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE), "-ldl"], check=True, capture_output=True)
    return library


def run(folder: Path, ks: range) -> list[dict[str, Any]]:
    """What became of each k. The folder is to be empty; raises FileNotFoundError without a compiler."""
    library = compiled(folder)
    if library is None:
        raise FileNotFoundError("no C compiler")
    arguments = [sys.executable, "-m", "tests.store.eio", str(folder), str(ks.start), str(ks.stop), str(ks.step)]
    done = subprocess.run(arguments, env=os.environ | {"LD_PRELOAD": str(library)}, capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0:
        raise AssertionError(done.stderr[-2_000:])
    return lines


async def _life(folder: Path) -> tuple[set[str], int]:
    """Ingest, claim and record until all is done; which articles were acknowledged, and how many deliveries recorded."""
    acknowledged: set[str] = set()
    recorded = 0
    store = await SqlStore.open(folder)
    try:
        for n in range(ARTICLES):
            try:
                await store.ingest(b.simple(str(n), sinks=["log"]))
                acknowledged.add(str(n))
                claimed = await store.claim("log", b.NOW, 1)
                await store.settle([b.delivered(one) for one in claimed], None, b.NOW)
                recorded += len(claimed)
            except StorageFull:
                continue  # a failed write is told as a full disk is; the next may work
    finally:
        await store.close()
    return acknowledged, recorded


def _verdict(folder: Path, acknowledged: set[str], recorded: int) -> dict[str, Any]:
    with closing(sqlite3.connect(folder / files.RECORD)) as connection:
        keys = {key for (key,) in connection.execute("SELECT key FROM article")}
        alerts, deliveries, delivered = (
            connection.execute(statement).fetchone()[0]
            for statement in (
                "SELECT count(*) FROM alert",
                "SELECT count(*) FROM delivery",
                "SELECT count(*) FROM delivery WHERE state = 'delivered'",
            )
        )
        integrity = connection.execute("PRAGMA integrity_check").fetchone()[0]
        sequences = [number for (number,) in connection.execute("SELECT sequence FROM delivery ORDER BY sequence")]
    return {
        "integrity": integrity,
        "lost": sorted(acknowledged - keys),
        "whole": len(keys) == alerts == deliveries and sequences == list(range(1, len(keys) + 1)),
        "answers_lost": recorded - delivered if recorded > delivered else 0,
        "acknowledged": len(acknowledged),
    }


def _main(folder: Path, ks: range) -> None:
    shim = ctypes.CDLL(None)
    template = folder / "template"
    b.with_store(template, lambda store: store.ingest(b.simple("before", sinks=["log"])))
    for k in ks:
        home = folder / f"k{k}"
        shutil.copytree(template, home)
        shim.eio_arm(ctypes.c_long(k))
        said = ""
        try:
            acknowledged, recorded = asyncio.run(_life(home))
        except StorageError as error:
            acknowledged, recorded, said = set(), 0, error.message
        reached = int(shim.eio_calls()) >= k
        shim.eio_arm(ctypes.c_long(0))
        b.with_store(home, _nothing)
        print(json.dumps({"k": k, "reached": reached, "said": said, **_verdict(home, acknowledged, recorded)}), flush=True)
        shutil.rmtree(home)


async def _nothing(store: SqlStore) -> None:
    pass


if __name__ == "__main__":
    _main(Path(sys.argv[1]), range(*map(int, sys.argv[2:])))
