"""Both of our readers give what feedparser gives: title, link, id and date of every item of every feed it reads.

feedparser's own tests say what they expect of a field in a comment; those that speak of these fields are held to as well.
Needs the folder of test data (``NEWS_TEST_DATA``); one file in four, all with ``NEWS_TEST_ALL``."""

from __future__ import annotations

import ast
import calendar
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import feedparser
import pytest

from monitor.errors import FetchError
from monitor.sources import quickread, slowread
from monitor.sources.item import Item, bounded
from monitor.sources.markup import one_line
from monitor.sources.utf8 import as_utf8, without_doctype
from tests.sources.corpora import ARCHIVES, STEP, WHOLE, files, needs_data

NOW = datetime(2025, 5, 1, 12, 0, tzinfo=UTC)
FIELDS = ("title", "link", "id", "date")

#: (file, number of the item, field): where ours differ, and why.
EXCEPTIONS = {
    ("./fixture/rss2/rss_2.0_ilmessaggero.xml", 0, "date"): "15 Nov 2022 23:38:15 after a day's name in Italian",
    ("testcases/rss20/data-types-datetime/everything.xml", 24, "date"): "a date that feedparser gives up",
}
#: Expectations of feedparser's own tests that are not ours, and why.
UNEXPECTED = {
    "tests/wellformed/sanitize/entry_title_object.xml": "a title is text: what an object would show instead is none of it",
    "tests/wellformed/base/http_entry_id_base_docuri.xml": "ids are kept as written, or every item would be new when a feed moves",
    "tests/wellformed/base/http_entry_id_base_content_location.xml": "the same",
    "tests/wellformed/base/http_item_link_base_docuri.xml": "a link is resolved against the feed's address later, in its document",
    "tests/wellformed/base/http_item_link_base_content_location.xml": "the same",
}

pytestmark = needs_data


@pytest.mark.parametrize("archive", ARCHIVES)
@pytest.mark.parametrize("reader", ["quick", "slow"])
def test_items_agree_with_feedparser(archive: str, reader: str) -> None:
    agreed: Counter[str] = Counter()
    total: Counter[str] = Counter()
    feeds = 0
    differing = []
    for name, body in files(archive, STEP):
        content = content_of(body)
        ours = read(content, reader)
        theirs = parsed(content) if ours is not None else []
        if ours is None or not theirs:
            continue
        feeds += 1
        assert len(ours) == len(theirs), name
        for number, (item, entry) in enumerate(zip(ours, theirs, strict=True)):
            for field, mine, expected in zip(FIELDS, fields(item), fields_of(entry), strict=True):
                total[field] += 1
                if mine == expected or (name, number, field) in EXCEPTIONS:
                    agreed[field] += mine == expected
                else:
                    differing.append((name, number, field, mine, expected))
    print(f"{archive}, {reader} reader: {feeds} feeds; " + ", ".join(f"{field} {agreed[field]} of {total[field]}" for field in FIELDS))
    assert differing == []
    assert feeds or not WHOLE


def content_of(body: bytes) -> bytes:
    return without_doctype(as_utf8(body, {})[0])


def read(content: bytes, reader: str) -> list[Item] | None:
    try:
        return quickread.items(content, NOW) if reader == "quick" else slowread.items(content.decode("utf-8", "replace"), NOW)
    except (quickread.NotQuick, FetchError):
        return None


def parsed(content: bytes) -> list[dict[str, Any]]:
    context = {"content-type": "application/xml; charset=utf-8"}
    body = io.BytesIO(slowread.prepare(content.decode("utf-8", "replace")))
    found = feedparser.parse(body, sanitize_html=False, resolve_relative_uris=False, response_headers=context)
    return [dict(entry) for entry in found.entries]


def fields(item: Item) -> tuple[object, ...]:
    return item.title, item.link, item.guid, item.published


def fields_of(entry: Mapping[str, Any]) -> tuple[object, ...]:
    """The same of an entry, as our items have them: titles as text, instants bounded, ids that are no address no links."""
    guid, link = text(entry, "id"), text(entry, "link")
    when = next((entry[name] for name in ("published_parsed", "updated_parsed", "created_parsed") if entry.get(name)), None)
    title = one_line(text(entry, "title"))[:2_000].strip()
    return title, "" if link == guid and "://" not in link else link, guid, instant(when)


def text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    return value.strip() if isinstance(value, str) else ""


def instant(when: Any) -> datetime | None:
    if when is None:
        return None
    try:
        return bounded(datetime.fromtimestamp(calendar.timegm(when), UTC), NOW)
    except (ValueError, OverflowError):  # years 0 and 10000
        return None


# ------------------------------------------------------------------------------- what the files state
EXPECTED = re.compile(r"entries\[(\d+)\]\[u?'(title|link|id|updated_parsed|published_parsed)'\]\s*==\s*(.+)", re.DOTALL)


def test_what_feedparsers_own_tests_expect() -> None:
    held = total = 0
    differing = []
    for name, body in files("feedparser-tests"):
        for number, field, expected in expectations(body):
            items = items_of(body)
            if items is None:
                continue
            total += 1
            if ours(items, number, field) == wanted(field, expected):
                held += 1
            elif name not in UNEXPECTED:
                differing.append((name, field, ours(items, number, field), wanted(field, expected)))
    print(f"feedparser's own tests: {held} of {total} expectations of title, link, id and date are met")
    assert differing == []
    assert total >= 100


def expectations(body: bytes) -> Iterator[tuple[int, str, Any]]:
    stated = re.search(rb"Expect:\s*(.+?)\s*-->", body[:4_000], re.DOTALL)
    if stated is None:
        return
    try:
        for part in stated[1].decode("utf-8").split(" and "):
            found = EXPECTED.fullmatch(part.strip())
            if found and int(found[1]) < 50:
                yield int(found[1]), found[2], ast.literal_eval(found[3].strip())
    except (ValueError, SyntaxError, UnicodeDecodeError):
        return  # a calculation, or an encoding that hides the comment


def items_of(body: bytes) -> list[Item] | None:
    content = content_of(body)
    return read(content, "quick") or read(content, "slow")


def ours(items: list[Item], number: int, field: str) -> object:
    if number >= len(items):
        return "no such item"
    return dict(zip(("title", "link", "id", "date"), fields(items[number]), strict=True))[field if field in FIELDS else "date"]


def wanted(field: str, expected: Any) -> object:
    if field.endswith("_parsed"):
        return instant(tuple(expected)) if expected is not None else None
    return one_line(expected) if field == "title" else expected
