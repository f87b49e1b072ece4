"""Alerts as a feed, read again by the feed reader that the daemon itself uses; and as records of the Elastic Common Schema."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from xml.etree import ElementTree

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.render.atom import ATOM, entry, feed
from monitor.render.ecs import ecs
from monitor.render.mail import fragment
from monitor.render.message import read
from tests.golden_files import assert_golden
from tests.render.clean import faults
from tests.render.samples import DOCUMENTS
from tests.sinks.payloads import FIELDS, placed

WHEN = datetime(2025, 5, 1, 12, 5, tzinfo=UTC)


def whole() -> bytes:
    entries = [entry(read(document)) for document in DOCUMENTS.values()]
    return feed(entries, title="Alerts", url="https://monitor.example/alerts.atom", updated=WHEN)


def test_golden() -> None:
    assert_golden("messages/atom/all.xml", whole().decode())


def test_a_feed_reader_reads_it() -> None:
    parsed = feedparser.parse(whole())
    assert not parsed.bozo
    assert parsed.version == "atom10"
    assert parsed.feed.title == "Alerts"
    assert parsed.entries[0].title == "[HIGH] Arms transfer: \u2067صفقة أسلحة محتملة\u2069"
    assert parsed.entries[0].id == "urn:uuid:00000000-0000-0000-0000-000000000009"
    assert parsed.entries[0].link == "https://example.org/news/1"
    assert [tag.term for tag in parsed.entries[0].tags] == ["high", "arms-transfer"]
    assert "صفقة" in parsed.entries[0].content[0].value


def test_a_feed_of_nothing_is_a_feed() -> None:
    parsed = feedparser.parse(feed([], title="A & <b>", updated=WHEN))
    assert not parsed.bozo
    assert (parsed.feed.title, parsed.entries) == ("A & <b>", [])


def test_an_id_that_is_no_number_still_names_one_entry() -> None:
    message = replace(read(DOCUMENTS["english"]), id="x<y")
    assert entry(message) == entry(message)
    assert b"urn:uuid:" in entry(message)


@settings(max_examples=150)
@given(st.sampled_from(sorted(FIELDS)), st.text(max_size=300))
def test_fault_49_any_text_in_any_field(field: str, foreign: str) -> None:
    message = read(placed(field, foreign))
    root = ElementTree.fromstring(feed([entry(message)], title="Alerts", updated=WHEN))
    (item,) = root.findall(f"{{{ATOM}}}entry")
    assert item.findtext(f"{{{ATOM}}}content") == fragment(message)
    assert faults(item.findtext(f"{{{ATOM}}}title") or "") == []


# ---------------------------------------------------------------------------------------------- ECS
@pytest.mark.parametrize("name", DOCUMENTS)
def test_ecs_golden(name: str) -> None:
    """The document itself stands in it whole, and is not repeated in the golden file."""
    record = json.loads(ecs(DOCUMENTS[name], 7))
    assert record.pop("news_monitor") == json.loads(DOCUMENTS[name])
    assert next(iter(record)) == "sequence"
    assert_golden(f"messages/ecs/{name}.json", json.dumps(record, ensure_ascii=False, indent=1) + "\n")


def test_a_record_is_one_line_and_safe_to_show() -> None:
    line = ecs(placed("title", "a\u2028b\u202ec\nd\x1b[2J"))
    assert b"\n" not in line
    assert faults(json.loads(line)["message"]) == []
    assert "\u202e" not in line.decode()


def test_what_is_no_document_is_said_to_be_none() -> None:
    with pytest.raises(ValueError):
        ecs(b"{}")
