"""The receiver as a process of its own, so that no kill of the program touches it and it slows no test's loop.

    python -m tests.acceptance.receiver_main FILE

Every request becomes a line of FILE before it is answered. Commands come as JSON lines on standard input, each answered
with a line; the end of standard input ends the process.

    {"do": "up"}                                         listen (the port stays the same from the first time on)
    {"do": "down"}                                       connections are refused
    {"do": "mix", "path": "/desk", "seed": 1, "of": [[weight, {"status": 503}], …]}     how requests to a path are answered
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import sys
import time
from collections.abc import Mapping
from typing import Any

from tests.receiver import Habit, Receiver, Reply


class Mix:
    """Replies drawn by weight, the same ones for the same seed."""

    def __init__(self, seed: int, of: list[tuple[float, dict[str, Any]]]) -> None:
        self._chance = random.Random(seed)
        self._weights = [weight for weight, _ in of]
        self._replies = [_reply(**words) for _, words in of]

    def draw(self) -> Reply:
        return self._chance.choices(self._replies, self._weights)[0]


def _reply(status: int = 200, habit: str = "answer", headers: Mapping[str, str] | None = None, delay: float = 0.0) -> Reply:
    return Reply(status, headers or {}, habit=Habit[habit.upper()], delay=delay)


class Recording:
    """Answers for the receiver, and writes down what came."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._mixes: dict[str, Mix] = {}

    def mix(self, path: str, mix: Mix) -> None:
        self._mixes[path] = mix

    def answer(self, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        mix = self._mixes.get(path)
        reply = mix.draw() if mix else Reply()
        os.write(self._file, json.dumps(_entry(path, headers, body, reply)).encode() + b"\n")
        return reply


def _entry(path: str, headers: Mapping[str, str], body: bytes, reply: Reply) -> dict[str, Any]:
    """What the ledger asks of a request."""
    document = json.loads(body)
    data = document["data"]
    return {
        "at": time.monotonic(),  # the same clock for every process of the machine
        "path": path,
        "webhook_id": headers["webhook-id"],
        "sequence": int(headers["monitor-sequence"]),
        "sha256": hashlib.sha256(body).hexdigest(),
        "status": reply.status,
        "habit": reply.habit.name.lower(),
        "id": document["id"],
        "type": document["type"],
        "subject": document["subject"],
        "severity": data["alert" if "alert" in data else "operation"]["severity"],
    }


async def main(path: str) -> None:
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    recording, receiver = Recording(file), Receiver()
    receiver.answer = recording.answer
    # What came is on file; in memory it would only grow.
    receiver.requests = Forgetting()
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        match json.loads(line):
            case {"do": "up"}:
                await receiver.start()
            case {"do": "down"}:
                await receiver.stop()
            case {"do": "mix", "path": str(where), "seed": int(seed), "of": list(of)}:
                recording.mix(where, Mix(seed, of))
            case other:
                raise ValueError(f"no such command: {other}")
        print(json.dumps({"port": receiver.port}), flush=True)
    await receiver.stop()


class Forgetting(list[Any]):
    def append(self, _: Any) -> None:
        pass


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
