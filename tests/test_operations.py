"""The board: what is open, and what people are to be told."""

from __future__ import annotations

from structlog.testing import capture_logs

from monitor.model import Operation, Severity
from monitor.operations import OperationsBoard
from tests.fakes import START, FakeClock, FakeMeter


def test_the_told_message_stays_while_the_board_goes_on() -> None:
    board = OperationsBoard(FakeClock(), FakeMeter())
    board.raise_("source:wire", "once")
    assert board.told() == []
    board.raise_("source:wire", "5 times", tell=True, subject="wire", severity=Severity.HIGH)
    board.raise_("source:wire", "6 times", severity=Severity.HIGH)
    (shown,), (told,) = board.open(), board.told()
    assert (shown.message, shown.told, shown.subject, shown.raised) == ("6 times", True, "wire", START)
    assert (told.message, told.severity, told.raised) == ("5 times", Severity.HIGH, START)
    board.raise_("source:wire", "for a week", tell=True)
    assert board.told()[0].message == "for a week"
    board.close("source:wire")
    assert (board.open(), board.told()) == ([], [])


def test_what_was_told_before_stands_again_and_keeps_its_time() -> None:
    clock, meter = FakeClock(), FakeMeter()
    board = OperationsBoard(clock, meter)
    before = Operation("network", "no answer", START, Severity.HIGH)
    clock.advance(3600)
    board.restore([before])
    board.raise_("network", "still none", severity=Severity.HIGH, tell=False)
    assert [(operation.raised, operation.told) for operation in board.open()] == [(START, True)]
    assert [operation.message for operation in board.told()] == ["no answer"]
    assert meter.gauges["operations_open", ()] == 1


def test_what_stood_before_this_process_began_is_raised_as_of_then_and_is_no_second_warning() -> None:
    clock = FakeClock()
    board = OperationsBoard(clock, FakeMeter())
    clock.advance(3600)
    with capture_logs() as logged:
        board.raise_("source:wire", "3 times", since=START)
        board.raise_("source:other", "once")
    assert {operation.key: operation.raised for operation in board.open()} == {"source:wire": START, "source:other": clock.now()}
    assert [(line["event"], line["operation"]) for line in logged if line["log_level"] == "warning"] == [
        ("operation raised", "source:other")
    ]
