"""One table: every status and every failure an HTTP receiver can come up with, over every sink that speaks HTTP.

The rows are numbered as the faults are; the columns are `SINKS`. Everything is real but time: loopback receivers, the one client
with short limits, names that a look-up of ours answers.
"""

from __future__ import annotations

import asyncio
import resource
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from monitor.model import Answer, AnswerKind, Delivery, DeliveryState, Severity
from monitor.net import HttpClient, Limits
from monitor.ports import Poster
from monitor.sinks import SINK_TYPES, Tools
from monitor.sinks.answers import classify
from monitor.sinks.endpoint import HttpSection
from tests.fakes import START, FakeClock
from tests.receiver import Habit, Received, Receiver, Reply
from tests.render.samples import DOCUMENTS

TLS = Path(__file__).parent.parent / "net" / "tls"
CANARY = "canary-5f1d9c"
SECRET = "whsec_Y2FuYXJ5LTVmMWQ5Yy1jYW5hcnktNWYxZDljLWNhbmFyeQ"
#: Every failure in this file is over within this, however the receiver drags it out.
LIMITS = Limits(post_seconds=0.3)
DEADLINE = 2.0

#: A column: what is configured beside the address.
SINKS: Mapping[str, Mapping[str, Any]] = {
    "cloudevents": {"type": "webhook", "secret": SECRET, "headers": {"X-Key": CANARY}},
    "slack": {"type": "webhook", "format": "slack"},
    "teams": {"type": "webhook", "format": "teams"},
    "discord": {"type": "webhook", "format": "discord"},
    "telegram": {"type": "webhook", "format": "telegram", "chat_id": "-1"},
    "template": {"type": "webhook", "format": "template"},
    "alertmanager": {"type": "alertmanager"},
    "heartbeat": {"type": "heartbeat"},
}
every_sink = pytest.mark.parametrize("sink", sorted(SINKS))

#: What each status comes to, as docs/sinks/README.md has it.
KINDS = {
    AnswerKind.DELIVERED: [200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 299],
    AnswerKind.PAUSE: [300, 301, 302, 303, 304, 305, 307, 308, 399, 401, 403, 404],
    AnswerKind.DISABLE: [410],
    AnswerKind.RETRY: [101, 408, 425, 429, 500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511, 520, 521, 522, 530, 598, 599],
    AnswerKind.REFUSED: [400, 402, 405, 406, 407, 409, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 423, 424, 426, 428, 431, 451, 499],
}


@dataclass
class Bench:
    """One sink, built as the program builds it, before one receiver."""

    name: str
    receiver: Receiver
    client: HttpClient
    folder: Path
    clock: FakeClock

    async def attempt(self, url: str = "", **more: Any) -> Answer:
        kind: dict[str, Any] = {**SINKS[self.name], **more, "url": url or f"{self.receiver.url}/{CANARY}?key={CANARY}"}
        if kind.get("format") == "template":
            (self.folder / "body.j2").write_text("{{ message.title | json }}")
            kind |= {"template": self.folder / "body.j2"}
        answer = await self._once(SINK_TYPES[kind["type"]].model_validate(kind), self.client)
        assert CANARY not in answer.detail
        assert len(answer.detail) < 250
        assert answer.detail.isprintable()
        return answer

    async def _once(self, section: Any, poster: Poster) -> Answer:
        built = section.build("desk", Tools(poster, self.clock))
        if built.sink is None:
            answer: Answer = await asyncio.wait_for(built.beating.beat(), DEADLINE)
            return answer
        delivery = Delivery("n1", "desk", "a", Severity.HIGH, 7, DeliveryState.INFLIGHT, 1, START, START, DOCUMENTS["arabic"])
        (answer,) = await asyncio.wait_for(built.sink.send([delivery]), DEADLINE)
        return answer

    @property
    def last(self) -> Received:
        return self.receiver.requests[-1]


def bench(sink: str, folder: Path, work: Callable[[Bench], Awaitable[None]], *, tls: ssl.SSLContext | None = None, **client: Any) -> None:
    async def run() -> None:
        async with Receiver(tls=tls) as receiver:
            made = HttpClient(**{"limits": LIMITS} | client)
            try:
                await work(Bench(sink, receiver, made, folder, FakeClock()))
            finally:
                await made.close()

    asyncio.run(run())


def test_every_sink_that_speaks_http_is_in_the_table() -> None:
    speaks = {name for name, section in SINK_TYPES.items() if issubclass(section, HttpSection)}
    assert {str(column["type"]) for column in SINKS.values()} == speaks
    known = {status.value for status in HTTPStatus} - {100, 102, 103}  # those are no answer yet
    assert known <= {status for statuses in KINDS.values() for status in statuses}


@every_sink
def test_fault_20_every_status(sink: str, tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        seen = {}
        for kind, statuses in KINDS.items():
            for status in statuses:
                bench.receiver.default = Reply(status, {}, f"said by {CANARY} ".encode())
                answer = await bench.attempt()
                seen[status] = answer.kind
                assert answer.kind is kind, (status, answer)
                assert answer.status == status
                assert answer.detail.startswith(f"HTTP {status}") == (kind is not AnswerKind.DELIVERED)
        print(f"{sink}: {len(seen)} statuses")

    bench(sink, tmp_path, work)


@every_sink
def test_fault_19_five_hundreds_are_tried_again_with_the_same_bytes(sink: str, tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        bench.receiver.script = [Reply(500), Reply(503), Reply(200)]
        kinds = [(await bench.attempt()).kind for _ in range(3)]
        assert kinds == [AnswerKind.RETRY, AnswerKind.RETRY, AnswerKind.DELIVERED]
        assert len({request.body for request in bench.receiver.requests}) == 1

    bench(sink, tmp_path, work)


@every_sink
@pytest.mark.parametrize("status", [429, 503])
def test_fault_18_retry_after_in_every_spelling(sink: str, status: int, tmp_path: Path) -> None:
    asked: dict[str | None, float | None] = {
        "120": 120.0,
        format_datetime(START + timedelta(seconds=90), usegmt=True): 90.0,
        format_datetime(START - timedelta(days=1), usegmt=True): 0.0,
        "9" * 4000: 999_999_999_999.0,  # capped at an hour where it is waited for
        "soon": None,
        None: None,
    }

    async def work(bench: Bench) -> None:
        for value, seconds in asked.items():
            bench.receiver.default = Reply(status, {} if value is None else {"Retry-After": value})
            answer = await bench.attempt()
            assert (answer.kind, answer.retry_after) == (AnswerKind.RETRY, seconds)

    bench(sink, tmp_path, work)


@every_sink
def test_fault_21_gone(sink: str, tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        bench.receiver.default = Reply(410)
        assert (await bench.attempt()).kind is AnswerKind.DISABLE

    bench(sink, tmp_path, work)


@every_sink
def test_fault_22_redirects_are_not_followed(sink: str, tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        async with Receiver() as target:
            for status in (300, 301, 302, 303, 307, 308):
                bench.receiver.default = Reply(status, {"Location": target.url})
                assert (await bench.attempt()).kind is AnswerKind.PAUSE
            print(f"{sink}: hits on the target {len(target.requests)}")
            assert target.requests == []

    bench(sink, tmp_path, work)


@every_sink
def test_fault_23_every_way_to_be_slow_ends_at_the_deadline(sink: str, tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        longest = 0.0
        for reply, kind in (
            (Reply(habit=Habit.HANG), AnswerKind.RETRY),
            (Reply(500, habit=Habit.HANG_IN_BODY), AnswerKind.RETRY),
            (Reply(200, habit=Habit.HANG_IN_BODY), AnswerKind.DELIVERED),  # the status line is the answer
            (Reply(422, habit=Habit.DRIP), AnswerKind.REFUSED),
        ):
            bench.receiver.default = reply
            began = time.perf_counter()
            assert (await bench.attempt()).kind is kind, reply
            longest = max(longest, time.perf_counter() - began)
        print(f"{sink}: longest attempt {longest:.2f} s of {LIMITS.post_seconds} s")

    bench(sink, tmp_path, work)


@every_sink
def test_fault_24_an_answer_without_end_is_not_read(sink: str, tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        bench.receiver.default = Reply(200, habit=Habit.FLOOD)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        answer = await bench.attempt()
        print(f"{sink}: {bench.receiver.flooded:,} bytes offered, RSS +{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before} KiB")
        assert answer.kind is AnswerKind.DELIVERED
        assert bench.receiver.flooded < 64 * 1024 * 1024

    bench(sink, tmp_path, work)


@every_sink
def test_fault_25_a_lost_acknowledgement_is_the_same_message_again(sink: str, tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        bench.receiver.script = [Reply(habit=Habit.RESET)]
        assert (await bench.attempt()).kind is AnswerKind.RETRY
        bench.clock.advance(0.0)
        assert (await bench.attempt()).kind is AnswerKind.DELIVERED
        first, second = bench.receiver.requests
        assert first.body == second.body
        assert first.headers.get("webhook-id") == second.headers.get("webhook-id")

    bench(sink, tmp_path, work)


@every_sink
@pytest.mark.parametrize(("served", "said"), [("trusted", "self-signed"), ("expired", "expired"), ("other_name", "127.0.0.1")])
def test_fault_26_no_certificate_that_is_wrong_is_taken(sink: str, served: str, said: str, tmp_path: Path) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(TLS / f"{served}.pem", TLS / "key.pem")

    async def work(bench: Bench) -> None:
        more: dict[str, Any] = {} if served == "trusted" else {"authority": TLS / f"{served}.pem"}
        answer = await bench.attempt(**more)
        assert answer.kind is AnswerKind.RETRY
        assert "the TLS certificate is not accepted" in answer.detail
        assert said in answer.detail
        assert bench.receiver.requests == []
        if served == "trusted":
            assert (await bench.attempt(authority=TLS / "trusted.pem")).kind is AnswerKind.DELIVERED

    bench(sink, tmp_path, work, tls=server)


@every_sink
def test_fault_26_https_is_not_left_for_http_and_http_is_no_https(sink: str, tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        answer = await bench.attempt(bench.receiver.url.replace("http:", "https:"))
        assert answer.kind is AnswerKind.RETRY
        assert bench.receiver.requests == []

    bench(sink, tmp_path, work)


@every_sink
def test_fault_27_names_that_do_not_resolve_or_hang(sink: str, tmp_path: Path) -> None:
    def lookup(host: str, port: int, **_: object) -> list[tuple[Any, ...]]:
        if host == "hangs.example":
            time.sleep(0.6)
        if host == "desk.example":
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
        raise socket.gaierror(-2 if host == "none.example" else -3, "no")

    async def work(bench: Bench) -> None:
        port = bench.receiver.port
        hanging = asyncio.create_task(bench.attempt(f"http://hangs.example:{port}/"))
        assert (await bench.attempt(f"http://desk.example:{port}/")).kind is AnswerKind.DELIVERED
        assert not hanging.done()  # the healthy one did not wait for it
        assert await bench.attempt(f"http://none.example:{port}/") == Answer(AnswerKind.RETRY, "the host name does not resolve")
        assert (await bench.attempt(f"http://servfail.example:{port}/")).kind is AnswerKind.RETRY
        assert (await hanging).detail == "no answer within 0.3 s"

    bench(sink, tmp_path, work, lookup=lookup)


@every_sink
def test_nobody_there(sink: str, tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        await bench.receiver.stop()
        assert await bench.attempt() == Answer(AnswerKind.RETRY, "not connected: Connection refused")

    bench(sink, tmp_path, work)


@every_sink
def test_what_is_no_http_at_all(sink: str, tmp_path: Path) -> None:
    async def run() -> None:
        async def junk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            writer.write(b"220 mail.example ESMTP\r\n" * 3)
            await writer.drain()
            writer.close()

        async with await asyncio.start_server(junk, "127.0.0.1", 0) as server, Receiver() as unused:
            client = HttpClient(limits=LIMITS)
            port = server.sockets[0].getsockname()[1]
            answer = await Bench(sink, unused, client, tmp_path, FakeClock()).attempt(f"http://127.0.0.1:{port}/")
            assert answer.kind is AnswerKind.RETRY
            assert "mail.example" not in answer.detail
            await client.close()

    asyncio.run(run())


def test_every_status_there_could_be_has_a_kind() -> None:
    for status in range(100, 1000):
        assert classify(status) in AnswerKind
    assert {classify(status) for status in (100, 199, 600, 999)} == {AnswerKind.RETRY}
