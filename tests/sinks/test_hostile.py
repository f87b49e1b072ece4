"""Row 49 of the faults: nothing that a stranger writes is obeyed by anything that shows it.

Each payload goes into each field of a stored document, through each channel, and what came out is taken apart by the channel's real
reader (`readers_*.py`, found by name). The text must still be there, as text; no element, attribute, header, line, link, mention or
control of the stranger's may be.
"""

from __future__ import annotations

import html
import importlib
import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from monitor.render.plain import http_link, plain
from tests.render.clean import faults
from tests.render.samples import DOCUMENTS
from tests.sinks.payloads import CHANNELS, FIELDS, HUGE, PAYLOADS, Seen, placed
from tests.sinks.readers_render import discord_text, html_seen

for _file in sorted(Path(__file__).parent.glob("readers_*.py")):
    importlib.import_module(f"tests.sinks.{_file.stem}")

Reader = Callable[[bytes], Seen]

ISOLATES = str.maketrans("", "", "\u2066\u2067\u2068\u2069")


def harmless(field: str) -> str:
    return "https://harmless.example/" if "url" in field else "harmless words"


@cache
def usual(read: Reader, field: str) -> Seen:
    return read(placed(field, harmless(field)))


@cache
def shapes(read: Reader) -> frozenset[str]:
    """All that the channel is ever made of: of every kind of document, and of each field as it usually is, endless or empty."""
    found = [read(document).shape for document in DOCUMENTS.values()]
    found += [read(placed(field, words)).shape for field in FIELDS for words in (harmless(field), "كلمات " * 200, "")]
    return frozenset().union(*found)


def violations(read: Reader, field: str, foreign: str) -> Iterator[str]:
    seen, expected = read(placed(field, foreign)), usual(read, field)
    for fault in faults(seen.text):
        yield f"shows {fault}"
    for part in seen.shape - shapes(read):
        yield f"has {part!r}"
    if seen.lines > expected.lines:
        yield f"has {seen.lines} lines, not {expected.lines}"
    for link in set(seen.links) - set(expected.links):
        if not ("url" in field and link and link == http_link(foreign)):
            yield f"leads to {link[:80]}"
    for what in seen.obeyed:
        yield f"obeys {what[:80]!r}"
    words = plain(foreign[:200])[:30].strip() if field == "title" and seen.text else ""
    if words not in seen.text.translate(ISOLATES):
        yield f"does not show {words!r}"


@pytest.mark.parametrize("channel", sorted(CHANNELS))
def test_fault_49_nothing_a_stranger_writes_is_obeyed(channel: str) -> None:
    read = CHANNELS[channel]
    found = [
        f"{name} in {field}: {violation}"
        for field in FIELDS
        for name, foreign in PAYLOADS.items()
        for violation in violations(read, field, foreign)
    ]
    found += [f"a megabyte in title: {violation}" for violation in violations(read, "title", HUGE)]
    print(f"{channel}: {len(PAYLOADS)} payloads x {len(FIELDS)} fields, violations {len(found)}")
    assert found == []


def test_the_corpus_is_as_large_as_told() -> None:
    assert len(PAYLOADS) >= 60
    assert len(set(PAYLOADS.values())) == len(PAYLOADS)


def test_every_payload_reaches_its_field() -> None:
    for field in FIELDS:
        assert placed(field, "harmless") != placed(field, "others")


def title_of(payload: bytes) -> str:
    data = json.loads(payload)["data"]
    return str(data["article"]["title"]) if "article" in data else ""


def naive_discord(payload: bytes) -> Seen:
    links: list[str] = []
    obeyed: list[str] = []
    shape: set[str] = set()
    said = discord_text(title_of(payload), links, obeyed, shape)
    return Seen(said, tuple(links), frozenset(shape), len(said.splitlines()), tuple(obeyed))


#: Channels as they would be made without a thought.
NAIVE: dict[str, Reader] = {
    "HTML": lambda payload: html_seen(f"<h1>{title_of(payload)}</h1>"),
    "HTML of tame text": lambda payload: html_seen(f"<h1>{plain(title_of(payload))}</h1>"),
    "lines": lambda payload: Seen(title_of(payload), lines=len(title_of(payload).splitlines())),
    "Discord": naive_discord,
    "escaped twice": lambda payload: html_seen(f"<h1>{html.escape(html.escape(plain(title_of(payload))))}</h1>"),
}


@pytest.mark.parametrize("name", NAIVE)
def test_the_judges_are_not_blind(name: str) -> None:
    found = {payload for payload, foreign in PAYLOADS.items() if list(violations(NAIVE[name], "title", foreign))}
    assert len(found) >= 10, found
