"""Alertmanager: what it is told, and what the real one makes of it: told again after its restart, ended when it is closed."""

from __future__ import annotations

import asyncio
import json
import urllib.parse
import urllib.request
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from monitor.model import AnswerKind, Delivery, DeliveryState, JsonObject, Severity
from monitor.net import HttpClient
from monitor.ports import Clock, Posted, Poster, Tls
from monitor.render.payload import timestamp
from monitor.sinks import Alertmanager, AlertmanagerSettings, Tools
from monitor.sinks.alertmanager import CHUNK
from monitor.sinks.endpoint import Endpoint
from tests.fakes import FakeClock, FakePoster
from tests.judges import Judge, alertmanager
from tests.render.samples import DOCUMENTS, NOW
from tests.sinks.payloads import FIELDS, PAYLOADS, placed


def document(
    name: str = "english", *, at: datetime = NOW, kind: str = "raised", alert: str = "", raised: datetime = NOW, **changes: Any
) -> bytes:
    """A sample told at ``at``: ``severity`` and ``labels`` of its alert, ``url`` of its article."""
    made = json.loads(DOCUMENTS[name])
    stamp = at.isoformat().replace("+00:00", "Z")
    made |= {"time": stamp, "type": made["type"].rpartition(".")[0] + "." + kind}
    if "alert" in made["data"]:
        made["data"]["alert"] |= {"raised": raised.isoformat()} | {
            key: value for key, value in changes.items() if key in {"severity", "labels"}
        }
        made["subject"] = made["data"]["alert"]["id"] = alert or made["data"]["alert"]["id"]
        made["data"]["article"] |= {key: value for key, value in changes.items() if key == "url"}
    return json.dumps(made).encode()


def delivery(payload: bytes, sequence: int = 1, *, state: DeliveryState = DeliveryState.INFLIGHT, at: datetime = NOW) -> Delivery:
    about = str(json.loads(payload).get("subject", ""))
    return Delivery(f"n{sequence}", "pager", about, Severity.HIGH, sequence, state, 1, at, at, payload)


def made(poster: Poster, clock: Clock, url: str = "http://127.0.0.1:9093", **more: Any) -> Alertmanager:
    described = AlertmanagerSettings.model_validate({"type": "alertmanager", "url": url, **more})
    built = described.build("pager", Tools(poster, clock))
    assert isinstance(built.sink, Alertmanager)
    assert built.beating is built.sink
    return built.sink


def recent_of(rows: Sequence[Delivery]) -> Callable[[int], Awaitable[Sequence[Delivery]]]:
    async def recent(limit: int) -> Sequence[Delivery]:
        return list(rows)[:limit]

    return recent


def posted(poster: FakePoster, nth: int = -1) -> list[JsonObject]:
    found = json.loads(poster.posts[nth][2])
    assert isinstance(found, list)
    return found


def told(*payloads: bytes, script: Sequence[int] = (), **more: Any) -> FakePoster:
    poster, clock = FakePoster(script), FakeClock(NOW)

    async def run() -> None:
        sink = made(poster, clock, **more)
        for n, payload in enumerate(payloads, 1):
            await sink.send([delivery(payload, n)])

    asyncio.run(run())
    return poster


# ------------------------------------------------------------------------------------------ what it says
def test_an_alert_is_one_alert_there() -> None:
    poster = told(
        document(labels={"topic": "arms", "risk.level": "9", "7days": "x", "severity": "none", "empty": ""}), labels={"team": "desk"}
    )
    (one,) = posted(poster)
    assert poster.posts[0][0] == "http://127.0.0.1:9093/api/v2/alerts"
    assert one["labels"] == {
        "team": "desk",
        "topic": "arms",
        "risk_level": "9",
        "_7days": "x",
        "alertname": "Arms transfer",
        "watchlist": "arms-transfer",
        "alert": f"{0xABCDEF:032x}",
        "owner": "desk",
        "severity": "high",
        "source": "news-monitor",
    }
    assert one["annotations"]["summary"].startswith("[HIGH] ")
    assert "arms deal" in one["annotations"]["description"]
    assert (one["startsAt"], one["endsAt"]) == ("2025-05-01T12:00:00.000Z", "2025-05-02T12:00:00.000Z")
    assert one["generatorURL"] == one["annotations"]["url"] == "https://example.org/news/1"


def test_operations_and_digests_have_names_of_their_own() -> None:
    poster = told(DOCUMENTS["operation"], DOCUMENTS["digest"])
    operation, digest = posted(poster, 0)[0], posted(poster, 1)[0]
    assert (operation["labels"]["alertname"], operation["labels"]["operation"]) == ("monitor", "source:nena:failing")
    assert (digest["labels"]["alertname"], digest["labels"]["digest"]) == ("digest", f"{12:032x}")
    assert digest["endsAt"] == "2025-05-01T13:00:00.000Z"


def test_a_graver_alert_ends_the_one_under_the_old_labels_in_the_same_post() -> None:
    first, later = document(), document(at=NOW + timedelta(minutes=1), kind="updated", severity="critical")
    poster = told(first, later, later)
    new, old = posted(poster, 1)
    assert (new["labels"]["severity"], old["labels"]["severity"]) == ("critical", "high")
    assert old["endsAt"] <= "2025-05-01T12:00:00.000Z" < new["endsAt"]
    assert len(posted(poster, 2)) == 1


def test_what_arrives_late_takes_no_newer_ones_place() -> None:
    first, later = document(), document(at=NOW + timedelta(minutes=1), kind="closed")
    assert [alert["endsAt"] <= "2025-05-01T12:01:00.000Z" for post in told(later, first).posts for alert in json.loads(post[2])] == [True]
    reopened = document(at=NOW + timedelta(minutes=2), kind="reopened")
    assert posted(told(later, first, reopened))[0]["endsAt"] > "2025-05-02"


def test_what_cannot_be_read_is_poison() -> None:
    async def run() -> None:
        (answer,) = await made(FakePoster(), FakeClock(NOW)).send([delivery(b"{}")])
        assert answer.kind is AnswerKind.POISON

    asyncio.run(run())


class Model(FakePoster):
    """What Alertmanager would hold: label sets and when each ends."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self.clock = clock
        self.held: dict[frozenset[tuple[str, str]], str] = {}

    async def post(self, url: str, headers: Mapping[str, str], body: bytes, *, tls: Tls | None = None) -> Posted:
        answer = await super().post(url, headers, body, tls=tls)
        if answer.status == 200:
            self.held |= {frozenset(alert["labels"].items()): alert["endsAt"] for alert in json.loads(body)}
        return answer

    def active(self) -> list[str]:
        now = timestamp(self.clock.now())
        return [dict(labels)["severity"] for labels, ends in self.held.items() if ends > now]


@dataclass(frozen=True)
class Step:
    """One notification of the alert: when it is sent, whether it is refused a first time, whether we are started anew before."""

    kind: str
    severity: str
    order: int
    refused: bool
    restarted: bool


STEPS = st.builds(
    Step,
    kind=st.sampled_from(["updated", "closed", "reopened"]),
    severity=st.sampled_from(["high", "critical", "low"]),
    order=st.integers(0, 9),
    refused=st.booleans(),
    restarted=st.booleans(),
)


@given(st.lists(STEPS, min_size=1, max_size=7))
def test_in_whatever_order_they_arrive_the_newest_stands_and_nothing_else(steps: list[Step]) -> None:
    clock = FakeClock(NOW + timedelta(hours=2))
    poster = Model(clock)
    rows = {
        n: delivery(document(at=NOW + timedelta(minutes=n), kind=step.kind, severity=step.severity), n) for n, step in enumerate(steps, 1)
    }

    async def run() -> None:
        sink = made(poster, clock)
        waiting = sorted(rows, key=lambda n: (steps[n - 1].order, n))
        tried: set[int] = set()
        while waiting:
            n = waiting.pop(0)
            step = steps[n - 1]
            if step.restarted and n not in tried:
                sink = made(poster, clock)
                await sink.start(recent_of([*rows.values()][::-1]))
            poster.script = [503] if step.refused and n not in tried else []
            tried.add(n)
            (answer,) = await sink.send([rows[n]])
            if answer.kind is AnswerKind.RETRY:
                waiting.append(n)
            else:
                rows[n] = replace(rows[n], state=DeliveryState.DELIVERED)
            await sink.beat()
        assert poster.active() == ([] if steps[-1].kind == "closed" else [steps[-1].severity])

    asyncio.run(run())


# ------------------------------------------------------------------------------------------- told again
def test_what_is_open_is_told_again_in_pieces() -> None:
    poster, clock = FakePoster(), FakeClock(NOW)

    async def run() -> None:
        sink = made(poster, clock)
        await sink.beat()
        assert poster.posts == []  # nothing is open
        for n in range(CHUNK + 5):
            await sink.send([delivery(document(alert=f"{n:032x}"), n)])
        await sink.send([delivery(document(alert=f"{3:032x}", kind="closed", at=NOW + timedelta(seconds=1)), 999)])
        poster.posts.clear()
        await sink.beat()
        assert [len(posted(poster, n)) for n in range(len(poster.posts))] == [CHUNK, 4]
        clock.advance(86_400)
        poster.posts.clear()
        await sink.beat()
        assert poster.posts == []  # open_for is over: Alertmanager ended them itself

    asyncio.run(run())


class Refusing(FakePoster):
    """A server that takes one alert when it is told first, and no post that holds it after that."""

    def __init__(self, bad: str) -> None:
        super().__init__()
        self.bad = bad

    async def post(self, url: str, headers: Mapping[str, str], body: bytes, *, tls: Tls | None = None) -> Posted:
        self.script = [400 if self.bad.encode() in body and len(self.posts) >= 8 else 200]
        return await super().post(url, headers, body, tls=tls)


def test_one_that_is_refused_holds_up_no_other() -> None:
    bad = f"{5:032x}"
    poster, clock = Refusing(bad), FakeClock(NOW)

    async def run() -> None:
        sink = made(poster, clock)
        for n in range(8):
            await sink.send([delivery(document(alert=f"{n:032x}"), n)])
        assert (await sink.beat()).kind is AnswerKind.DELIVERED
        taken = [
            alert["labels"]["alert"]
            for n in range(8, len(poster.posts))
            for alert in posted(poster, n)
            if bad.encode() not in poster.posts[n][2]
        ]
        assert sorted(taken) == [f"{n:032x}" for n in range(8) if n != 5]
        count = len(poster.posts)
        await sink.beat()
        assert len(poster.posts) == count + 1
        assert len(posted(poster)) == 7

    asyncio.run(run())


def test_an_alertmanager_that_is_down_is_said() -> None:
    async def run() -> None:
        sink = made(FakePoster([200, 503]), FakeClock(NOW))
        await sink.send([delivery(document())])
        assert (await sink.beat()).kind is AnswerKind.RETRY

    asyncio.run(run())


def test_a_new_process_tells_again_what_was_open() -> None:
    poster, clock = FakePoster(), FakeClock(NOW)
    rows = [
        delivery(document(alert="a"), 1, state=DeliveryState.DELIVERED),
        delivery(document(alert="b"), 2, state=DeliveryState.DELIVERED),
        delivery(document(alert="b", kind="closed"), 3, state=DeliveryState.DELIVERED),
        delivery(document(alert="c"), 4),
        delivery(document(alert="d", at=NOW - timedelta(days=2)), 5, state=DeliveryState.DELIVERED, at=NOW - timedelta(days=2)),
        delivery(b"{}", 6, state=DeliveryState.DELIVERED),
    ]

    async def run() -> None:
        sink = made(poster, clock)
        assert await sink.start(recent_of(rows[::-1])) == ()
        await sink.beat()
        assert [alert["labels"]["alert"] for alert in posted(poster)] == ["a"]

    asyncio.run(run())


def test_memory_is_bounded() -> None:
    poster, clock = FakePoster(), FakeClock(NOW)
    endpoint = Endpoint("pager", AlertmanagerSettings(type="alertmanager", url="http://am"), poster=poster, clock=clock)
    rows = [delivery(document(alert=f"{n:032x}"), n, state=DeliveryState.DELIVERED) for n in range(30)]

    async def run() -> None:
        sink = Alertmanager("pager", endpoint, clock=clock, every=60, open_for=timedelta(days=1), labels={}, remembered=20)
        await sink.start(recent_of(rows[::-1]))
        await sink.send([delivery(document(alert="new"), 99_999)])
        await sink.beat()
        assert [alert["labels"]["alert"] for alert in posted(poster)] == [*(f"{n:032x}" for n in range(11, 30)), "new"]

    asyncio.run(run())


@pytest.mark.parametrize(
    "wrong",
    [{"labels": {"a-b": "x"}}, {"labels": {"severity": "x"}}, {"open_for": "10s"}, {"refresh": "2h"}, {"url": "ftp://x"}, {"path": "x"}],
)
def test_settings_are_strict(wrong: Mapping[str, object]) -> None:
    with pytest.raises(ValidationError):
        AlertmanagerSettings.model_validate({"type": "alertmanager", "url": "http://127.0.0.1:9093", **wrong})


@pytest.mark.parametrize("base", ["http://am/", "http://am/api/v2/alerts", "http://am"])
def test_the_address_is_that_of_the_server(base: str) -> None:
    assert told(document(), url=base).posts[0][0] == "http://am/api/v2/alerts"
    assert told(document(), url="http://am/prefix?x=1").posts[0][0] == "http://am/prefix/api/v2/alerts?x=1"


# ----------------------------------------------------------------------------------------- the real one
def standing(judge: Judge, **labels: str) -> list[JsonObject]:
    """What Alertmanager holds, by label; only what is active."""
    wanted = "&".join("filter=" + urllib.parse.quote(f'{name}="{value}"') for name, value in labels.items())
    with urllib.request.urlopen(f"{judge.url}/api/v2/alerts?{wanted}", timeout=5) as answer:
        found: list[JsonObject] = json.loads(answer.read())
    return found


def real(work: Callable[[Alertmanager], Awaitable[None]], judge: Judge, clock: Clock, **more: Any) -> None:
    async def run() -> None:
        client = HttpClient()
        try:
            await work(made(client, clock, judge.url, **more))
        finally:
            await client.close()

    asyncio.run(run())


def test_the_real_one_holds_it_until_it_is_closed_and_through_its_own_restart(tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    with alertmanager(tmp_path) as judge:

        async def work(sink: Alertmanager) -> None:
            for n, name in enumerate(("arabic", "english"), 1):
                (answer,) = await sink.send([delivery(document(name, at=now, raised=now, alert=name), n)])
                assert answer.kind is AnswerKind.DELIVERED, answer
            (arabic,) = standing(judge, alert="arabic")
            assert "صفقة" in arabic["annotations"]["summary"]
            assert datetime.fromisoformat(arabic["endsAt"]) == now + timedelta(hours=24)
            judge.restart()
            assert standing(judge, source="news-monitor") == []
            await sink.beat()  # which may find that the connection kept since is no more
            assert (await sink.beat()).kind is AnswerKind.DELIVERED
            assert len(standing(judge, source="news-monitor")) == 2
            critical = partial(document, "english", alert="english", raised=now, severity="critical")
            graver = critical(at=now + timedelta(seconds=1), kind="updated")
            await sink.send([delivery(graver, 3)])
            assert [alert["labels"]["severity"] for alert in standing(judge, alert="english")] == ["critical"]
            await sink.send([delivery(critical(at=now + timedelta(seconds=2), kind="closed"), 4)])
            assert standing(judge, alert="english") == []
            await sink.beat()
            assert [alert["labels"]["alert"] for alert in standing(judge, source="news-monitor")] == ["arabic"]

        real(work, judge, FakeClock(now))


def test_the_real_one_ends_what_nobody_tells_any_more(tmp_path: Path) -> None:
    """Told five minutes ago with ``open_for: 1m``, and not again: as though our clock had stood still since."""
    now = datetime.now(UTC)
    with alertmanager(tmp_path) as judge:

        async def work(sink: Alertmanager) -> None:
            (answer,) = await sink.send([delivery(document(at=now - timedelta(minutes=5), raised=now - timedelta(minutes=5)), 1)])
            assert answer.kind is AnswerKind.DELIVERED
            assert standing(judge, source="news-monitor") == []

        real(work, judge, FakeClock(now - timedelta(minutes=5)), open_for="1m")


def test_fault_49_the_real_one_takes_whatever_strangers_write(tmp_path: Path) -> None:
    """Every payload in every field, labels included: none is refused, none makes another label."""
    now = datetime.now(UTC)
    names = {"alertname", "watchlist", "alert", "owner", "severity", "source", "topic", "operation", "digest"}
    with alertmanager(tmp_path) as judge:

        async def work(sink: Alertmanager) -> None:
            refused = []
            for field in FIELDS:
                for n, (name, foreign) in enumerate(PAYLOADS.items()):
                    payload = json.loads(placed(field, foreign))
                    (answer,) = await sink.send([delivery(json.dumps(payload).encode(), n)])
                    if answer.kind is not AnswerKind.DELIVERED:
                        refused.append((field, name, answer))
            assert refused == []
            assert (await sink.beat()).kind is AnswerKind.DELIVERED
            assert {label for alert in standing(judge) for label in alert["labels"]} <= names

        real(work, judge, FakeClock(now))
