"""Commands that change something: done by the daemon where one runs, else by this process under the same lock.

With the data folder free, the house is built without deliveries, the command done and the house closed: what it raised
waits for the next run. With the folder held, the command goes over the daemon's control socket. Callers need not know
which; ``perform`` is for one command, ``performing`` for several in a row.
"""

from __future__ import annotations

import http.client
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from monitor.errors import ConfigError, DataFolderInUse, ExitStatus, MonitorError, StorageError, UsageError

if TYPE_CHECKING:
    import asyncio
    import socket
    from pathlib import Path

    from monitor.cli.options import Place
    from monitor.model import Command, JsonObject
    from monitor.settings import Loaded
    from monitor.store import DataFolderLock
    from monitor.wiring import House

#: Seconds that a starting daemon is given to open its socket, and a command to be answered: a poll of many slow servers.
PATIENCE = 5.0
ANSWER = 1800.0
#: Commands that analyse articles, for which the watchlists must be in force.
_ANALYSE = frozenset({"sources.poll", "ingest", "stories.split", "routes.test"})

Perform = Callable[["Command"], "JsonObject"]


def command(name: str, **arguments: Any) -> Command:
    """As the user who calls it. See ``flow/commands.py`` for names, arguments and answers."""
    from monitor.model import Command
    from monitor.web import name_of

    return Command(name, arguments, f"cli:{name_of(os.geteuid())}")


def perform(place: Place, asked: Command) -> JsonObject:
    """One command; raises MonitorError with what the daemon, or this process, has to say."""
    with performing(place, asked.name) as does:
        return does(asked)


@contextmanager
def performing(place: Place, name: str) -> Iterator[Perform]:
    """For several commands called ``name``; the way is chosen once."""
    try:
        loaded = place.load()
    except ConfigError as error:
        with _despite(place, error) as does:
            yield does
        return
    lock = _free(loaded.settings.data_dir)
    if lock is None:
        with _remote(loaded.settings.data_dir) as does:
            yield does
    else:
        with _local(place, loaded, lock, analyses=name in _ANALYSE) as does:
            yield does


@contextmanager
def _despite(place: Place, error: ConfigError) -> Iterator[Perform]:
    """By the daemon, which goes on with the configuration of before; this process cannot do it without one. Raises the error where
    none runs."""
    data_dir = place.data_dir_despite(error)
    lock = _free(data_dir) if data_dir.is_dir() else None
    if lock is not None or not data_dir.is_dir():
        if lock is not None:
            lock.release()
        raise UsageError(f"no daemon runs on {data_dir} that could do this", hint="mend the configuration first; its faults stand above")
    with _remote(data_dir) as does:
        yield does


def ask_daemon(data_dir: Path, asked: Command) -> JsonObject | None:
    """What the daemon of this data folder answers; None where none runs, or none that can be asked now. It is not waited for."""
    from monitor.service.control import connect

    try:
        connect(data_dir, PATIENCE).close()
    except OSError:
        return None
    connection = _Connection(data_dir, PATIENCE)
    try:
        return _asked(connection, asked)
    except MonitorError:  # it ends, or is of an older version
        return None
    finally:
        connection.close()


# ------------------------------------------------------------------------------- in this process
def _free(data_dir: Path) -> DataFolderLock | None:
    """Its lock, or None where a daemon holds it."""
    from monitor.store import DataFolderLock

    lock = DataFolderLock(data_dir)
    try:
        lock.acquire()
    except DataFolderInUse:
        return None
    return lock


@contextmanager
def _local(place: Place, loaded: Loaded, lock: DataFolderLock, *, analyses: bool) -> Iterator[Perform]:
    import asyncio

    from monitor.cli.lists import announce_first_use

    _log(loaded)
    if analyses:
        announce_first_use()
    with asyncio.Runner() as runner:
        house = _house(runner, place, loaded, lock)
        try:
            runner.run(house.start() if analyses else house.sources.start())
            yield lambda asked: runner.run(house.commander.perform(asked))
        finally:
            runner.run(house.close())


def _house(runner: asyncio.Runner, place: Place, loaded: Loaded, lock: DataFolderLock) -> House:
    from monitor.settings import ConfiguredSources
    from monitor.wiring import build

    try:
        configured = ConfiguredSources(loaded, place.load)
    except MonitorError:
        lock.release()
        raise
    return runner.run(build(configured, lock, deliver=False))


def _log(loaded: Loaded) -> None:
    """What a command prints is its answer; of its log only what is wrong is worth a line."""
    from monitor import logs

    logs.configure(loaded.settings.log.format, "error" if loaded.settings.log.level == "error" else "warning")


# ---------------------------------------------------------------------------------- over the socket
@contextmanager
def _remote(data_dir: Path) -> Iterator[Perform]:
    connection = _Connection(data_dir)
    try:
        yield lambda asked: _asked(connection, asked)
    finally:
        connection.close()


class _Connection(http.client.HTTPConnection):
    """HTTP over the control socket."""

    def __init__(self, data_dir: Path, answer: float = ANSWER) -> None:
        super().__init__("localhost")
        self._data_dir = data_dir
        self._answer = answer

    def connect(self) -> None:
        self.sock = _reached(self._data_dir, self._answer)


def _reached(data_dir: Path, answer: float) -> socket.socket:
    """The lock is taken first and the socket made when everything runs: a daemon that starts has none yet."""
    from monitor.service.control import connect

    end = time.monotonic() + PATIENCE
    while True:
        try:
            return connect(data_dir, answer)
        except PermissionError:
            raise UsageError(
                f"the daemon of {data_dir} runs as another user, who alone may command it", hint="call this as that user, or with sudo"
            ) from None
        except OSError as error:
            if time.monotonic() >= end:
                raise DataFolderInUse(
                    f"the daemon of {data_dir} does not take commands: {error.strerror or error}",
                    hint="it is starting or stopping: try again; or its data_dir is on a file system without sockets (its log says so)",
                ) from None
        time.sleep(0.1)


def _asked(connection: _Connection, asked: Command) -> JsonObject:
    document = {"name": asked.name, "arguments": asked.arguments}
    body = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
    try:
        connection.request("POST", "/command", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        status, raw = answer.status, answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise MonitorError(
            f"the daemon ended this command without an answer: {error or type(error).__name__}",
            hint="what was not committed was not done; the same command may be given again",
        ) from None
    finally:
        # The next command may come minutes later, when the daemon has closed a connection that nobody used.
        connection.close()
    try:
        found: Any = json.loads(raw)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise MonitorError(f"the daemon's answer is not understood (status {status}): is it of the same version as this command?")
    if status != http.client.OK:
        raise _error(found)
    return found


def _error(found: JsonObject) -> MonitorError:
    kinds = {ExitStatus.WRONG_USE: UsageError, ExitStatus.STORAGE: StorageError, ExitStatus.IN_USE: DataFolderInUse}
    kind = kinds.get(found.get("exit_status", 1), MonitorError)
    return kind(str(found.get("error", "the daemon refused this")), hint=str(found.get("hint", "")))
