"""The audit: what was done to the record on the configuration's behalf, or a person's. This module must not know why."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert

from monitor.store.schema import audit

#: Who did what nobody asked for by name.
ACTOR = "monitor"

_NEW_AUDIT = insert(audit)


def note(connection: Connection, now: datetime, action: str, subject: str, *, actor: str = ACTOR, **detail: object) -> None:
    """One line of it."""
    connection.execute(_NEW_AUDIT, {"at": now, "actor": actor, "action": action, "object": subject, "detail": detail})
