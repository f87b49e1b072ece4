"""The watchlists a command works with: which folder, what loads of it, and the engine over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.options import Place
from monitor.errors import ConfigError, Fault, UsageError

if TYPE_CHECKING:
    from monitor.dictionaries import Dictionary
    from monitor.match import Engine
    from monitor.watchlist import Loaded, Watchlist


@dataclass(frozen=True, slots=True)
class Lists:
    """A folder's files by name and what they became; ``live`` leaves out those that are switched off."""

    folder: Path
    files: Mapping[str, str]
    loaded: Loaded

    @property
    def live(self) -> tuple[Watchlist, ...]:
        from monitor.model import Mode

        return tuple(watchlist for watchlist in self.loaded.watchlists if watchlist.mode is not Mode.OFF)


def lists_folder(chosen: Path | None, place: Place) -> Path:
    """``--watchlists``, else the configuration's folder, else (with no configuration anywhere) the shipped one."""
    if chosen is not None:
        if not chosen.is_dir():
            raise UsageError(f"--watchlists: there is no folder {chosen}")
        return chosen
    try:
        return place.load().settings.watchlists
    except ConfigError as error:
        if place.config is not None or any(fault.file for fault in error.faults):
            raise
    from monitor.cli.shipped import shipped

    return shipped().watchlists


def read_lists(folder: Path) -> Lists:
    from monitor.sources.watchlists import WatchlistFolder
    from monitor.watchlist import load_folder

    files = WatchlistFolder(folder).read()
    return Lists(folder, files, load_folder(files))


def announce_first_use() -> None:
    """Say on standard error what the first use waits for: nobody should take it for a hang."""
    import os

    from monitor.dictionaries import default_folder

    folder = default_folder(os.environ)
    if not any(folder.glob("*.lookup")):
        click.echo(f"First use: building dictionary look-up files in {folder} (about 20 seconds, once)", err=True)


def dictionary(watchlists: Sequence[Watchlist]) -> Dictionary:
    """The dictionaries these lists need; those that are missing are built first, which takes seconds."""
    import os

    announce_first_use()

    from monitor.dictionaries import default_folder, open_dictionary
    from monitor.match import languages_of

    return open_dictionary(default_folder(os.environ), languages_of(watchlists))


def compiled(watchlists: Sequence[Watchlist], opened: Dictionary) -> Engine:
    """The engine over these lists; what it worked out is kept for the next command."""
    from monitor.match import compile_engine

    engine = compile_engine(watchlists, opened.lookup, opened.expansions)
    opened.save()
    return engine


def faults_text(faults: Mapping[str, tuple[Fault, ...]]) -> str:
    return "\n".join(str(fault) for _, found in sorted(faults.items()) for fault in found)
