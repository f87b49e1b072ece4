"""Syslog to a real rsyslog over TCP and TLS, and to loopback servers with the habits that lose records."""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import ValidationError

from monitor.model import Answer, AnswerKind, Delivery, DeliveryState, Severity
from monitor.render.message import read
from monitor.render.oneline import line
from monitor.sinks import Tools
from monitor.sinks.syslog import Syslog, SyslogSettings
from monitor.sinks.syslog.record import FACILITIES, LINE, Head, record
from tests.fakes import START, FakeClock, FakePoster
from tests.judges import Syslog as Judge
from tests.judges import rsyslog
from tests.render.samples import DOCUMENTS
from tests.sinks.mailserver import server_tls

TLS = Path(__file__).parent.parent / "net" / "tls"
HEAD = Head(FACILITIES["local0"], "mon1", "news-monitor", 8192)
DELIVERED = Answer(AnswerKind.DELIVERED)

#: RFC 5424 §6, of what this program writes.
GRAMMAR = re.compile(
    r"<(?P<pri>\d{1,3})>1 "
    r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z) (?P<host>[!-~]{1,255}) (?P<app>[!-~]{1,48}) - (?P<id>[!-~]{1,32}) "
    r'\[(?P<sd>[!-~]{1,32})(?P<parameters>(?: [!-~]{1,32}="(?:\\["\\\]]|[^"\\\]])*")*)\] (?P<message>.*)',
    re.DOTALL,
)
_PARAMETER = re.compile(r' ([^ =\]"]+)="((?:\\["\\\]]|[^"\\\]])*)"')


def parsed(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """The parts of a record, and its parameters as they were before they were escaped."""
    found = GRAMMAR.fullmatch(text)
    assert found, text
    parameters = _PARAMETER.findall(found["parameters"])
    assert "".join(f' {name}="{value}"' for name, value in parameters) == found["parameters"]
    return found.groupdict(), {name: re.sub(r"\\([\"\\\]])", r"\1", value) for name, value in parameters}


def delivery(document: str = "arabic", sequence: int = 7) -> Delivery:
    payload = DOCUMENTS[document]
    return Delivery(read(payload).id, "logs", "a1", Severity.HIGH, sequence, DeliveryState.INFLIGHT, 1, START, START, payload)


def settings(address: str = "127.0.0.1:1", **more: Any) -> SyslogSettings:
    return SyslogSettings.model_validate({"type": "syslog", "address": address, "tls": False, "hostname": "mon1", **more})


def built(made: SyslogSettings, clock: FakeClock | None = None) -> Syslog:
    sink = made.build("logs", Tools(FakePoster(), clock or FakeClock())).sink
    assert isinstance(sink, Syslog)
    return sink


# ----------------------------------------------------------------------------------------- the record
@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_record_is_rfc_5424(document: str) -> None:
    message = read(DOCUMENTS[document])
    length, _, text = record(message, DOCUMENTS[document], 7, HEAD).decode().partition(" ")
    assert int(length) == len(text.encode())
    parts, parameters = parsed(text)
    assert int(parts["pri"]) == 16 * 8 + {"critical": 2, "high": 3, "medium": 4, "low": 5, "info": 6}[message.severity.value]
    assert (parts["host"], parts["app"], parts["id"], parts["sd"]) == ("mon1", "news-monitor", message.about.value, "monitor@32473")
    assert parts["message"] == line(message, LINE)
    assert (parameters["id"], parameters["sequence"], parameters["severity"]) == (message.id, "7", message.severity.value)
    assert parameters.get("url", "") == message.url


@pytest.mark.parametrize("most", [1024, 2048, 8192, 1024 * 1024])
@pytest.mark.parametrize("whole", [False, True])
def test_a_record_is_never_larger_than_the_server_takes(most: int, whole: bool) -> None:
    for payload in DOCUMENTS.values():
        long = replace(read(payload), title="صفقة " * 400, url="https://example.org/" + "x" * 1900, source="مصدر" * 30)
        for message in (long, read(payload)):
            _, _, text = record(message, payload, 10**12, replace(HEAD, most=most, whole=whole)).partition(b" ")
            assert len(text) <= most
            parts, parameters = parsed(text.decode())
            assert parameters["id"] == message.id
            assert whole == (parts["message"] == payload.decode()) or len(payload) > most // 2
            assert parts["message"].count("\u2066") + parts["message"].count("\u2067") == parts["message"].count("\u2069")


# --------------------------------------------------------------------------------------- the real one
def written(judge: Judge, count: int) -> list[str]:
    """What rsyslog wrote once it has ``count`` lines: it writes from a thread of its own."""
    end = time.monotonic() + 10
    while len(judge.lines()) < count and time.monotonic() < end:
        time.sleep(0.01)
    return judge.lines()


def ids(lines: Sequence[str]) -> list[str]:
    return [parsed(one)[1]["sequence"] for one in lines]


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("format_", ["text", "json"])
def test_rsyslog_reads_what_was_meant(tmp_path: Path, tls: bool, format_: str) -> None:
    with rsyslog(tmp_path, tls=tls) as judge:
        more = {"tls": True, "authority": TLS / "trusted.pem"} if tls else {}
        sink = built(settings(f"127.0.0.1:{judge.port}", format=format_, **more))

        async def run() -> None:
            answers = await sink.send([delivery(document, n) for n, document in enumerate(DOCUMENTS)])
            assert answers == [DELIVERED] * len(DOCUMENTS)
            await sink.close()

        asyncio.run(run())
        lines = written(judge, len(DOCUMENTS))
    assert ids(lines) == [str(n) for n in range(len(DOCUMENTS))]
    for text, payload in zip(lines, DOCUMENTS.values(), strict=True):
        assert parsed(text)[0]["message"] == (line(read(payload), LINE) if format_ == "text" else payload.decode())


def test_a_restart_of_rsyslog_between_two_records_loses_nothing(tmp_path: Path) -> None:
    with rsyslog(tmp_path) as judge:
        sink = built(settings(f"127.0.0.1:{judge.port}"))

        async def run() -> None:
            assert await sink.send([delivery(sequence=1)]) == [DELIVERED]
            judge.restart()
            assert await sink.send([delivery(sequence=2)]) == [DELIVERED]
            judge.restart()
            assert await sink.beat() == DELIVERED  # nobody has anything to say, and still nothing is lost
            judge.stop()
            (answer,) = await sink.send([delivery(sequence=3)])
            assert answer == Answer(AnswerKind.RETRY, "not connected: Connection refused")
            judge.start()
            assert await sink.send([delivery(sequence=3)]) == [DELIVERED]
            await sink.close()

        asyncio.run(run())
        found = ids(written(judge, 3))
        end = time.monotonic() + 10
        while set(found) < {"1", "2", "3"} and time.monotonic() < end:
            found = ids(judge.lines())
        assert set(found) == {"1", "2", "3"}


# -------------------------------------------------------------------------------------- bad habits
class LogServer:
    """Reads frames by their length. ``reset_after`` records it breaks the connection without having read the next."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.taken: list[str] = []
        self.connections = 0
        self.writers: list[asyncio.StreamWriter] = []
        self.reading = asyncio.Event()
        self.reading.set()
        self.port = 0
        self._tls = tls
        self._clients: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def up(self) -> None:
        self._server = await asyncio.start_server(self._client, "127.0.0.1", self.port, ssl=self._tls, limit=2**16)
        self.port = self._server.sockets[0].getsockname()[1]

    async def down(self, *, reset: bool = False) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self.writers:
            if reset:
                writer.transport.abort()
            writer.close()
        self.writers.clear()
        self.reading.set()
        await asyncio.gather(*self._clients, return_exceptions=True)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._clients.add(cast(Any, asyncio.current_task()))
        self.writers.append(writer)
        try:
            while True:
                await self.reading.wait()
                length = await reader.readuntil(b" ")
                self.taken.append(parsed((await reader.readexactly(int(length))).decode())[1]["sequence"])
        except (asyncio.IncompleteReadError, OSError):
            writer.close()

    async def has(self, count: int) -> list[str]:
        while len(self.taken) < count:
            await asyncio.sleep(0)
        return self.taken


def live(work: Callable[[Syslog, LogServer, FakeClock], Awaitable[None]], **more: Any) -> None:
    async def run() -> None:
        server, clock = LogServer(), FakeClock()
        await server.up()
        sink = built(settings(f"127.0.0.1:{server.port}", **more), clock)
        async with asyncio.timeout(20):
            await work(sink, server, clock)
        await sink.close()
        server.reading.set()
        await server.down()

    asyncio.run(run())


async def one(sink: Syslog, sequence: int) -> Answer:
    (answer,) = await sink.send([delivery(sequence=sequence)])
    return answer


def test_one_connection_is_kept_and_lanes_do_not_stand_in_each_other() -> None:
    async def work(sink: Syslog, server: LogServer, clock: FakeClock) -> None:
        answers = await asyncio.gather(*(one(sink, n) for n in range(50)))
        assert answers == [DELIVERED] * 50
        assert sorted(await server.has(50), key=int) == [str(n) for n in range(50)]
        assert server.connections == 1

    live(work)


def test_fault_25_what_a_reset_may_have_lost_is_sent_again() -> None:
    async def work(sink: Syslog, server: LogServer, clock: FakeClock) -> None:
        assert await one(sink, 1) == DELIVERED
        await server.has(1)
        clock.advance(3600)
        server.reading.clear()
        assert await one(sink, 2) == DELIVERED  # into the void: nobody reads it
        await server.down(reset=True)
        await server.up()
        clock.advance(3600)
        assert await one(sink, 3) == DELIVERED
        assert (await server.has(3))[-2:] == ["2", "3"]

    live(work)


def test_fault_25_a_beat_sends_it_again_where_nothing_new_is_said() -> None:
    async def work(sink: Syslog, server: LogServer, clock: FakeClock) -> None:
        assert await sink.beat() == DELIVERED
        assert server.connections == 0
        await one(sink, 1)
        await server.has(1)
        assert await sink.beat() == DELIVERED
        server.reading.clear()
        await one(sink, 2)
        await server.down(reset=True)
        answer = await sink.beat()
        assert answer.kind is AnswerKind.RETRY
        server.reading.set()
        await server.up()
        assert await sink.beat() == DELIVERED
        assert await server.has(3) == ["1", "1", "2"]  # the first was sent a moment before: it may have been in memory only
        assert await sink.beat() == DELIVERED

    live(work)


def test_a_server_that_closes_in_order_long_after_is_sent_nothing_twice() -> None:
    async def work(sink: Syslog, server: LogServer, clock: FakeClock) -> None:
        await one(sink, 1)
        await server.has(1)
        clock.advance(60)
        await server.down()
        await server.up()
        await one(sink, 2)
        assert await server.has(2) == ["1", "2"]

    live(work)


def test_fault_23_a_server_that_reads_nothing_costs_one_deadline() -> None:
    async def work(sink: Syslog, server: LogServer, clock: FakeClock) -> None:
        server.reading.clear()
        sink._deadline = 0.2
        answers: list[Answer] = []
        for n in range(3000):  # until what lies between is full
            answers.append(await one(sink, n))
            if answers[-1] != DELIVERED:
                break
        assert answers[-1] == Answer(AnswerKind.RETRY, "the syslog server took nothing within 0.2 s")

    live(work, max_bytes=1024 * 1024, format="json")


@pytest.mark.parametrize(
    ("served", "authority", "said"),
    [("trusted", None, "self-signed"), ("expired", "expired", "expired"), ("other_name", "other_name", "127.0.0.1")],
)
def test_fault_26_certificates(served: str, authority: str | None, said: str) -> None:
    async def run() -> None:
        server = LogServer(server_tls(served))
        await server.up()
        sink = built(settings(f"127.0.0.1:{server.port}", tls=True, authority=TLS / f"{authority}.pem" if authority else None))
        answer = await one(sink, 1)
        assert answer.kind is AnswerKind.PAUSE
        assert said in answer.detail
        assert "authority:" in answer.detail
        assert server.taken == []
        await server.down()

    asyncio.run(run())


def test_fault_26_no_tls_where_tls_is_wanted() -> None:
    async def work(sink: Syslog, server: LogServer, clock: FakeClock) -> None:
        sink._deadline = 0.3
        answer = await one(sink, 1)
        assert answer.kind is AnswerKind.RETRY
        assert server.taken == []

    live(work, tls=True)


def test_what_is_no_document_is_poison() -> None:
    (answer,) = asyncio.run(built(settings()).send([replace(delivery(), payload=b"{}")]))
    assert answer.kind is AnswerKind.POISON


def test_settings_say_what_is_wrong() -> None:
    for wrong in (
        {"address": ""},
        {"address": "https://logs.example.org"},
        {"facility": "kern"},
        {"app_name": "has blank"},
        {"hostname": "صفقة"},
        {"max_bytes": 100},
        {"format": "xml"},
        {"key": "k"},
        {"authority": "a"},  # without TLS
    ):
        with pytest.raises(ValidationError):
            settings(**wrong)
    secure = SyslogSettings.model_validate({"type": "syslog", "address": "logs.example.org"})
    assert (secure.place, secure.warnings()) == (("logs.example.org", 6514), ())
    plain = settings("logs.example.org")
    assert plain.place == ("logs.example.org", 514)
    assert "unencrypted" in plain.warnings()[0]
    assert settings("127.0.0.1").warnings() == ()
