"""The real programs that sinks are tried against, started on loopback ports that were free a moment ago, each ended by its own id.

    with alertmanager(tmp_path) as judge: ...   # judge.url; judge.restart()
    with rsyslog(tmp_path) as judge: ...        # judge.port; judge.lines()

Where one is not installed, the test skips and says how to install it.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

#: Seconds until a program takes connections; on an idle machine it is 0.2.
READY = 10.0
J = TypeVar("J", bound="Judge")
TLS = Path(__file__).parent / "net" / "tls"


def found(program: str) -> str:
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/bin")
    if path is None:
        pytest.skip(f"{program} is not installed: apt-get install {program.replace('rsyslogd', 'rsyslog')}")
    return path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Judge:
    """A program under way. ``restart`` kills it and starts it again on the same port: what it held in memory is gone."""

    command: Sequence[str]
    port: int
    said: Path
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with self.said.open("ab") as out:
            self._process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        end = time.monotonic() + READY
        while time.monotonic() < end and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)  # no answer yet: nothing to wait on but the port
        self.stop()
        pytest.fail(f"{self.command[0]} did not start:\n{self.said.read_text(errors='replace')[-2000:]}")

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait(10)

    def restart(self) -> None:
        self.stop()
        self.start()


@contextmanager
def alertmanager(folder: Path) -> Iterator[Judge]:
    program = found("prometheus-alertmanager")
    (folder / "alertmanager.yml").write_text("route: {receiver: none}\nreceivers: [{name: none}]\n")
    port = free_port()
    command = [
        program,
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    yield from _running(Judge(command, port, folder / "alertmanager.log"))


@dataclass
class Syslog(Judge):
    written: Path = field(default_factory=Path)

    def lines(self) -> list[str]:
        """What it has written down, a line a message: ``PRI VERSION rest``, as it came."""
        return self.written.read_text("utf-8").splitlines() if self.written.exists() else []


@contextmanager
def rsyslog(folder: Path, *, tls: bool = False) -> Iterator[Syslog]:
    """Octet-counted or line-framed RFC 5424 over TCP. With ``tls`` it shows tests/net/tls/trusted.pem."""
    program = found("rsyslogd")
    if tls and not any(Path("/usr/lib").glob("*/rsyslog/lmnsd_gtls.so")):
        pytest.skip("rsyslog speaks no TLS here: apt-get install rsyslog-gnutls")
    port, written = free_port(), folder / "syslog.txt"
    (folder / "rsyslog.conf").write_text(_rsyslog_conf(folder, port, written, tls))
    command = [program, "-n", "-f", str(folder / "rsyslog.conf"), "-i", str(folder / "rsyslog.pid")]
    yield from _running(Syslog(command, port, folder / "rsyslog.log", written=written))


def _rsyslog_conf(folder: Path, port: int, written: Path, tls: bool) -> str:
    driver = ""
    if tls:
        names = (("CAFile", "trusted.pem"), ("CertFile", "trusted.pem"), ("KeyFile", "key.pem"))
        files = "".join(f' defaultNetstreamDriver{name}="{TLS / file}"' for name, file in names)
        driver = f'global(defaultNetstreamDriver="gtls"{files})\n'
    mode = ' StreamDriver.Name="gtls" StreamDriver.Mode="1" StreamDriver.AuthMode="anon"' if tls else ""
    return (
        f'global(workDirectory="{folder}")\n{driver}'
        f'module(load="imtcp"{mode})\ninput(type="imtcp" address="127.0.0.1" port="{port}")\n'
        'template(name="raw" type="string" string="%rawmsg%\\n")\n'
        f'action(type="omfile" file="{written}" template="raw")\n'
    )


def _running(judge: J) -> Iterator[J]:
    judge.start()
    try:
        yield judge
    finally:
        judge.stop()
