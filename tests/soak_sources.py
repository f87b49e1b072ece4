"""The long version of FAULTS.md row 54: a million articles through the real program, and what its memory does meanwhile.

    make soak-sources                          # a million, some half an hour
    python -m tests.soak_sources 100000

Prints articles, resident MiB of the main process, descriptors and MiB of write-ahead log every twentieth of the way, and
ends with status 1 where memory grew by more than 24 MiB over the second half: the memory of lines that may be furniture is
full after some 100,000 (flow/learning.py), the record's page caches long before.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from monitor.cli.control import command, performing
from monitor.cli.options import Place
from tests.service.harness import Workspace, eventually
from tests.service.test_sources_under_load import BATCH, MIB, Server, descriptors, resident, stored, subscribe

STEPS = 20
MOST = 24 * MIB


def main(articles: int) -> int:
    with tempfile.TemporaryDirectory() as folder, Server() as server:
        workspace = Workspace(Path(folder) / "space")
        subscribe(workspace, server, ["/0", "/1"])
        daemon = workspace.start().ready()
        try:
            eventually(lambda: stored(workspace) >= 2 * BATCH, "the first poll of each")
            memory: list[int] = []
            with performing(Place(workspace.config), "sources.poll") as does:
                for step in range(1, STEPS + 1):
                    while server.served < articles * step // STEPS:
                        does(command("sources.poll", names=["s0", "s1"]))
                    memory.append(resident(daemon))
                    log = max(file.stat().st_size for file in (workspace.folder / "var").glob("*.db-wal"))
                    print(
                        f"{server.served:>9,} {memory[-1] / MIB:7.1f} MiB  {descriptors(daemon)} descriptors  {log / MIB:.1f} MiB",
                        flush=True,
                    )
            lost = server.served - stored(workspace)
        finally:
            workspace.close()
    grown = memory[-1] - memory[STEPS // 2 - 1]
    print(f"{grown / MIB:+.1f} MiB over the second half, {lost} articles lost")
    return int(grown > MOST or lost != 0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
