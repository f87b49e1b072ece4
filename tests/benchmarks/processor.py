"""Processor time of this process and all its descendants that live, as of a daemon with its workers; and memory now."""

from __future__ import annotations

import os
from pathlib import Path


def family_seconds(root: int | None = None) -> float:
    """Seconds of user and system time; where there is no ``/proc``, of this process alone."""
    if not Path("/proc/self/stat").exists():
        return sum(os.times()[:2])
    ticks, parents = {}, {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                # The name, in parentheses, may hold blanks and parentheses itself.
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(folder.name)] = int(fields[1])
            ticks[int(folder.name)] = int(fields[11]) + int(fields[12])
    root = os.getpid() if root is None else root
    return sum(spent for pid, spent in ticks.items() if _within(pid, root, parents)) / os.sysconf("SC_CLK_TCK")


def resident_memory() -> float:
    """MB of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _within(pid: int, root: int, parents: dict[int, int]) -> bool:
    while pid > 1 and pid != root:
        pid = parents.get(pid, 0)
    return pid == root
