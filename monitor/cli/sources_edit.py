"""``monitor sources add|import-opml|export-opml``: lists of sources changed by a person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.options import Place, config_options, counted, json_option, print_json
from monitor.cli.sources_try import asking, sources
from monitor.cli.written import replace
from monitor.errors import ExitStatus, FetchError, UsageError

if TYPE_CHECKING:
    from monitor.ports import Fetcher
    from monitor.settings import Loaded
    from monitor.sources.discover import Discovered
    from monitor.sources.opml import Outline
    from monitor.workers import ProcessWorkers

__all__ = ["sources"]


# ---------------------------------------------------------------------------------------------- add
@sources.command("add", short_help="Find the feed of a site and add it to a list.")
@click.argument("url")
@click.option("--name", metavar="NAME", help="Its name; without it one is made of the feed's own title, or of the host.")
@click.option("--language", metavar="CODE", default="", help="The language its articles are written in, such as ar.")
@click.option("--label", "labels", metavar="KEY=VALUE", multiple=True, help="A label of its articles; may be given more than once.")
@click.option("--every", metavar="DURATION", default="", help="How often it is asked; without it, its own rhythm decides.")
@click.option("--full-text", is_flag=True, help="Fetch the page of items that are teasers.")
@click.option(
    "--to", "target", type=click.Path(path_type=Path), metavar="FILE", help="The OPML file to write; without it the first of sources_from."
)
@click.option("--dry-run", is_flag=True, help="Say what was found, and write nothing.")
@json_option
@config_options
def add(
    url: str,
    *,
    name: str | None,
    language: str,
    labels: tuple[str, ...],
    every: str,
    full_text: bool,
    target: Path | None,
    dry_run: bool,
    as_json: bool,
    place: Place,
) -> int:
    """Find the feed of a site, read it, and add it to the list of sources.

    URL may be the feed itself or any page of the site: what the page declares is tried, then what it links to, then where
    feeds usually are. A running service takes up the change within four seconds.

    \b
    Example:
      monitor sources add https://www.aljazeera.net --language ar --label region=gulf
      monitor sources add https://example.org/rss --to sources.opml --dry-run
    """
    from monitor.net.guard import REFUSED
    from monitor.render.plain import plain
    from monitor.sources.discover import Discovery

    loaded = place.load()
    settings = _settings(every, full_text)
    tried: list[tuple[str, str]] = []

    async def find(fetcher: Fetcher, workers: ProcessWorkers) -> list[Discovered]:
        discovery = Discovery(fetcher, workers)
        try:
            return await discovery.find(url)
        finally:
            tried.extend(discovery.tried)

    try:
        found = asking(loaded, find)
    except FetchError as error:
        private = _opening(url, error.message) if REFUSED in error.message else ""
        raise UsageError(f"{url} could not be read: {error.message}", hint=error.hint or private) from error
    if not found:
        listed = "".join(f"\n    {plain(address)}: {plain(said)}" for address, said in tried)
        raise UsageError(f"no feed was found at {url}", hint=f"give the feed's own address; tried:{listed}")
    if len(found) > 1:
        click.echo(f"{url} declares {len(found)} feeds; add one of them by its address:", err=True)
        for one in found:
            click.echo(f"  {plain(one.url)}  {plain(one.title)}  ({counted(one.feed.items, 'item')})", err=True)
        return int(ExitStatus.WRONG_USE)
    (one,) = found
    outline = _outline(one, loaded, name=name, language=language, labels=labels, settings=settings)
    said = {"name": outline.name, "feed": outline.url, "title": outline.title, "language": outline.language, "items": one.feed.items}
    if as_json:
        print_json(said | {"written": None if dry_run else str(_target(target, loaded) or "") or None})
    else:
        click.echo(f"{outline.name}: {plain(outline.url)} ({counted(one.feed.items, 'item')}, {plain(outline.title)})")
    return _written(outline, target, loaded, dry_run=dry_run, as_json=as_json)


def _opening(url: str, refused: str) -> str:
    """How the refused address is opened; its numbers stand in ``url`` unless a name or a redirect led to it."""
    from urllib.parse import urlsplit

    parts = urlsplit(url if "://" in url else f"https://{url}")
    port = parts.port or (80 if parts.scheme == "http" else 443)
    host = parts.hostname or ""
    meant = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return f"to fetch from it all the same: fetch: {{allow_private: ['{meant if host and host in refused else 'ADDRESS:PORT'}']}}"


def _settings(every: str, full_text: bool) -> dict[str, str]:
    from monitor.settings import parse_duration

    if every:
        try:
            parse_duration(every)
        except ValueError as error:
            raise UsageError(f"--every: {error}") from None
    return ({"every": every} if every else {}) | ({"full_text": "true"} if full_text else {})


def _outline(
    found: Discovered, loaded: Loaded, *, name: str | None, language: str, labels: Sequence[str], settings: dict[str, str]
) -> Outline:
    from urllib.parse import urlsplit

    from monitor.settings.values import NAME_PATTERN
    from monitor.sources.opml import Outline, name_of
    from monitor.text.links import canonical

    taken = set(loaded.settings.sources)
    for known, source in loaded.settings.sources.items():
        if canonical(getattr(source, "feed", "")) == canonical(found.url):
            raise UsageError(f"this feed is configured already, as {known!r}", hint=f"monitor sources show {known}")
    if name is not None and (not NAME_PATTERN.fullmatch(name) or name in taken):
        wrong = "is taken" if name in taken else "is not a name: use lower-case letters, digits, '-' and '_'"
        raise UsageError(f"--name {name!r} {wrong}")
    parted = [label.partition("=") for label in labels]
    if any(not sign or not key.strip() for key, sign, _ in parted):
        raise UsageError("--label needs KEY=VALUE, such as --label region=gulf")
    host = urlsplit(found.url).hostname or ""
    languages = [document.language_hint for document in found.feed.documents if document.language_hint]
    return Outline(
        name=name or name_of(found.title, host, taken),
        url=found.url,
        title=found.title or host,
        language=language or (max(set(languages), key=languages.count) if languages else ""),
        labels={key.strip(): value.strip() for key, _, value in parted},
        settings=settings,
    )


def _target(target: Path | None, loaded: Loaded) -> Path | None:
    if target is not None:
        return target
    lists = loaded.settings.sources_from
    return next((Path(path) for path in lists if Path(path).suffix.lower() in (".opml", ".xml")), None)


def _written(outline: Outline, target: Path | None, loaded: Loaded, *, dry_run: bool, as_json: bool) -> int:
    file = _target(target, loaded)
    if dry_run:
        return int(ExitStatus.DONE)
    if file is None:
        click.echo("sources_from names no OPML file to write it into. Put this under sources: of the configuration:", err=True)
        for line in _as_yaml(outline):
            click.echo(f"  {line}", err=True)
        return int(ExitStatus.CHECK_FAILED)
    _change(file, lambda outlines: [*outlines, outline])
    if not as_json:
        click.echo(f"added to {file}")
        if file.resolve() not in {path.resolve() for path in loaded.files}:
            click.echo(f"note: the configuration does not name this file; add it to sources_from: [{file}]", err=True)
    return int(ExitStatus.DONE)


def _as_yaml(outline: Outline) -> list[str]:
    """What the person would have found in the list, as lines of a configuration."""
    import json

    values: dict[str, object] = {"feed": outline.url, "language": outline.language, "labels": dict(outline.labels)}
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in values.items() if value]
    return [f"{outline.name}:", *(f"  {line}" for line in [*lines, *(f"{key}: {value}" for key, value in outline.settings.items())])]


def _change(file: Path, change: Callable[[list[Outline]], list[Outline]]) -> None:
    """Read the list, change it, and put it in place whole."""
    from monitor.errors import ConfigError
    from monitor.sources.opml import read, write

    outlines: list[Outline] = []
    if file.exists():
        outlines, faults = read(file.read_bytes(), str(file))
        if any(not fault.warning for fault in faults):
            raise ConfigError(fault for fault in faults if not fault.warning)
    replace(file, write(change(outlines), "Sources"))


# --------------------------------------------------------------------------------------------- OPML
@sources.command("import-opml", short_help="Add the feeds of another reader's list.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--to", "target", type=click.Path(path_type=Path), metavar="FILE", help="The OPML file to write; without it the first of sources_from."
)
@config_options
def import_opml(file: Path, target: Path | None, place: Place) -> int:
    """Add the feeds of another reader's OPML file to a list of ours. Feeds that are configured already are left out.

    \b
    Example:
      monitor sources import-opml ~/Downloads/feedly.opml --to sources.opml
    """
    from monitor.errors import ConfigError
    from monitor.sources.opml import read
    from monitor.text.links import canonical

    loaded = place.load()
    into = _target(target, loaded)
    if into is None:
        raise UsageError("sources_from names no OPML file to import into", hint="name one with --to FILE, and add it to sources_from")
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    outlines, faults = read(raw, str(file), loaded.settings.sources)
    for fault in faults:
        if fault.warning:
            click.echo(str(fault), err=True)
    if any(not fault.warning for fault in faults):
        raise ConfigError(fault for fault in faults if not fault.warning)
    known = {canonical(feed) for source in loaded.settings.sources.values() if (feed := getattr(source, "feed", ""))}
    new: dict[str, Outline] = {}
    for outline in outlines:
        if canonical(outline.url) not in known:
            new.setdefault(canonical(outline.url), outline)
    taken = {outline.name for outline in new.values()} & set(loaded.settings.sources)
    if taken:
        raise UsageError(f"names of the file are taken already: {', '.join(sorted(taken))}", hint="change monitor:name there")
    if new:
        _change(into, lambda there: [*there, *new.values()])
    click.echo(f"{len(new)} added to {into}, {len(outlines) - len(new)} were there already")
    if into.resolve() not in {path.resolve() for path in loaded.files}:
        click.echo(f"note: the configuration does not name this file; add it to sources_from: [{into}]", err=True)
    return int(ExitStatus.DONE)


@sources.command("export-opml", short_help="Write all feeds as OPML.")
@click.argument("file", type=click.Path(path_type=Path), default="-")
@config_options
def export_opml(file: Path, place: Place) -> None:
    """Write all configured feeds as OPML, for another reader or another machine. FILE - (the default) is standard output.

    \b
    Example:
      monitor sources export-opml > feeds.opml
    """
    from monitor.settings import FeedSettings, format_duration
    from monitor.sources.opml import Outline, write

    outlines = []
    for name, source in place.load().settings.sources.items():
        if not isinstance(source, FeedSettings):
            continue
        written = {"every": format_duration(source.every)} if source.every is not None else {}
        written |= {"full_text": "true"} if source.full_text else {}
        written |= {"important": "true"} if source.important else {}
        written |= {"fresh": format_duration(source.fresh)} if "fresh" in source.model_fields_set else {}
        outlines.append(Outline(name, source.feed, title=name, language=source.language, labels=dict(source.labels), settings=written))
    raw = write(outlines, "Sources of the news monitor")
    if str(file) == "-":
        click.echo(raw.decode(), nl=False)
        return
    try:
        file.write_bytes(raw)
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from error
    click.echo(f"{counted(len(outlines), 'feed')} written to {file}", err=True)
