"""uvicorn inside the service's own event loop: it neither takes the process's signals nor outstays its welcome."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from monitor.errors import ConfigError, Fault

#: Seconds that open connections are given at shutdown; a scrape takes milliseconds.
GRACE = 1
#: Somebody's page of metrics is no reason to keep thousands of connections.
CONNECTIONS = 100
#: Seconds within which who connects has asked something: an idle connection takes the place of one that asks after our health.
ASKED_WITHIN = 10.0


class _Uvicorn(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The service decides what signals mean."""
        yield


class Protocol(H11Protocol):
    """HTTP for whoever asks: who sends no whole head of a request in time is hung up on, which uvicorn does for no first one."""

    asked_within = ASKED_WITHIN

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._look(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._next_look.cancel()
        super().connection_lost(exc)

    def _look(self, last: RequestResponseCycle | None) -> None:
        """``last`` is the request that was seen at the last look: a new one since then, or one being answered, may go on."""
        self._next_look = self.loop.call_later(self.asked_within, self._look_again, last)

    def _look_again(self, last: RequestResponseCycle | None) -> None:
        if self.cycle is last and (last is None or last.response_complete):
            self.transport.close()
        else:
            self._look(self.cycle)


class Server:
    """``protocol`` speaks HTTP to whoever connects."""

    def __init__(self, app: FastAPI, listener: socket.socket, *, protocol: type[asyncio.Protocol] = Protocol) -> None:
        config = uvicorn.Config(
            app,
            http=protocol,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
            proxy_headers=False,  # who is asked about is who connects, whatever a header says
            timeout_graceful_shutdown=GRACE,
            limit_concurrency=CONNECTIONS,
        )
        self._server = _Uvicorn(config)
        self._listener = listener
        self._task: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """``http://127.0.0.1:8080``, with the port that was really bound."""
        host, port = self._listener.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def start(self) -> None:
        self._task = asyncio.create_task(self._server.serve(sockets=[self._listener]), name="web")

    async def stop(self) -> None:
        if self._task is not None:
            self._server.should_exit = True
            await asyncio.wait([self._task], timeout=2 * GRACE + 1)
        self._listener.close()


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; raises ConfigError where the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        # A daemon started again at once must not wait for its predecessor's connections to time out.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(CONNECTIONS)
    except OSError as error:
        listener.close()
        raise ConfigError([Fault(f"server.listen: {host}:{port} cannot be used: {_reason(error)}", hint=_hint(error))]) from None
    listener.setblocking(False)
    return listener


def _reason(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "another program listens there"
    if isinstance(error, socket.gaierror):
        return "this is no address of this machine"
    return os.strerror(error.errno) if error.errno else str(error)


def _hint(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "choose another port with server: {listen: 127.0.0.1:8081}, or MONITOR_SERVER__LISTEN=127.0.0.1:8081"
    return ""
