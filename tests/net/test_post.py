"""Posting: private addresses allowed, redirects never followed, one deadline, a bounded answer, TLS that means it."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from monitor.errors import FetchError
from monitor.net import HttpClient, Limits
from tests.receiver import Habit, Receiver, Reply

SMALL = Limits(post_seconds=0.3, fetch_seconds=0.3)
TLS = Path(__file__).parent / "tls"


def post(work: Callable[[HttpClient, Receiver], Awaitable[None]], limits: Limits | None = None) -> None:
    async def run() -> None:
        async with Receiver() as receiver:
            client = HttpClient(limits=limits)
            try:
                await work(client, receiver)
            finally:
                await client.close()

    asyncio.run(run())


def test_a_post_reaches_a_private_address() -> None:
    async def work(client: HttpClient, receiver: Receiver) -> None:
        receiver.default = Reply(202, {"Retry-After": "3"}, b"thanks")
        posted = await client.post(receiver.url, {"webhook-id": "msg_1"}, b'{"a":1}')
        assert (posted.status, posted.headers["retry-after"], posted.body) == (202, "3", b"thanks")
        (request,) = receiver.requests
        assert (request.method, request.body, request.headers["webhook-id"]) == ("POST", b'{"a":1}', "msg_1")

    post(work)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_fault_22_redirects_are_not_followed(status: int) -> None:
    async def work(client: HttpClient, receiver: Receiver) -> None:
        async with Receiver() as target:
            receiver.default = Reply(status, {"Location": target.url})
            assert (await client.post(receiver.url, {}, b"{}")).status == status
            assert target.requests == []

    post(work)


def test_fault_23_no_answer_within_the_deadline() -> None:
    async def work(client: HttpClient, receiver: Receiver) -> None:
        receiver.default = Reply(habit=Habit.HANG)
        began = time.perf_counter()
        with pytest.raises(FetchError, match=r"no answer within 0\.3 s"):
            await client.post(receiver.url, {}, b"{}")
        assert time.perf_counter() - began < 2

    post(work, SMALL)


@pytest.mark.parametrize("habit", [Habit.HANG_IN_BODY, Habit.DRIP])
def test_fault_23_the_status_is_the_answer_however_slow_its_body(habit: Habit) -> None:
    async def work(client: HttpClient, receiver: Receiver) -> None:
        receiver.default = Reply(503, habit=habit)
        began = time.perf_counter()
        assert (await client.post(receiver.url, {}, b"{}")).status == 503
        assert time.perf_counter() - began < 2

    post(work, SMALL)


def test_fault_24_a_huge_answer_is_read_to_64_kib() -> None:
    async def work(client: HttpClient, receiver: Receiver) -> None:
        receiver.default = Reply(200, habit=Habit.FLOOD)
        posted = await client.post(receiver.url, {}, b"{}")
        assert (posted.status, len(posted.body)) == (200, 64 * 1024)
        assert receiver.flooded < 16 * 1024 * 1024  # what fits into the buffers of a socket pair

    post(work)


def test_fault_25_reset_before_the_answer() -> None:
    async def work(client: HttpClient, receiver: Receiver) -> None:
        receiver.default = Reply(habit=Habit.RESET)
        with pytest.raises(FetchError):
            await client.post(receiver.url, {}, b"{}")
        assert len(receiver.requests) == 1  # the client itself does not try again

    post(work)


def test_connection_refused_and_unknown_name() -> None:
    async def work(client: HttpClient, receiver: Receiver) -> None:
        await receiver.stop()
        with pytest.raises(FetchError, match="not connected: Connection refused"):
            await client.post(receiver.url, {}, b"{}")
        with pytest.raises(FetchError, match="valid URL"):
            await client.post("http://[bad", {}, b"{}")
        await receiver.start()
        with pytest.raises(FetchError, match="not allowed"):
            await client.post(receiver.url, {"x": "a\r\nb: c"}, b"{}")
        assert receiver.requests == []

    post(work)


def test_connections_are_kept_and_read_to_their_end() -> None:
    async def work(client: HttpClient, receiver: Receiver) -> None:
        receiver.default = Reply(200, {}, b"ok")
        for _ in range(20):
            assert (await client.post(receiver.url, {}, b"{}")).status == 200
        assert len(receiver.requests) == 20

    post(work)


def test_hanging_sources_leave_posts_alone() -> None:
    """Sources have a pool and look-ups of their own: filling both delays no post."""

    async def run() -> None:
        def lookup(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
            if host == "hangs.example":
                time.sleep(0.5)
                raise OSError(-3, "hung")
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

        async with Receiver() as source, Receiver() as sink:
            source.default = Reply(habit=Habit.HANG)
            client = HttpClient(
                allow_private=[f"127.0.0.1:{source.port}"],
                limits=Limits(fetch_seconds=0.6, fetch_connections=8),
                lookup=lookup,
            )
            gets = [client.get(source.url, {}) for _ in range(20)] + [client.get("http://hangs.example/", {}) for _ in range(70)]
            fetching = [asyncio.create_task(get) for get in gets]
            await asyncio.sleep(0)
            began = time.perf_counter()
            assert (await client.post(f"http://desk.example:{sink.port}/", {}, b"{}")).status == 200
            assert time.perf_counter() - began < 0.5
            assert all(isinstance(r, FetchError) for r in await asyncio.gather(*fetching, return_exceptions=True))
            await client.close()

    asyncio.run(run())


def test_fault_50_no_secret_in_an_error() -> None:
    async def work(client: HttpClient, receiver: Receiver) -> None:
        receiver.default = Reply(habit=Habit.RESET)
        for scheme in ("http", "https"):
            with pytest.raises(FetchError) as caught:
                await client.post(f"{scheme}://canary:canary@127.0.0.1:{receiver.port}/canary?canary", {"x": "canary"}, b"canary")
            assert "canary" not in str(caught.value)
            assert "127.0.0.1" not in str(caught.value)

    post(work)


@pytest.mark.parametrize(
    ("served", "trusted", "said"),
    [
        ("trusted", None, "self-signed certificate"),
        ("expired", "expired", "certificate has expired"),
        ("other_name", "other_name", "127.0.0.1"),
        ("trusted", "trusted", ""),
    ],
)
def test_fault_26_tls(served: str, trusted: str | None, said: str) -> None:
    async def run() -> None:
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(TLS / f"{served}.pem", TLS / "key.pem")
        client = HttpClient(tls=ssl.create_default_context(cafile=str(TLS / f"{trusted}.pem")) if trusted else None)
        async with Receiver(tls=server) as receiver:
            try:
                if said:
                    with pytest.raises(FetchError, match="the TLS certificate is not accepted") as caught:
                        await client.post(receiver.url, {}, b"{}")
                    assert said in str(caught.value)
                    assert receiver.requests == []
                else:
                    assert (await client.post(receiver.url, {}, b"{}")).status == 200
            finally:
                await client.close()

    asyncio.run(run())


def test_https_is_never_left_for_http_when_fetching() -> None:
    async def run() -> None:
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(TLS / "trusted.pem", TLS / "key.pem")
        async with Receiver(tls=server) as secure, Receiver() as plain:
            client = HttpClient(
                tls=ssl.create_default_context(cafile=str(TLS / "trusted.pem")),
                allow_private=[f"127.0.0.1:{secure.port}", f"127.0.0.1:{plain.port}"],
            )
            secure.default = Reply(301, {"Location": plain.url})
            with pytest.raises(FetchError, match="from https to http"):
                await client.get(secure.url, {})
            assert plain.requests == []
            await client.close()

    asyncio.run(run())
