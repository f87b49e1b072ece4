"""Acting from a message over a real socket: GET shows, POST acts, everything else is refused, each use stands in the trail."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from selectolax.lexbor import LexborHTMLParser

from monitor.errors import StorageFull
from monitor.flow.alert_commands import AlertCommands
from monitor.flow.commands import Commander
from monitor.flow.links import Action, Claim, Refusal, read, token
from monitor.flow.silence_commands import SilenceCommands
from monitor.flow.silences import SilenceDesk
from monitor.flow.turn import Turn
from monitor.metrics import PrometheusMeter
from monitor.model import Command, JsonObject
from monitor.store import SqlStore
from monitor.web import Asked, Expired, Health, Links, Server, bind, create_app
from monitor.web.links import A_MINUTE, MAX_FORM
from tests.fakes import FakeClock, FakeMeter, FakeOperations
from tests.render.samples import DOCUMENTS
from tests.sinks.payloads import placed
from tests.store.builders import NOW, article, batch, digest, found, item, raised

KEY = b"k" * 32
ALERT = digest("arms", article("a").id)
END = NOW + timedelta(days=14)


def link(action: str = "close", *, alert: str = ALERT, until: datetime = END) -> str:
    return "/a/" + token(KEY, Claim(Action(action), alert, "mail", until))


class House:
    """A record with one alert, its commands, and the pages on a socket."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.clock = FakeClock(NOW)
        self.meter = FakeMeter()
        self.desk = SilenceDesk(store, self.clock, FakeOperations(self.clock), dict, lambda _: ())
        self.commander = Commander(SilenceCommands(store, self.desk, self.clock))
        self.commander.add(
            AlertCommands(store, Turn(), clock=self.clock, meter=self.meter, wake=lambda: None, merge=self.commander.perform)
        )
        self.taking = True
        self.address = ""
        self.failing = False

    async def _perform(self, command: Command) -> JsonObject:
        if self.failing:
            raise StorageFull("no space left")
        return await self.commander.perform(command)

    def links(self) -> Links:
        def apart(text: str, now: datetime) -> Asked | Expired | None:
            claim = read([KEY], text, now)
            if isinstance(claim, Claim):
                return Asked(claim.action.value, claim.alert, claim.sink)
            return Expired() if claim is Refusal.EXPIRED else None

        return Links(
            read=apart,
            alert=self.store.alert_glance,
            perform=self._perform,
            now=self.clock.now,
            taking=lambda: self.taking,
            public_url="https://monitor.example.org/desk",
            trail=lambda entry: self.store.audit(entry, self.clock.now()),
            note=lambda action, outcome: self.meter.count("links_used_total", action=action, outcome=outcome),
        )

    async def ask(
        self, method: str, path: str, *, data: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, str, Mapping[str, str]]:
        async with (
            aiohttp.ClientSession() as client,
            client.request(method, self.address + path, data=data, headers=headers, allow_redirects=False) as answer,
        ):
            return answer.status, await answer.text(), dict(answer.headers)

    async def state(self) -> str:
        page = await self.store.alert(ALERT)
        assert page is not None
        return str(page["state"])

    async def trail(self) -> list[tuple[str, str]]:
        return [(line["actor"], line["action"]) for line in await self.store.trail()]


def at_home(folder: Path, work: Callable[[House], Awaitable[None]], title: str = "", payload: bytes = b"") -> None:
    async def life() -> None:
        store = await SqlStore.open(folder)
        try:
            await store.sync_sinks(["mail"], NOW)
            a = article("a")
            a = replace(a, title=title or a.title)
            told = raised(a, found(), ["mail"])
            if payload:
                assert told.notification is not None
                told = replace(told, notification=replace(told.notification, payload=payload))
            await store.ingest(batch(item(a, told)))
            house = House(store)
            app = create_app(health=lambda: Health(True, {}), metrics=PrometheusMeter().page, links=house.links())
            server = Server(app, bind("127.0.0.1", 0))
            server.start()
            house.address = server.address
            try:
                await work(house)
            finally:
                await server.stop()
        finally:
            await store.close()

    asyncio.run(life())


def test_whoever_only_looks_changes_nothing(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        for number in range(25):
            action = list(Action)[number % 3].value
            for method in ("GET", "HEAD"):
                status, _, headers = await house.ask(method, link(action), headers={"User-Agent": "a mail scanner"})
                assert status == 200
                assert headers["Cache-Control"] == "no-store"
        assert await house.state() == "open"
        assert await house.trail() == []
        assert (await house.commander.perform(Command("silences.list", {}, "cli:x")))["silences"] == []

    at_home(tmp_path, work)


def test_the_page_holds_no_script_and_loads_nothing(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        _, page, headers = await house.ask("GET", link())
        tree = LexborHTMLParser(page)
        assert not tree.css("script, img, link, iframe, object")
        assert not [node for node in tree.css("*") if any(name.startswith("on") for name in node.attributes)]
        [form] = tree.css("form")
        assert (form.attributes["method"], form.attributes["action"]) == ("post", "")
        assert {option.attributes["value"] for option in tree.css("option")} == {"", "true", "false", "not_relevant", "duplicate"}
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe-inline" not in policy
        assert headers["Referrer-Policy"] == "no-referrer"

    at_home(tmp_path, work)


def test_the_page_shows_what_was_told_since(tmp_path: Path) -> None:
    """Who closes an alert from an old message must see that it was denied, corrected or closed meanwhile."""

    async def work(house: House) -> None:
        a = article("a")
        for ordinal, name in enumerate(("english", "update", "closed", "correction", "update"), start=1):
            told = raised(a, found(), ["mail"], ordinal=ordinal)
            assert told.notification is not None
            payload = json.dumps(json.loads(DOCUMENTS[name]) | {"id": f"{ordinal:032x}"}).encode()
            await house.store.ingest(batch(item(a, replace(told, notification=replace(told.notification, payload=payload)))))
        _, page, _ = await house.ask("GET", link())
        tree = LexborHTMLParser(page)
        heads = [node.text() for node in tree.css("section .head")]
        assert heads == [
            "closed as not relevant · 2025-05-01 12:00 UTC",
            "correction · 2025-05-01 12:00 UTC",
            "update · 2025-05-01 12:00 UTC",
        ]
        closed, corrected, update = tree.css("section")
        assert "Closed as not relevant by dana: an exercise" in closed.text()
        assert not closed.css("blockquote")  # nothing of it is new
        assert "its title was: Ministry denies arms deal with Moscow" in corrected.text()
        assert [node.text() for node in update.css("blockquote")] == ["Two officials said the weapons were shipped in March."]
        assert [node.text() for node in update.css("mark")] == ["weapons", "shipped"]
        assert "was medium before" in update.text()
        assert "2 between the first and these are not shown" in page

    at_home(tmp_path, work)


def test_what_came_of_it_stands_above_all_else(tmp_path: Path) -> None:
    """On a phone the end of the page is a long way off."""

    async def work(house: House) -> None:
        _, page, _ = await house.ask("POST", link("ack"), data={})
        assert page.index("Done: the alert is acknowledged.") < page.index("<h1")
        tree = LexborHTMLParser(page)
        assert [node.text() for node in tree.css(".how")][:2] == ["DENIED, in the title", "DENIED, in the lead"]
        assert "Ministry denies arms deal with Moscow" not in [node.text() for node in tree.css("blockquote")]

    at_home(tmp_path, work, "Ministry denies arms deal with Moscow", payload=DOCUMENTS["english"])


def test_the_page_shows_how_a_passage_is_told_and_leads_to_the_article(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        _, page, _ = await house.ask("GET", link())
        tree = LexborHTMLParser(page)
        assert [node.text() for node in tree.css(".how")] == ["PLANNED, in the lead"]
        [quote] = tree.css("blockquote")
        assert (quote.attributes["dir"], quote.text().startswith("وهناك")) == ("rtl", True)
        [article] = tree.css("a")
        assert (article.attributes["href"], article.attributes["rel"]) == ("https://example.org/news/1", "noopener noreferrer")

    at_home(tmp_path, work, payload=DOCUMENTS["arabic"])


def test_acknowledge_close_and_silence_act_as_the_sink_and_stand_in_the_trail(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        status, page, _ = await house.ask("POST", link("ack"), data={"comment": "mine"})
        assert (status, "Done: the alert is acknowledged." in page) == (200, True)
        status, page, _ = await house.ask("POST", link("close"), data={"disposition": "true", "comment": ""})
        assert (status, "Done: the alert is closed as true." in page) == (200, True)
        status, page, _ = await house.ask("POST", link("silence"), data={"comment": ""})
        assert (status, "Its story is silenced for 24 hours" in page) == (200, True)
        assert await house.state() == "closed"
        assert await house.trail() == [("link:mail", "silence add"), ("link:mail", "alert close"), ("link:mail", "alert ack")]
        [silence] = (await house.commander.perform(Command("silences.list", {}, "cli:x")))["silences"]
        assert silence["matchers"] == {"story": [article("a").id], "watchlist": ["arms"]}
        assert house.meter.counted("links_used_total", action="ack", outcome="done") == 1

    at_home(tmp_path, work)


def test_the_same_again_changes_nothing_and_is_kept_too(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        for action, form in (("close", {"disposition": "true", "comment": "x"}), ("silence", {})):
            await house.ask("POST", link(action), data=form)
            status, page, _ = await house.ask("POST", link(action), data=form)
            assert status == 200
            assert "It was so already" in page
        assert await house.trail() == [
            ("link:mail", "link silence"),
            ("link:mail", "silence add"),
            ("link:mail", "link close"),
            ("link:mail", "alert close"),
        ]
        _, page, _ = await house.ask("GET", link("ack"))
        assert "It is closed already, by link:mail." in page
        assert "<button" not in page

    at_home(tmp_path, work)


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        (link()[:-1] + ("A" if link()[-1] != "A" else "B"), 404, "not known here"),
        ("/a/nonsense", 404, "not known here"),
        ("/a/" + "x" * 5000, 404, "not known here"),
        (link(alert="0" * 32), 404, "not known here"),
        (link(until=NOW), 410, "has ended"),
    ],
)
def test_what_is_no_link_is_refused(tmp_path: Path, path: str, status: int, said: str) -> None:
    async def work(house: House) -> None:
        for method in ("GET", "POST"):
            answered, page, _ = await house.ask(method, path, data={"disposition": "true"} if method == "POST" else None)
            assert (answered, said in page) == (status, True)
        assert await house.trail() == []

    at_home(tmp_path, work)


@pytest.mark.parametrize(
    ("headers", "data", "status"),
    [
        ({"Origin": "https://evil.example"}, {"disposition": "true"}, 403),
        ({"Origin": "http://monitor.example.org"}, {"disposition": "true"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, {"disposition": "true"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, {"disposition": "true"}, 403),
        ({"Origin": "https://monitor.example.org", "Sec-Fetch-Site": "same-origin"}, {"disposition": "true"}, 200),
        ({"Origin": "null"}, {"disposition": "true"}, 200),
        ({}, {"disposition": "perhaps"}, 400),
        ({}, {}, 400),
        ({}, b"\xff\xfe=1", 400),
        ({}, "comment=" + "x" * (MAX_FORM + 1), 413),
        ({}, "&".join(f"a{number}=1" for number in range(100)), 400),
    ],
)
def test_forms_are_taken_from_our_own_page_only(tmp_path: Path, headers: Mapping[str, str], data: Any, status: int) -> None:
    async def work(house: House) -> None:
        answered, _, _ = await house.ask("POST", link(), data=data, headers=headers)
        assert answered == status
        assert await house.state() == ("closed" if status == 200 else "open")

    at_home(tmp_path, work)


def test_one_alert_is_acted_on_ten_times_a_minute_at_most(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        answers = [(await house.ask("POST", link("ack"), data={}))[0] for _ in range(A_MINUTE + 2)]
        assert answers == [200] * A_MINUTE + [429] * 2
        house.clock.advance(61)
        assert (await house.ask("POST", link("ack"), data={}))[0] == 200

    at_home(tmp_path, work)


def test_what_cannot_be_done_now_is_said(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        house.failing = True
        status, page, _ = await house.ask("POST", link("ack"), data={})
        assert (status, "no space left" in page) == (503, True)
        house.taking = False
        assert (await house.ask("GET", link("ack")))[0] == 503
        assert await house.trail() == []

    at_home(tmp_path, work)


@pytest.mark.parametrize(
    "title",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "{{ 7 * 7 }}",
        "\u202egnp.exe",
        "</title><svg onload=1>",
        "\x1b[2J&#x3c;b>",
    ],
)
def test_fault_49_what_strangers_write_stays_text_on_the_page(tmp_path: Path, title: str) -> None:
    async def work(house: House) -> None:
        for method, data in (("GET", None), ("POST", {"disposition": "true", "comment": title})):
            _, page, _ = await house.ask(method, link(), data=data)
            tree = LexborHTMLParser(page)
            assert not tree.css("script, img, svg")
            assert not [node for node in tree.css("*") if any(name.startswith("on") for name in node.attributes)]
            assert "49" not in page.replace("2026", "")
            assert "\u202e" not in page
            assert "\x1b" not in page

    at_home(tmp_path, work, title, payload=placed("quote", title))
