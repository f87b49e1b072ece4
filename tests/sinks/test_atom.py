"""The feed of alerts, read by the feed reader that the daemon itself uses; full disks, folders that are away, restarts."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import resource
import stat
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest
from pydantic import ValidationError

from monitor.errors import SinkError
from monitor.flow.deliver import Deliverer
from monitor.model import Answer, AnswerKind, Delivery, DeliveryState, Severity
from monitor.render.message import Link, read
from monitor.sinks import Tools
from monitor.sinks.atom import Atom, AtomSettings
from tests.fakes import START, FakeClock, FakeMeter, FakeOperations, FakeOutbox, FakePoster
from tests.render.samples import DOCUMENTS

DELIVERED = Answer(AnswerKind.DELIVERED)


def built(path: Path, **more: Any) -> Atom:
    made = AtomSettings.model_validate({"type": "atom", "path": path, **more})
    assert not made.tells
    links = (Link("Acknowledge", "https://monitor.example/a/canary"),)
    sink = made.build("feed", Tools(FakePoster(), FakeClock(), links=lambda message, sink: links)).sink
    assert isinstance(sink, Atom)
    return sink


def numbered(n: int, document: str = "english") -> Delivery:
    """The n-th of many, each a minute after the one before."""
    whole = json.loads(DOCUMENTS[document])
    whole["id"], whole["time"] = f"{n:032x}", (START + timedelta(minutes=n)).isoformat().replace("+00:00", "Z")
    payload = json.dumps(whole, ensure_ascii=False).encode()
    return Delivery(whole["id"], "feed", "a1", Severity.HIGH, n, DeliveryState.INFLIGHT, 1, START, START, payload)


def told(sink: Atom, deliveries: Sequence[Delivery], before: Sequence[Delivery] = ()) -> Sequence[Answer]:
    async def recent(limit: int) -> Sequence[Delivery]:
        return list(before)[:limit]

    async def work() -> Sequence[Answer]:
        await sink.start(recent)
        try:
            return await sink.send(deliveries) if deliveries else ()
        finally:
            await sink.close()

    return asyncio.run(work())


def entries(path: Path) -> list[int]:
    """The numbers of its entries, as a feed reader finds them."""
    parsed = feedparser.parse(path.read_bytes())
    assert not parsed.bozo
    return [int(one.id.removeprefix("urn:uuid:").replace("-", ""), 16) for one in parsed.entries]


def test_a_feed_reader_reads_every_language(tmp_path: Path) -> None:
    path = tmp_path / "alerts.atom"
    deliveries = [
        replace(numbered(n), payload=payload, notification=read(payload).id + name) for n, (name, payload) in enumerate(DOCUMENTS.items())
    ]
    assert told(built(path, title="Alerts & <more>", url="https://monitor.example/alerts.atom"), deliveries) == [DELIVERED] * len(DOCUMENTS)
    parsed = feedparser.parse(path.read_bytes())
    assert not parsed.bozo
    assert (parsed.feed.title, parsed.feed.id) == ("Alerts & <more>", "https://monitor.example/alerts.atom")
    titles = " ".join(one.title for one in parsed.entries)
    for word in ("صفقة", "עסקת", "俄罗斯", "MD-550", "23 alerts of the night"):
        assert word in titles
    assert b"canary" not in path.read_bytes()  # no links to act
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["alerts.atom"]


def test_the_newest_stand_first_and_each_once(tmp_path: Path) -> None:
    path = tmp_path / "alerts.atom"
    sink = built(path, keep=3)
    assert told(sink, [numbered(n) for n in (3, 1, 2, 3, 5, 4)]) == [DELIVERED] * 6
    assert entries(path) == [5, 4, 3]


def test_an_empty_feed_is_there_from_the_start(tmp_path: Path) -> None:
    told(built(tmp_path / "alerts.atom"), [])
    assert entries(tmp_path / "alerts.atom") == []


def test_a_restart_makes_it_anew_of_the_record(tmp_path: Path) -> None:
    path = tmp_path / "alerts.atom"
    path.write_text("<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><feed>&e;</feed>")  # whatever stands there is not read
    path.chmod(0o644)
    before = [replace(numbered(n), state=DeliveryState.DELIVERED) for n in (4, 3, 2)] + [
        numbered(5),
        replace(numbered(1), payload=b"old", state=DeliveryState.DELIVERED),
    ]
    assert told(built(path, keep=10), [numbered(6)], before) == [DELIVERED]
    assert entries(path) == [6, 4, 3, 2]  # the fifth was in flight: it comes again
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_process_that_knows_nothing_of_what_was_told_empties_no_feed(tmp_path: Path) -> None:
    path = tmp_path / "alerts.atom"
    told(built(path), [numbered(1)])
    told(built(path), [])
    assert entries(path) == [1]


def test_what_is_no_document_is_poison_and_the_others_go(tmp_path: Path) -> None:
    path = tmp_path / "alerts.atom"
    poison = replace(numbered(2), payload=b"{}")
    kinds = [answer.kind for answer in told(built(path), [numbered(1), poison, numbered(3)])]
    assert kinds == [AnswerKind.DELIVERED, AnswerKind.POISON, AnswerKind.DELIVERED]
    assert entries(path) == [3, 1]


def test_a_folder_that_is_away_is_said_and_mended(tmp_path: Path) -> None:
    path = tmp_path / "away" / "alerts.atom"

    async def nothing(_limit: int) -> Sequence[Delivery]:
        return ()

    async def work() -> None:
        sink = built(path)
        with pytest.raises(SinkError, match="No such file or directory"):
            await sink.start(nothing)
        path.parent.mkdir()
        await sink.start(nothing)
        assert await sink.send([numbered(1)]) == [DELIVERED]
        path.parent.rename(tmp_path / "gone")
        (answer,) = await sink.send([numbered(2)])
        assert answer == Answer(AnswerKind.RETRY, "the feed cannot be written: No such file or directory")
        (tmp_path / "gone").rename(path.parent)
        assert await sink.send([numbered(2)]) == [DELIVERED]
        assert entries(path) == [2, 1]
        await sink.close()

    asyncio.run(work())


def test_fault_06_no_room_leaves_the_old_feed_whole(tmp_path: Path) -> None:
    """A limit on the size of files, as a full disk: the old feed stands, and nothing is left beside it."""
    path = tmp_path / "alerts.atom"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    async def nothing(_limit: int) -> Sequence[Delivery]:
        return ()

    async def work() -> None:
        sink = built(path)
        await sink.start(nothing)
        assert await sink.send([numbered(1)]) == [DELIVERED]
        before = path.read_bytes()
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 100, hard))
        try:
            (answer,) = await sink.send([numbered(2)])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert (answer.kind, "no space left" in answer.detail) == (AnswerKind.RETRY, True), os.strerror(errno.EFBIG)
        assert path.read_bytes() == before
        assert os.listdir(tmp_path) == ["alerts.atom"]
        assert await sink.send([numbered(2)]) == [DELIVERED]
        assert entries(path) == [2, 1]
        await sink.close()

    asyncio.run(work())


def test_a_link_where_the_feed_should_be_is_replaced_and_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    (tmp_path / "alerts.atom").symlink_to(victim)
    assert told(built(tmp_path / "alerts.atom"), [numbered(1)]) == [DELIVERED]
    assert victim.read_text() == "untouched"
    (tmp_path / ".other.atom.part").symlink_to(victim)
    (answer,) = [*told_or_fault(tmp_path / "other.atom")]
    assert "cannot be written" in answer
    assert victim.read_text() == "untouched"


def told_or_fault(path: Path) -> Sequence[str]:
    try:
        return [answer.detail for answer in told(built(path), [numbered(1)])]
    except SinkError as error:
        return [error.message]


def test_lanes_that_send_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "alerts.atom"

    async def work() -> None:
        outbox = FakeOutbox()
        for n in range(1, 41):
            one = numbered(n)
            outbox.add(one.notification, "feed", severity=list(Severity)[n % 5], payload=one.payload)
        clock = FakeClock()
        deliverer = Deliverer(outbox, [built(path)], clock, FakeMeter(), FakeOperations(clock), lambda: 0.5)
        await deliverer.start()
        await deliverer.tick()
        await deliverer.idle()
        assert set(outbox.states("feed")) == {DeliveryState.DELIVERED}
        await deliverer.drain()

    asyncio.run(work())
    assert entries(path) == list(range(40, 0, -1))


def test_settings_say_what_is_wrong(tmp_path: Path) -> None:
    for wrong in ({"keep": 0}, {"keep": 5000}, {"title": ""}, {"title": "a\nb"}, {"url": "ftp://x"}, {"path": None}):
        with pytest.raises(ValidationError):
            AtomSettings.model_validate({"type": "atom", "path": tmp_path / "x", **wrong})
