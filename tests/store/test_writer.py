"""Requests that share a commit: each all or nothing, whatever becomes of the others, and none of them put aside for nothing."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from monitor.store.database import Database

Work = Callable[[Connection], int]


class Refused(Exception):
    pass


class Requests:
    """Requests that wait together, because the one before them waits for the last of them. Each notes that it ran."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ran: list[int] = []
        self.begun: list[str] = []  # transactions and savepoints

    def carried_out(self, *works: Callable[[int], Work]) -> tuple[list[object], list[int]]:
        """What each was answered, and the numbers that the record has then."""
        return asyncio.run(self._carried_out([work(number) for number, work in enumerate(works)]))

    async def _carried_out(self, works: list[Work]) -> tuple[list[object], list[int]]:
        database = await Database.open(self.folder)
        try:
            await database.write(lambda connection: connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS number (value UNIQUE)"))
            await database.write(lambda connection: connection.exec_driver_sql("DELETE FROM number"))
            begun, go_on = threading.Event(), threading.Event()
            first = database.submit(lambda connection: self._watch(connection, begun, go_on))
            assert begun.wait(10)
            answers = [database.submit(work) for work in works]
            go_on.set()
            await first
            found = await asyncio.gather(*answers, return_exceptions=True)
            there = await database.read(lambda c: list(c.exec_driver_sql("SELECT value FROM number ORDER BY value").scalars()))
            return list(found), there
        finally:
            await database.close()

    def _watch(self, connection: Connection, begun: threading.Event, go_on: threading.Event) -> None:
        driver = connection.connection.dbapi_connection
        assert driver is not None
        driver.set_trace_callback(self._said)
        begun.set()
        assert go_on.wait(10)

    def _said(self, statement: str) -> None:
        if statement.startswith(("BEGIN", "SAVEPOINT", "ROLLBACK", "COMMIT")):
            self.begun.append(statement)

    # ------------------------------------------------------------------------------------------- what they do
    def writes(self, number: int) -> Work:
        def work(connection: Connection) -> int:
            self.ran.append(number)
            connection.exec_driver_sql("INSERT INTO number VALUES (?)", (number,))
            return number

        return work

    def refuses(self, number: int) -> Work:
        """Before anything is written."""

        def work(connection: Connection) -> int:
            self.ran.append(number)
            connection.exec_driver_sql("SELECT count(*) FROM number").scalar_one()
            raise Refused(number)

        return work

    def breaks_off(self, number: int) -> Work:
        """With rows written already."""

        def work(connection: Connection) -> int:
            self.writes(number)(connection)
            raise Refused(number)

        return work


def test_requests_that_wait_together_share_a_commit_without_a_savepoint(tmp_path: Path) -> None:
    requests = Requests(tmp_path)
    assert requests.carried_out(*[requests.writes] * 5) == ([0, 1, 2, 3, 4], [0, 1, 2, 3, 4])
    assert requests.begun == ["COMMIT", "BEGIN IMMEDIATE", "COMMIT"]  # the first is the one that watches


def test_one_that_refuses_before_it_writes_leaves_nothing_to_take_back(tmp_path: Path) -> None:
    requests = Requests(tmp_path)
    (first, refused, last), there = requests.carried_out(requests.writes, requests.refuses, requests.writes)
    assert (first, type(refused), last, there) == (0, Refused, 2, [0, 2])
    assert requests.ran == [0, 1, 2]
    assert requests.begun == ["COMMIT", "BEGIN IMMEDIATE", "COMMIT"]


def test_one_that_breaks_off_half_written_takes_nothing_of_the_others_along(tmp_path: Path) -> None:
    requests = Requests(tmp_path)
    (first, broken, last), there = requests.carried_out(requests.writes, requests.breaks_off, requests.writes)
    assert (first, type(broken), last, there) == (0, Refused, 2, [0, 2])
    assert requests.ran == [0, 1, 0, 1, 2]
    savepoint = "SAVEPOINT request"
    assert requests.begun[:5] == ["COMMIT", "BEGIN IMMEDIATE", "ROLLBACK", "BEGIN IMMEDIATE", savepoint]
    assert requests.begun[5:] == [savepoint, f"ROLLBACK TO {savepoint}", savepoint, "COMMIT"]


@pytest.mark.parametrize("many", [1, 2])
def test_the_same_alone_or_with_others_that_break_off(tmp_path: Path, many: int) -> None:
    requests = Requests(tmp_path)
    answers, there = requests.carried_out(*[requests.breaks_off] * many)
    assert [type(answer) for answer in answers] == [Refused] * many
    assert there == []


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kinds=st.lists(st.sampled_from(["writes", "refuses", "breaks_off"]), max_size=8))
def test_whatever_waits_together_each_is_all_or_nothing(tmp_path: Path, kinds: list[str]) -> None:
    requests = Requests(tmp_path)
    answers, there = requests.carried_out(*(getattr(requests, kind) for kind in kinds))
    assert [kind if type(answer) is Refused else answer for kind, answer in zip(kinds, answers, strict=True)] == [
        number if kind == "writes" else kind for number, kind in enumerate(kinds)
    ]
    assert there == [number for number, kind in enumerate(kinds) if kind == "writes"]


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has batch threads")
def test_the_writer_is_no_batch_thread(tmp_path: Path) -> None:
    """An alert waits for several commits one after the other: each would wait for the slice of a worker that computes."""

    async def policy() -> int:
        database = await Database.open(tmp_path)
        try:
            return await database.write(lambda connection: os.sched_getscheduler(0))
        finally:
            await database.close()

    assert asyncio.run(policy()) == os.sched_getscheduler(0)
