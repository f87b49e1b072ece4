"""The document: valid CloudEvents, valid by our own schema, the same bytes every time, and safe to show raw."""

from __future__ import annotations

import json
import os
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_structured_event
from hypothesis import given
from hypothesis import strategies as st

from monitor.model import Entity, Evidence, Hit, NotificationKind, Reason, Stance, ZoneKind
from monitor.render.bounds import PASSAGES, QUOTE
from monitor.render.message import read
from monitor.render.payload import DATA_SCHEMA, Change, to_bytes
from monitor.render.sample import render_sample
from monitor.render.schema import alert_schema
from tests.render.samples import ARABIC, ENGLISH, NOW, Sample, rendered

SPECS = Path(os.environ.get("NEWS_TEST_DATA", "")) / "specs" / "cloudevents.json"


@pytest.mark.parametrize("sample", [ARABIC, ENGLISH], ids=["arabic", "english"])
@pytest.mark.parametrize("kind", NotificationKind)
def test_valid_by_our_schema_and_by_cloudevents(sample: Sample, kind: NotificationKind) -> None:
    raw = rendered(replace(sample, kind=kind))
    document = json.loads(raw)
    validator = jsonschema.Draft202012Validator(alert_schema(), format_checker=jsonschema.FormatChecker())
    validator.validate(document)
    validator.validate({**document, "sequence": 3})
    event = from_structured_event(HTTPMessage({"content-type": "application/cloudevents+json"}, raw))
    assert event.get_type() == f"monitor.alert.{kind}"
    assert event.get_dataschema() == DATA_SCHEMA
    assert event.get_data() == document["data"]


def test_a_sample_is_valid_by_the_schema_it_is_documented_by() -> None:
    document = json.loads(render_sample("desk", NOW))
    jsonschema.Draft202012Validator(alert_schema()).validate(document)
    assert alert_schema()["$defs"]["data"]["properties"]["sample"]["const"] is document["data"]["sample"] is True


@pytest.mark.skipif(not SPECS.is_file(), reason="NEWS_TEST_DATA is not set")
def test_valid_by_the_cloudevents_schema() -> None:
    schema = json.loads(SPECS.read_text())
    for sample in (ARABIC, ENGLISH):
        document = json.loads(rendered(sample))
        jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker()).validate(document)
        jsonschema.Draft7Validator(schema).validate({**document, "sequence": 3})


def test_what_it_says() -> None:
    document = json.loads(rendered(ARABIC))
    assert document["id"] == ARABIC.notification_id
    assert document["source"] == "/watchlists/arms-transfer"
    assert document["subject"] == document["data"]["alert"]["id"] == ARABIC.alert.id
    assert document["time"] == "2025-05-01T12:00:00.000Z"
    data = document["data"]
    assert data["reason"] == Reason.FIRST_MATCH
    assert data["watchlist"]["version"] == ARABIC.match.version  # the one that matched
    assert data["stances"] == ["planned"]
    (evidence,) = data["evidence"]
    assert evidence["quote"] == ARABIC.text[evidence["start"] : evidence["end"]]
    for hit in evidence["hits"]:
        assert hit["text"] == ARABIC.text[hit["start"] : hit["end"]]
    assert data["entities"] == [{"id": "Q1", "name": "موسكو", "list": "places"}]
    assert [list(hit) for hit in evidence["hits"]].count(["group", "term", "start", "end", "text", "entity"]) == 1


def test_the_same_bytes_every_time_whatever_order_labels_came_in() -> None:
    one = replace(ENGLISH, facts=replace(ENGLISH.facts, labels={"a": "1", "b": "2"}))
    two = replace(ENGLISH, facts=replace(ENGLISH.facts, labels={"b": "2", "a": "1"}))
    assert rendered(one) == rendered(two)


def test_scripts_stay_readable_in_the_raw_document() -> None:
    assert "صفقة".encode() in rendered(ARABIC)


def unsafe(raw: bytes) -> set[str]:
    return {
        c
        for c in raw.decode()
        if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} or c in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
    }


@given(st.text())
def test_fault_49_any_text_comes_back_and_nothing_unsafe_shows_raw(text: str) -> None:
    raw = to_bytes({"text": text})
    assert json.loads(raw) == {"text": text}
    assert not unsafe(raw)
    assert raw == to_bytes({"text": text})


def test_fault_49_hostile_characters_are_escaped() -> None:
    hostile = 'a\x1b[31m\x9b\u202egnp.exe\u2066\u2069\u2028\u2029\x85\x7f\n\\"\U000e0041'
    raw = to_bytes({"text": hostile})
    assert not unsafe(raw)
    assert json.loads(raw)["text"] == hostile
    assert b"\\u202e" in raw
    assert b"\\udb40\\udc41" in raw  # beyond the basic plane as a pair
    assert b"\n" not in raw


def test_lone_surrogates_become_replacement_characters_one_for_one() -> None:
    assert json.loads(to_bytes({"text": "a\ud800b"})) == {"text": "a\ufffdb"}


# --------------------------------------------------------------------------------------------- the schema
def objects(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if schema.get("type") == "object" and "properties" in schema:
            yield schema
        for value in schema.values():
            yield from objects(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from objects(value)


def test_the_schema_is_one_and_lets_fields_be_added() -> None:
    schema = alert_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert all("additionalProperties" not in part for part in objects(schema))
    document = json.loads(rendered(ENGLISH))
    document["data"]["new"] = document["data"]["article"]["new"] = 1
    jsonschema.validate(document, schema)


def test_the_schema_names_every_field_and_refuses_what_is_not_ours() -> None:
    schema = alert_schema()
    document = json.loads(rendered(ARABIC))
    definitions = schema["$defs"]

    def same(found: dict[str, Any], described: dict[str, Any]) -> None:
        assert set(described["required"]) <= set(found) <= set(described["properties"])

    same(document, schema)
    same(document["data"], definitions["data"])
    for name in ("alert", "watchlist", "article"):
        same(document["data"][name], definitions[name])
    same(document["data"]["evidence"][0], definitions["evidence"])
    for hit in document["data"]["evidence"][0]["hits"]:
        same(hit, definitions["hit"])
    for wrong in ({"type": "other"}, {"id": "x"}, {"sequence": 0}, {"specversion": "0.3"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**document, **wrong}, schema)


def giant(passages: int, length: int, letter: str = "\U000e0041") -> Sample:
    """An article that matches in each of so many passages of so many characters, each the worst there is to write."""
    quote = ("arms " + letter * 15) * (length // 20)
    evidence = []
    for start in range(0, passages * len(quote), len(quote)):
        named = Entity(f"Q{start}", "A name of somebody on a list", "list")
        hits = [Hit("weapon", "arms", at, at + 4, "arms", named) for at in range(start, start + len(quote), 20)]
        evidence.append(Evidence(start, start + len(quote), quote, ZoneKind.BODY, Stance.REPORTED, "deal", tuple(hits)))
    return replace(ENGLISH, match=replace(ENGLISH.match, evidence=tuple(evidence)), text=quote * passages)


@pytest.mark.parametrize(("passages", "length"), [(30_000, 60), (1, 1_900_000), (2_000, 1_000), (PASSAGES, QUOTE)])
def test_a_giant_article_makes_a_document_that_receivers_take(passages: int, length: int) -> None:
    """One that no receiver takes is dead, and everything after it in its story would be told already."""
    sample = giant(passages, length)
    raw = rendered(sample)
    assert len(raw) < 1024 * 1024
    document = json.loads(raw)
    jsonschema.Draft202012Validator(alert_schema()).validate(document)
    data = document["data"]
    assert data.get("evidence_total", len(data["evidence"])) == passages
    for passage in data["evidence"]:
        assert sample.text[passage["start"] : passage["end"]] == passage["quote"]
        assert passage["hits"]
        for hit in passage["hits"]:
            assert passage["start"] <= hit["start"]
            assert hit["end"] <= passage["end"]
            assert sample.text[hit["start"] : hit["end"]] == hit["text"]
    message = read(raw)
    assert len(message.passages) + message.more_passages == passages


def test_of_too_many_passages_those_that_say_something_new_are_told() -> None:
    sample = replace(giant(500, 40), kind=NotificationKind.UPDATED, reason=Reason.NEW_EVIDENCE)
    none: tuple[str, ...] = ()
    new = {
        "entities": none,
        "groups": none,
        "clauses": none,
        "stances": none,
        "languages": none,
        "outlets": none,
        "passages": (3, 450, 499),
    }
    data = json.loads(rendered(sample, change=Change(sample.alert, NOW, new)))["data"]
    told = [data["evidence"][place]["start"] for place in data["change"]["new"]["passages"]]
    assert told == [sample.match.evidence[place].start for place in (3, 450, 499)]
    assert [passage["start"] for passage in data["evidence"]] == sorted(passage["start"] for passage in data["evidence"])
