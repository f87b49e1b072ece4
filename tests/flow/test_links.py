"""Tokens: what was signed is read, and nothing else is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.flow.links import Action, Claim, LinkMaker, Refusal, read, token, until
from monitor.render.message import read as message_of
from tests.render.samples import DOCUMENTS

KEY, OTHER = b"k" * 32, b"o" * 32
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CLAIM = Claim(Action.CLOSE, "3f2a90c1" * 4, "desk-mail", datetime(2026, 3, 15, tzinfo=UTC))

claims = st.builds(
    Claim,
    st.sampled_from(Action),
    st.text("0123456789abcdef", min_size=32, max_size=32),
    st.from_regex(r"[a-z0-9][a-z0-9_-]{0,62}", fullmatch=True),
    st.integers(1_800_000_000, 2_500_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
)


@given(claims)
def test_what_was_signed_is_read(claim: Claim) -> None:
    text = token(KEY, claim)
    assert read([KEY], text, NOW) == claim
    assert read([OTHER, KEY], text, NOW) == claim
    assert read([OTHER], text, NOW) is Refusal.WRONG
    assert len(text) <= 200
    assert text.replace("-", "").replace("_", "").replace(".", "").isalnum()  # no escape is needed in an address


def test_every_tampered_character_is_wrong() -> None:
    text = token(KEY, CLAIM)
    for place, char in enumerate(text):
        for other in "Aa0-_.=":
            if other != char:
                assert read([KEY], text[:place] + other + text[place + 1 :], NOW) is Refusal.WRONG
    assert read([KEY], text[:-1], NOW) is Refusal.WRONG
    assert read([KEY], text + "=", NOW) is Refusal.WRONG


@given(st.text(max_size=200) | st.binary(max_size=100).map(lambda raw: raw.decode("latin-1")))
def test_anything_else_is_wrong_and_raises_nothing(text: str) -> None:
    assert read([KEY], text, NOW) is Refusal.WRONG


def test_what_ended_says_so() -> None:
    text = token(KEY, CLAIM)
    assert read([KEY], text, CLAIM.until - timedelta(seconds=1)) == CLAIM
    assert read([KEY], text, CLAIM.until) is Refusal.EXPIRED
    assert read([OTHER], text, CLAIM.until) is Refusal.WRONG  # whoever guesses learns nothing of the time


@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)), st.integers(3600, 90 * 86400))
def test_a_link_is_good_for_as_long_as_it_says_and_a_day_at_most_beyond(made: datetime, lasting: int) -> None:
    end = until(made, lasting)
    assert timedelta(0) < end - made - timedelta(seconds=lasting) <= timedelta(days=1)
    assert (end.hour, end.minute, end.second, end.microsecond) == (0, 0, 0, 0)


def test_a_message_of_an_alert_holds_three_links_and_the_same_at_every_attempt() -> None:
    make = LinkMaker(lambda: [KEY, OTHER], "https://monitor.example.org/desk/", 14 * 86400)
    message = message_of(DOCUMENTS["arabic"])
    links = make(message, "mail")
    assert [link.what for link in links] == ["Acknowledge", "Close", "Silence the story for 24 h"]
    assert make(message, "mail") == links
    for link, action in zip(links, Action, strict=True):
        address, _, text = link.url.rpartition("/a/")
        assert address == "https://monitor.example.org/desk"
        claim = read([KEY], text, message.time)
        assert isinstance(claim, Claim)
        assert (claim.action, claim.alert, claim.sink) == (action, message.subject, "mail")


@pytest.mark.parametrize("name", ["operation", "digest", "closed"])
def test_what_nobody_can_act_on_holds_no_links(name: str) -> None:
    make = LinkMaker(lambda: [KEY], "https://monitor.example.org", 86400)
    assert make(message_of(DOCUMENTS[name]), "mail") == ()


def test_without_an_address_there_are_no_links() -> None:
    assert LinkMaker(lambda: [KEY], "", 86400)(message_of(DOCUMENTS["english"]), "mail") == ()


def test_the_entries_of_a_digest_can_be_acted_on_one_by_one() -> None:
    make = LinkMaker(lambda: [KEY], "https://monitor.example.org", 86400)
    digest = message_of(DOCUMENTS["digest"])
    of_alert, of_operation = digest.members[0], digest.members[-1]
    acts = make.of_member(of_alert, digest.time, "mail")
    assert [link.what for link in acts] == ["Acknowledge", "Close"]
    claims = [read([KEY], link.url.rpartition("/")[2], digest.time) for link in acts]
    assert [claim.alert for claim in claims if isinstance(claim, Claim)] == [of_alert.alert] * 2
    assert make.of_member(of_operation, digest.time, "mail") == ()
    assert LinkMaker(lambda: [KEY], "", 86400).of_member(of_alert, digest.time, "mail") == ()
