"""The document that tells of an operation: CloudEvents 1.0, as those of alerts are, with the operation as its data.

Rendered once and stored; the same bytes go to every sink on every attempt. Pure: values in, bytes out.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from monitor.model import NotificationKind, Operation, identity
from monitor.render.payload import timestamp, to_bytes

OPERATION_VERSION: Final = 1
#: A name, not an address: ``monitor schema operation`` prints what it names.
OPERATION_SCHEMA: Final = f"urn:news-monitor:schema:operation:{OPERATION_VERSION}"
OPERATION_PREFIX: Final = "monitor.operation."


def said_first(message: str) -> str:
    """What is, or was, wrong, without what is done about it and what a person is to do: an operation's message up to the end of its
    first line, or to the first semicolon that stands in no parentheses."""
    first = message.partition("\n")[0]
    depth = 0
    for place, character in enumerate(first):
        depth += (character == "(") - (character == ")" and depth > 0)
        if character == ";" and not depth:
            return first[:place].rstrip()
    # What is quoted in one may have opened a parenthesis and never closed it.
    return (first.partition("; ")[0] if depth else first).rstrip(" ;:")


def operation_id(operation: Operation) -> str:
    """One for each time it stood: raised again later, the same key has another."""
    return identity("operation", operation.key, timestamp(operation.raised))


def render_operation(*, notification_id: str, kind: NotificationKind, created: datetime, operation: Operation) -> bytes:
    """One line of UTF-8 JSON. A closed operation was closed when the notification was made."""
    closed = kind is NotificationKind.CLOSED
    return to_bytes(
        {
            "specversion": "1.0",
            "id": notification_id,
            "source": "/operations",
            "type": OPERATION_PREFIX + kind.value,
            "subject": operation.key,
            "time": timestamp(created),
            "datacontenttype": "application/json",
            "dataschema": OPERATION_SCHEMA,
            "data": {
                "schema_version": OPERATION_VERSION,
                "operation": {
                    "id": operation_id(operation),
                    "key": operation.key,
                    "message": operation.message,
                    "severity": operation.severity.value,
                    "subject": operation.subject,
                    "state": "closed" if closed else "open",
                    "raised": timestamp(operation.raised),
                    "closed": timestamp(created) if closed else None,
                },
            },
        }
    )
