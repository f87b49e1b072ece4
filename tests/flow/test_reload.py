"""Watchlists into force: what is taken, what is refused, what stays, and what is said of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest

from monitor.errors import Fault, MonitorError, StorageFull, WatchlistError
from monitor.flow.reload import AGAIN, AGAIN_SOON, COARSE, SETTLE, Reloader
from monitor.match import ENGINE_VERSION
from tests.fakes import FakeClock, FakeMeter, FakeOperations, FakeStore, FakeWatchlists, FakeWorkers


def a_list(name: str, word: str = "rocket", more: str = "") -> str:
    return f"id: {name}\ngroups:\n  thing: {{en: [{word}]}}\nwhen: thing\n{more}"


BROKEN = "id: arms\ngroups:\n  thing: {en: [rocket]}\nwhen: thing AND (\n"


class House:
    def __init__(self, files: dict[str, str], store: FakeStore | None = None) -> None:
        self.clock = FakeClock()
        self.store = store or FakeStore()
        self.workers = FakeWorkers()
        self.meter = FakeMeter()
        self.operations = FakeOperations(self.clock)
        self.watchlists = FakeWatchlists(files)
        self.slept: list[float] = []
        self.during_sleep: Callable[[], None] = lambda: None
        self.reloader = Reloader(
            self.watchlists,
            self.store,
            self.workers,
            clock=self.clock,
            meter=self.meter,
            operations=self.operations,
            sleep=self.sleep,
        )

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.advance(seconds)
        self.during_sleep()

    async def edit(self, **files: str | None) -> None:
        for name, text in files.items():
            key = name.replace("__", "/") + ".yaml"
            if text is None:
                self.watchlists.files.pop(key)
            else:
                self.watchlists.files[key] = text
        await self.reloader.tick()

    def texts(self) -> dict[str, str]:
        """The lists in force and their own files, as the workers have them."""
        return {version.watchlist: version.files[f"{version.watchlist}.yaml"] for version in self.workers.swapped[-1].versions}


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(work())


def test_start_puts_the_folder_in_force_and_keeps_it() -> None:
    house = House({"arms.yaml": a_list("arms"), "sea.yaml": a_list("sea")})

    async def work() -> None:
        await house.reloader.start()
        assert set(house.reloader.in_force) == {"arms", "sea"}
        assert set(house.store.versions) == {"arms", "sea"}
        assert house.store.versions["arms"].engine == ENGINE_VERSION
        await house.reloader.tick()
        assert len(house.workers.swapped) == 1, "nothing changed"
        assert house.operations.open() == []

    run(work)


def test_an_edit_is_in_force_after_one_tick_that_waits_for_the_file_to_rest() -> None:
    house = House({"arms.yaml": a_list("arms")})

    async def work() -> None:
        await house.reloader.start()
        writes = [a_list("arms", "missile")[:20], a_list("arms", "missile")]

        def editor_writes() -> None:
            if writes:
                house.watchlists.files["arms.yaml"] = writes.pop(0)

        house.during_sleep = editor_writes
        await house.edit(arms="")
        assert house.texts() == {"arms": a_list("arms", "missile")}
        assert sum(house.slept) == pytest.approx(3 * SETTLE)
        assert house.operations.history == []

    run(work)


def test_a_folder_that_never_rests_is_read_all_the_same() -> None:
    house = House({"arms.yaml": a_list("arms")})

    async def work() -> None:
        await house.reloader.start()
        house.during_sleep = lambda: house.watchlists.files.update({"seeds/x.txt": str(len(house.slept))})
        await house.edit(arms=a_list("arms", "missile"))
        assert house.texts() == {"arms": a_list("arms", "missile")}

    run(work)


def test_fault_46_a_broken_edit_is_refused_and_named_and_the_last_good_version_stays() -> None:
    house = House({"arms.yaml": a_list("arms"), "sea.yaml": a_list("sea")})

    async def work() -> None:
        await house.reloader.start()
        await house.edit(arms=BROKEN, sea=a_list("sea", "ship"))
        assert house.texts() == {"arms": a_list("arms"), "sea": a_list("sea", "ship")}, "the other file is taken"
        message = house.operations.message("watchlist:arms")
        assert "refused as saved; its last good version" in message
        assert "arms.yaml:4:" in message
        assert house.meter.counted("watchlist_reload_failures_total", watchlist="arms") == 1
        await house.edit(arms=a_list("arms", "missile"))
        assert house.texts()["arms"] == a_list("arms", "missile")
        assert house.operations.history == ["+watchlist:arms", "-watchlist:arms"]

    run(work)


def test_the_last_good_version_survives_a_restart() -> None:
    before = House({"arms.yaml": a_list("arms")})
    after = House({"arms.yaml": BROKEN}, before.store)

    async def work() -> None:
        await before.reloader.start()
        await after.reloader.start()
        assert after.texts() == {"arms": a_list("arms")}
        assert "stays in force" in after.operations.message("watchlist:arms")

    run(work)


def test_a_cold_start_with_a_broken_list_runs_without_it() -> None:
    house = House({"arms.yaml": BROKEN, "sea.yaml": a_list("sea")})

    async def work() -> None:
        await house.reloader.start()
        assert set(house.reloader.in_force) == {"sea"}
        assert "watchlist arms is refused and does not run" in house.operations.message("watchlist:arms")
        await house.edit(arms=None)
        assert house.operations.open() == [], "a file that is gone is no alarm"

    run(work)


def test_an_edit_that_fails_its_own_tests_is_refused() -> None:
    house = House({"arms.yaml": a_list("arms")})

    async def work() -> None:
        await house.reloader.start()
        house.workers.failures = {"missile": ("arms.yaml:6: should alert but is quiet: a missile",)}
        await house.edit(arms=a_list("arms", "missile"))
        assert house.texts() == {"arms": a_list("arms")}
        assert "its own tests fail:\narms.yaml:6: should alert" in house.operations.message("watchlist:arms")
        assert house.store.versions["arms"].files["arms.yaml"] == a_list("arms")

    run(work)


def test_a_new_list_whose_tests_fail_does_not_run() -> None:
    house = House({"arms.yaml": a_list("arms")})
    house.workers.failures = {"rocket": ("fails",)}

    async def work() -> None:
        await house.reloader.start()
        assert dict(house.reloader.in_force) == {}
        assert house.store.versions == {}
        assert "does not run" in house.operations.message("watchlist:arms")

    run(work)


def test_an_unchanged_list_whose_tests_fail_under_a_new_engine_runs_as_degraded() -> None:
    before = House({"arms.yaml": a_list("arms")})
    after = House({"arms.yaml": a_list("arms")}, before.store)
    after.workers.failures = {"rocket": ("fails now",)}

    async def work() -> None:
        await before.reloader.start()
        old = before.store.versions["arms"]
        before.store.versions["arms"] = replace(old, engine="an older engine")
        await after.reloader.start()
        assert set(after.reloader.in_force) == {"arms"}
        assert "runs as degraded" in after.operations.message("watchlist:arms")
        assert after.store.versions["arms"].engine == "an older engine", "it has not passed under this one"
        after.workers.failures = {}
        await after.reloader.force()
        assert after.operations.open() == []
        assert after.store.versions["arms"].engine == ENGINE_VERSION

    run(work)


def test_a_last_good_version_that_no_longer_loads_drops_out() -> None:
    before = House({"arms.yaml": a_list("arms"), "sea.yaml": a_list("sea", "ship")})
    after = House({"arms.yaml": BROKEN, "sea.yaml": a_list("sea", "ship")}, before.store)
    after.workers.faults = {"rocket": ("the engine no longer knows this",)}

    async def work() -> None:
        await before.reloader.start()
        await after.reloader.start()
        assert set(after.reloader.in_force) == {"sea"}
        assert "does not run" in after.operations.message("watchlist:arms")

    run(work)


VOCABULARY = "vocabulary: words\ngroups:\n  thing: {en: [rocket]}\n"


def test_a_vocabulary_edit_names_every_list_it_would_break() -> None:
    using = "id: {}\nuse: [vocabulary/words]\nwhen: thing\n"
    files = {
        "arms.yaml": using.format("arms"),
        "sea.yaml": using.format("sea"),
        "own.yaml": a_list("own"),
        "vocabulary/words.yaml": VOCABULARY,
    }
    house = House(files)

    async def work() -> None:
        await house.reloader.start()
        assert set(house.reloader.in_force) == {"arms", "sea", "own"}, house.operations.open()
        await house.edit(vocabulary__words="vocabulary: words\ngroups: [\n")
        assert set(house.reloader.in_force) == {"arms", "sea", "own"}
        assert {operation.key for operation in house.operations.open()} == {"watchlist:arms", "watchlist:sea"}
        in_force = {version.watchlist: version.files for version in house.workers.swapped[-1].versions}
        assert in_force["arms"]["vocabulary/words.yaml"] == VOCABULARY

    run(work)


def test_a_deleted_list_is_retired() -> None:
    house = House({"arms.yaml": a_list("arms"), "sea.yaml": a_list("sea")})

    async def work() -> None:
        await house.reloader.start()
        await house.edit(sea=None)
        assert set(house.reloader.in_force) == {"arms"}
        assert house.store.retired == ["sea"]
        assert set(house.reloader.facts()) == {"arms", "sea"}, "articles in flight still finish under it"
        await house.edit(arms=a_list("arms", "missile"))
        assert set(house.reloader.facts()) == {"arms"}

    run(work)


def test_an_unreadable_folder_changes_nothing_and_is_said() -> None:
    house = House({"arms.yaml": a_list("arms")})

    async def work() -> None:
        await house.reloader.start()
        house.watchlists.unreadable = WatchlistError([Fault("the file cannot be read: Permission denied", "arms.yaml")])
        await house.reloader.tick()
        assert set(house.reloader.in_force) == {"arms"}
        assert house.store.retired == []
        assert "arms.yaml" in house.operations.message("watchlists")
        house.watchlists.unreadable = None
        await house.reloader.tick()
        assert house.operations.open() == []

    run(work)


def test_workers_that_fail_leave_what_runs_and_are_tried_again() -> None:
    house = House({"arms.yaml": a_list("arms")})

    async def work() -> None:
        await house.reloader.start()
        house.workers.broken = MonitorError("worker processes cannot be started")
        await house.edit(arms=a_list("arms", "missile"))
        assert house.texts() == {"arms": a_list("arms")}
        assert "cannot be started" in house.operations.message("watchlists")
        house.workers.broken = None
        await house.reloader.tick()
        assert house.texts() == {"arms": a_list("arms")}, "not at every tick"
        house.clock.advance(60)
        await house.reloader.tick()
        assert house.texts() == {"arms": a_list("arms", "missile")}
        assert house.operations.open() == []

    run(work)


def test_workers_that_failed_are_tried_again_soon_and_then_less_often() -> None:
    house = House({"arms.yaml": a_list("arms")})

    async def tried() -> bool:
        before = house.meter.counted("watchlist_reload_failures_total")
        await house.reloader.tick()
        return house.meter.counted("watchlist_reload_failures_total") > before

    async def work() -> None:
        await house.reloader.start()
        house.workers.broken = MonitorError("a worker was killed")
        await house.edit(arms=a_list("arms", "missile"))
        house.clock.advance(AGAIN_SOON)
        assert await tried()
        house.clock.advance(AGAIN - 5)
        assert not await tried()
        house.clock.advance(5)
        assert await tried()
        house.workers.broken = None
        await house.edit(arms=a_list("arms", "drone"))
        assert house.texts() == {"arms": a_list("arms", "drone")}, "another edit does not wait"

    run(work)


@pytest.mark.parametrize("name", ["arms.yaml", "seeds/one.txt"])
def test_an_edit_that_left_the_same_stamp_is_found_by_comparing_once_more(name: str) -> None:
    test = "tests:\n  - alert_file: one.txt\n"
    house = House({"arms.yaml": a_list("arms", more=test), "seeds/one.txt": "A rocket."})
    house.watchlists.stamp = lambda: "the same second"  # type: ignore[method-assign]

    async def work() -> None:
        await house.reloader.start()
        house.watchlists.files[name] = house.watchlists.files[name].replace("rocket", "missil")
        await house.reloader.tick()
        assert len(house.workers.swapped) == 1
        house.clock.advance(COARSE)
        await house.reloader.tick()
        assert house.workers.swapped[-1].versions[0].files[name] == house.watchlists.files[name]
        reads = house.watchlists.reads
        for _ in range(5):
            house.clock.advance(COARSE)
            await house.reloader.tick()
        assert house.watchlists.reads == reads + 1, "compared once after each reading"
        assert len(house.workers.swapped) == 2

    run(work)


def test_a_folder_that_heals_or_breaks_under_the_same_stamp_is_found_too() -> None:
    house = House({"arms.yaml": a_list("arms")})
    house.watchlists.stamp = lambda: "the same second"  # type: ignore[method-assign]

    async def work() -> None:
        await house.reloader.start()
        for unreadable, message in ((WatchlistError([Fault("no right to read it")]), "no right to read it"), (None, "")):
            house.watchlists.unreadable = unreadable
            house.clock.advance(COARSE)
            await house.reloader.tick()
            assert [message in operation.message for operation in house.operations.open()] == ([True] if message else [])

    run(work)


def test_a_full_disk_keeps_the_edit_out_until_it_can_be_recorded() -> None:
    house = House({"arms.yaml": a_list("arms")})

    async def work() -> None:
        await house.reloader.start()
        house.store.failing = StorageFull("no space left")
        await house.edit(arms=a_list("arms", "missile"))
        assert house.texts() == {"arms": a_list("arms")}
        assert house.operations.message("storage")
        house.store.failing = None
        house.clock.advance(60)
        await house.reloader.tick()
        assert house.texts() == {"arms": a_list("arms", "missile")}

    run(work)


def test_start_fails_where_nothing_can_run() -> None:
    house = House({"arms.yaml": a_list("arms")})
    house.workers.broken = MonitorError("worker processes cannot be started")
    with pytest.raises(MonitorError):
        asyncio.run(house.reloader.start())


def test_force_reads_again_without_a_change() -> None:
    house = House({"arms.yaml": a_list("arms")})

    async def work() -> None:
        await house.reloader.start()
        await house.reloader.force()
        assert house.watchlists.reads == 2
        assert len(house.workers.swapped) == 2

    run(work)


def test_articles_of_tests_are_kept_with_the_version() -> None:
    files = {
        "arms.yaml": a_list("arms", more="tests:\n  - {alert_file: seed.txt}\n  - {alert_file: none.txt}\n"),
        "seeds/seed.txt": "a rocket",
        "seeds/other.txt": "not used",
    }
    house = House(files)

    async def work() -> None:
        await house.reloader.start()
        assert set(house.store.versions["arms"].files) == {"arms.yaml", "seeds/seed.txt"} | {
            name for name in house.store.versions["arms"].files if name.startswith("vocabulary/")
        }

    run(work)


def test_only_what_was_edited_is_read_and_the_rest_goes_to_the_workers_as_it_was() -> None:
    house = House({"arms.yaml": a_list("arms"), "sea.yaml": a_list("sea")})

    async def work() -> None:
        await house.reloader.start()
        await house.edit(arms=a_list("arms", "missile"))
        await house.edit(arms=BROKEN)
        first, second, third = ({one.watchlist: one.read for one in each.versions} for each in house.workers.swapped)
        assert second["sea"] is first["sea"]
        assert second["arms"] != first["arms"]
        assert third["arms"] is second["arms"], "the last good version is not read again either"
        await house.reloader.force()
        assert house.workers.swapped[-1].versions[1].read is not first["sea"], "who asks for everything gets it"

    run(work)


def test_a_version_of_the_record_is_handed_over_as_it_was_read_from_the_folder() -> None:
    before = House({"arms.yaml": a_list("arms")})
    after = House({"arms.yaml": a_list("arms")}, before.store)

    async def work() -> None:
        await before.reloader.start()
        before.store.versions["arms"] = replace(before.store.versions["arms"], read=None)  # the record keeps files only
        await after.reloader.start()
        await after.edit(arms=BROKEN)
        (version,) = after.workers.swapped[-1].versions
        assert version.read is not None
        assert version.read.version == version.version

    run(work)


@pytest.mark.parametrize(("takes", "looks"), [(0.0, 5), (0.002, 5), (0.003, 3), (0.005, 2), (0.5, 2)])
def test_the_folder_is_looked_at_as_often_as_is_cheap(takes: float, looks: int) -> None:
    house = House({"arms.yaml": a_list("arms")})
    stamp = house.watchlists.stamp

    def slowly() -> str:
        house.clock.advance(takes)
        return stamp()

    house.watchlists.stamp = slowly  # type: ignore[method-assign]

    async def work() -> None:
        await house.reloader.start()
        await house.reloader.tick()
        house.slept.clear()
        await house.reloader.tick()
        assert house.slept == [1 / looks] * (looks - 1)

    run(work)


def test_what_was_read_while_the_folder_came_to_rest_is_not_read_again_unless_it_changed() -> None:
    house = House({"arms.yaml": a_list("arms"), "sea.yaml": a_list("sea")})

    async def work() -> None:
        await house.reloader.start()
        house.watchlists.unreadable = WatchlistError([Fault("half written")])
        house.during_sleep = lambda: setattr(house.watchlists, "unreadable", None)
        await house.edit(arms=a_list("arms", "missile"))
        assert house.texts()["arms"] == a_list("arms", "missile"), "reading ahead failed, and nobody hears of it"
        assert house.operations.history == []
        house.during_sleep = lambda: house.watchlists.files.update({"arms.yaml": a_list("arms", "drone")})
        await house.edit(arms=BROKEN, sea=a_list("sea", "ship"))
        assert house.texts() == {"arms": a_list("arms", "drone"), "sea": a_list("sea", "ship")}
        assert house.operations.history == []

    run(work)
