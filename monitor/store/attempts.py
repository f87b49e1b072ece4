"""Attempts in the record: every one that was begun, and how it ended. What an answer means is not known here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from monitor.store.schema import attempt
from monitor.store.statements import add_rows

#: What an attempt without an answer is recorded as, beside the AnswerKinds.
RELEASED = "released"
INTERRUPTED = "interrupted"

_NEW_ATTEMPT = insert(attempt)


def attempt_row(row: Any, kind: str, now: datetime, status: int | None = None, detail: str = "") -> dict[str, Any]:
    """Of the delivery's ``row`` as it was while the attempt was under way."""
    return {
        "notification": row.notification,
        "sink": row.sink,
        "number": row.attempts,
        "started": row.claimed or now,
        "finished": now,
        "kind": kind,
        "status": status,
        "detail": detail,
    }


def add_attempts(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    add_rows(connection, _NEW_ATTEMPT, rows)


def end_attempts(connection: Connection, rows: Sequence[Any], kind: str, now: datetime) -> None:
    """Without an answer."""
    add_attempts(connection, [attempt_row(row, kind, now) for row in rows])
