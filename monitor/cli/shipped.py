"""What the package brings along: watchlists, sample articles, lists of feeds and a configuration to start from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import monitor
from monitor.errors import MonitorError


@dataclass(frozen=True, slots=True)
class Shipped:
    watchlists: Path
    seeds: Path
    config: Path
    sources: Path


def shipped() -> Shipped:
    """Inside an installed package, or beside it in a checkout."""
    package = Path(monitor.__file__).parent
    for base, config in ((package / "shipped", "monitor.yaml"), (package.parent, "deploy/monitor.yaml")):
        found = Shipped(base / "watchlists", base / "seeds", base / config, (base / config).parent / "sources")
        if found.watchlists.is_dir() and found.config.is_file():
            return found
    raise MonitorError("the shipped watchlists are missing from this installation", hint="install the package anew")
