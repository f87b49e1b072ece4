"""Whether this is the moment: quiet hours over midnight and over changes of the clock, rates, backlogs."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.flow.digests import BACKLOG, QUIET, RATE
from monitor.flow.moment import LONGEST, Quiet, Rate, Rules, Sent, Verdict, moment, never_ends, quiet_until
from monitor.model import Delivery, DeliveryState, Severity
from tests.fakes import START

BERLIN, TEHRAN = "Europe/Berlin", "Asia/Tehran"
HOUR = timedelta(hours=1)
DIGEST = b'{"type":"monitor.digest.digest"}'


def delivery(number: int, *, severity: Severity = Severity.HIGH, age: timedelta = timedelta(0), payload: bytes = b"{}") -> Delivery:
    created = START - age
    return Delivery(f"n{number}", "chat", "a", severity, number, DeliveryState.INFLIGHT, 1, created, created, payload)


def local(zone: str, *parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)  # type: ignore[misc, arg-type]


def held(verdict: Verdict) -> dict[str, list[str]]:
    return {hold.key: [one.notification for one in hold.deliveries] for hold in verdict.holds}


def sent(verdict: Verdict) -> list[str]:
    return [one.notification for one in verdict.send]


# -------------------------------------------------------------------------------------- quiet hours
NIGHT = Quiet(time(22), time(7), BERLIN)


@pytest.mark.parametrize(
    ("quiet", "now", "until"),
    [
        (NIGHT, local(BERLIN, 2026, 3, 2, 21, 59), None),
        (NIGHT, local(BERLIN, 2026, 3, 2, 22, 0), local(BERLIN, 2026, 3, 3, 7, 0)),
        (NIGHT, local(BERLIN, 2026, 3, 3, 6, 59), local(BERLIN, 2026, 3, 3, 7, 0)),
        (NIGHT, local(BERLIN, 2026, 3, 3, 7, 0), None),
        # One hour less, one hour more; the wall decides.
        (NIGHT, local(BERLIN, 2026, 3, 28, 23, 0), local(BERLIN, 2026, 3, 29, 7, 0)),
        (NIGHT, local(BERLIN, 2026, 10, 25, 2, 30, fold=1), local(BERLIN, 2026, 10, 25, 7, 0)),
        # A night that had no hour after midnight; one that had the hour before it twice.
        (Quiet(time(0), time(1), TEHRAN), local(TEHRAN, 2022, 3, 22, 1, 0), None),
        (Quiet(time(0), time(2), TEHRAN), local(TEHRAN, 2022, 3, 22, 1, 0), local(TEHRAN, 2022, 3, 22, 2, 0)),
        (Quiet(time(22), time(0, 30), TEHRAN), local(TEHRAN, 2022, 9, 21, 23, 30, fold=1), local(TEHRAN, 2022, 9, 22, 0, 30)),
        # Nights that begin on Friday and Saturday: 6 March 2026 is a Friday.
        (Quiet(time(22), time(7), days=frozenset({4, 5})), local("UTC", 2026, 3, 7, 6, 0), local("UTC", 2026, 3, 7, 7, 0)),
        (Quiet(time(22), time(7), days=frozenset({4, 5})), local("UTC", 2026, 3, 9, 6, 0), None),
        (Quiet(time(0), None, days=frozenset({6})), local("UTC", 2026, 3, 8, 12, 0), local("UTC", 2026, 3, 9, 0, 0)),
    ],
)
def test_quiet_hours(quiet: Quiet, now: datetime, until: datetime | None) -> None:
    assert quiet.until(now) == until


def test_quiet_hours_that_meet_are_one() -> None:
    weekend = (NIGHT, Quiet(time(0), None, BERLIN, frozenset({5, 6})))
    friday_night = local(BERLIN, 2026, 3, 6, 23, 0)
    assert quiet_until(weekend, friday_night) == local(BERLIN, 2026, 3, 9, 7, 0)
    assert not never_ends(weekend, friday_night)


def test_quiet_hours_that_never_end_are_noticed() -> None:
    assert never_ends((Quiet(time(7), time(22)), Quiet(time(22), time(7))), START)
    assert never_ends((Quiet(time(0), None),), START)


QUIET_HOURS = st.builds(
    Quiet,
    st.times(),
    st.one_of(st.none(), st.times()),
    st.sampled_from(("UTC", BERLIN, TEHRAN, "America/Havana", "Australia/Lord_Howe")),
    st.frozensets(st.integers(0, 6)),
)


@given(QUIET_HOURS, st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)))
def test_quiet_hours_end(quiet: Quiet, now: datetime) -> None:
    until = quiet.until(now)
    assert until is None or now < until <= now + timedelta(hours=26)


# ------------------------------------------------------------------------------------------- rates
def test_what_finds_no_room_waits_for_the_oldest_to_leave_the_window() -> None:
    before = Sent({"x": START - timedelta(minutes=50), "y": START - timedelta(minutes=10)})
    verdict = moment(Rules(rate=Rate(3, 3600)), [delivery(1), delivery(2), delivery(3)], (), before, START)
    assert (sent(verdict), held(verdict)) == (["n1"], {RATE: ["n2", "n3"]})
    assert verdict.holds[0].until == START + timedelta(minutes=10)


def test_critical_and_digests_pass_and_count() -> None:
    claimed = [delivery(1, severity=Severity.CRITICAL), delivery(2), delivery(3, payload=DIGEST)]
    verdict = moment(Rules(rate=Rate(1, 60)), claimed, (), Sent({"x": START}), START)
    assert (sent(verdict), held(verdict)) == (["n1", "n3"], {RATE: ["n2"]})
    assert held(moment(Rules(rate=Rate(2, 60)), claimed, (), Sent(), START)) == {RATE: ["n2"]}


def test_a_retry_has_its_room_already() -> None:
    verdict = moment(Rules(rate=Rate(1, 60)), [delivery(1), delivery(2)], (), Sent({"n1": START}), START)
    assert (sent(verdict), held(verdict)) == (["n1"], {RATE: ["n2"]})


def test_nothing_overtakes_what_waits_for_the_rate() -> None:
    verdict = moment(Rules(rate=Rate(9, 60)), [delivery(1)], (), Sent(waits=START + HOUR), START)
    assert verdict.holds[0].until == START + HOUR


# ------------------------------------------------------------------------------------------ backlogs
def test_what_waited_for_an_hour_is_told_together_where_people_read() -> None:
    claimed = [delivery(1, age=2 * HOUR), delivery(2), delivery(3, severity=Severity.CRITICAL, age=2 * HOUR)]
    waiting = [delivery(1, age=2 * HOUR), delivery(4, age=3 * HOUR), delivery(5, severity=Severity.CRITICAL, age=3 * HOUR)]
    verdict = moment(Rules(sums_up=True), claimed, waiting, Sent(), START)
    assert (sent(verdict), held(verdict)) == (["n2", "n3"], {BACKLOG: ["n1", "n4"]})
    assert verdict.holds[0].until == START
    assert held(moment(Rules(sums_up=True), claimed, (), Sent(), START)) == {}  # alone
    assert held(moment(Rules(), claimed, waiting, Sent(), START)) == {}


# -------------------------------------------------------------------------------------- properties
DELIVERIES = st.lists(
    st.builds(
        lambda n, severity, minutes, digest: delivery(
            n, severity=severity, age=timedelta(minutes=minutes), payload=DIGEST if digest else b"{}"
        ),
        st.integers(1, 30),
        st.sampled_from(list(Severity)),
        st.integers(0, 200),
        st.booleans(),
    ),
    unique_by=lambda one: one.notification,
)
RULES = st.builds(
    Rules,
    st.lists(QUIET_HOURS, max_size=3).map(tuple),
    st.none() | st.builds(Rate, st.integers(1, 5), st.floats(60, 90_000)),
    st.booleans(),
)
SENT = st.builds(
    Sent,
    st.dictionaries(st.integers(1, 40).map("n{}".format), st.integers(-300, 30).map(lambda m: START + timedelta(minutes=m))),
    st.none() | st.integers(-60, 600).map(lambda m: START + timedelta(minutes=m)),
)


@given(RULES, DELIVERIES, DELIVERIES, SENT)
def test_nothing_disappears_nothing_critical_is_held_and_every_hold_ends(
    rules: Rules, claimed: list[Delivery], waiting: list[Delivery], before: Sent
) -> None:
    verdict = moment(rules, claimed, waiting, before, START)
    held_back = [one for hold in verdict.holds for one in hold.deliveries]
    everything = [one.notification for one in (*verdict.send, *held_back)]
    assert len(everything) == len(set(everything))
    assert {one.notification for one in claimed} <= set(everything) <= {one.notification for one in (*claimed, *waiting)}
    assert [one for one in claimed if one in verdict.send] == list(verdict.send)  # in their order
    assert not any(one.severity is Severity.CRITICAL for one in held_back)
    for hold in verdict.holds:
        assert hold.deliveries
        longest = {QUIET: LONGEST + timedelta(hours=26), RATE: timedelta(seconds=max(90_000, 36_000)), BACKLOG: timedelta(0)}
        assert START <= hold.until <= START + longest[hold.key]
        if rules.none:
            raise AssertionError("held without a rule")


@given(DELIVERIES, st.integers(1, 5))
def test_a_rate_is_kept_to_by_all_but_the_critical_and_digests(claimed: list[Delivery], count: int) -> None:
    """Asked again and again within the window: never more than the rate."""
    sent_at: dict[str, datetime] = {}
    for minute in range(0, 50, 10):
        now = START + timedelta(minutes=minute)
        verdict = moment(Rules(rate=Rate(count, 3600)), claimed, (), Sent(dict(sent_at)), now)
        for one in verdict.send:
            sent_at.setdefault(one.notification, now)
    ordinary = [one for one in claimed if one.severity is not Severity.CRITICAL and one.payload != DIGEST]
    assert sum(one.notification in sent_at for one in ordinary) <= count
