"""``monitor init``: a folder that works, from the installed package alone."""

from __future__ import annotations

import shutil
from pathlib import Path
from shlex import quote

import click

from monitor.cli.shipped import shipped
from monitor.errors import UsageError

#: The list that `monitor sources add` and `import-opml` write into: the reader's own, in force from the beginning.
_OWN = "own.opml"
_NO_LIST = "# sources_from: [sources/ar.opml]\n"
_OWN_LIST = (
    "# `monitor sources add` and `monitor sources import-opml` write into the first OPML file named here.\n"
    f"sources_from: [sources/{_OWN}]  # as further ones: sources/ar.opml, sources/en.opml\n"
)

#: The shipped configuration speaks from deploy/; in a starter folder everything stands beside it.
_PATHS = {"../var": "./var", "../watchlists": "./watchlists", "../seeds": "./seeds"}
_HEAD = "# The configuration that `make run` uses, and a commented example of every part."
_NEW_HEAD = "# The configuration of this monitor: start it with `monitor run` in this folder."


@click.command(short_help="Write a working starter folder.")
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
def init(folder: Path) -> None:
    """Write a working starter folder: configuration, watchlists with their tests, sample articles and lists of public feeds,
    with an empty one, sources/own.opml, that `monitor sources add` writes into.

    Nothing that is already there is overwritten.

    \b
    Example:
      monitor init news && cd news && monitor run
    """
    from monitor.sources.opml import write

    brought = shipped()
    taken = [name for name in ("monitor.yaml", "watchlists", "seeds", "sources") if (folder / name).exists()]
    if taken:
        raise UsageError(f"{folder} already holds {', '.join(taken)}: nothing was written", hint="choose an empty or new folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, source in (("watchlists", brought.watchlists), ("seeds", brought.seeds), ("sources", brought.sources)):
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns(".*", "__pycache__"), copy_function=shutil.copyfile)
        text = brought.config.read_text(encoding="utf-8").replace(_HEAD, _NEW_HEAD).replace(_NO_LIST, _OWN_LIST)
        for shipped_path, here in _PATHS.items():
            text = text.replace(shipped_path, here)
        (folder / "sources" / _OWN).write_bytes(write([], "Sources"))
        (folder / "monitor.yaml").write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror or error}") from None
    click.echo(f"Wrote {folder}/monitor.yaml, {folder}/watchlists/, {folder}/seeds/ and {folder}/sources/.")
    there = "" if folder.resolve() == Path.cwd().resolve() else f"cd {quote(str(folder))} && "
    click.echo(f"Next: {there}monitor check && monitor run")
