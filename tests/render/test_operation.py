"""The document that tells of an operation: its exact bytes, its schema, and how it looks on a terminal."""

from __future__ import annotations

import json
from datetime import timedelta
from email.headerregistry import Address

import jsonschema
import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_structured_event
from hypothesis import given
from hypothesis import strategies as st

from monitor.model import NotificationKind, Operation, Severity
from monitor.render.message import read
from monitor.render.oneline import line
from monitor.render.operation import operation_id, render_operation, said_first
from monitor.render.schema import operation_schema
from monitor.render.terminal import alert_text
from monitor.render.text import text
from monitor.sinks.mail.letter import Envelope, letter
from tests.fakes import START
from tests.golden_files import assert_golden

SILENT = Operation(
    "source:example-ar:silent",
    "source example-ar is silent: nothing new since 2025-05-01 09:00 UTC, where something usually comes within 40 minutes",
    START,
    Severity.HIGH,
    told=True,
    subject="example-ar",
)
CHECKED = jsonschema.Draft202012Validator(operation_schema(), format_checker=jsonschema.FormatChecker())


def rendered(kind: NotificationKind, operation: Operation = SILENT) -> bytes:
    return render_operation(notification_id="0" * 32, kind=kind, created=START + timedelta(seconds=90), operation=operation)


def test_the_bytes() -> None:
    assert rendered(NotificationKind.CLOSED).decode() == (
        '{"specversion":"1.0","id":"00000000000000000000000000000000","source":"/operations","type":"monitor.operation.closed",'
        '"subject":"source:example-ar:silent","time":"2025-05-01T12:01:30.000Z","datacontenttype":"application/json",'
        '"dataschema":"urn:news-monitor:schema:operation:1","data":{"schema_version":1,"operation":{"id":"'
        + operation_id(SILENT)
        + '","key":"source:example-ar:silent","message":"source example-ar is silent: nothing new since 2025-05-01 09:00 UTC, '
        'where something usually comes within 40 minutes","severity":"high","subject":"example-ar","state":"closed",'
        '"raised":"2025-05-01T12:00:00.000Z","closed":"2025-05-01T12:01:30.000Z"}}}'
    )


@pytest.mark.parametrize("kind", [NotificationKind.RAISED, NotificationKind.UPDATED, NotificationKind.CLOSED])
def test_it_is_a_cloud_event_and_what_its_schema_says(kind: NotificationKind) -> None:
    raw = rendered(kind)
    CHECKED.validate(json.loads(raw))
    event = from_structured_event(HTTPMessage({"content-type": "application/cloudevents+json"}, raw))
    assert event.get_type() == f"monitor.operation.{kind}"
    assert json.loads(raw)["data"]["operation"]["state"] == ("closed" if kind is NotificationKind.CLOSED else "open")


def test_the_schema_is_one_and_refuses_other_documents() -> None:
    jsonschema.Draft202012Validator.check_schema(operation_schema())
    for change in ({"type": "monitor.alert.raised"}, {"source": "/watchlists/x"}, {"data": {"schema_version": 1}}):
        with pytest.raises(jsonschema.ValidationError):
            CHECKED.validate(json.loads(rendered(NotificationKind.RAISED)) | change)


def test_one_id_for_each_time_it_stood() -> None:
    assert operation_id(SILENT) == operation_id(Operation(SILENT.key, "other words", SILENT.raised))
    assert operation_id(SILENT) != operation_id(Operation(SILENT.key, SILENT.message, START + timedelta(seconds=1)))


@given(st.text(), st.text())
def test_hostile_messages_stay_on_their_line(message: str, key: str) -> None:
    """A feed's error may quote what the feed's server says."""
    operation = Operation(key, message, START)
    raw = rendered(NotificationKind.RAISED, operation)
    assert b"\n" not in raw
    CHECKED.validate(json.loads(rendered(NotificationKind.RAISED, Operation(f"k{key}", message, START))))
    shown = alert_text(json.loads(raw), color=False, width=80)
    assert "\x1b" not in shown
    assert not any(mark in shown for mark in "\u202a\u202b\u202c\u202d\u202e")


@pytest.mark.parametrize(("name", "kind"), [("operation", NotificationKind.RAISED), ("operation_closed", NotificationKind.CLOSED)])
def test_on_a_terminal(name: str, kind: NotificationKind) -> None:
    assert_golden(f"terminal/{name}.txt", alert_text(json.loads(rendered(kind)), color=False, width=80))


@pytest.mark.parametrize(
    ("message", "was"),
    [
        (
            "sink desk is paused (401 Unauthorized; wrong token); its deliveries are kept: not accepted; put a valid one there",
            "sink desk is paused (401 Unauthorized; wrong token)",
        ),
        (
            "the folder of watchlists cannot be read, and the last good versions stay in force:\nx.yaml:3: …",
            "the folder of watchlists cannot be read, and the last good versions stay in force",
        ),
        (
            "sink desk is paused (it said: 'never closed :-('; sorry); its deliveries are kept",
            "sink desk is paused (it said: 'never closed :-('",
        ),
        (
            "3 notification(s) for sink desk were given up; `monitor deliveries replay --sink desk` sends them again",
            "3 notification(s) for sink desk were given up",
        ),
        ("a :-) then (b; c) d; e", "a :-) then (b; c) d"),
        ("", ""),
    ],
)
def test_what_is_to_be_done_is_no_part_of_what_was_wrong(message: str, was: str) -> None:
    assert said_first(message) == was


def test_what_is_over_says_since_when_and_asks_for_nothing() -> None:
    paused = Operation(
        "sink:desk",
        "sink desk is paused (403); its deliveries are kept and it is probed: put a valid one there; then `monitor sinks resume desk`",
        START,
        Severity.CRITICAL,
        told=True,
        subject="desk",
    )
    message = read(rendered(NotificationKind.CLOSED, paused))
    assert line(message, 120) == "[INFO] monitor (closed): over since 2025-05-01 12:01 UTC: sink desk is paused (403)"
    assert message.headline == "[INFO] monitor: sink:desk (closed)"
    assert message.severity is Severity.CRITICAL, "what routes and receivers go by"
    body = text(message)
    assert "from 2025-05-01 12:00 UTC to 2025-05-01 12:01 UTC" in body
    assert ("put a valid one there" in body, "resume" in body) == (False, False)
    assert "put a valid one there" in text(read(rendered(NotificationKind.RAISED, paused)))
    made = letter(message, Envelope("desk", Address("", "a", "example.org"), (Address("", "b", "example.org"),)))
    assert b"Importance" not in made
