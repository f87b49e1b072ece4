"""The command sink: a program of the operator's for each delivery, the stored document on its standard input.

    exit status                what it means
    -------------------------  ---------------------------------------------------------------------------------------
    0                          delivered
    65 (EX_DATAERR)            refused: this one is not wanted
    75 (EX_TEMPFAIL), others,  retry
    a signal, the time limit
    77, 78 (EX_NOPERM,         pause: a person must mend the command or its set-up
    EX_CONFIG), 126, 127, or
    it cannot be started

There is no shell, nothing of the daemon's environment, and nothing that a stranger wrote on the command line or in the environment.
The command has a session of its own, and whatever of it is still there when it ends, or when its time is over, is ended with it.
"""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import stat
import tempfile
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import IO, Annotated, ClassVar, Final, Literal

from pydantic import AfterValidator, Field, model_validator

from monitor.errors import SinkError
from monitor.model import Answer, AnswerKind, Delivery
from monitor.render.message import Message, read
from monitor.sinks.advice import Advice
from monitor.sinks.answers import printable
from monitor.sinks.base import Built, OneByOne, Seconds, SecretPath, SinkSection, Tools, lasting
from monitor.sinks.example import Example
from monitor.sinks.secrets import SecretFile, pieces

#: sysexits.h, and what shells answer where a command is not executable or not there.
_REFUSED: Final = 65
_PAUSES: Final[Mapping[int, str]] = {
    77: "it may not do what it should",
    78: "it is not set up right",
    126: "something it runs is not executable",
    127: "something it runs is not there",
}
#: Trouble of this machine and this moment, not of the command.
_NOT_NOW: Final = frozenset({errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ENOSPC})

#: What every command is given, whatever the daemon was started with.
_ENVIRONMENT: Final[Mapping[str, str]] = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
_NAME: Final = r"^[A-Za-z_][A-Za-z0-9_]*$"
_OURS: Final = "MONITOR_"

#: Bytes of its errors that are kept, and bytes read at once. Beyond the first reading a pause stands between two: a command that
#: floods is slowed down, and delays nobody else.
KEPT: Final = 4096
_CHUNK: Final = 64 * 1024
_PAUSE: Final = 0.01
#: Seconds for the rest of its errors once it has ended.
_REST: Final = 0.5


def _program(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value[0].startswith("/"):
        raise ValueError(f"{value[0]!r}: the command is an absolute path, and each argument stands for itself; there is no shell")
    if any("\x00" in word for word in value):
        raise ValueError("a command holds no NUL")
    return value


Variable = Annotated[str, Field(pattern=_NAME)]


class ExecSettings(SinkSection):
    examples: ClassVar[tuple[Example, ...]] = (
        Example("exec", "a program of yours, with the document on its standard input", {"command": ["/usr/local/bin/on-alert"]}),
    )
    advice: ClassVar[tuple[Advice, ...]] = (
        Advice(r"the command cannot be started: Permission denied", "let the monitor's user execute the program of command: (chmod +x)"),
        Advice(r"the command cannot be started: No such file", "the program of command:, or what its first line (#!) names, is not there"),
        Advice(r"the command cannot be started: Exec format error", "a script must begin with #! and its interpreter, such as #!/bin/sh"),
        Advice(r"the command cannot be started", "try it by hand as the monitor's user"),
        Advice(r"the command did not end within", "let it finish sooner, or give it longer with timeout:"),
        Advice(r"the command was ended by", "something ended it from outside, the memory limit of the service perhaps: journalctl -k says"),
        Advice(r"the command ended with 65\b", "it wants this one not: exit status 65 gives a message up; 75 would try it again"),
        Advice(r"the command ended with 77\b", "it lacks a right: try it by hand as the monitor's user"),
        Advice(r"the command ended with 78\b", "its own set-up is wrong: try it by hand, with what environment: gives it"),
        Advice(r"the command ended with 126\b", "something it runs is not executable for the monitor's user (chmod +x)"),
        Advice(
            r"the command ended with 127\b",
            "something it runs is not there: its PATH is /usr/local/bin:/usr/bin:/bin, whatever the monitor's is",
        ),
        Advice(
            r"the command ended with", "try it by hand with a document of `monitor alerts export` on its standard input; 0 says delivered"
        ),
    )

    type: Literal["exec"]
    command: Annotated[tuple[str, ...], AfterValidator(_program)] = Field(
        min_length=1, max_length=100, description="The program (an absolute path) and its arguments, each for itself; there is no shell."
    )
    timeout: Annotated[Seconds, lasting(timedelta(seconds=1), timedelta(minutes=10))] = Field(
        default=15.0, description="How long it may run; then it is ended, and tried again."
    )
    environment: dict[Variable, str] = Field(default_factory=dict, description="Variables for the command.")
    environment_files: dict[Variable, SecretPath] = Field(
        default_factory=dict, description="Variables whose values stand in files: secrets."
    )

    @model_validator(mode="after")
    def _variables(self) -> ExecSettings:
        names = [*self.environment, *self.environment_files]
        if taken := [name for name in names if name.startswith(_OURS)]:
            raise ValueError(f"{taken[0]}: variables that begin with {_OURS} are set for each delivery")
        if len(set(names)) < len(names):
            raise ValueError("a variable stands in environment and in environment_files")
        if any("\x00" in value for value in self.environment.values()):
            raise ValueError("a variable holds no NUL")
        return self

    def build(self, name: str, tools: Tools) -> Built:
        return Built(sink=Exec(name, self))


class Exec(OneByOne):
    """Implements the port Sink. Raises SinkError where the command or a file cannot be used."""

    def __init__(self, name: str, settings: ExecSettings) -> None:
        self.name = name
        self._command = settings.command
        self._limit = settings.timeout
        self._given = {**_ENVIRONMENT, **settings.environment}
        self._files = {variable: SecretFile(name, f"value of {variable}", file) for variable, file in settings.environment_files.items()}
        if problem := _unusable(Path(self._command[0])):
            raise SinkError(f"sink {name}: the command {self._command[0]} {problem}")
        self._secrets()

    async def attempt(self, delivery: Delivery) -> Answer:
        try:
            told = variables(read(delivery.payload), delivery.sequence)
        except ValueError as error:
            return Answer(AnswerKind.POISON, detail=str(error)[:200])
        try:
            secrets = self._secrets()
            status, said = await _run(self._command, delivery.payload, {**self._given, **secrets, **told}, self._limit)
        except SinkError as error:
            return Answer(AnswerKind.RETRY, detail=error.message)
        except OSError as error:
            kind = AnswerKind.RETRY if error.errno in _NOT_NOW else AnswerKind.PAUSE
            return Answer(kind, detail=f"the command cannot be started: {error.strerror or type(error).__name__}")
        words = printable(said.decode("utf-8", "replace").strip().partition("\n")[0], pieces(*secrets.values()))
        return self._answer(status, f": {words}" if words else "")

    def _answer(self, status: int | None, words: str) -> Answer:
        if status == 0:
            return Answer(AnswerKind.DELIVERED)
        if status is None:
            return Answer(AnswerKind.RETRY, detail=f"the command did not end within {self._limit:g} s and was ended{words}")
        if status < 0:
            return Answer(AnswerKind.RETRY, detail=f"the command was ended by {_signal(-status)}{words}")
        if status in _PAUSES:
            return Answer(AnswerKind.PAUSE, detail=f"the command ended with {status}, {_PAUSES[status]}{words}")
        kind = AnswerKind.REFUSED if status == _REFUSED else AnswerKind.RETRY
        return Answer(kind, detail=f"the command ended with {status}{words}")

    def _secrets(self) -> dict[str, str]:
        """Raises SinkError."""
        return {variable: file.read() for variable, file in self._files.items()}


def variables(message: Message, sequence: int) -> dict[str, str]:
    """What is told of a delivery in the environment: words of ours only, since scripts are careless with variables."""
    told = {
        "ID": message.id,
        "KIND": message.about.value,
        "SEVERITY": message.severity.value,
        "WATCHLIST": message.watchlist,
        "SEQUENCE": str(sequence),
        "SAMPLE": "1" if message.sample else "",
    }
    return {f"{_OURS}{name}": value for name, value in told.items()}


# ------------------------------------------------------------------------------------ one run
async def _run(command: Sequence[str], payload: bytes, environment: Mapping[str, str], limit: float) -> tuple[int | None, bytes]:
    """Its exit status (None: its time was over) and the beginning of its errors. Raises OSError where it cannot be started."""
    reading, writing = os.pipe()
    try:
        # A file, not a pipe: a command that reads nothing, or half, neither blocks nor is broken off.
        with _file(payload) as document:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=document,
                stdout=DEVNULL,
                stderr=writing,
                cwd="/",
                env=dict(environment),
                start_new_session=True,
                umask=0o077,
            )
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    errors = asyncio.create_task(_errors(reading))
    status: int | None = None
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(limit):
                status = await process.wait()
    finally:
        _end_all(process)
        await asyncio.wait({errors}, timeout=_REST)  # one that left its session may hold them open for ever
        errors.cancel()
        await asyncio.shield(process.wait())
    await asyncio.wait({errors})
    return status, errors.result()


async def _errors(reading: int) -> bytes:
    """What stands at the beginning of its errors; all else is read and thrown away, so that it never waits for us."""
    stream = asyncio.StreamReader(limit=_CHUNK)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(reading, "rb", buffering=0)
    )
    kept = b""
    try:
        while chunk := await stream.read(_CHUNK):
            kept += chunk[: KEPT - len(kept)]
            if len(chunk) >= KEPT:
                await asyncio.sleep(_PAUSE)
    except asyncio.CancelledError:
        pass  # what came until now is what there is
    finally:
        transport.close()
    return kept


def _file(payload: bytes) -> IO[bytes]:
    """In memory where the system has that."""
    made: IO[bytes]
    if hasattr(os, "memfd_create"):
        made = os.fdopen(os.memfd_create("news-monitor", os.MFD_CLOEXEC), "w+b")
    else:
        made = tempfile.TemporaryFile("w+b")  # noqa: SIM115 - the caller closes it
    try:
        made.write(payload)
        made.seek(0)  # writes what is buffered
    except BaseException:
        made.close()
        raise
    return made


def _end_all(process: Process) -> None:
    """The command and all that it began and left in its session."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _unusable(program: Path) -> str:
    try:
        status = program.stat()
    except OSError as error:
        return f"cannot be used: {error.strerror}"
    if not stat.S_ISREG(status.st_mode):
        return "is no file"
    return "" if os.access(program, os.X_OK) else "is not executable for this user"


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
