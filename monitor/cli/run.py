"""``monitor run`` and ``monitor once``: the service, and one round of it."""

from __future__ import annotations

import contextlib
import gc
import queue
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from monitor.cli.catch_up import catch_up_lines
from monitor.cli.options import Place, config_options, print_json, terminal_width, wants_color
from monitor.errors import ConfigError, ExitStatus

if TYPE_CHECKING:
    from monitor.flow.poll import PollReport
    from monitor.model import JsonObject
    from monitor.settings import ConfiguredSources, Loaded, Settings
    from monitor.store import DataFolderLock


@click.command(short_help="Run the service until it is told to stop.")
@click.option("--quiet", is_flag=True, help="Print nothing on standard output; the log goes on on standard error.")
@config_options
def run(quiet: bool, place: Place) -> None:
    """Run the service until SIGTERM or Ctrl-C.

    Alerts are printed as they are committed, and delivered to the configured sinks. An edited watchlist is in force
    within two seconds, edited sources and routes within four; SIGHUP rereads all of it at once. At the end what is being sent
    may finish within ten seconds; a second signal ends it immediately, and nothing is lost by that either.

    \b
    Example:
      monitor run --config deploy/monitor.yaml
    """
    import asyncio

    from monitor import forking
    from monitor.cli.lists import announce_first_use
    from monitor.settings import ConfiguredSources

    with _uncollected():
        loaded = _prepared(place, announcing=not quiet)
        forking.begin()
        announce_first_use()
        lock = _locked(loaded.settings)
        from monitor import service, wiring  # noqa: F401 - what ``_serve`` takes
    with _printing(quiet) as printer:
        asyncio.run(_serve(ConfiguredSources(loaded, place.load), lock, printer))


@click.command(short_help="Poll, match, commit and deliver one time.")
@click.option("--no-send", is_flag=True, help="Commit alerts, but leave their deliveries pending.")
@click.option(
    "--catch-up", is_flag=True, help="Say what a feed's first poll matched and kept quiet about, because it is older than `fresh`."
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON, for programs.")
@config_options
def once(no_send: bool, catch_up: bool, as_json: bool, place: Place) -> int:
    """Poll every source one time, match, commit and deliver, then end.

    What cannot be delivered now stays pending for the next run. Exit status 1 if a source failed.

    A feed's first poll stores what was published before the freshness window (24 h, or the source's `fresh`) and keeps
    quiet about it. With --catch-up the matches among that are listed, and of how many stories they are; they are not sent.

    \b
    Example:
      monitor once --no-send
      monitor once --catch-up
    """
    import asyncio

    from monitor import forking
    from monitor.cli.lists import announce_first_use
    from monitor.settings import ConfiguredSources

    with _uncollected():
        loaded = _prepared(place, announcing=False)
        forking.begin()
        announce_first_use()
        lock = _locked(loaded.settings)
        from monitor import wiring  # noqa: F401 - what ``_once`` takes
    report, stats, quiet = asyncio.run(_once(ConfiguredSources(loaded, place.load), lock, deliver=not no_send))
    _print_summary(report, stats, as_json, quiet if catch_up else None)
    return int(ExitStatus.CHECK_FAILED if report.failed else ExitStatus.DONE)


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Nothing of what is imported is garbage: looking for cycles among it takes an eighth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _prepared(place: Place, *, announcing: bool) -> Loaded:
    """The settings, with logging set up as they say; secrets that others can read are refused."""
    import logging

    from monitor import logs
    from monitor.settings import secret_file_faults

    loaded = place.load()
    logs.configure(loaded.settings.log.format, loaded.settings.log.level)
    if announcing and sys.stdout.isatty():
        # The alert itself stands on the same terminal.
        logging.getLogger("monitor.flow.aftermath").setLevel(logging.WARNING)
    faults = secret_file_faults(loaded)
    if faults:
        raise ConfigError(faults)
    for warning in loaded.warnings:
        logging.getLogger("monitor.settings").warning("%s: %s", f"{warning.file}:{warning.line}", warning.message)
    return loaded


def _locked(settings: Settings) -> DataFolderLock:
    """Before the other rooms are even imported: a second daemon is to hear at once that it is one."""
    from monitor.store import DataFolderLock

    lock = DataFolderLock(settings.data_dir)
    lock.acquire()
    return lock


async def _serve(configured: ConfiguredSources, lock: DataFolderLock, printer: Printer | None) -> None:
    from monitor.service import Daemon
    from monitor.settings import split_address
    from monitor.wiring import alert_logs, build

    settings = configured.loaded.settings
    house = await build(configured, lock, announce=printer.alert if printer else lambda document: None)

    def ready(address: str) -> None:
        if printer is None:
            return
        names = ", ".join(house.reloader.in_force) or "no watchlist"
        printer.line(f"Watching {len(house.specs)} source{'' if len(house.specs) == 1 else 's'} for: {names}")
        for path in alert_logs(settings):
            printer.line(f"Alert log: {path}")
        printer.line(f"Health:    {address}/healthz")
        printer.line("Ctrl-C ends it.\n")

    try:
        await Daemon(house, split_address(settings.server.listen), ready=ready).run()
    finally:
        await house.close()


async def _once(
    configured: ConfiguredSources, lock: DataFolderLock, *, deliver: bool
) -> tuple[PollReport, dict[str, int], Sequence[JsonObject]]:
    import asyncio

    from monitor.wiring import build

    house = await build(configured, lock, deliver=deliver)
    try:
        await house.start()
        began = house.clock.now()
        report = await house.poller.once()
        if deliver:
            await house.holds.tick()  # what an earlier run gathered, and is due by now
            house.deliverer.wake()
            await house.deliverer.idle()
            while house.deliverer.catching_up:  # after an outage what waited goes out slowly; each round ends or makes it less
                await asyncio.sleep(1.0)
                house.deliverer.wake()
                await house.deliverer.idle()
            await house.deliverer.drain()
        return report, dict(await house.store.stats()), await house.store.quiet(since=began)
    finally:
        await house.close()


def _print_summary(report: PollReport, stats: dict[str, int], as_json: bool, quiet: Sequence[JsonObject] | None) -> None:
    """``quiet`` is what this round kept to itself, None where nobody asked."""
    ingested = report.ingested
    pending = stats.get("deliveries_pending", 0)
    if as_json:
        summary: JsonObject = {"sources": report.sources, "failed": dict(report.failed), "articles": ingested.articles}
        summary |= {"matches": ingested.matches, "notifications": ingested.notifications, "pending": pending}
        print_json(summary if quiet is None else summary | {"catch_up": list(quiet)})
        return
    click.echo(f"{report.sources} source{'' if report.sources == 1 else 's'} polled, {len(report.failed)} failed")
    click.echo(f"{ingested.articles} new or changed articles, {ingested.matches} matches, {ingested.notifications} notifications")
    click.echo(f"{pending} deliveries pending, {stats.get('deliveries_delivered', 0)} delivered in all")
    for name, message in report.failed.items():
        click.echo(f"{name}: {message}")
    if quiet is not None:
        for line in catch_up_lines(
            quiet, "Nothing was kept quiet: no feed was polled for the first time, or it had nothing old that matches."
        ):
            click.echo(line)


class Printer:
    """Writes to standard output from a thread of its own: a paused terminal or a full pipe must not stop the service.

    What does not fit into the queue is counted and said, not waited for; the alert log has it all the same.
    """

    def __init__(self) -> None:
        self._queue: queue.Queue[str | None] = queue.Queue(maxsize=2000)
        self._dropped = 0
        self._color = wants_color()
        self._width = terminal_width()
        self._thread = threading.Thread(target=self._write, name="printer", daemon=True)
        self._thread.start()

    def alert(self, document: JsonObject) -> None:
        from monitor.render.terminal import alert_text

        self.line(alert_text(document, color=self._color, width=self._width))

    def line(self, text: str) -> None:
        try:
            if self._dropped:
                self._queue.put_nowait(f"({self._dropped} alerts were not shown here; the alert log has them)")
                self._dropped = 0
            self._queue.put_nowait(text)
        except queue.Full:
            self._dropped += 1

    def close(self) -> None:
        """Give what is queued a moment to be written."""
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait(None)
        self._thread.join(timeout=2.0)

    def _write(self) -> None:
        while (text := self._queue.get()) is not None:
            try:
                sys.stdout.write(text + "\n")
                sys.stdout.flush()
            except (OSError, ValueError):  # nobody reads any more; the service goes on
                return


@contextlib.contextmanager
def _printing(quiet: bool) -> Iterator[Printer | None]:
    if quiet:
        yield None
        return
    printer = Printer()
    try:
        yield printer
    finally:
        printer.close()
