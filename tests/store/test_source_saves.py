"""What polls leave of their sources is written together, and each is answered for its own."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from monitor.errors import StorageError
from monitor.model import SourceKind, SourceSpec, SourceState
from monitor.store import SqlStore
from tests.store import builders as b

SPECS = [SourceSpec(f"s{n}", SourceKind.FEED, f"https://example.org/{n}", 900) for n in range(300)]


async def _states(store: SqlStore) -> list[SourceState]:
    await store.sync_sources(SPECS, b.NOW)
    return [replace(state, next_due=b.later(n), failures=n) for n, state in enumerate(await store.source_states())]


def test_many_at_once_are_all_written(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        states = await _states(store)
        await asyncio.gather(*map(store.save_source, states))
        assert list(await store.source_states()) == states

    b.with_store(tmp_path, work)


def test_among_many_a_learnt_address_and_an_unknown_source_are_written_as_alone(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        states = await _states(store)
        states[5] = replace(states[5], address="https://new.example/5")
        unknown = SourceState("unknown", b.NOW, failures=7)
        await asyncio.gather(*map(store.save_source, [*states[:10], unknown, *states[10:]]))
        found = {state.name: state for state in await store.source_states()}
        assert found["unknown"].failures == 7
        assert found[states[5].name] == states[5]
        assert found[states[200].name] == states[200]
        claimed = await store.claim_sources(b.later(86_400), 60, 10, busy=frozenset({"example.org"}))
        assert {state.name for state in claimed} == {states[5].name, "unknown"}

    b.with_store(tmp_path, work)


def test_of_one_source_what_was_asked_last_stands(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        first, *_ = await _states(store)
        await asyncio.gather(*(store.save_source(replace(first, failures=n)) for n in range(50)))
        found = await store.source_state(first.name)
        assert found is not None
        assert found.failures == 49

    b.with_store(tmp_path, work)


def test_what_cannot_be_written_fails_alone(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        states = await _states(store)
        states[7] = replace(states[7], next_due=datetime(2026, 1, 1))
        answers = await asyncio.gather(*map(store.save_source, states[:20]), return_exceptions=True)
        assert [n for n, answer in enumerate(answers) if answer is not None] == [7]
        found = {state.name: state for state in await store.source_states()}
        assert [found[state.name] == state for state in states[:20]] == [n != 7 for n in range(20)]

    b.with_store(tmp_path, work)


def test_who_goes_away_while_it_waits_gets_nothing_written(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        states = await _states(store)
        saves = [asyncio.create_task(store.save_source(state)) for state in states[:3]]
        await asyncio.sleep(0)
        saves[2].cancel()
        await asyncio.wait(saves)
        assert [save.cancelled() for save in saves] == [False, False, True]
        found = {state.name: state for state in await store.source_states()}
        assert [found[state.name].failures for state in states[:3]] == [0, 1, 0]

    b.with_store(tmp_path, work)


def test_what_waits_is_written_before_the_record_is_closed(tmp_path: Path) -> None:
    async def before() -> list[SourceState]:
        store = await SqlStore.open(tmp_path)
        states = await _states(store)
        saves = [asyncio.create_task(store.save_source(state)) for state in states]
        await asyncio.sleep(0)
        await store.close()
        await asyncio.gather(*saves)
        with pytest.raises(StorageError, match="closed"):
            await store.save_source(states[0])
        return states

    async def after() -> list[SourceState]:
        store = await SqlStore.open(tmp_path)
        try:
            return list(await store.source_states())
        finally:
            await store.close()

    assert asyncio.run(before()) == asyncio.run(after())
