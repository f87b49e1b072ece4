"""The control socket: who gets in, where it is, and commands through the real program."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import socket
import stat
import threading
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from monitor.cli.control import _asked, _Connection, command
from monitor.errors import MonitorError, StorageFull, UsageError
from monitor.model import Command, JsonObject
from monitor.service.control import NAME, Control, connect, listen
from monitor.store import DataFolderLock
from monitor.web import name_of
from monitor.web.control import peer
from tests.acceptance.corpus import event
from tests.receiver import ThreadedReceiver
from tests.service.harness import Workspace, eventually

TOKEN = "a token of 24 characters"
ME = name_of(os.geteuid())


def asked(folder: Path, body: bytes, path: str = "/command") -> tuple[int, Any]:
    connection = http.client.HTTPConnection("localhost")
    connection.sock = connect(folder, 10.0)
    try:
        connection.request("POST", path, body)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def served(folder: Path, perform: Callable[[Command], Awaitable[JsonObject]], *bodies: bytes) -> list[tuple[int, Any]]:
    async def main() -> list[tuple[int, Any]]:
        server = Control(folder, perform)
        server.start()
        try:
            return [await asyncio.to_thread(asked, folder, body) for body in bodies]
        finally:
            await server.stop()

    return asyncio.run(main())


async def echoed(command: Command) -> JsonObject:
    if command.name == "usage":
        raise UsageError("no", hint="yes")
    if command.name == "full":
        raise StorageFull("no space")
    if command.name == "ours":
        raise RuntimeError("a fault of ours")
    return {"name": command.name, "arguments": command.arguments, "actor": command.actor}


def test_a_command_comes_in_as_the_user_the_kernel_names(tmp_path: Path) -> None:
    body = json.dumps({"name": "x", "arguments": {"a": "عربي"}, "actor": "cli:somebody-else"}).encode()
    assert served(tmp_path, echoed, body) == [(200, {"name": "x", "arguments": {"a": "عربي"}, "actor": f"cli:{ME}"})]


def test_what_goes_wrong_keeps_its_words_and_its_exit_status(tmp_path: Path) -> None:
    bodies = [json.dumps({"name": name, "arguments": {}}).encode() for name in ("usage", "full", "ours")]
    usage, full, ours = served(tmp_path, echoed, *bodies)
    assert usage == (422, {"error": "no", "hint": "yes", "exit_status": 2})
    assert full == (422, {"error": "no space", "hint": "", "exit_status": 3})
    assert ours[1]["exit_status"] == 1
    assert "ours" not in ours[1]["error"]


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b'{"name": 1, "arguments": {}}', b'{"name": "x"}', b"[" * 100_000])
def test_what_is_no_command_is_refused(tmp_path: Path, body: bytes) -> None:
    assert served(tmp_path, echoed, body)[0][0] == 400


def test_the_socket_is_for_its_own_user_and_goes_at_the_end(tmp_path: Path) -> None:
    async def main() -> None:
        server = Control(tmp_path, echoed)
        server.start()
        found = os.lstat(tmp_path / NAME)
        assert stat.S_ISSOCK(found.st_mode)
        assert stat.S_IMODE(found.st_mode) == 0o600
        await server.stop()
        assert not (tmp_path / NAME).exists()

    before = os.umask(0)
    try:
        asyncio.run(main())
    finally:
        os.umask(before)


def test_one_that_a_crash_left_is_replaced_and_a_file_is_not(tmp_path: Path) -> None:
    listen(tmp_path).close()
    assert (tmp_path / NAME).exists()
    with pytest.raises(ConnectionRefusedError):
        connect(tmp_path, 1.0)
    assert served(tmp_path, echoed, b'{"name": "x", "arguments": {}}')[0][0] == 200
    (tmp_path / NAME).write_text("somebody's file")
    server = Control(tmp_path, echoed)
    server.start()  # says so in the log, and goes on without
    asyncio.run(server.stop())
    assert (tmp_path / NAME).read_text() == "somebody's file"


def test_a_folder_whose_path_is_longer_than_a_sockets_name(tmp_path: Path) -> None:
    folder = tmp_path / ("long " * 20) / ("longer " * 20)
    folder.mkdir(parents=True)
    assert served(folder, echoed, b'{"name": "x", "arguments": {}}')[0][0] == 200


def test_the_kernel_says_who_is_there() -> None:
    here, there = socket.socketpair()
    with here, there:
        assert peer(here) == os.geteuid()
    assert name_of(4_000_000_000) == "uid 4000000000"


# ------------------------------------------------------------------------------------ the real program
@pytest.fixture
def pushed(workspace: Workspace) -> Workspace:
    (workspace.folder / "token").write_text(TOKEN.replace(" ", "-"))
    (workspace.folder / "token").chmod(0o600)
    text = workspace.config.read_text()
    workspace.config.write_text(text.replace("sources:\n", "sources:\n  wire: {push: true, secret_file: ./token}\n"))
    return workspace


def line(name: str, word: str = "rocketsale") -> str:
    return json.dumps({"id": name, "text": event(name, [word])})


def post(address: str, body: str, token: str = TOKEN.replace(" ", "-")) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    request = urllib.request.Request(address.replace("/healthz", "/v1/articles"), body.encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_pushes_and_commands_reach_a_daemon_that_runs(pushed: Workspace, receiver: ThreadedReceiver) -> None:
    daemon = pushed.start().ready()
    new = {"received": 2, "new": 2, "changed": 0, "unchanged": 0, "sighted": 0, "alerts": 1}
    body = f"{line('a')}\n{line('b', 'picnic')}\n"
    assert post(daemon.address, body) == (200, new)
    assert post(daemon.address, body) == (200, new | {"new": 0, "unchanged": 2, "alerts": 0})
    assert post(daemon.address, body, "wrong")[0] == 401
    assert post(daemon.address, f'{line("c")}\n{{"id": "d"}}\n')[0] == 400
    eventually(lambda: receiver.requests, "the alert")
    # The same from the command line, which knows that a daemon holds the folder.
    done = pushed.run("ingest", "-", "--source", "wire", "--json", stdin=f"{line('a')}\n{line('e')}\nnonsense\n")
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    assert (found["received"], found["new"], found["unchanged"], found["alerts"]) == (3, 1, 1, 1)
    assert [fault["line"] for fault in found["faults"]] == [3]
    eventually(lambda: len(receiver.requests) == 2, "the second alert")
    # A token that was changed is in force at once, without a restart.
    (pushed.folder / "token").write_text("another-token-of-the-wire\n")
    eventually(lambda: post(daemon.address, line("a"), "another-token-of-the-wire")[0] == 200, "the new token")
    assert post(daemon.address, line("a"))[0] == 401
    assert daemon.stop() == 0
    assert not (pushed.folder / "var" / NAME).exists()


def test_without_a_daemon_the_command_does_it_itself_and_the_next_run_delivers(pushed: Workspace, receiver: ThreadedReceiver) -> None:
    (pushed.folder / "articles.jsonl").write_text("".join(f"{line(f'n{number}', 'picnic')}\n" for number in range(1100)) + line("last"))
    done = pushed.run("ingest", "articles.jsonl", "--source", "wire")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "1101 received: 1101 new, 0 changed, 0 unchanged, 0 known from elsewhere, 0 not taken; 1 notification\n"
    again = pushed.run("ingest", "articles.jsonl", "--source", "wire")
    assert again.stdout == "1101 received: 0 new, 0 changed, 1101 unchanged, 0 known from elsewhere, 0 not taken; 0 notifications\n"
    assert not receiver.requests
    assert pushed.run("once").returncode == 0
    assert len(receiver.requests) == 1


def test_a_folder_held_by_what_takes_no_commands_is_said_with_status_4(pushed: Workspace) -> None:
    with DataFolderLock(pushed.folder / "var"):
        done = pushed.run("ingest", "-", "--source", "wire")
    assert done.returncode == 4
    assert "does not take commands" in done.stderr


def test_a_daemon_that_dies_under_a_command_is_said(tmp_path: Path) -> None:
    listener = listen(tmp_path)
    listener.setblocking(True)

    def hang_up() -> None:
        connection, _ = listener.accept()
        connection.recv(100)
        connection.close()

    thread = threading.Thread(target=hang_up)
    thread.start()
    with pytest.raises(MonitorError, match="without an answer"):
        _asked(_Connection(tmp_path), command("x"))
    thread.join()
    listener.close()
