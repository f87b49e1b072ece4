"""Watchlists into force: what an analyst saved is read, compiled and tested beside what runs, and swapped in whole.

A list that is broken or fails its own tests never takes the place of one that worked: its last good version, kept in the
record with every file it used, stays in force, and an operation names the fault until it is mended. The steps stand in
``Reloader._apply``. This room reads no file and compiles nothing: it asks the Watchlists and Workers ports.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import structlog

from monitor.errors import Fault, MonitorError, StorageError, WatchlistError
from monitor.match import ENGINE_VERSION
from monitor.model import WatchlistFacts
from monitor.ports import Clock, Generation, Meter, Operations, Store, StoredVersion, WarmReport, Watchlists, Workers
from monitor.watchlist import Loaded, Watchlist, load_folder

#: An edit is taken when the folder has not changed for so long (seconds): editors write a file in several steps.
SETTLE: Final = 0.15
#: A folder that never rests is read after so many looks all the same.
LOOKS: Final = 8
#: The folder is looked at so often within one tick of a second, at the least and at the most, so that an edit waits a fifth of
#: a second to be seen; in between as often as takes a hundredth of the time (a look at 1,000 files is 5 ms).
LOOKS_A_TICK: Final = (2, 5)
LOOKING: Final = 0.01
#: When the workers failed rather than a watchlist, the same files are tried again after this long (seconds): soon at first,
#: because a process may have been killed for a reason that is over.
AGAIN_SOON: Final = 2.0
AGAIN: Final = 30.0
#: So long after a reading (seconds) the texts are compared once more: an edit of equal length right behind it may leave the same
#: stamp where a file system keeps times coarsely, at worst by two seconds.
COARSE: Final = 2.0

#: The operation for what concerns the folder rather than one list.
FOLDER: Final = "watchlists"

log = structlog.get_logger()


@dataclass(slots=True)
class _Plan:
    """Which version of each list is to run, and what is said of those that cannot run as they were saved."""

    chosen: dict[str, StoredVersion] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    degraded: dict[str, str] = field(default_factory=dict)
    retired: tuple[str, ...] = ()

    @property
    def generation(self) -> Generation:
        versions = tuple(self.chosen[name] for name in sorted(self.chosen))
        digest = hashlib.sha256("\n".join(f"{version.watchlist} {version.version}" for version in versions).encode())
        return Generation(digest.hexdigest()[:32], versions)


class Reloader:
    """``start`` once, ``tick`` every second, ``force`` when told to (SIGHUP). One at a time."""

    def __init__(
        self,
        watchlists: Watchlists,
        store: Store,
        workers: Workers,
        *,
        clock: Clock,
        meter: Meter,
        operations: Operations,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._watchlists = watchlists
        self._store = store
        self._workers = workers
        self._clock = clock
        self._meter = meter
        self._operations = operations
        self._sleep = sleep
        self._good: dict[str, StoredVersion] = {}
        self._in_force: Mapping[str, WatchlistFacts] = {}
        self._replaced: Mapping[str, WatchlistFacts] = {}
        self._alarms: dict[str, str] = {}  # list -> the message of its open operation
        self._loaded: Loaded | None = None  # the folder as it was last read
        self._applied = ""  # the folder's stamp that is in force, or was refused
        self._again_at: float | None = None
        self._taken: object = None  # what the last reading found, to be compared with what stands there at ``_compare_at``
        self._compare_at: float | None = None
        self._looks = LOOKS_A_TICK[0]
        self._one = asyncio.Lock()

    @property
    def in_force(self) -> Mapping[str, WatchlistFacts]:
        return self._in_force

    def facts(self) -> Mapping[str, WatchlistFacts]:
        """Of the lists in force, and of those of the generation before: articles in flight finish under that one."""
        return {**self._replaced, **self._in_force}

    async def start(self) -> None:
        """Put the folder in force, and the last good versions where it is broken. Raises MonitorError where nothing can run."""
        async with self._one:
            self._good = {version.watchlist: version for version in await self._store.good_versions()}
            stamp = await asyncio.to_thread(self._watchlists.stamp)
            await self._apply(everything=True)
            self._applied = stamp

    async def tick(self) -> None:
        if self._one.locked():
            return
        async with self._one:
            looks = self._looks
            for look in range(looks):
                if look:
                    await self._sleep(1 / looks)
                if await self._look():
                    return

    async def _look(self) -> bool:
        """Whether there was something to do."""
        began = self._clock.monotonic()
        stamp = await asyncio.to_thread(self._watchlists.stamp)
        least, most = LOOKS_A_TICK
        self._looks = max(least, min(most, int(LOOKING / max(self._clock.monotonic() - began, LOOKING / most))))
        due = self._again_at is not None and self._clock.monotonic() >= self._again_at
        if stamp != self._applied:
            await self._try(await self._rested(stamp))
        elif due:
            await self._try(stamp, again=True)
        elif self._compare_at is not None and self._clock.monotonic() >= self._compare_at and await self._differs():
            await self._try(stamp)
        else:
            return False
        return True

    async def force(self) -> None:
        """Read and test everything again, changed or not."""
        async with self._one:
            await self._try(await asyncio.to_thread(self._watchlists.stamp), everything=True)

    async def _rested(self, stamp: str) -> str:
        ahead = asyncio.create_task(self._ahead())
        try:
            for _ in range(LOOKS):
                await self._sleep(SETTLE)
                latest = await asyncio.to_thread(self._watchlists.stamp)
                if latest == stamp:
                    break
                stamp = latest
            await ahead
        finally:
            ahead.cancel()
        return stamp

    async def _ahead(self) -> None:
        """Mostly the edit is whole when it is seen: it is read while that is waited for, and ``_read`` takes what has not changed since."""
        with contextlib.suppress(Exception):  # whatever is wrong, ``_read`` meets it and says so
            files = await asyncio.to_thread(self._watchlists.read)
            self._loaded = await asyncio.to_thread(load_folder, files, self._loaded)

    async def _differs(self) -> bool:
        """Whether the folder says something else than when it was read, under the same stamp. Asked once after each reading."""
        self._compare_at = None
        try:
            files = await asyncio.to_thread(self._watchlists.read)
            return await asyncio.to_thread(lambda: _taken(load_folder(files, self._loaded), files) != self._taken)
        except WatchlistError as error:
            return error.message != self._taken

    async def _try(self, stamp: str, *, everything: bool = False, again: bool = False) -> None:
        """What runs goes on running whatever happens here."""
        self._applied, self._again_at = stamp, None
        try:
            await self._apply(everything=everything)
        except MonitorError as error:
            self._again_at = self._clock.monotonic() + (AGAIN if again else AGAIN_SOON)
            self._meter.count("watchlist_reload_failures_total", watchlist="")
            self._operations.raise_(FOLDER, f"the watchlists could not be reloaded, and those in force stay: {error.message}")
            log.warning("watchlists_not_reloaded", error=error.message)
        except Exception as error:  # a fault of ours: said where trouble is looked for, not only in the log
            self._again_at = self._clock.monotonic() + (AGAIN if again else AGAIN_SOON)
            self._operations.raise_(
                FOLDER, f"the watchlists could not be reloaded, and those in force stay: {type(error).__name__}: {error}"
            )
            raise

    # ----------------------------------------------------------------------------------------- one reload
    async def _apply(self, *, everything: bool) -> None:
        """Read, choose, warm and test, keep, swap, say so. Raises MonitorError where the workers or the record fail.

        A list that is in force unchanged is tested again only when ``everything`` is.
        """
        started = self._clock.monotonic()
        plan, broken = await self._read(everything=everything)
        if everything:
            log.info("compiling_watchlists", count=len(plan.chosen))
        else:
            self._spare_tests(plan)
        report = await self._warm(plan)
        await self._keep(plan)
        await self._workers.swap(plan.generation)
        before = {name: facts.version for name, facts in self._in_force.items()}
        changed = sorted(name for name, facts in report.facts.items() if facts.version != before.get(name))
        self._replaced, self._in_force = self._in_force, dict(report.facts)
        self._say(plan, broken)
        self._meter.count("watchlist_reloads_total")
        self._meter.gauge("watchlists_in_force", len(self._in_force))
        self._meter.observe("watchlist_reload_seconds", self._clock.monotonic() - started)
        log.info("watchlists_in_force", count=len(self._in_force), changed=changed, retired=list(plan.retired))

    async def _read(self, *, everything: bool) -> tuple[_Plan, str]:
        """What the folder wants to run; where it cannot be read at all, what ran last and why. Of an edit only the lists that it
        changes are read, but where ``everything`` is."""
        try:
            files = await asyncio.to_thread(self._watchlists.read)
            loaded = await asyncio.to_thread(load_folder, files, None if everything else self._loaded)
            self._taken = await asyncio.to_thread(_taken, loaded, files)
        except WatchlistError as error:
            self._taken = error.message
            return _Plan(chosen=dict(self._good)), error.message
        finally:
            self._compare_at = self._clock.monotonic() + COARSE
        self._loaded = loaded
        plan = _Plan(chosen={watchlist.id: stored_version(watchlist, files) for watchlist in loaded.watchlists})
        for name, faults in loaded.faults.items():
            self._refuse(plan, name, "\n".join(str(fault) for fault in faults))
        plan.retired = tuple(sorted(self._good.keys() - plan.chosen.keys() - plan.refused.keys()))
        self._warn(loaded, files)
        return plan, ""

    def _spare_tests(self, plan: _Plan) -> None:
        for name, version in plan.chosen.items():
            facts = self._in_force.get(name)
            if facts is not None and facts.version == version.version:
                plan.chosen[name] = replace(version, tested=True)

    def _refuse(self, plan: _Plan, name: str, message: str) -> None:
        """Not as it was saved: the last good version instead, if there is another one."""
        saved = plan.chosen.pop(name, None)
        good = self._good.get(name)
        plan.refused.setdefault(name, message)
        if good is not None and (saved is None or saved.version != good.version):
            plan.chosen[name] = good

    async def _warm(self, plan: _Plan) -> WarmReport:
        """Compile and test until all that is chosen can run. Each list can only fall back once and then drop out, so this ends."""
        while True:
            report = await self._workers.warm(plan.generation)
            plan.degraded.clear()
            unfit = {name: "\n".join(faults) for name, faults in report.faults.items() if name in plan.chosen}
            for name, failures in report.test_failures.items():
                good = self._good.get(name)
                message = "\n".join(failures)
                if good is not None and good.version == plan.chosen[name].version:
                    # What ran before runs on: the engine changed under it, not the list.
                    plan.degraded[name] = message
                else:
                    unfit[name] = f"its own tests fail:\n{message}"
            for name, message in unfit.items():
                self._refuse(plan, name, message)
            if not unfit:
                return report

    async def _keep(self, plan: _Plan) -> None:
        """The record first: an alert must never name a version that nobody has. Raises StorageError."""
        now = self._clock.now()
        try:
            for name, version in plan.chosen.items():
                passed = replace(version, engine=ENGINE_VERSION)
                good = self._good.get(name)
                known = good is not None and (good.version, good.engine) == (passed.version, passed.engine)
                if good is not None and known:
                    self._good[name] = replace(good, read=good.read or version.read)  # the files of the record's are not read
                elif name not in plan.degraded and name not in plan.refused:
                    await self._store.save_version(passed, now)
                    self._good[name] = passed
            for name in plan.retired:
                await self._store.retire_watchlist(name, now)
                self._good.pop(name, None)
        except StorageError as error:
            self._operations.raise_("storage", f"the record cannot be written: {error.message}")
            raise

    # ----------------------------------------------------------------------------------------- what is said
    def _say(self, plan: _Plan, broken: str) -> None:
        if broken:
            self._operations.raise_(FOLDER, f"the folder of watchlists cannot be read, and the last good versions stay in force:\n{broken}")
            log.warning("watchlists_unreadable", error=broken)
        else:
            self._operations.close(FOLDER)
        alarms = {name: _degraded(name, message) for name, message in plan.degraded.items()}
        alarms |= {name: _refused(name, message, plan.chosen.get(name)) for name, message in plan.refused.items()}
        for name in (self._alarms.keys() | self._stood()) - alarms.keys():
            self._operations.close(f"watchlist:{name}")
            log.info("watchlist_mended", watchlist=name)
        for name, message in alarms.items():
            self._operations.raise_(f"watchlist:{name}", message)
            if self._alarms.get(name) != message:
                event = "watchlist_refused" if name in plan.refused else "watchlist_degraded"
                self._meter.count("watchlist_reload_failures_total", watchlist=name)
                log.warning(event, watchlist=name, message=message, in_force=name in plan.chosen)
        for name in plan.retired:
            log.warning("watchlist_retired", watchlist=name, message=f"watchlist {name} is gone from the folder and no longer runs")
        self._alarms = alarms

    def _stood(self) -> set[str]:
        """The lists with an alarm on the board, which may be of before a restart."""
        keys = (operation.key.split(":") for operation in self._operations.open())
        return {key[1] for key in keys if len(key) == 2 and key[0] == "watchlist"}

    def _warn(self, loaded: Loaded, files: Mapping[str, str]) -> None:
        """What does not refuse a list, once for each version."""
        for watchlist in loaded.watchlists:
            good = self._good.get(watchlist.id)
            if good is not None and good.version == watchlist.version:
                continue
            warnings: Sequence[Fault] = loaded.warnings.get(watchlist.id, ())
            missing = [test.file for test in watchlist.tests if test.file and f"seeds/{test.file}" not in files]
            for warning in warnings:
                log.warning("watchlist_warning", watchlist=watchlist.id, message=str(warning))
            for file in missing:
                message = f"test file {file} is in no seeds folder; its test is not run"
                log.warning("watchlist_test_missing", watchlist=watchlist.id, message=message)


def stored_version(watchlist: Watchlist, files: Mapping[str, str]) -> StoredVersion:
    """A list with all it used, the articles of its tests among it, so that it can be compiled and tested without the folder."""
    articles = {f"seeds/{test.file}": files.get(f"seeds/{test.file}") for test in watchlist.tests if test.file}
    kept = dict(watchlist.files) | {name: text for name, text in articles.items() if text is not None}
    return StoredVersion(watchlist.id, watchlist.version, kept, ENGINE_VERSION, read=watchlist)


def _taken(loaded: Loaded, files: Mapping[str, str]) -> object:
    """All that a reading found, to be compared with another's: the texts of each list and its test articles, and the faults."""
    return {watchlist.id: stored_version(watchlist, files).files for watchlist in loaded.watchlists}, loaded.faults, loaded.warnings


def _refused(name: str, message: str, instead: StoredVersion | None) -> str:
    if instead is None:
        return f"watchlist {name} is refused and does not run:\n{message}"
    return f"watchlist {name} is refused as saved; its last good version {instead.version[:12]} stays in force:\n{message}"


def _degraded(name: str, message: str) -> str:
    return f"watchlist {name} runs as degraded: it is unchanged, but its tests fail under engine {ENGINE_VERSION}:\n{message}"
