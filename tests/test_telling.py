"""Logs, metrics and operations: what the daemon says about itself, and what it must never say."""

from __future__ import annotations

import io
import json
import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from monitor import logs
from monitor.metrics import PrometheusMeter
from monitor.operations import OperationsBoard
from monitor.service.notify import notify
from tests.fakes import FakeClock, FakeMeter


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


def written(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_in_service_each_event_is_one_line_of_json() -> None:
    out = io.StringIO()
    logs.configure(stream=out)
    structlog.get_logger("monitor.a").info("polled", source="x", count=3)
    logging.getLogger("lib").warning("from %s", "a library")
    first, second = written(out)
    assert (first["event"], first["source"], first["count"], first["level"]) == ("polled", "x", 3, "info")
    assert (second["event"], second["level"]) == ("from a library", "warning")
    assert str(first["timestamp"]).endswith("Z")


def test_on_a_terminal_it_is_for_a_person() -> None:
    out = Terminal()
    logs.configure(stream=out)
    structlog.get_logger("monitor.a").warning("refused", message="one\n  two\n  ^~~")
    text = out.getvalue()
    assert not text.startswith("{")
    # Lines of a value stand indented: none can pass for an event of its own.
    assert "\n    message:\n      one\n        two\n        ^~~\n" in text


def test_secrets_are_masked_whoever_passes_them() -> None:
    out = io.StringIO()
    logs.configure(stream=out)
    structlog.get_logger("a").info("x", secret="CANARY", api_key="CANARY", Authorization="CANARY", webhook_token="CANARY", harmless="y")
    assert "CANARY" not in out.getvalue()
    assert written(out)[0]["harmless"] == "y"


def test_a_traceback_shows_no_local_variables() -> None:
    for out in (io.StringIO(), Terminal()):
        logs.configure(stream=out)
        try:
            hidden = "CANARY"
            raise RuntimeError(f"failed after {len(hidden)} letters")
        except RuntimeError:
            structlog.get_logger("a").exception("tick_failed")
        assert "failed after 6 letters" in out.getvalue()
        assert "CANARY" not in out.getvalue().replace('hidden = "CANARY"', "")


@given(st.text(), st.booleans())
def test_no_value_moves_a_terminal(text: str, terminal: bool) -> None:
    out = Terminal() if terminal else io.StringIO()
    logs.configure("console", stream=out)
    structlog.get_logger("a").info("event", title=text, nested={"a": [text]})
    shown = out.getvalue().replace("\x1b[0m", "").replace("\n", "")
    for code in ("\x1b[1m", "\x1b[2m", "\x1b[22m", "\x1b[32m", "\x1b[35m", "\x1b[36m", "\x1b[33m", "\x1b[34m", "\x1b[31m"):
        shown = shown.replace(code, "")
    assert not any(ord(char) < 32 and char != "\t" for char in shown)
    assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u2028\u2029\x7f\x85\x9b") & set(shown)
    out.getvalue().encode("utf-8")


def test_debug_is_said_only_when_asked_for() -> None:
    out = io.StringIO()
    logs.configure(level="warning", stream=out)
    structlog.get_logger("a").info("quiet")
    assert out.getvalue() == ""


def test_metrics_survive_a_slip_in_their_labels() -> None:
    meter = PrometheusMeter()
    meter.count("storage_errors_total")
    meter.count("storage_errors_total", room="deliver")
    meter.gauge("sink_paused", 1, sink="desk")
    meter.gauge("sink_paused", 0)
    meter.observe("poll_seconds", 0.2, kind="feed")
    page = meter.page()[0].decode()
    assert "monitor_storage_errors_total 2.0" in page
    assert 'monitor_sink_paused{sink="desk"} 1.0' in page
    assert 'monitor_poll_seconds_bucket{kind="feed",le="0.25"} 1.0' in page
    assert "_created" not in page


def test_an_operation_is_raised_once_and_closed_once(caplog: pytest.LogCaptureFixture) -> None:
    out = io.StringIO()
    logs.configure(stream=out)
    clock, meter = FakeClock(), FakeMeter()
    board = OperationsBoard(clock, meter)
    board.raise_("source:a", "it fails")
    clock.advance(5)
    board.raise_("source:a", "it fails twice")
    board.raise_("sink:b", "it is paused")
    assert [(operation.key, operation.message) for operation in board.open()] == [
        ("source:a", "it fails twice"),
        ("sink:b", "it is paused"),
    ]
    board.close("source:a")
    board.close("source:a")
    assert [line["event"] for line in written(out)] == ["operation raised", "operation raised", "operation closed"]
    assert written(out)[2]["open_seconds"] == 5.0
    assert meter.gauges["operations_open", ()] == 1


def test_systemd_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "notify"))
        channel.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        notify("READY=1")
        assert channel.recv(100) == b"READY=1"
        notify("RELOADING=1")
        assert channel.recv(100).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
    notify("READY=1")
    monkeypatch.delenv("NOTIFY_SOCKET")
    notify("READY=1")
