"""The one page of the control socket: a command in, its answer out.

Who may come in is decided before anything is read: the socket belongs to the daemon's user, and the kernel says who is at
its other end. What a command does is not known here.
"""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from uvicorn.protocols.http.h11_impl import H11Protocol

from monitor.errors import ExitStatus, MonitorError
from monitor.model import Command, JsonObject
from monitor.web.body import TooLarge, TooSlow, read_body

#: Bytes of one command: 500 articles of the largest text would be more, and are sent in parts.
MAX_COMMAND: Final = 32 * 1024 * 1024
#: Seconds in which a command must have been sent.
DEADLINE: Final = 30.0
#: struct ucred: process, user, group.
_PEER: Final = struct.Struct("iII")

log = structlog.get_logger()


class ControlProtocol(H11Protocol):
    """HTTP over a Unix socket, the other end's user as the client's name; others than the daemon's own and root are shut out."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        user = peer(transport.get_extra_info("socket"))
        if user not in (0, os.geteuid()):
            transport.abort()
        self.client = (name_of(user), 0)


def peer(connection: socket.socket) -> int:
    """The user at the other end of a Unix socket, -1 where this kernel does not say."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return os.geteuid()  # the socket's mode has kept all others out
    return int(_PEER.unpack(connection.getsockopt(socket.SOL_SOCKET, option, _PEER.size))[1])


def name_of(user: int) -> str:
    """Also in a container, whose users have no names."""
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"uid {user}"


def create_control_app(perform: Callable[[Command], Awaitable[JsonObject]]) -> FastAPI:
    app = FastAPI(title="monitor control", docs_url=None, redoc_url=None, openapi_url=None)

    @app.post("/command")
    async def command(request: Request) -> Response:
        try:
            asked = _command(await read_body(request, MAX_COMMAND, DEADLINE), request)
        except TooLarge:
            return _failed("the command is too large", status=413)
        except TooSlow:
            return _failed("the command did not come in time", status=408)
        except ValueError:
            return _failed("this is no command", status=400)
        try:
            return JSONResponse(await perform(asked))
        except MonitorError as error:
            return _failed(error.message, error.hint, error.exit_status)
        except Exception:
            log.exception("command_failed", command=asked.name)
            return _failed("the daemon failed at this; its log says why", exit_status=ExitStatus.CHECK_FAILED)

    return app


def _command(body: bytes, request: Request) -> Command:
    """Raises ValueError. Who it comes from is what the kernel says, whatever the command says."""
    try:
        found: Any = json.loads(body)
    except RecursionError:
        raise ValueError from None
    if not isinstance(found, dict) or not isinstance(found.get("name"), str) or not isinstance(found.get("arguments"), dict):
        raise ValueError
    client = request.client.host if request.client else ""
    return Command(found["name"], found["arguments"], f"cli:{client}")


def _failed(message: str, hint: str = "", exit_status: ExitStatus = ExitStatus.WRONG_USE, status: int = 422) -> Response:
    return JSONResponse({"error": message, "hint": hint, "exit_status": int(exit_status)}, status_code=status)
