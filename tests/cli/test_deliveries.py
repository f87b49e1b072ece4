"""``monitor sinks`` and ``monitor deliveries`` as a person and a script use them, on a real record, without a daemon."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.cli.waiting import state_of
from monitor.model import Answer, AnswerKind, DeliveryState
from monitor.ports import DeliveryResult
from monitor.store import SqlStore
from tests.cli.program import Done, program
from tests.receiver import Reply, ThreadedReceiver
from tests.store import builders as b


class Place:
    """A configuration with an alert log and a webhook, and a record with five alerts told to both: at the desk the first
    arrived, the second is dead, the third expired, the others wait."""

    def __init__(self, folder: Path, hook: str) -> None:
        self.config = folder / "monitor.yaml"
        (folder / "lists").mkdir()
        (folder / "articles").mkdir()
        self.config.write_text(
            "data_dir: ./var\nwatchlists: ./lists\nsources: {drop: {folder: ./articles}}\n"
            f"sinks:\n  log: {{type: alert_log, path: ./alerts.jsonl}}\n  desk: {{type: webhook, url: '{hook}'}}\n"
        )
        self.ids: list[str] = []
        asyncio.run(self._fill(folder / "var"))

    async def _fill(self, data: Path) -> None:
        store = await SqlStore.open(data)
        await store.sync_sinks(["log", "desk"], b.NOW)
        for n in range(5):
            one = b.simple(f"{n}", now=b.later(n))
            await store.ingest(one)
            notification = one.articles[0].decided[0].notification
            assert notification is not None
            self.ids.append(notification.id)
        first, second, third, fourth, _ = await store.claim("desk", b.later(9), 5)
        dead = DeliveryResult(second, DeliveryState.DEAD, Answer(AnswerKind.REFUSED, "HTTP 422: no such desk\x1b[31m", 422))
        gone = DeliveryResult(third, DeliveryState.EXPIRED, Answer(AnswerKind.RETRY, "not taken within 7 days"))
        await store.settle([b.delivered(first), dead, gone, b.again(fourth, b.later(60))], None, b.later(9))
        await store.recover(b.later(9))
        await store.close()

    def __call__(self, *arguments: object, stdin: bytes = b"") -> Done:
        return program(*arguments, "--config", self.config, stdin=stdin)

    def json(self, *arguments: object) -> list[Any]:
        done = self(*arguments)
        assert done.err == ""
        return [json.loads(line) for line in done.out.splitlines()]


@pytest.fixture
def receiver() -> Iterator[ThreadedReceiver]:
    with ThreadedReceiver() as up:
        yield up


@pytest.fixture
def place(tmp_path: Path, receiver: ThreadedReceiver) -> Place:
    return Place(tmp_path, receiver.url)


def test_deliveries_are_listed_with_what_became_of_them(place: Place) -> None:
    assert [one["sequence"] for one in place.json("deliveries", "list", "--sink", "desk", "--json")] == [5, 4, 3, 2, 1]
    states = {one["sequence"]: one["state"] for one in place.json("deliveries", "list", "--sink", "desk", "--json")}
    assert states == {1: "delivered", 2: "dead", 3: "expired", 4: "pending", 5: "pending"}
    given_up = place("deliveries", "list", "--state", "given-up").out.splitlines()
    assert len(given_up) == 4
    assert "expired (not taken within 7 days)" in given_up[0]
    assert "dead (HTTP 422: no such desk" in given_up[2]
    assert "\x1b" not in "".join(given_up)
    assert "1 attempt, the last: HTTP 422" in given_up[3]
    assert len(place.json("deliveries", "list", "--state", "waiting", "--json")) == 7  # five at the log
    assert place("deliveries", "list", "--since", "2d").out == "no deliveries are like that\n"


def test_what_waits_says_what_for_and_names_no_time_gone_by(place: Place) -> None:
    def lines() -> list[str]:
        listed = place("deliveries", "list", "--sink", "desk", "--state", "waiting").out.splitlines()
        return [line.split("  ")[-1] for line in listed if "#" in line]

    assert lines() == ["pending: waits behind #4", "pending: due"]
    shown = json.loads(place("deliveries", "show", place.ids[4], "desk", "--json").out)
    assert shown[0]["waits"] == {"behind": 4, "sink_state": "active", "paused_by": "", "tried": None}
    alert = json.loads(place("alerts", "show", shown[0]["alert"], "--json").out)
    assert [one["waits"] for one in alert["notifications"][0]["deliveries"] if one["sink"] == "desk"] == [shown[0]["waits"]]
    place("sinks", "pause", "desk")
    assert all(re.fullmatch(r"pending: its sink is paused by cli:\S+ until it is resumed", line) for line in lines())
    place("sinks", "resume", "desk")

    async def hold(store: SqlStore) -> None:
        both = await store.claim("desk", b.later(100), 5)
        await store.hold(both[:1], "quiet", datetime(2099, 1, 1, 6, tzinfo=UTC), b.later(100))
        await store.hold(both[1:], "digest:night", b.later(200), b.later(100))

    b.with_store(place.config.parent / "var", hold)
    assert lines() == ["held, due now (the digest of night)", "held until 2099-01-01 06:00 (quiet hours)"]


@pytest.mark.parametrize(
    ("waits", "said"),
    [
        ({"sink_state": "paused", "tried": "2026-03-01T13:00:00Z"}, "its sink is paused, tried next 2026-03-01 13:00"),
        ({"sink_state": "failing", "tried": "2026-03-01T11:00:00Z"}, "its sink is failing, tried now"),
        ({"sink_state": "failing"}, "its sink is failing"),
        ({"sink_state": "disabled"}, "its sink is disabled until it is resumed"),
        ({"sink_state": "paused", "paused_by": "cli:a\x1b[31m"}, "its sink is paused by cli:a[31m until it is resumed"),
        ({}, "due"),
    ],
)
def test_why_a_delivery_waits(waits: dict[str, Any], said: str) -> None:
    whole = {"behind": None, "sink_state": "active", "paused_by": "", "tried": None} | waits
    one = {"state": "pending", "reason": "", "due": "2026-03-01T11:59:00Z", "waits": whole}
    assert state_of(one, b.NOW) == f"pending: {said}"
    if not waits:
        assert state_of(one | {"due": "2026-03-01T12:40:00Z"}, b.NOW) == "pending until 2026-03-01 12:40"


def test_why_a_delivery_is_held() -> None:
    for key, why in (
        ("rate", "the sink's rate"),
        ("max_alerts:arms", "arms is beyond its max_alerts"),
        ("backlog", "what waited is gathered"),
    ):
        held = {"state": "held", "reason": key, "due": "2026-03-01T12:40:00Z", "waits": None}
        assert state_of(held, b.NOW) == f"held until 2026-03-01 12:40 ({why})"


def test_a_sink_that_is_not_there_is_noted(place: Place) -> None:
    for command in ("list", "replay"):
        done = place("deliveries", command, "--sink", "dsk")
        assert (done.status, done.err) == (0, "note: there is no sink 'dsk'; did you mean 'desk'?\n")
    assert place("deliveries", "list", "--sink", "nosuch").err == "note: there is no sink 'nosuch'; there are desk, log\n"
    assert place("deliveries", "list", "--sink", "desk", "--since", "2d").err == ""


def test_one_delivery_is_shown_with_every_answer(place: Place) -> None:
    (shown,) = json.loads(place("deliveries", "show", place.ids[1][:10], "desk", "--json").out)
    assert (shown["state"], shown["answers"][0]["status"], shown["answers"][0]["kind"]) == ("dead", 422, "refused")
    by_webhook_id = place("deliveries", "show", f"msg_{place.ids[1]}_desk").out
    assert "to log #2" in by_webhook_id
    assert "to desk #2" in by_webhook_id
    wrong = place("deliveries", "show", "ffff")
    assert (wrong.status, "there is no delivery" in wrong.err) == (2, True)


def test_what_was_given_up_is_sent_again(place: Place) -> None:
    assert place("deliveries", "replay").status == 2
    assert place("deliveries", "replay", "--sink", "log").out == "nothing of that was given up\n"
    wanted = ("deliveries", "replay", place.ids[1], "--sink", "desk")
    assert place(*wanted, stdin=b"y\n").out == "1 delivery will be sent again\n"
    assert place.json("deliveries", "replay", "--sink", "desk", "--yes", "--json") == [{"replayed": 1}]
    assert place.json("deliveries", "list", "--state", "given-up", "--json") == []


def test_with_a_wrong_id_nothing_is_sent_again(place: Place) -> None:
    wrong = place("deliveries", "replay", place.ids[1], "zzzz", "--yes")
    assert (wrong.status, "begins with 'zzzz' (nothing was changed, of the others neither)" in wrong.err) == (2, True)
    assert len(place.json("deliveries", "list", "--sink", "desk", "--state", "given-up", "--json")) == 2


def test_without_a_yes_nothing_is_sent_again(place: Place) -> None:
    wanted = ("deliveries", "replay", "--sink", "desk")
    nobody = place(*wanted)
    assert (nobody.status, nobody.out) == (2, "")
    assert "2 deliveries to send again?" in nobody.err
    assert "nobody answered: nothing was sent again\n  hint: --yes does it without asking" in nobody.err
    no = place(*wanted, stdin=b"n\n")
    assert (no.status, no.err.endswith("nothing was sent again\n")) == (130, True)
    assert on_terminal(place, wanted, b"\x04") == 130  # Ctrl-D
    assert len(place.json("deliveries", "list", "--sink", "desk", "--state", "given-up", "--json")) == 2
    assert on_terminal(place, wanted, b"y\n") == 0
    assert place.json("deliveries", "list", "--sink", "desk", "--state", "given-up", "--json") == []


def on_terminal(place: Place, arguments: Sequence[str], typed: bytes) -> int:
    mine, its = pty.openpty()
    try:
        command = [sys.executable, "-m", "monitor", *arguments, "--config", str(place.config)]
        with subprocess.Popen(command, stdin=its, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as run:
            assert run.stderr is not None
            said = b""
            while b"send again?" not in said and (more := os.read(run.stderr.fileno(), 1000)):
                said += more
            os.write(mine, typed)
            run.stderr.read()
            return run.wait(30)
    finally:
        os.close(mine)
        os.close(its)


def test_a_receiver_can_compare_what_it_has(place: Place) -> None:
    lines = place.json("deliveries", "export", "--sink", "desk", "--payload")
    assert [line["sequence"] for line in lines] == [5, 4, 3, 2, 1]
    assert [line["webhook_id"] for line in lines] == [f"msg_{one}_desk" for one in reversed(place.ids)]
    assert [line["delivered"] is not None for line in lines] == [False, False, False, False, True]
    payload = json.dumps(lines[0]["document"], ensure_ascii=False).encode()
    assert lines[0]["sha256"] == hashlib.sha256(payload).hexdigest()
    assert place.json("deliveries", "export", "--sink", "desk", "--since", "2d") == []
    assert "document" not in place.json("deliveries", "export", "--sink", "desk", "--since", "2026-03-01T00:00:00Z")[0]
    assert place("deliveries", "export", "--sink", "dsk").status == 2


def test_sinks_are_listed_paused_and_resumed(place: Place) -> None:
    said = place("sinks", "list").out
    assert "desk  webhook  active\n    2 deliveries waiting since 2026-03-01 12:00, 1 dead, 1 expired; last delivered" in said
    assert place("sinks", "pause", "desk", "-m", "moving").out.startswith("desk: paused")
    assert "desk  webhook  paused since" in place("sinks", "list").out
    (shown,) = [one for one in place.json("sinks", "list", "--json") if one["name"] == "desk"]
    assert (shown["state"], shown["reason"], shown["deliveries"]) == ("paused", "moving", {"pending": 2, "dead": 1, "expired": 1})
    assert "(moving)" in place("sinks", "show", "desk").out
    assert place("sinks", "resume", "desk").out == "desk: active\n"
    wrong = place("sinks", "pause", "dsk")
    assert (wrong.status, "did you mean 'desk'?" in wrong.err) == (2, True)
    assert place("sinks", "show", "nobody").status == 2


def test_a_sample_shows_what_a_receiver_answers(place: Place, receiver: ThreadedReceiver) -> None:
    done = place("sinks", "test", "desk")
    assert done.status == 0
    assert "desk: delivered (HTTP 200, " in done.out
    (request,) = receiver.requests
    assert json.loads(request.body)["data"]["sample"] is True
    assert request.headers["monitor-sequence"] == "0"
    receiver.script = [Reply(401, body=b"who are you")]
    done = place("sinks", "test", "desk")
    assert done.status == 1
    assert "HTTP 401" in done.out
    assert "its address or its secret is wrong" in done.out
    assert place.json("sinks", "test", "log", "--json")[0]["answer"] == "delivered"
    line = json.loads((place.config.parent / "alerts.jsonl").read_text())
    assert (line["sequence"], line["data"]["sample"]) == (0, True)
    assert len(place.json("deliveries", "list", "--json")) == 10  # nothing of it is kept
    trail = [one for one in place.json("audit", "--json") if one["action"] == "test sink"]
    assert [(one["object"], one["detail"]["answer"], one["detail"]["status"]) for one in trail] == [
        ("log", "delivered", None),
        ("desk", "pause", 401),
        ("desk", "delivered", 200),
    ]
    assert all(one["actor"].startswith("cli:") for one in trail)


def test_before_the_first_run_there_is_nothing_to_show(tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    config = tmp_path / "monitor.yaml"
    config.write_text("data_dir: ./var\nwatchlists: ./lists\nsinks: {log: {type: alert_log, path: ./a.jsonl}}\n")
    done = program("sinks", "list", "--config", config)
    assert (done.status, done.out) == (0, "log  alert_log  active\n    nothing waits; last delivered -\n")
