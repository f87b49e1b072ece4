"""Bodies for chat services: golden files of every script, the services' limits, and that the same message is the same bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model import Severity
from monitor.render import discord, slack, teams, telegram
from monitor.render.message import Link, Member, Message, read
from monitor.render.units import cut, units
from tests.golden_files import assert_golden
from tests.render.clean import faults
from tests.render.samples import DOCUMENTS
from tests.sinks.payloads import FIELDS, placed

BODIES: Mapping[str, Callable[[Message], bytes]] = {
    "slack": slack.body,
    "teams": teams.body,
    "discord": discord.body,
    "telegram": lambda message: telegram.body(message, "-1001234567890"),
}
LINKS = (Link("Acknowledge", "https://monitor.example/a/ack?x=1&y=2"), Link("Close", "https://monitor.example/a/close"))


def message(name: str) -> Message:
    return replace(read(DOCUMENTS[name]), links=LINKS if name == "update" else ())


def body(channel: str, item: Message) -> Any:
    return json.loads(BODIES[channel](item))


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)


@pytest.mark.parametrize("channel", BODIES)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_golden(channel: str, name: str) -> None:
    shown = json.dumps(body(channel, message(name)), ensure_ascii=False, indent=1)
    assert_golden(f"messages/{channel}/{name}.json", shown + "\n")


@pytest.mark.parametrize("channel", BODIES)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_same_message_is_the_same_bytes(channel: str, name: str) -> None:
    assert BODIES[channel](message(name)) == BODIES[channel](message(name))
    assert b"\\ud" not in BODIES[channel](message(name))


def endless(character: str) -> Message:
    """Each field as long as `read` lets it be, in characters that every escape makes longer."""
    item = read(placed("title", character * 5000))
    passages = tuple(replace(p, pieces=tuple(piece._replace(text=character * 400) for piece in p.pieces[:2])) for p in item.passages)
    members = tuple(Member(character * 120, character * 200, "https://e.example/" + "a" * 1900, "", Severity.LOW) for _ in range(20))
    return replace(
        item,
        headline=character * 120,
        name=character * 120,
        source=character * 120,
        passages=passages,
        entities=(character * 250,) * 8,
        news=(character * 700,) * 6,
        members=members,
        links=LINKS,
        url="https://e.example/" + "a" * 1900,
    )


@pytest.mark.parametrize("character", ["x", "*", "&", "<", "\U0001f600", "ص", "@", '"'])
def test_the_limits_of_each_service(character: str) -> None:
    item = endless(character)
    told = body("slack", item)
    assert units(told["text"]) <= 3000
    assert len(told["blocks"]) <= 50
    assert units(told["blocks"][0]["text"]["text"]) <= 150

    assert len(BODIES["teams"](item)) <= 28_000

    told = body("discord", item)
    (embed,) = told["embeds"]
    assert units(told["content"]) <= 2000
    assert units(embed["title"]) <= 256
    assert units(embed["description"]) <= 4096
    assert all(units(field["value"]) <= 1024 for field in embed["fields"])
    counted = [embed["title"], embed["description"], embed["footer"]["text"]]
    counted += [field[part] for field in embed["fields"] for part in ("name", "value")]
    assert sum(units(text) for text in counted) <= 6000

    told = body("telegram", item)
    assert units(told["text"]) <= 4096
    assert told["text"].count("<b>") == told["text"].count("</b>")
    assert 'href="https://monitor.example/a/close"' in told["text"]


@pytest.mark.parametrize("channel", ["discord", "telegram"])
def test_of_a_digest_what_does_not_fit_is_counted(channel: str) -> None:
    digest = read(DOCUMENTS["digest"])
    many = tuple(
        replace(digest.members[0], title=f"title {number} " + "x" * 150, url="https://e.example/" + "a" * 90) for number in range(20)
    )
    told = " ".join(strings(body(channel, replace(digest, members=many, more_members=3))))
    left = len(set(re.findall(r"title \d+ ", told)))
    assert 5 < left < 20
    assert f"and {23 - left} more" in told
    assert "…\n" not in told


def test_what_does_not_fit_a_card_is_counted() -> None:
    told = body("teams", endless("ص"))
    said = " ".join(strings(told))
    left = sum(each == "Read" for each in strings(told))
    assert f"and {20 - left} more" in said


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_locked_phone_shows_what_it_is_about(name: str) -> None:
    """Not only whose watchlist: that would be the same line for every alert of a night."""
    title = message(name).title[:40]
    slack_, teams_, discord_ = (body(channel, message(name)) for channel in ("slack", "teams", "discord"))
    assert title in slack_["text"]
    assert title in teams_["attachments"][0]["content"]["fallbackText"]
    assert title in discord_["content"]
    assert title in re.sub("<[^>]*>", "", body("telegram", message(name))["text"])[:200].replace("\u2060", "")


def test_hits_are_marked() -> None:
    assert {"type": "text", "text": "صفقة", "style": {"bold": True}} in body("slack", message("arabic"))["blocks"][1]["elements"][1][
        "elements"
    ]
    assert '"text":"صفقة","highlight":true' in BODIES["teams"](message("arabic")).decode()
    assert "**صفقة**" in body("discord", message("arabic"))["embeds"][0]["description"]
    assert body("discord", message("update"))["embeds"][0]["title"] == "Ministry denies __arms deal__ with Moscow"
    assert "<b>صفقة</b>" in body("telegram", message("arabic"))["text"]


def test_hits_that_touch_are_one_in_discord() -> None:
    item = read(DOCUMENTS["chinese"])
    pieces = tuple(piece._replace(hit=piece.hit or piece.text.startswith("计划")) for piece in item.passages[0].pieces)
    item = replace(item, passages=(replace(item.passages[0], pieces=pieces),))
    assert "****" not in body("discord", item)["embeds"][0]["description"]


def test_right_to_left_is_said_to_teams() -> None:
    containers = [e for e in body("teams", message("mixed"))["attachments"][0]["content"]["body"] if "rtl" in e]
    assert [container["rtl"] for container in containers] == [True, False]


def test_nobody_is_called_in_discord_and_nothing_unfolds_in_slack() -> None:
    assert body("discord", message("english"))["allowed_mentions"] == {"parse": []}
    told = body("slack", message("english"))
    assert (told["unfurl_links"], told["unfurl_media"], told["mrkdwn"]) == (False, False, False)
    assert body("telegram", message("english"))["link_preview_options"] == {"is_disabled": True}


@pytest.mark.parametrize("channel", BODIES)
def test_a_sample_says_so_before_all_else(channel: str) -> None:
    told = body(channel, replace(message("english"), sample=True))
    assert any(re.match(r"(\*\*|<b>)?\[SAMPLE\] \[HIGH\]", text) for text in strings(told))


@pytest.mark.parametrize("channel", BODIES)
def test_slack_and_the_others_are_given_no_empty_text(channel: str) -> None:
    """Slack, Teams and Discord refuse a message with an empty text whole."""
    for field in FIELDS:
        for text in ("", " ", "\x00", "\u202e"):
            assert all(strings(body(channel, read(placed(field, text)))))


@settings(max_examples=200)
@given(st.sampled_from(sorted(BODIES)), st.sampled_from(sorted(FIELDS)), st.text(max_size=300))
def test_fault_49_any_text_in_any_field(channel: str, field: str, foreign: str) -> None:
    for text in strings(body(channel, read(placed(field, foreign)))):
        assert faults(text.replace("\u2060", "") if channel == "telegram" else text) == []


@given(st.text(), st.integers(1, 50))
def test_a_cut_fits_and_halves_nothing(text: str, most: int) -> None:
    assert units(cut(text, most)) <= most
    assert cut(text, most) == text or cut(text, most).endswith("…")
    assert units(text) == len(text.encode("utf-16-le", "surrogatepass")) // 2
