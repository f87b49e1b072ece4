"""A receiver that costs next to nothing, as a process of its own: it answers 200 and remembers when each message began to come.

    with Taker() as taker:
        ...                         # post to taker.url
        taker.taken()               # webhook-id -> seconds of the machine's monotonic clock at its first byte

It reads HTTP/1.1 as our own client writes it (a length, kept connections), by hand: a framework would take more of the machine
than what is measured. ``python -m tests.benchmarks.taker`` is the process; a line on its standard input asks what came.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from types import TracebackType
from typing import Any, Final, Self

from tests.benchmarks.measure import ROOT

_ANSWER: Final = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


class _Connection(asyncio.Protocol):
    def __init__(self, taken: dict[str, float]) -> None:
        self._taken = taken
        self._held = b""
        self._began = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if not self._held:
            self._began = time.monotonic()
        self._held += data
        head, end, body = self._held.partition(b"\r\n\r\n")
        if not end:
            return
        headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        if len(body) < int(headers.get(b"content-length", b"0")):
            return
        self._held = b""
        self._taken.setdefault(headers.get(b"webhook-id", b"").decode(), self._began)
        assert self._transport is not None
        self._transport.write(_ANSWER)


class Taker:
    """The process, and what it says."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.benchmarks.taker"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{self._said()}/hook"

    def count(self) -> int:
        """How many different messages came since ``taken`` was asked."""
        return int(self._ask("count"))

    def taken(self) -> dict[str, float]:
        """What came since this was last asked."""
        found: dict[str, float] = self._ask("taken")
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def _ask(self, what: str) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(what + "\n")
        self._process.stdin.flush()
        return self._said()

    def _said(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


async def _serve() -> None:
    taken: dict[str, float] = {}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(taken), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(len(taken) if line.strip() == "count" else taken), flush=True)
        if line.strip() == "taken":
            taken.clear()


if __name__ == "__main__":
    asyncio.run(_serve())
