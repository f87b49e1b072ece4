"""Rhythms on the days when clocks change, and what a digest says of what was gathered for it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.flow.digests import Bundle, Cron, Every, bundles, cron, digest, is_digest
from monitor.model import Delivery, DeliveryState, NotificationKind, Reason, Severity
from monitor.render.digest import MEMBERS
from monitor.render.message import About, read
from monitor.render.schema import digest_schema
from monitor.render.text import text
from tests.fakes import START
from tests.render.samples import DOCUMENTS

ZONES = ("UTC", "Europe/Berlin", "Asia/Tehran", "America/Havana", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia")
BERLIN, TEHRAN = "Europe/Berlin", "Asia/Tehran"
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))


def local(zone: str, *parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)  # type: ignore[misc, arg-type]


# ------------------------------------------------------------------------------------------- rhythms
@pytest.mark.parametrize(
    ("rhythm", "now", "due"),
    [
        (Every(3600), local("UTC", 2026, 3, 1, 9, 0), local("UTC", 2026, 3, 1, 10, 0)),
        (Every(3600), local("UTC", 2026, 3, 1, 9, 59, 59), local("UTC", 2026, 3, 1, 10, 0)),
        (Every(900, BERLIN), local(BERLIN, 2026, 3, 1, 9, 1), local(BERLIN, 2026, 3, 1, 9, 15)),
        # Seven hours do not fit a day: they begin anew at midnight.
        (Every(7 * 3600), local("UTC", 2026, 3, 1, 21, 30), local("UTC", 2026, 3, 2, 0, 0)),
        (Every(86400, TEHRAN), local(TEHRAN, 2026, 3, 1, 9, 0), local(TEHRAN, 2026, 3, 2, 0, 0)),
        (Every(86400, BERLIN), local(BERLIN, 2026, 3, 28, 23, 0), local(BERLIN, 2026, 3, 29, 0, 0)),
        # The clocks go forward in Berlin at 02:00 on 29 March 2026, and back at 03:00 on 25 October.
        (Every(3600, BERLIN), local(BERLIN, 2026, 3, 29, 1, 30), local(BERLIN, 2026, 3, 29, 3, 0)),
        (Every(4 * 3600, BERLIN), local(BERLIN, 2026, 3, 29, 0, 30), local(BERLIN, 2026, 3, 29, 4, 0)),
        (Every(2 * 3600, BERLIN), local(BERLIN, 2026, 3, 29, 1, 30), local(BERLIN, 2026, 3, 29, 3, 0)),
        (Every(3600, BERLIN), local(BERLIN, 2026, 10, 25, 2, 30), local(BERLIN, 2026, 10, 25, 2, 0, fold=1)),
        (Every(4 * 3600, BERLIN), local(BERLIN, 2026, 10, 25, 2, 30, fold=1), local(BERLIN, 2026, 10, 25, 4, 0)),
        (Every(86400, BERLIN), local(BERLIN, 2026, 10, 25, 0, 0), local(BERLIN, 2026, 10, 26, 0, 0)),
        # In Tehran the clocks went forward at midnight of 22 March 2022: the day began at 01:00. They went back at the end of
        # 21 September: that day had 23:00 twice.
        (Every(86400, TEHRAN), local(TEHRAN, 2022, 3, 21, 12, 0), local(TEHRAN, 2022, 3, 22, 1, 0)),
        (Every(3600, TEHRAN), local(TEHRAN, 2022, 3, 21, 23, 30), local(TEHRAN, 2022, 3, 22, 1, 0)),
        (Every(3600, TEHRAN), local(TEHRAN, 2022, 9, 21, 23, 30), local(TEHRAN, 2022, 9, 21, 23, 0, fold=1)),
        (Every(4 * 3600, TEHRAN), local(TEHRAN, 2022, 9, 21, 21, 0), local(TEHRAN, 2022, 9, 22, 0, 0)),
        (Cron("0 8 * * 1-5", BERLIN), local(BERLIN, 2026, 3, 27, 8, 0), local(BERLIN, 2026, 3, 30, 8, 0)),
        # 02:30 does not exist on 29 March: it comes right after the gap; on 25 October it comes once.
        (Cron("30 2 * * *", BERLIN), local(BERLIN, 2026, 3, 28, 12, 0), local(BERLIN, 2026, 3, 29, 3, 0)),
        (Cron("30 2 * * *", BERLIN), local(BERLIN, 2026, 10, 25, 2, 30), local(BERLIN, 2026, 10, 26, 2, 30)),
        (Cron("0 0 * * *", TEHRAN), local(TEHRAN, 2022, 3, 21, 12, 0), local(TEHRAN, 2022, 3, 22, 1, 0)),
    ],
)
def test_when_the_next_digest_is_due(rhythm: Every | Cron, now: datetime, due: datetime) -> None:
    assert rhythm.next(now) == due


@given(MOMENTS, st.sampled_from((60, 420, 900, 3600, 7200, 5 * 3600, 86400, 3 * 86400, 7 * 86400)), st.sampled_from(ZONES))
def test_every_hold_of_a_digest_ends(now: datetime, seconds: float, zone: str) -> None:
    due = Every(seconds, zone).next(now)
    assert now < due
    # A day that loses or gains an hour, or a night at the date line that is left out altogether.
    assert due - now <= timedelta(seconds=seconds) + timedelta(hours=25 if zone == "Pacific/Apia" else 2)


@given(MOMENTS, st.sampled_from(ZONES), st.integers(0, 59), st.integers(0, 23))
def test_a_cron_line_comes_strictly_later(now: datetime, zone: str, minute: int, hour: int) -> None:
    due = Cron(f"{minute} {hour} * * *", zone).next(now)
    assert now < due <= now + timedelta(hours=50)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("0 0 30 2 *", "wrong day-of-month"),
        ("0 0 31 2,4,6 *", "wrong day-of-month"),
        ("61 * * * *", "wrong minute"),
        ("0 8 * *", "five fields"),
        ("0 0 8 * * *", "five fields"),
        ("0 8 * * mondays", "wrong day-of-week"),
    ],
)
def test_a_cron_line_that_never_comes_is_refused(line: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cron(line)


def test_a_rare_cron_line_is_a_cron_line() -> None:
    assert cron("0 0 29 2 *").next(START).month == 2


# ------------------------------------------------------------------------------------------- documents
VALID = jsonschema.Draft202012Validator(digest_schema(), format_checker=jsonschema.FormatChecker())


def test_the_schema_is_one_and_knows_the_documents() -> None:
    jsonschema.Draft202012Validator.check_schema(digest_schema())
    made = digest("digest:night", "mail", Bundle((delivery(1, DOCUMENTS["arabic"]), delivery(2, b"?"))), START)
    VALID.validate(json.loads(made.payload))
    VALID.validate(json.loads(DOCUMENTS["digest"]))
    VALID.validate(json.loads(digest("backlog", "mail", Bundle((delivery(3, made.payload), delivery(4, b"?"))), START).payload))


def delivery(number: int, payload: bytes, severity: Severity = Severity.HIGH) -> Delivery:
    return Delivery(f"{number:032x}", "mail", "a", severity, number, DeliveryState.HELD, 0, START, START, payload)


def test_a_digest_tells_of_each_and_is_as_grave_as_the_gravest() -> None:
    payloads = [DOCUMENTS["arabic"], DOCUMENTS["operation"], b"not a document"]
    held = [delivery(n, p, Severity.LOW if n else Severity.HIGH) for n, p in enumerate(payloads, 1)]
    made = digest("digest:night", "mail", Bundle(tuple(held)), START)
    assert (made.kind, made.reason, made.severity) == (NotificationKind.DIGEST, Reason.DIGEST, max(d.severity for d in held))
    assert made.members == tuple(one.notification for one in held)
    assert made == digest("digest:night", "mail", Bundle(tuple(held)), START)
    message = read(made.payload)
    assert message.about is About.DIGEST
    assert message.title == "3 notifications: night"
    assert [member.title for member in message.members][:2] == [read(payload).title for payload in payloads[:2]]
    assert is_digest(delivery(9, made.payload))
    assert not is_digest(held[0])


def test_a_digest_names_alert_watchlist_outlet_and_why() -> None:
    """Whoever reads twenty of them in one message must know which is worth opening, and what to ask about."""
    held = tuple(delivery(n, DOCUMENTS[name]) for n, name in enumerate(("arabic", "update", "operation", "closed"), 1))
    first = digest("quiet", "mail", Bundle(held), START)
    again = digest("backlog", "mail", Bundle((delivery(9, first.payload), delivery(10, DOCUMENTS["hebrew"]))), START)
    for made in (first, again):
        arabic, update, operation, closed = json.loads(made.payload)["data"]["digest"]["members"][:4]
        alert = json.loads(DOCUMENTS["arabic"])["data"]["alert"]["id"]
        assert (arabic["alert"], arabic["watchlist"], arabic["outlet"], arabic["language"]) == (alert, "arms-transfer", "example.org", "ar")
        assert arabic["article"] == json.loads(DOCUMENTS["arabic"])["data"]["article"]["id"]
        assert operation["article"] == ""
        assert (arabic["why"], arabic["url"]) == ("PLANNED", "https://example.org/news/1")
        assert update["why"].startswith("is told differently; named now: Rosoboronexport, רפאל; now told as: denied")
        assert closed["why"] == "closed as not relevant by dana: an exercise"
        assert [operation[key] for key in ("alert", "watchlist", "outlet", "language", "why")] == [""] * 5
    said = text(read(first.payload))
    assert "PLANNED · example.org · Arabic · 2025-05-01 12:00 UTC · alert 000000000000\n  https://example.org/news/1" in said


def test_since_when_is_that_of_this_hold_not_of_the_one_before() -> None:
    """What a route's digest had gathered alone is let go into quiet hours: it was not held back for them before."""
    began, night = START, START + timedelta(minutes=30)
    let_go, later = delivery(1, DOCUMENTS["arabic"]), delivery(2, DOCUMENTS["hebrew"])
    both = Bundle((replace(let_go, created=began, replayed=night), replace(later, created=night + timedelta(minutes=5))))
    opening = {key: read(digest(key, "mail", both, night).payload).text for key in ("quiet", "rate", "backlog")}
    assert opening["quiet"] == f"Held back since {night:%Y-%m-%d %H:%M} UTC, because this sink had quiet hours."
    assert f"since {night:%Y-%m-%d %H:%M} UTC" in opening["rate"]
    assert f"the first was made at {began:%Y-%m-%d %H:%M} UTC" in opening["backlog"]


def test_an_article_without_an_address_is_of_its_source() -> None:
    document = json.loads(DOCUMENTS["arabic"])
    document["data"]["article"]["url"] = ""
    made = digest("quiet", "mail", Bundle((delivery(1, json.dumps(document).encode()),)), START)
    [member] = read(made.payload).members
    assert (member.url, member.outlet) == ("", "example-ar")


def test_a_digest_in_a_digest_is_told_with_what_it_tells() -> None:
    first = digest("quiet", "mail", Bundle((delivery(1, DOCUMENTS["arabic"]), delivery(2, DOCUMENTS["hebrew"]))), START)
    both = digest("backlog", "mail", Bundle((delivery(3, first.payload), delivery(4, DOCUMENTS["chinese"]))), START)
    found = json.loads(both.payload)["data"]["digest"]
    assert found["count"] == 3
    assert [member["sequence"] for member in found["members"]] == [1, 2, 4]


def test_a_digest_of_more_than_it_lists_counts_all_and_lists_the_gravest() -> None:
    some = tuple(delivery(n, DOCUMENTS["arabic"], Severity.CRITICAL if n % 7 == 0 else Severity.LOW) for n in range(1, MEMBERS + 150))
    found = json.loads(digest("backlog", "mail", Bundle(some), START).payload)["data"]["digest"]
    assert (found["count"], len(found["members"]), found["severity"]) == (MEMBERS + 149, MEMBERS, "critical")
    sequences = [member["sequence"] for member in found["members"]]
    assert sequences == sorted(sequences)
    assert sum(member["severity"] == "critical" for member in found["members"]) == sum(d.severity is Severity.CRITICAL for d in some)


def test_what_has_the_same_values_makes_one_digest() -> None:
    held = [delivery(n, DOCUMENTS[name]) for n, name in enumerate(["arabic", "operation", "arabic", "hebrew", "operation"], 1)]
    assert bundles(held, ()) == (Bundle(tuple(held)),)
    assert bundles([], ("source",)) == ()
    parts = bundles(held, ("source",))
    assert [one.sequence for one in parts[0].deliveries] == [1, 3]
    assert sorted(one.sequence for part in parts for one in part.deliveries) == [1, 2, 3, 4, 5]
    assert next(part.of for part in parts if part.deliveries[0].sequence == 2) == ""
    assert all(part.of for part in bundles(held[:1], ("watchlist", "story")))
