"""The whole record looked through: is the file sound, and does what it says hold together.

It reads only, on a connection of its own, so it may run beside a daemon; every statement sees one moment. Each finding is a
sentence and what to do about it. This module must not know who reads it.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from monitor.errors import StorageCorrupt, StorageError
from monitor.store import compact, cross_check, files, migrate, schema
from monitor.store.sqlite_errors import explained

#: How many of the rows that a finding is about are named.
NAMED: Final = 3

_ALTERED = "its bytes changed on the disk: look at the disk, and restore a backup"
_RESTORE = "restore a backup, or keep the record and ask for help with this finding"


@dataclass(frozen=True, slots=True)
class Finding:
    """``damage`` is of the file itself; the rest is of what the rows say."""

    what: str
    hint: str = _RESTORE
    damage: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """``looked_at`` names what was gone through, with how many rows."""

    findings: tuple[Finding, ...]
    looked_at: dict[str, int]


#: What must hold, each as rows that break it: (what they are called, the statement, whose first column names one).
_RULES: Final[tuple[tuple[str, str], ...]] = (
    (
        "sinks with gaps in the sequence of their deliveries",
        """SELECT sink FROM delivery GROUP BY sink HAVING count(*) <> max(sequence) OR min(sequence) <> 1
        UNION SELECT name FROM sink WHERE last_sequence <> (SELECT count(*) FROM delivery WHERE delivery.sink = sink.name)""",
    ),
    (
        "notifications that belong to no alert and no operation",
        """SELECT n.id FROM notification n LEFT JOIN alert a ON a.id = n.alert LEFT JOIN operation o ON o.id = n.operation
        WHERE a.id IS NULL AND o.id IS NULL AND n.digest IS NULL""",
    ),
    (
        "alerts that have not as many notifications as they say",
        "SELECT id FROM alert WHERE notifications <> (SELECT count(*) FROM notification n WHERE n.alert = alert.id)",
    ),
    (
        "alerts whose first notification is not there",
        """SELECT id FROM alert WHERE notifications > 0
        AND NOT EXISTS (SELECT 1 FROM notification n WHERE n.alert = alert.id AND n.ordinal = 0)""",
    ),
    (
        "matches that name a notification that is not there",
        "SELECT m.id FROM match m LEFT JOIN notification n ON n.id = m.notification WHERE m.notification IS NOT NULL AND n.id IS NULL",
    ),
    (
        "articles whose text is not there",
        """SELECT article FROM article_version WHERE text_hash NOT IN (SELECT hash FROM article_text)
        UNION SELECT id FROM article WHERE text_hash NOT IN (SELECT hash FROM article_text)""",
    ),
    ("alerts whose text is not there", "SELECT id FROM alert WHERE text_hash NOT IN (SELECT hash FROM article_text)"),
    (
        "links or contents held for an article that is not there",
        "SELECT hash FROM alias WHERE article NOT IN (SELECT id FROM article)",
    ),
    (
        "alerts merged into one that is not there",
        "SELECT id FROM alert WHERE merged_into <> '' AND merged_into NOT IN (SELECT id FROM alert)",
    ),
    (
        "stories merged into one that is not there",
        "SELECT id FROM story WHERE merged_into <> '' AND merged_into NOT IN (SELECT id FROM story) "
        "AND merged_into NOT IN (SELECT story FROM story_article)",
    ),
    # Nothing ever drops a membership, and a story is called by its first article where nobody matched, merged or split it.
    (
        "stories whose first article is in no story",
        """SELECT DISTINCT s.story FROM story_article s LEFT JOIN story t ON t.id = s.story
        WHERE coalesce(t.first_article, s.story) NOT IN (SELECT article FROM story_article)""",
    ),
    (
        "matches in another story than their article",
        "SELECT m.id FROM match m JOIN story_article s ON s.article = m.article WHERE s.story <> m.story",
    ),
    (
        "alerts in a story without articles",
        """SELECT id FROM alert WHERE merged_into = '' AND story NOT IN (SELECT story FROM story_article)
        AND EXISTS (SELECT 1 FROM story_article)""",
    ),
    ("fingerprints that belong to no article", "SELECT number FROM fingerprint WHERE number NOT IN (SELECT number FROM story_article)"),
)


def check(record: Path, *, said: Callable[[str], None] = lambda step: None) -> Checked:
    """``said`` is told what is looked at next: a large record takes minutes. Raises StorageError where it cannot be opened."""
    try:
        with closing(_reading(record)) as connection:
            return _checked(connection, said)
    except sqlite3.DatabaseError as error:
        told = explained(error, record)
        if isinstance(told, StorageCorrupt):
            return Checked((Finding(f"the file is damaged: {error}", hint=told.hint, damage=True),), {})
        raise told from error


def _checked(connection: sqlite3.Connection, said: Callable[[str], None]) -> Checked:
    revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
    migrate.refuse_newer(revision)
    if revision != schema.REVISION:
        raise StorageError(f"the record is of an older version ({revision})", hint="bring it up to date first: monitor db upgrade")
    said("the structure of the file")
    findings = list(_structure(connection))
    looked_at = {}
    if not any(finding.damage for finding in findings):
        for sentence, statement in _RULES:
            said(sentence)
            if found := [str(name) for (name,) in connection.execute(statement)]:
                findings.append(Finding(_sentence(sentence, found)))
        said("every text against its hash")
        texts, altered = _texts(connection)
        if altered:
            findings.append(Finding(_sentence("texts that are not what they were when they were stored", altered), _ALTERED))
        if altered := _watchlist_files(connection):
            findings.append(Finding(_sentence("files of watchlists that are not what they were when they were stored", altered)))
        looked_at["texts"] = texts
        for sentence, rows in cross_check.findings(connection, said):
            findings.append(Finding(_sentence(sentence, rows), _ALTERED))
    for table in ("article", "alert", "notification", "delivery"):
        looked_at[table] = connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]  # noqa: S608
    return Checked(tuple(findings), looked_at)


def _structure(connection: sqlite3.Connection) -> Iterator[Finding]:
    for (finding,) in connection.execute("PRAGMA integrity_check(20)"):
        if finding != "ok":
            yield Finding(f"the file is damaged: {finding}", damage=True)
    loose = [f"{table} row {row} -> {parent}" for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check")]
    if loose:
        yield Finding(_sentence("rows that point at what is not there", loose))


def _texts(connection: sqlite3.Connection) -> tuple[int, list[str]]:
    """How many there are, and the hashes of those that are not what they say."""
    number, altered = 0, []
    for hash_, text in connection.execute("SELECT hash, CAST(text AS BLOB) FROM article_text"):
        number += 1
        if hashlib.sha256(text).hexdigest() != hash_:
            altered.append(str(hash_))
    return number, altered


def _watchlist_files(connection: sqlite3.Connection) -> list[str]:
    """Hashes of those that are not what they say."""
    altered = []
    for hash_, packed in connection.execute("SELECT sha256, packed FROM watchlist_file"):
        try:
            same = hashlib.sha256(zlib.decompress(packed)).hexdigest() == hash_
        except (zlib.error, TypeError):
            same = False
        if not same:
            altered.append(str(hash_))
    return altered


def _sentence(what: str, found: list[str]) -> str:
    return f"{what}: {len(found):,} ({_named(found)})"


def _named(found: list[str]) -> str:
    return ", ".join(found[:NAMED]) + (", …" if len(found) > NAMED else "")


# ------------------------------------------------------------------------------------- the alert log
def delivered(record: Path, sink: str) -> dict[str, int]:
    """Notification -> sequence, of all that was delivered to a sink."""
    with closing(_reading(record)) as connection:
        rows = connection.execute("SELECT notification, sequence FROM delivery WHERE sink = ? AND state = 'delivered'", (sink,))
        return dict(rows.fetchall())


def log_finding(sink: str, kept: dict[str, int], logged: dict[str, int]) -> Finding | None:
    """The alert log against the record, both as notification -> sequence. A log may have been begun anew; what stands between
    its first and its last line must all be there."""
    if not logged:
        return None
    first, last = min(logged.values()), max(logged.values())
    missing = sorted(sequence for id_, sequence in kept.items() if first <= sequence <= last and id_ not in logged)
    strange = sorted(sequence for id_, sequence in logged.items() if id_ not in kept)
    parts = []
    if missing:
        parts.append(f"{len(missing)} that were delivered are missing (sequence {_named([*map(str, missing)])})")
    if strange:
        parts.append(f"{len(strange)} are not in the record (sequence {_named([*map(str, strange)])})")
    if not parts:
        return None
    return Finding(
        f"the alert log of sink {sink} is not what the record says: {' and '.join(parts)}",
        f"monitor alerts rebuild-log {sink} writes it anew, with the daemon stopped; after a restore this is to be expected",
    )


# -------------------------------------------------------------------------------------------- figures
@dataclass(frozen=True, slots=True)
class Figures:
    """What ``db stats`` shows. ``unused`` bytes of ``size`` are free for new rows, which the next prune gives back or cannot
    (``gives_back``). ``tables`` is name -> (rows, bytes with its indexes; None where SQLite was built without dbstat);
    ``deliveries`` is sink -> state -> number; ``articles`` are the times of the oldest and the newest, in microseconds."""

    revision: str
    size: int
    log: int
    unused: int
    gives_back: bool
    tables: dict[str, tuple[int, int | None]]
    deliveries: dict[str, dict[str, int]]
    articles: tuple[int | None, int | None]


def figures(record: Path) -> Figures:
    """Raises StorageError."""
    try:
        with closing(_reading(record)) as connection:
            return _figures(connection, record)
    except sqlite3.DatabaseError as error:
        raise explained(error, record) from error


def _figures(connection: sqlite3.Connection, record: Path) -> Figures:
    sizes = _sizes(connection)
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
    tables = {name: (connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0], sizes.get(name)) for name in names}  # noqa: S608
    deliveries: dict[str, dict[str, int]] = {}
    for sink, state, number in connection.execute("SELECT sink, state, count(*) FROM delivery GROUP BY sink, state ORDER BY sink, state"):
        deliveries.setdefault(sink, {})[state] = number
    oldest, newest = connection.execute("SELECT min(fetched), max(fetched) FROM article").fetchone()
    (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    page, free = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_size", "freelist_count"))
    gives_back = connection.execute("PRAGMA auto_vacuum").fetchone()[0] == compact.INCREMENTAL
    log = files.log_of(record)
    size, of_log = record.stat().st_size, log.stat().st_size if log.exists() else 0
    return Figures(str(revision), size, of_log, page * free, gives_back, tables, deliveries, (oldest, newest))


def _sizes(connection: sqlite3.Connection) -> dict[str, int]:
    """Bytes of each table with its indexes."""
    try:
        rows = connection.execute(
            """SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s JOIN sqlite_master m ON m.name = s.name
            WHERE s.aggregate = TRUE GROUP BY m.tbl_name"""
        )
        return dict(rows.fetchall())
    except sqlite3.OperationalError:
        return {}


def _reading(record: Path) -> sqlite3.Connection:
    if not record.is_file() or record.stat().st_size == 0:
        raise StorageError(f"no record yet at {record}: run `monitor run` or `monitor once`")
    connection = sqlite3.connect(f"file:{quote(str(record))}?mode=ro", uri=True, timeout=5.0, isolation_level=None)
    connection.execute("BEGIN")
    return connection
