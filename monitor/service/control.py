"""The control socket: ``control.sock`` in the data folder, over which commands reach the daemon that holds it.

It is made while the folder's lock is held, so a socket found there is one that a crash has left, and is replaced. Its mode
lets the daemon's own user in and nobody else. A path may be longer than a socket's name: then it is bound and reached
through the folder's descriptor. What commands do is not known here.
"""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import structlog

from monitor.model import Command, JsonObject
from monitor.web import ControlProtocol, Server, create_control_app

NAME: Final = "control.sock"
#: sun_path holds 108 bytes with its end on Linux, 104 elsewhere.
_LONGEST: Final = 100
_BACKLOG: Final = 32

log = structlog.get_logger("monitor.service")


class Control:
    """Where the socket cannot be had (a file system without sockets), the daemon runs without: commands say so."""

    def __init__(self, data_dir: Path, perform: Callable[[Command], Awaitable[JsonObject]]) -> None:
        self._folder = data_dir
        self._perform = perform
        self._server: Server | None = None

    def start(self) -> None:
        try:
            listener = listen(self._folder)
        except OSError as error:
            log.warning("no_control_socket", folder=str(self._folder), error=error.strerror or str(error))
            return
        self._server = Server(create_control_app(self._perform), listener, protocol=ControlProtocol)
        self._server.start()

    async def stop(self) -> None:
        if self._server is None:
            return
        # No command comes any more; those under way may end.
        with suppress(OSError):
            os.unlink(self._folder / NAME)
        server, self._server = self._server, None
        await server.stop()


def listen(folder: Path) -> socket.socket:
    """Raises OSError."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_stale(folder / NAME)
        os.fchmod(listener.fileno(), 0o600)  # of the file that bind makes: nobody gets in before a chmod
        with _reachable(folder) as name:
            listener.bind(name)
        os.chmod(folder / NAME, 0o600)
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


def connect(folder: Path, timeout: float) -> socket.socket:
    """To the daemon of this data folder; raises OSError (FileNotFoundError, ConnectionRefusedError where there is none)."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(timeout)
    try:
        with _reachable(folder) as name:
            connection.connect(name)
    except OSError:
        connection.close()
        raise
    return connection


def _remove_stale(path: Path) -> None:
    with suppress(FileNotFoundError):
        if stat.S_ISSOCK(os.lstat(path).st_mode):
            os.unlink(path)


@contextmanager
def _reachable(folder: Path) -> Iterator[str]:
    """A name of the socket that is short enough."""
    path = str(folder / NAME)
    if len(os.fsencode(path)) <= _LONGEST:
        yield path
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}/{NAME}"
    finally:
        os.close(descriptor)
