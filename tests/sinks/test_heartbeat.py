"""The heartbeat: what it says of the daemon, that it falls silent with it, and what it keeps to itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import ValidationError

from monitor.flow.beat import FAILING, Beater
from monitor.model import Answer, AnswerKind, JsonObject
from monitor.sinks import HeartbeatSettings, Tools
from tests.fakes import FakeClock, FakeMeter, FakeOperations, FakePoster

WELL: JsonObject = {"status": "ok", "sources": 3, "operations": [{"key": "source:nena:failing", "message": "nena is silent"}]}


def settings(**more: object) -> HeartbeatSettings:
    return HeartbeatSettings.model_validate({"type": "heartbeat", "url": "https://beat.example/ping/1", **more})


def beat(described: HeartbeatSettings, poster: FakePoster, health: JsonObject) -> Answer:
    built = described.build("watch", Tools(poster, FakeClock(), health=lambda: health))
    assert built.sink is None
    assert built.beating is not None
    return asyncio.run(built.beating.beat())


def test_it_says_how_the_daemon_is_and_not_what_its_operations_name() -> None:
    poster = FakePoster()
    assert beat(settings(), poster, WELL).kind is AnswerKind.DELIVERED
    (url, headers, body) = poster.posts[0]
    assert (url, headers["Content-Type"]) == ("https://beat.example/ping/1", "application/json")
    assert json.loads(body) == {"status": "ok", "sources": 3}


@pytest.mark.parametrize("status", ["ok", "degraded", "starting"])
def test_it_beats_while_the_daemon_works(status: str) -> None:
    poster = FakePoster()
    beat(settings(), poster, {"status": status})
    assert len(poster.posts) == 1


def test_it_falls_silent_while_the_daemon_is_failing() -> None:
    poster = FakePoster()
    assert beat(settings(), poster, {"status": "failing"}).kind is AnswerKind.DELIVERED
    assert poster.posts == []


def test_or_it_goes_elsewhere(tmp_path: Path) -> None:
    poster = FakePoster()
    beat(settings(failing_url="https://beat.example/ping/1/fail"), poster, {"status": "failing"})
    (tmp_path / "address").write_text("https://beat.example/ping/2/fail\n")
    beat(settings(failing_url_file=tmp_path / "address"), poster, {"status": "failing"})
    assert [url for url, _, _ in poster.posts] == ["https://beat.example/ping/1/fail", "https://beat.example/ping/2/fail"]


def test_every_minute_and_told_when_it_is_not_taken() -> None:
    poster, clock, operations = FakePoster([500] * FAILING), FakeClock(), FakeOperations()
    beating = settings(every="30s").build("watch", Tools(poster, clock)).beating
    assert beating is not None

    async def run() -> None:
        beater = Beater([beating], clock, FakeMeter(), operations)
        for second in range(30 * FAILING + 31):
            await beater.tick()
            await beater.idle()
            if second == 30 * FAILING - 1:
                assert "HTTP 500" in operations.message("sink:watch:beat")
            clock.advance(1)

    asyncio.run(run())
    assert len(poster.posts) == FAILING + 2
    assert operations.open() == []


@pytest.mark.parametrize(
    "wrong",
    [{"every": "1s"}, {"every": "2d"}, {"failing_url": "x"}, {"failing_url": "https://x/", "failing_url_file": "y"}, {"url_file": "z"}],
)
def test_settings_are_strict(wrong: Mapping[str, object]) -> None:
    with pytest.raises(ValidationError):
        settings(**wrong)
    assert not HeartbeatSettings.takes
