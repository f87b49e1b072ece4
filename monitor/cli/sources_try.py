"""``monitor sources check``: feeds fetched and read as the service would, and nothing recorded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, TypeVar

import click

from monitor.cli.options import Place, config_options, counted, json_option, print_json
from monitor.cli.sources import sources
from monitor.errors import ExitStatus, FetchError, UsageError

if TYPE_CHECKING:
    from monitor.model import SourceSpec
    from monitor.ports import FeedRead, Fetched, Fetcher
    from monitor.settings import Loaded
    from monitor.workers import ProcessWorkers

__all__ = ["asking", "sources"]

T = TypeVar("T")
#: Feeds tried at a time; each host gets one request at a time all the same.
_AT_ONCE = 16
#: Of a feed whose items are shorter in the middle than this, the pages say more (characters).
_TEASER = 600


def asking(loaded: Loaded, work: Callable[[Fetcher, ProcessWorkers], Awaitable[T]]) -> T:
    """``work`` with a polite fetcher and a reading process, as the service has them; nothing is recorded."""
    import asyncio
    import os
    import random

    from monitor.clock import SystemClock
    from monitor.dictionaries import default_folder
    from monitor.net import HttpClient
    from monitor.net.polite import PoliteFetcher
    from monitor.workers import ProcessWorkers

    async def answered() -> T:
        async with AsyncExitStack() as opened:
            fetch, clock = loaded.settings.fetch, SystemClock()
            http = HttpClient(contact=fetch.user_agent_contact or "", allow_private=fetch.allow_private)
            opened.push_async_callback(http.close)
            workers = ProcessWorkers(clock, default_folder(os.environ), parse_processes=loaded.settings.workers.parse, match_processes=1)
            opened.push_async_callback(workers.close)
            return await work(PoliteFetcher(http, clock, spacing=fetch.spacing, random=random.random), workers)

    return asyncio.run(answered())


@sources.command("check", short_help="Try feeds without recording anything.")
@click.argument("names", nargs=-1)
@json_option
@config_options
def check(names: tuple[str, ...], as_json: bool, place: Place) -> int:
    """Fetch feeds and read them without recording anything: do they answer, what do they hold, how old is the newest item.

    Without NAMES every configured feed is tried. Exit status 1 if one cannot be read.

    \b
    Example:
      monitor sources check
      monitor sources check bbc-arabic --json
    """
    import asyncio

    from monitor.settings import source_specs

    loaded = place.load()
    every = {spec.name: spec for spec in source_specs(loaded)}
    specs = {name: spec for name, spec in every.items() if spec.kind == "feed"}
    unknown = [name for name in names if name not in specs]
    if unknown:
        raise _no_feed(unknown[0], every.get(unknown[0]))
    wanted = [specs[name] for name in names] if names else list(specs.values())
    if not wanted:
        click.echo("no feeds are configured", err=True)
        return int(ExitStatus.DONE)
    failed = 0

    async def trying(fetcher: Fetcher, workers: ProcessWorkers) -> None:
        nonlocal failed
        slots = asyncio.Semaphore(_AT_ONCE)

        async def one(spec: SourceSpec) -> tuple[SourceSpec, Fetched | None, FeedRead | None, str]:
            async with slots:
                return await _tried(spec, fetcher, workers)

        for done in asyncio.as_completed([one(spec) for spec in wanted]):
            spec, fetched, feed, error = await done
            failed += bool(error)
            _report(spec, fetched, feed, error, as_json=as_json)

    asking(loaded, trying)
    if not as_json:
        click.echo(f"{len(wanted) - failed} of {len(wanted)} can be read")
    return int(ExitStatus.CHECK_FAILED if failed else ExitStatus.DONE)


def _no_feed(name: str, spec: SourceSpec | None) -> UsageError:
    if spec is None:
        return UsageError(f"there is no feed named {name!r}", hint="monitor sources list names them")
    if spec.kind == "folder":
        return UsageError(f"{name!r} is a folder; only feeds are tried", hint=f"read it with: monitor sources poll {name}")
    return UsageError(f"{name!r} is handed in by others; only feeds are tried", hint="docs/pushing.md says how to try it")


async def _tried(spec: SourceSpec, fetcher: Fetcher, workers: ProcessWorkers) -> tuple[SourceSpec, Fetched | None, FeedRead | None, str]:
    from monitor.sources.feed import ACCEPT

    fetched: Fetched | None = None
    try:
        fetched = await fetcher.get(spec.location, {"Accept": ACCEPT})
        if fetched.status != 200:
            return spec, fetched, None, f"HTTP {fetched.status}"
        return spec, fetched, await workers.parse_feed(spec, fetched), ""
    except FetchError as error:
        return spec, fetched, None, error.message


def _report(spec: SourceSpec, fetched: Fetched | None, feed: FeedRead | None, error: str, *, as_json: bool) -> None:
    from statistics import median

    from monitor.cli.options import short_time
    from monitor.render.plain import plain

    lengths = [len(document.text) for document in feed.documents] if feed else []
    newest = max((document.published for document in feed.documents if document.published), default=None) if feed else None
    short = bool(lengths) and median(lengths) < _TEASER
    moved = fetched.moved if fetched else ""
    if as_json:
        print_json(
            {
                "name": spec.name,
                "error": error,
                "status": fetched.status if fetched else None,
                "moved": moved,
                "items": feed.items if feed else 0,
                "newest": newest.isoformat() if newest else None,
                "median_length": median(lengths) if lengths else 0,
                "notes": list(feed.notes) if feed else [],
            }
        )
        return
    if error:
        click.echo(f"{spec.name}: {plain(error)}")
        return
    said = [counted(feed.items if feed else 0, "item"), f"newest {short_time(newest)}"]
    said += [f"moved for good to {moved}"] if moved else []
    said += ["items are short: try full_text: true"] if short and not spec.full_text else []
    click.echo(f"{spec.name}: ok, {plain(', '.join(said))}")
