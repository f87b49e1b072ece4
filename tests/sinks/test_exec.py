"""Commands, really run: what they are given, what their exit status means, and every way they can misbehave."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from monitor.errors import SinkError
from monitor.model import Answer, AnswerKind, Delivery, DeliveryState, Severity
from monitor.render.message import read
from monitor.sinks import Tools
from monitor.sinks.exec import Exec, ExecSettings
from tests.fakes import START, FakeClock, FakePoster
from tests.render.samples import DOCUMENTS

CANARY = "canary-7c41"
PAYLOAD = DOCUMENTS["arabic"]
Given = Callable[..., Exec]


def delivery(payload: bytes = PAYLOAD) -> Delivery:
    return Delivery("n1", "desk", "a1", Severity.HIGH, 7, DeliveryState.INFLIGHT, 1, START, START, payload)


def settings(*command: str, **more: Any) -> ExecSettings:
    return ExecSettings.model_validate({"type": "exec", "command": list(command), **more})


@pytest.fixture
def script(tmp_path: Path) -> Given:
    """A sink whose command is a script of Python with ``out`` as the path it may write to."""

    def make(source: str, limit: float = 10.0, **more: Any) -> Exec:
        file = tmp_path / "script.py"
        file.write_text(f"import os, signal, subprocess, sys, time\nout = {str(tmp_path / 'out')!r}\n{source}\n")
        sink = settings(sys.executable, "-I", str(file), **more).build("desk", Tools(FakePoster(), FakeClock())).sink
        assert isinstance(sink, Exec)
        sink._limit = limit
        return sink

    return make


def run(sink: Exec, payload: bytes = PAYLOAD) -> Answer:
    (answer,) = asyncio.run(sink.send([delivery(payload)]))
    return answer


# --------------------------------------------------------------------------------------- what it is given
def test_the_stored_document_on_standard_input_and_a_clean_environment(
    script: Given, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAEMONS_OWN", CANARY)
    secret = tmp_path / "secret"
    secret.write_text(f"{CANARY}\n")
    sink = script(
        "import json\n"
        "old = os.umask(0)\n"
        "fds = sorted(int(n) for n in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{n}'))\n"
        "found = dict(stdin=sys.stdin.buffer.read().decode(), env=dict(os.environ), cwd=os.getcwd(), umask=old, fds=fds)\n"
        "found['leader'] = os.getsid(0) == os.getpid()\n"
        "json.dump(found, open(out, 'w'))",
        environment={"DESK": "night"},
        environment_files={"TOKEN": secret},
    )
    kept = os.open("/", os.O_RDONLY)
    os.set_inheritable(kept, True)
    try:
        assert run(sink) == Answer(AnswerKind.DELIVERED)
    finally:
        os.close(kept)
    found = json.loads((tmp_path / "out").read_text())
    assert found["stdin"] == PAYLOAD.decode()
    environment = {name: value for name, value in found["env"].items() if name != "LC_CTYPE"}  # Python's own
    assert environment == {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "DESK": "night",
        "TOKEN": CANARY,
        "MONITOR_ID": read(PAYLOAD).id,
        "MONITOR_KIND": "alert",
        "MONITOR_SEVERITY": "high",
        "MONITOR_WATCHLIST": "arms-transfer",
        "MONITOR_SEQUENCE": "7",
        "MONITOR_SAMPLE": "",
    }
    assert (found["cwd"], found["umask"], found["leader"], found["fds"]) == ("/", 0o077, True, [0, 1, 2])


def test_arguments_stand_for_themselves(tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ("$(touch x)", "a b", "; rm -rf x", "*")
    source = f"import sys; open({str(out)!r}, 'w').write(repr(sys.argv[1:]))"
    sink = settings(sys.executable, "-Ic", source, *words).build("desk", Tools(FakePoster(), FakeClock())).sink
    assert isinstance(sink, Exec)
    assert run(sink).kind is AnswerKind.DELIVERED
    assert out.read_text() == repr(list(words))


# ----------------------------------------------------------------------------------- what its end means
@pytest.mark.parametrize(
    ("source", "kind", "words"),
    [
        ("", AnswerKind.DELIVERED, ""),
        ("sys.exit(65)", AnswerKind.REFUSED, "ended with 65"),
        ("sys.exit(75)", AnswerKind.RETRY, "ended with 75"),
        ("sys.exit(1)", AnswerKind.RETRY, "ended with 1"),
        ("sys.exit(77)", AnswerKind.PAUSE, "may not do"),
        ("sys.exit(78)", AnswerKind.PAUSE, "not set up right"),
        ("sys.exit(126)", AnswerKind.PAUSE, "not executable"),
        ("sys.exit(127)", AnswerKind.PAUSE, "not there"),
        ("sys.exit(255)", AnswerKind.RETRY, "ended with 255"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", AnswerKind.RETRY, "SIGSEGV"),
        ("sys.exit('the desk\\x1b[2J is\\r closed\\nsecond line')", AnswerKind.RETRY, "ended with 1: the desk [2J is closed"),
        ("sys.stderr.buffer.write(b'\\xff\\xfe' * 3000); sys.exit(1)", AnswerKind.RETRY, "\ufffd"),
    ],
)
def test_an_exit_status_means(script: Given, source: str, kind: AnswerKind, words: str) -> None:
    answer = run(script(source))
    assert answer.kind is kind, answer
    assert words in answer.detail
    assert answer.detail.isprintable()
    assert "second" not in answer.detail
    assert len(answer.detail) < 300


def test_what_it_says_is_not_repeated_where_it_holds_a_secret(script: Given, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(CANARY)
    sink = script("sys.exit('no such token: ' + os.environ['TOKEN'])", environment_files={"TOKEN": secret})
    assert run(sink) == Answer(AnswerKind.RETRY, "the command ended with 1")
    secret.unlink()
    assert run(sink).kind is AnswerKind.RETRY  # what was read last stays in force


def test_what_is_no_document_is_poison(script: Given, tmp_path: Path) -> None:
    assert run(script("open(out, 'w')"), b"{}").kind is AnswerKind.POISON
    assert not (tmp_path / "out").exists()


# --------------------------------------------------------------------------------------- misbehaving
HUGE = json.dumps({**json.loads(PAYLOAD), "more": "x" * 1_000_000}).encode()


@pytest.mark.parametrize(
    "source",
    [
        "os.close(0)",
        "sys.stdin.buffer.read(1)",
        "sys.stdout.write('x' * 10_000_000)",
        "sys.stderr.write('x' * 1_000_000)",
        "os.close(1); os.close(2)",
    ],
)
def test_what_it_does_with_its_streams_is_its_own_business(script: Given, source: str) -> None:
    assert run(script(f"{source}\nos._exit(0)"), HUGE) == Answer(AnswerKind.DELIVERED)


def alive(pid: int) -> bool:
    """Whether it runs; one that has ended and that nobody has asked about does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def ends(pid: int) -> bool:
    end = time.monotonic() + 5
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.01)  # the system ends it when it gets to it
    return not alive(pid)


HANGS = {
    "sleeps": "time.sleep(60)",
    "ignores what it can": "[signal.signal(s, signal.SIG_IGN) for s in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)]; time.sleep(60)",
    "floods": "while True: os.write(2, b'x' * 65536)",
    "has a child that sleeps": "child = subprocess.Popen(['/bin/sleep', '60']); open(out, 'w').write(str(child.pid)); child.wait()",
}


@pytest.mark.parametrize("name", HANGS)
def test_fault_23_a_command_that_does_not_end_is_ended_with_all_it_began(script: Given, tmp_path: Path, name: str) -> None:
    source = f"open(out, 'w').write(str(os.getpid()))\n{HANGS[name]}"
    answer = run(script(source, limit=0.7))
    assert answer.kind is AnswerKind.RETRY
    assert "did not end within 0.7 s" in answer.detail
    assert ends(int((tmp_path / "out").read_text()))


def test_what_a_command_leaves_behind_is_ended(script: Given, tmp_path: Path) -> None:
    sink = script("child = subprocess.Popen(['/bin/sleep', '60']); open(out, 'w').write(str(child.pid)); os._exit(0)")
    assert run(sink) == Answer(AnswerKind.DELIVERED)
    assert ends(int((tmp_path / "out").read_text()))


def test_one_that_leaves_its_session_holds_nothing_up(script: Given, tmp_path: Path) -> None:
    source = "child = subprocess.Popen(['/bin/sleep', '60'], start_new_session=True); open(out, 'w').write(str(child.pid)); os._exit(0)"
    assert run(script(source)) == Answer(AnswerKind.DELIVERED)
    os.kill(int((tmp_path / "out").read_text()), 9)


def test_a_shutdown_ends_it(script: Given, tmp_path: Path) -> None:
    async def work() -> None:
        sending = asyncio.create_task(script("open(out, 'w').write(str(os.getpid()))\ntime.sleep(60)").send([delivery()]))
        while not (tmp_path / "out").exists() or not (tmp_path / "out").read_text():
            await asyncio.sleep(0.01)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending

    asyncio.run(work())
    assert ends(int((tmp_path / "out").read_text()))


def test_a_command_that_was_taken_away_pauses(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o755)
    sink = settings(str(program)).build("desk", Tools(FakePoster(), FakeClock())).sink
    assert isinstance(sink, Exec)
    assert run(sink).kind is AnswerKind.DELIVERED
    program.write_text("#!/no/such/interpreter\n")
    assert run(sink) == Answer(AnswerKind.PAUSE, "the command cannot be started: No such file or directory")
    program.unlink()
    assert run(sink).kind is AnswerKind.PAUSE


# ------------------------------------------------------------------------------------------ settings
def test_settings_say_what_is_wrong(tmp_path: Path) -> None:
    for wrong in (
        {"command": []},
        {"command": ["sh"]},
        {"command": "/bin/sh -c x"},
        {"command": ["/bin/sh", "a\x00b"]},
        {"timeout": "0s"},
        {"timeout": "1h"},
        {"environment": {"A-B": "x"}},
        {"environment": {"MONITOR_ID": "x"}},
        {"environment": {"A": "x"}, "environment_files": {"A": "x"}},
        {"shell": True},
    ):
        with pytest.raises(ValidationError):
            ExecSettings.model_validate({"type": "exec", "command": ["/bin/true"], **wrong})
    plain = tmp_path / "plain"
    plain.write_text("")
    for command, said in ((str(tmp_path / "none"), "No such file"), (str(tmp_path), "is no file"), (str(plain), "not executable")):
        with pytest.raises(SinkError, match=said):
            settings(command).build("desk", Tools(FakePoster(), FakeClock()))
    with pytest.raises(SinkError, match="TOKEN"):
        settings("/bin/true", environment_files={"TOKEN": tmp_path / "none"}).build("desk", Tools(FakePoster(), FakeClock()))
