"""Rows against what they are made of: damage that SQLite does not see, because any bytes are a row to it.

A text has its hash, and what else stands in the record can be held against something too: an id is made of other columns, a quote
stands in its text, a value of a list is one of the list, a time is one that could have been, what is text is UTF-8 without NUL
and what is JSON can be read. A page of garbage or of zeros within a row breaks one of these; a single changed letter in what
stands nowhere else (a title, an address, an answer's words) breaks none. Each finding is what is wrong and the rows it is of. It
reads only, row by row, and must not know who reads it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import JSON, Integer, LargeBinary, Table, Text

from monitor.model import (
    AlertState,
    DecisionKind,
    DeliveryState,
    Disposition,
    NotificationKind,
    Reason,
    Severity,
    SinkState,
    SourceKind,
    identity,
)
from monitor.store.schema import UtcTime, metadata

#: (sentence, names of rows), as a check tells them.
Wrong = tuple[str, list[str]]

_LISTS: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    ("source", "kind"): frozenset(SourceKind) | {""},
    ("match", "severity"): frozenset(Severity),
    ("match", "decision"): frozenset(DecisionKind),
    ("match", "reason"): frozenset(Reason),
    ("alert", "severity"): frozenset(Severity),
    ("alert", "state"): frozenset(AlertState),
    ("alert", "disposition"): frozenset(Disposition) | {""},
    ("notification", "kind"): frozenset(NotificationKind),
    ("notification", "severity"): frozenset(Severity),
    ("delivery", "severity"): frozenset(Severity),
    ("delivery", "state"): frozenset(DeliveryState),
    ("sink", "state"): frozenset(SinkState),
    ("operation", "severity"): frozenset(Severity),
}
#: Of ids: table -> (id, what it is made of); rows where a part is empty are made of something else.
_MADE: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "article": ("id", ("source", "key")),
    "alert": ("id", ("watchlist", "article")),
    "notification": ("id", ("alert", "ordinal")),
}
#: Times that our clock gave lie between 2000 and 2200; what publishers say may be anything.
_BETWEEN: Final = (946_684_800_000_000, 7_258_118_400_000_000)
_FOREIGN: Final = frozenset({("article", "published"), ("story_article", "at")})
#: Looked at by their hash.
_HASHED: Final = frozenset({("article_text", "text"), ("watchlist_file", "packed")})


def findings(connection: sqlite3.Connection, said: Callable[[str], None]) -> Iterator[Wrong]:
    connection.text_factory = bytes
    try:
        for table in metadata.sorted_tables:
            said(f"the rows of {table.name}")
            yield from _of_table(connection, table)
        said("quotes against their texts")
        yield from _quotes(connection)
    finally:
        connection.text_factory = str


# ------------------------------------------------------------------------------------------- each row
def _of_table(connection: sqlite3.Connection, table: Table) -> Iterator[Wrong]:
    tests = {column.name: _test_of(table.name, column) for column in table.columns if (table.name, column.name) not in _HASHED}
    names = list(tests)
    keys = [names.index(column.name) for column in table.primary_key]
    made = _MADE.get(table.name)
    wrong: dict[str, list[str]] = {}
    misnamed: list[str] = []
    marks = ", ".join(f'"{name}"' for name in names)
    for row in connection.execute(f'SELECT {marks} FROM "{table.name}"'):  # noqa: S608
        for name, value in zip(names, row, strict=True):
            if not tests[name](value):
                wrong.setdefault(name, []).append(_named([row[place] for place in keys]))
        if made is not None and not _is_made(dict(zip(names, row, strict=True)), *made):
            misnamed.append(_named([row[place] for place in keys]))
    for name, rows in wrong.items():
        yield f"rows of {table.name} whose {name} nobody can have written", rows
    if made is not None and misnamed:
        yield f"rows of {table.name} whose id is not made of {' and '.join(made[1])}", misnamed


def _test_of(table: str, column: Any) -> Callable[[object], bool]:
    test = _sort_of(table, column)
    return (lambda value: value is None or test(value)) if column.nullable else test


def _sort_of(table: str, column: Any) -> Callable[[object], bool]:
    kind = column.type
    if (table, column.name) == ("notification", "payload"):
        return _is_json
    if isinstance(kind, UtcTime):
        return _is_number if (table, column.name) in _FOREIGN else _is_time
    if isinstance(kind, JSON):
        return _is_json
    if isinstance(kind, Text):
        known = _LISTS.get((table, column.name))
        return _is_text if known is None else lambda value: _is_text(value) and value.decode() in known  # type: ignore[attr-defined]
    if isinstance(kind, LargeBinary):
        return lambda value: isinstance(value, bytes)
    return _is_number if isinstance(kind, Integer) else lambda value: True


def _is_time(value: object) -> bool:
    return isinstance(value, int) and _BETWEEN[0] <= value < _BETWEEN[1]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)


def _is_text(value: object) -> bool:
    if not isinstance(value, bytes) or b"\0" in value:
        return False
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_json(value: object) -> bool:
    try:
        json.loads(value)  # type: ignore[arg-type]
    except (ValueError, TypeError):
        return False
    return True


def _is_made(row: Mapping[str, Any], name: str, parts: Sequence[str]) -> bool:
    if any(row[part] is None for part in parts):
        return True
    try:
        made = identity(*(part.decode() if isinstance(part := row[of], bytes) else str(part) for of in parts))
    except UnicodeDecodeError:
        return False
    return bool(row[name] == made.encode())


def _named(key: Sequence[object]) -> str:
    return "/".join(part.decode("utf-8", "backslashreplace") if isinstance(part, bytes) else str(part) for part in key)


# --------------------------------------------------------------------------------------------- quotes
_QUOTED: Final = """
SELECT m.id, m.evidence, t.text FROM match m JOIN article_text t ON t.hash = m.text_hash
"""


def _quotes(connection: sqlite3.Connection) -> Iterator[Wrong]:
    """Of matches. A document cuts long quotes as it cuts its article's, so it is held against the text it names too."""
    matches = [_named([id_]) for id_, evidence, text in connection.execute(_QUOTED) if not _stand(_read(evidence), text)]
    if matches:
        yield "matches whose evidence does not stand in their text", matches
    told = []
    for id_, payload in connection.execute("SELECT id, payload FROM notification WHERE alert IS NOT NULL"):
        data = _read(payload).get("data") if isinstance(_read(payload), dict) else None
        article = data.get("article") if isinstance(data, dict) else None
        if not isinstance(article, dict) or not isinstance(data, dict):
            continue
        found = connection.execute("SELECT text FROM article_text WHERE hash = ?", (str(article.get("text_hash")),)).fetchone()
        if found is not None and not _stand(data.get("evidence"), found[0]):
            told.append(_named([id_]))
    if told:
        yield "notifications whose evidence does not stand in their text", told


def _read(value: bytes) -> Any:
    """None where it is no JSON, which is a finding of its own."""
    try:
        return json.loads(value)
    except ValueError:
        return None


def _stand(evidence: Any, raw: bytes) -> bool:
    if not isinstance(evidence, list):
        return True
    text = raw.decode("utf-8", "replace")
    try:
        return all(
            text[part["start"] : part["end"]] == part[said]
            for passage in evidence
            for part, said in ((passage, "quote"), *((hit, "text") for hit in passage["hits"]))
        )
    except (KeyError, TypeError):
        return False
