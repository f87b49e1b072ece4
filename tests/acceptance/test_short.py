"""The short run of the proof: some kills at random, one at each named point. The long one is ``make soak``."""

from __future__ import annotations

import random
import time

import pytest

from tests.acceptance.corpus import Article
from tests.acceptance.harness import Site
from tests.service.harness import eventually

#: 503, 429, and connections cut before the answer.
RECEIVER = [[0.7, {}], [0.1, {"status": 503}], [0.05, {"status": 429, "headers": {"retry-after": "1"}}], [0.15, {"habit": "reset"}]]
KILLS = 5


def test_fault_01_kills_at_random(site: Site) -> None:
    """Pushed and dropped while the receiver misbehaves; waits of minutes pass in seconds."""
    chance = random.Random(20250501)
    site.receiver.mix(RECEIVER)
    site.pace(20)
    for _ in range(KILLS):
        life = site.start()
        if chance.random() < 0.8:
            life.ready()
        end = time.monotonic() + chance.uniform(0.1, 0.9)
        while time.monotonic() < end:
            site.drop(1)
            if life.seen_ready:
                site.push(life, 5)
        life.kill()
    life = site.start().ready()
    site.receiver.mix([[1.0, {}]])
    eventually(lambda: site.push(life, 0), "what was not acknowledged")
    eventually(site.all_told, "every alert", limit=60)
    assert life.stop() == 0
    verdict, log = site.verdict(), site.log_verdict()
    print(f"kills {KILLS}: {verdict}\nlog: {log}")
    assert verdict.clean
    assert log.clean
    assert verdict.duplicated <= verdict.ack_lost + KILLS
    assert site.sound() == "ok"
    assert set(site.states()) == {"delivered"}


def test_fault_02_kills_at_named_points(site: Site) -> None:
    """One article goes all the way, killed at each step of it, and every life goes on where the last one ended."""
    (article,) = [one for one in site.make(5) if one.lists == ("arms",)]
    site.articles = [article]
    #: Point -> (alerts in the record afterwards, requests taken so far, state of the webhook's delivery)
    table = {
        "before_commit": (0, 0, None),
        "after_commit": (1, 0, "pending"),
        "before_send": (1, 0, "inflight"),
        "after_send": (1, 1, "inflight"),  # the receiver has it, and nobody here knows
        "after_settle": (1, 2, "delivered"),
    }
    for point, expected in table.items():
        life = site.start(at=f"{point}:1").ready() if point in ("before_commit", "after_commit") else site.start(at=f"{point}:1")
        if point in ("before_commit", "after_commit"):
            assert not life.push([article])  # no acknowledgement: the sender tries again
        assert life.ended() == -9, point
        taken = sum(request.taken for request in site.receiver.requests())
        alerts = site.ask("SELECT count(*) FROM alert")[0][0]
        states = site.ask("SELECT state FROM delivery WHERE sink = 'desk'")
        print(f"{point:14} alerts {alerts}  taken {taken}  delivery {states[0][0] if states else '-'}")
        assert (alerts, taken, states[0][0] if states else None) == expected, point
        assert site.sound() == "ok"
    life = site.start().ready()
    eventually(site.all_told, "the log")
    assert life.push([article])  # once more, by a sender who never heard
    assert life.stop() == 0
    verdict, log = site.verdict(), site.log_verdict()
    print(f"{verdict}\nlog: {log}")
    assert verdict.clean
    assert log.clean
    assert (verdict.duplicated, log.lines) == (1, 1)
    assert len({request.webhook_id for request in site.receiver.requests()}) == 1


@pytest.mark.parametrize("number", range(14))
def test_what_an_article_is_to_raise_stands_in_its_text(number: int) -> None:
    article = Article(number)
    assert [name for name in ("arms", "grave") if {"arms": "rocketsale", "grave": "gravesale"}[name] in article.text] == list(article.lists)
    assert article.text == Article(number).text
