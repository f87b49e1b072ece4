"""The alert log on real files: whole lines only, synced, through crashes, full disks and rotation, and nothing twice."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import resource
import signal
import stat
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.errors import SinkError
from monitor.flow.deliver import Deliverer
from monitor.model import Answer, AnswerKind, Delivery, DeliveryState, Severity
from monitor.sinks.alert_log import AlertLog, AlertLogSettings
from monitor.sinks.log_file import LogFile
from tests.fakes import START, FakeClock, FakeMeter, FakeOperations, FakeOutbox
from tests.render.samples import DOCUMENTS

TOLD = Answer(AnswerKind.DELIVERED)


def delivery(n: int, *, size: int = 0, state: DeliveryState = DeliveryState.INFLIGHT) -> Delivery:
    name = f"{n:032x}"
    payload = f'{{"specversion":"1.0","id":"{name}","data":{{"title":"صفقة{"x" * size}"}}}}'.encode()
    return Delivery(name, "log", "a", Severity.HIGH, n, state, 1, START, START, payload)


def nothing_recent(_: int) -> Awaitable[Sequence[Delivery]]:
    return recent_of([])(_)


def recent_of(rows: Sequence[Delivery]) -> Callable[[int], Awaitable[Sequence[Delivery]]]:
    async def recent(limit: int) -> Sequence[Delivery]:
        return list(rows)[:limit]

    return recent


def with_log(
    path: Path,
    work: Callable[[AlertLog], Awaitable[None]],
    recent: Callable[[int], Awaitable[Sequence[Delivery]]] = nothing_recent,
    *,
    ecs: bool = False,
) -> Sequence[Delivery]:
    """One life of the log: start, work, close; what start found delivered already."""

    async def run() -> Sequence[Delivery]:
        log = AlertLog("log", AlertLogSettings(type="alert_log", path=path, format="ecs" if ecs else "cloudevents"))
        already = await log.start(recent)
        try:
            await work(log)
        finally:
            await log.close()
        return already

    return asyncio.run(run())


def write(path: Path, *numbers: int) -> None:
    async def work(log: AlertLog) -> None:
        assert await log.send([delivery(n) for n in numbers]) == [TOLD] * len(numbers)

    with_log(path, work)


async def no_work(_: AlertLog) -> None:
    return None


def lines(path: Path) -> list[int]:
    """Sequences in the file; every line must be whole."""
    raw = path.read_bytes()
    assert not raw or raw.endswith(b"\n")
    return [json.loads(line)["sequence"] for line in raw.splitlines()]


def test_one_document_a_line_with_its_sequence(tmp_path: Path) -> None:
    path = tmp_path / "var" / "alerts.jsonl"
    write(path, 1, 2)
    write(path, 3)
    assert lines(path) == [1, 2, 3]
    first = path.read_bytes().splitlines()[0]
    assert first == b'{"sequence":1,' + delivery(1).payload[1:]
    document = json.loads(first)
    assert {**document, "sequence": None} == {**json.loads(delivery(1).payload), "sequence": None}


def test_the_file_may_be_read_by_its_group_only(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        write(tmp_path / "alerts.jsonl", 1)
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "alerts.jsonl").stat().st_mode) == 0o640


def test_a_document_that_is_no_line_is_poison_and_stops_no_other(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"

    async def work(log: AlertLog) -> None:
        bad = [replace(delivery(n), payload=payload) for n, payload in ((2, b""), (3, b"[]"), (4, b'{"a":\n1}'), (5, b"{}x"))]
        answers = await log.send([delivery(1), *bad, delivery(6)])
        assert [answer.kind for answer in answers] == [AnswerKind.DELIVERED, *[AnswerKind.POISON] * 4, AnswerKind.DELIVERED]

    with_log(path, work)
    assert lines(path) == [1, 6]


def test_fault_8_in_the_shape_of_ecs_the_log_keeps_its_promises(tmp_path: Path) -> None:
    """The id stands elsewhere, and is found there at start: no line twice, half a line cut."""
    path = tmp_path / "alerts.jsonl"
    told = [
        replace(delivery(n), notification=json.loads(payload)["id"], payload=payload) for n, payload in enumerate(DOCUMENTS.values(), 1)
    ]

    async def work(log: AlertLog) -> None:
        assert await log.send(told[:-1]) == [TOLD] * (len(told) - 1)
        (answer,) = await log.send([replace(delivery(99), payload=b'{"a":1}')])
        assert answer.kind is AnswerKind.POISON

    async def again(log: AlertLog) -> None:
        assert await log.send(told) == [TOLD] * len(told)

    with_log(path, work, ecs=True)
    with path.open("ab") as file:
        file.write(b'{"sequence":9,"@timestamp":"2025')
    with_log(path, again, ecs=True)
    records = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert [record["event"]["id"] for record in records] == [one.notification for one in told]
    assert [record["sequence"] for record in records] == [one.sequence for one in told]
    assert records[0]["news_monitor"] == json.loads(told[0].payload)
    assert records[0]["event"]["kind"] == "alert"


# -------------------------------------------------------------------------------------------- torn ends
@pytest.mark.parametrize(
    "tail", [b'{"sequence":2,"specversion":"1.0","id":"00', b"{", b"\0" * 4096, b'{"a":1}\n{"sequence":2,"x":"' + b"y" * 600_000]
)
def test_fault_8_half_a_line_is_cut_at_start(tmp_path: Path, tail: bytes) -> None:
    path = tmp_path / "alerts.jsonl"
    write(path, 1)
    whole = path.read_bytes()
    path.write_bytes(whole + tail)
    with_log(path, no_work)
    assert path.read_bytes() == whole + tail[: tail.rfind(b"\n") + 1]


def test_a_whole_line_that_lacks_its_newline_keeps_its_place(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    write(path, 1, 2)
    path.write_bytes(path.read_bytes()[:-1])
    write(path, 2, 3)
    assert lines(path) == [1, 2, 3]


def test_a_file_that_is_no_log_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("my notes\nunfinished")
    with pytest.raises(SinkError, match="no alert; it was left as it is"):
        with_log(path, no_work)
    assert path.read_text() == "my notes\nunfinished"
    for wrong, what in ((tmp_path, "directory"), (tmp_path / "fifo", "not a regular file")):
        if what != "directory":
            os.mkfifo(wrong)
        with pytest.raises(SinkError, match=what):
            with_log(wrong, no_work)


# ---------------------------------------------------------------------------------------- nothing twice
def test_in_flight_rows_that_stand_in_the_log_are_found(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    write(path, 1, 2, 3)
    rows = [delivery(4), delivery(3), delivery(2), delivery(1, state=DeliveryState.DELIVERED)]
    assert [d.sequence for d in with_log(path, no_work, recent_of(rows))] == [3, 2]


@pytest.mark.parametrize("rotated", ["alerts.jsonl.1", "alerts.jsonl-20250501", "alerts.jsonl.old"])
def test_in_flight_rows_are_found_in_the_rotated_file(tmp_path: Path, rotated: str) -> None:
    path = tmp_path / "alerts.jsonl"
    write(path, 1, 2)
    path.rename(tmp_path / rotated)
    (tmp_path / "alerts.jsonl.9.gz").write_bytes(b"\x1f\x8bpacked")
    (tmp_path / "alerts.jsonl.d").mkdir()
    write(path, 3)
    found = with_log(path, no_work, recent_of([delivery(n) for n in (4, 3, 2, 1)]))
    assert [d.sequence for d in found] == [3, 2, 1]


def test_what_stands_in_the_log_is_not_written_again(tmp_path: Path) -> None:
    """Also when the row came back as pending: a shutdown put it back while the line was being synced."""
    path = tmp_path / "alerts.jsonl"
    write(path, 1, 2)
    write(path, 2, 3)
    assert lines(path) == [1, 2, 3]


def test_only_the_end_of_a_long_log_is_read(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    with path.open("wb") as stream:
        for n in range(1, 9001):
            stream.write(b'{"sequence":%d,' % n + delivery(n).payload[1:] + b"\n")
    file = LogFile(path, remember=2500)
    file.open()
    assert [file.holds(f"{n:032x}") for n in (6500, 6501, 9000)] == [False, True, True]
    file.close()
    small = LogFile(path, remember=2500, tail_bytes=10_000)
    small.open()
    assert small.holds(f"{9000:032x}")
    assert not small.holds(f"{8000:032x}")
    small.close()


def test_lines_reordered_by_another_tool_are_still_known(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    path.write_text('{"data":{}, "id": "' + f"{1:032x}" + '"}\nnot json at all\n[1]\n{"id": 7}\n')
    with_log(path, no_work)
    file = LogFile(path, remember=10)
    file.open()
    assert file.holds(f"{1:032x}")
    file.close()


def test_a_crash_between_sync_and_record_writes_no_line_twice(tmp_path: Path) -> None:
    """The whole way: the outbox believes the rows in flight, the log holds some of them."""
    path = tmp_path / "alerts.jsonl"
    write(path, 1, 2)

    async def second_life() -> FakeOutbox:
        outbox, clock = FakeOutbox(), FakeClock()
        for n in range(1, 5):
            outbox.add(f"{n:032x}", "log", payload=delivery(n).payload, state=DeliveryState.INFLIGHT)
        log = AlertLog("log", AlertLogSettings(type="alert_log", path=path))
        deliverer = Deliverer(outbox, [log], clock, FakeMeter(), FakeOperations(clock), lambda: 0.0)
        await deliverer.start()
        await deliverer.tick()
        await deliverer.idle()
        await deliverer.drain()
        return outbox

    outbox = asyncio.run(second_life())
    assert outbox.states("log") == [DeliveryState.DELIVERED] * 4
    assert lines(path) == [1, 2, 3, 4]


# ---------------------------------------------------------------------------------------------- rotation
def test_rotation_by_rename_and_by_removal(tmp_path: Path) -> None:
    path, first, third = tmp_path / "alerts.jsonl", tmp_path / "alerts.jsonl.1", tmp_path / "alerts.jsonl.2"

    async def work(log: AlertLog) -> None:
        await log.send([delivery(1)])
        path.rename(first)
        await log.send([delivery(2)])
        path.rename(third)
        path.touch()  # logrotate's "create"
        await log.send([delivery(3)])
        path.unlink()
        await log.send([delivery(4)])
        os.truncate(path, 0)  # logrotate's "copytruncate"
        await log.send([delivery(5)])

    with_log(path, work)
    assert (lines(first), lines(third), lines(path)) == ([1], [2], [5])


# ------------------------------------------------------------------------------------------- full disks
@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """Writes beyond ``size`` bytes fail with EFBIG after a partial write, as a full disk's do with ENOSPC."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, old)


def test_fault_6_a_full_disk_leaves_no_partial_line_and_heals(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"

    async def work(log: AlertLog) -> None:
        await log.send([delivery(1)])
        before = path.read_bytes()
        batch = [delivery(n, size=1000) for n in range(2, 12)]
        with file_size_limit(5000):
            answers = await log.send(batch)
        assert {answer.kind for answer in answers} == {AnswerKind.RETRY}
        assert "no space left" in answers[0].detail
        assert path.read_bytes() == before
        assert await log.send(batch) == [TOLD] * 10

    with_log(path, work)
    assert lines(path) == list(range(1, 12))


def test_fault_5_no_space_on_the_device(tmp_path: Path) -> None:
    """/dev/full answers ENOSPC to every write; it stands in for the file through a descriptor of its own."""
    file = LogFile(tmp_path / "alerts.jsonl", remember=10)
    file.open()
    assert file._fd is not None
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        kept = os.dup(file._fd)
        os.dup2(full, file._fd)
        with pytest.raises(OSError) as caught:
            _without_moving(file, [("a", b"{}\n")])
        assert caught.value.errno == errno.ENOSPC
        os.dup2(kept, file._fd)
        os.close(kept)
    finally:
        os.close(full)
    assert not file.holds("a")
    file.append([("a", b"{}\n")])
    file.close()
    assert (tmp_path / "alerts.jsonl").read_bytes() == b"{}\n"


def _without_moving(file: LogFile, batch: list[tuple[str, bytes]]) -> None:
    """The path is made to lead to the device as well, so that the file does not look rotated."""
    aside = file.path.with_suffix(".aside")
    file.path.rename(aside)
    file.path.symlink_to("/dev/full")
    try:
        file.append(batch)
    finally:
        file.path.unlink()
        aside.rename(file.path)


def test_a_folder_that_cannot_be_written_is_said_at_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SinkError, match="cannot be used"):
        with_log(tmp_path / "file" / "alerts.jsonl", no_work)
