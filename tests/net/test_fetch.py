"""Fetching: limits on bytes, time, hops and headers, and bodies that end early."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import resource
import ssl
import time
import traceback
import zlib
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TypeVar

import pytest

from monitor.errors import FetchError
from monitor.net import HttpClient, Limits
from monitor.net.body import MAX_GZIP_MEMBERS, Body
from monitor.ports import Fetched
from tests.receiver import Habit, Receiver, Reply

T = TypeVar("T")

SMALL = Limits(fetch_seconds=0.3, body_in=100_000, body_out=150_000)
MIB = 1024 * 1024


def serve(work: Callable[[HttpClient, Receiver], Awaitable[T]], limits: Limits | None = None) -> T:
    async def run() -> T:
        async with Receiver() as receiver:
            client = HttpClient(contact="ops@example.org", allow_private=[f"127.0.0.1:{receiver.port}"], limits=limits)
            try:
                return await work(client, receiver)
            finally:
                await client.close()

    return asyncio.run(run())


def fetch(reply: Reply, limits: Limits | None = None, headers: Mapping[str, str] | None = None) -> Fetched:
    async def work(client: HttpClient, receiver: Receiver) -> Fetched:
        receiver.default = reply
        return await client.get(receiver.url, headers or {})

    return serve(work, limits)


def problem(reply: Reply, limits: Limits | None = None) -> str:
    with pytest.raises(FetchError) as caught:
        fetch(reply, limits)
    return str(caught.value)


def test_a_plain_answer() -> None:
    fetched = fetch(Reply(200, {"ETag": '"v1"', "Last-Modified": "x"}, "خبر".encode()))
    assert (fetched.status, fetched.body.decode(), fetched.complete) == (200, "خبر", True)
    assert fetched.headers["etag"] == '"v1"'


def test_headers_sent() -> None:
    async def work(client: HttpClient, receiver: Receiver) -> None:
        receiver.script = [Reply(200, {"Set-Cookie": "a=1"})]
        await client.get(receiver.url, {"If-None-Match": '"v1"'})
        await client.get(receiver.url, {})
        first, second = receiver.requests
        assert first.headers["if-none-match"] == '"v1"'
        assert first.headers["accept-encoding"] == "gzip, deflate"
        assert first.headers["user-agent"].startswith("news-monitor/")
        assert "ops@example.org" in first.headers["user-agent"]
        assert "cookie" not in second.headers

    serve(work)


def test_not_modified_is_complete() -> None:
    assert fetch(Reply(304, {"ETag": '"v1"'})).complete


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP", "deflate", "identity"])
def test_encodings(coding: str) -> None:
    body = b"<rss/>" * 100
    sent = {"deflate": zlib.compress, "identity": bytes}.get(coding, gzip.compress)(body)
    fetched = fetch(Reply(200, {"Content-Encoding": coding}, sent))
    assert fetched.body == body
    assert fetched.complete


def test_deflate_without_its_header() -> None:
    raw = zlib.compressobj(wbits=-15)
    sent = raw.compress(b"<rss/>" * 50) + raw.flush()
    assert fetch(Reply(200, {"Content-Encoding": "deflate"}, sent)).body == b"<rss/>" * 50


def test_gzip_of_two_members_and_padding() -> None:
    fetched = fetch(Reply(200, {"Content-Encoding": "gzip"}, gzip.compress(b"one ") + gzip.compress(b"two") + b"\0\0\0"))
    assert (fetched.body, fetched.complete) == (b"one two", True)


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "bogus"])
def test_fault_36_encodings_we_cannot_bound_are_refused(coding: str) -> None:
    assert "compressed in a way that was not asked for" in problem(Reply(200, {"Content-Encoding": coding}, b"\x8b\xff\xff"))


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip"])
def test_fault_36_encodings_we_cannot_bound_are_refused_behind_a_redirect_too(coding: str) -> None:
    async def work(client: HttpClient, receiver: Receiver) -> None:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        receiver.script = [Reply(301, {"Location": "/bomb"}), Reply(200, {"Content-Encoding": coding}, bytes(MIB))]
        with pytest.raises(FetchError, match="compressed in a way that was not asked for"):
            await client.get(receiver.url, {})
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        print(f"{coding}: {grown:.1f} MiB")
        assert grown < 64

    serve(work)


def test_fault_34_truncated_gzip_is_incomplete() -> None:
    sent = gzip.compress(bytes(range(256)) * 40)
    fetched = fetch(Reply(200, {"Content-Encoding": "gzip"}, sent[: len(sent) // 2]))
    assert not fetched.complete
    assert fetched.body  # what came is kept: its articles count, its validators do not


def test_broken_gzip_is_incomplete() -> None:
    assert not fetch(Reply(200, {"Content-Encoding": "gzip"}, b"this is no gzip")).complete


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"],
    ids=["content_length", "chunked"],
)
def test_fault_35_short_body_is_incomplete(head: bytes) -> None:
    fetched = raw_fetch(head)
    assert (fetched.body, fetched.complete) == (b"half", False)


def raw_fetch(answer: bytes, limits: Limits | None = None) -> Fetched:
    """An answer no HTTP server would write."""

    async def run() -> Fetched:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        client = HttpClient(allow_private=[f"127.0.0.1:{port}"], limits=limits)
        try:
            return await client.get(f"http://127.0.0.1:{port}/", {})
        finally:
            await client.close()
            server.close()
            await server.wait_closed()

    return asyncio.run(run())


def test_fault_36_gzip_bomb_stops_at_the_cap() -> None:
    bomb = zlib.compressobj(wbits=31)
    block = bytes(MIB)
    sent = b"".join(bomb.compress(block) for _ in range(160)) + bomb.flush()  # 160 MiB in 160 KiB
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    fetched = fetch(Reply(200, {"Content-Encoding": "gzip"}, sent))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert len(fetched.body) == Limits().body_out
    assert not fetched.complete
    assert grown < 64
    assert time.perf_counter() - began < 1


def test_fault_36_endless_plain_body_stops_at_the_cap() -> None:
    async def work(client: HttpClient, receiver: Receiver) -> None:
        receiver.default = Reply(habit=Habit.FLOOD)
        fetched = await client.get(receiver.url, {})
        assert not fetched.complete
        assert len(fetched.body) <= Limits().body_in
        assert receiver.flooded < Limits().body_in + 8 * MIB

    serve(work)


def test_caps_are_exact() -> None:
    limits = Limits(body_in=1000, body_out=500)
    for size, complete in ((499, True), (500, True), (501, False)):
        fetched = fetch(Reply(200, {"Content-Encoding": "gzip"}, gzip.compress(b"a" * size)), limits)
        assert (len(fetched.body), fetched.complete) == (min(size, 500), complete)
    plain = Limits(body_in=500, body_out=10_000)
    assert fetch(Reply(200, {}, b"a" * 500), plain).complete
    assert not fetch(Reply(200, {}, b"a" * 501), plain).complete


def test_a_flood_of_gzip_members_is_cut() -> None:
    body = Body("gzip", Limits())
    sent = gzip.compress(b"x") * 5000
    for at in range(0, len(sent), 65536):
        body.feed(sent[at : at + 65536])
    assert body.full
    assert len(body.content()) == MAX_GZIP_MEMBERS


@pytest.mark.parametrize("habit", [Habit.HANG, Habit.HANG_IN_BODY, Habit.DRIP])
def test_fault_37_slow_answers_meet_the_total_deadline(habit: Habit) -> None:
    began = time.perf_counter()
    assert problem(Reply(habit=habit), SMALL) == "no complete answer within 0.3 s"
    assert time.perf_counter() - began < 2


def test_fault_37_a_drip_of_headers_meets_the_total_deadline() -> None:
    """A header line every few milliseconds, for ever: no time between two bytes is long, and no limit on sizes is reached."""

    async def run() -> None:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError):
                await reader.readuntil(b"\r\n\r\n")
                writer.write(b"HTTP/1.1 200 OK\r\n")
                while not writer.is_closing():
                    writer.write(b"X")
                    await writer.drain()
                    await asyncio.sleep(0.02)

        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        client = HttpClient(allow_private=[f"127.0.0.1:{port}"], limits=SMALL)
        began = time.perf_counter()
        with pytest.raises(FetchError, match=r"no complete answer within 0\.3 s"):
            await client.get(f"http://127.0.0.1:{port}/", {})
        assert time.perf_counter() - began < 2
        await client.close()
        server.close()
        await server.wait_closed()
        await asyncio.sleep(0.05)

    asyncio.run(run())


def test_headers_over_the_limit() -> None:
    answer = b"HTTP/1.1 200 OK\r\n" + b"X-Big: " + b"a" * 20_000 + b"\r\n\r\n"
    with pytest.raises(FetchError, match="not valid HTTP"):
        raw_fetch(answer)
    many = b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: a\r\n" % n for n in range(2000)) + b"\r\n"
    with pytest.raises(FetchError, match="not valid HTTP"):
        raw_fetch(many)
    with pytest.raises(FetchError):
        raw_fetch(b"SSH-2.0-OpenSSH\r\n\r\n")
    with pytest.raises(FetchError, match="without an answer"):
        raw_fetch(b"")


def test_redirects_are_followed_by_hand() -> None:
    async def work(client: HttpClient, receiver: Receiver) -> None:
        receiver.script = [Reply(301, {"Location": "/two"}), Reply(307, {"Location": "three?x=1#frag"}), Reply(200, {}, b"here")]
        fetched = await client.get(receiver.url, {"If-None-Match": '"a"'})
        assert [r.path for r in receiver.requests] == ["/hook", "/two", "/three?x=1"]
        assert fetched.url == f"http://127.0.0.1:{receiver.port}/three?x=1"
        assert fetched.body == b"here"

    serve(work)


@pytest.mark.parametrize(
    ("statuses", "moved"),
    [
        ([], ""),
        ([301], "/1"),
        ([308], "/1"),
        ([302], ""),
        ([303], ""),
        ([307], ""),
        ([301, 308], "/2"),
        ([301, 302], "/1"),
        ([302, 301], ""),
        ([308, 307, 308], "/1"),
    ],
)
def test_fault_31_where_an_unbroken_run_of_permanent_redirects_led(statuses: list[int], moved: str) -> None:
    async def work(client: HttpClient, receiver: Receiver) -> None:
        hops = [Reply(status, {"Location": f"/{n}?a=b&c=%D8%AE#part"}) for n, status in enumerate(statuses, 1)]
        for last in (Reply(200, {}, b"here"), Reply(304)):
            receiver.script = [*hops, last]
            fetched = await client.get(receiver.url.replace("127.0.0.1", "user:secret@127.0.0.1"), {})
            assert fetched.moved == (f"http://127.0.0.1:{receiver.port}{moved}?a=b&c=%D8%AE" if moved else "")
            assert fetched.status == last.status

    serve(work)


def test_what_was_no_answer_at_all_is_told_from_what_was_one() -> None:
    async def work(client: HttpClient, receiver: Receiver) -> None:
        async def transport(reply: Reply | None, url: str = "") -> bool:
            # By default, not once: a connection that was dropped is tried again by the library, for it may have been idle.
            receiver.default = reply or Reply()
            with pytest.raises(FetchError) as caught:
                await client.get(url or receiver.url, {})
            return caught.value.transport

        assert await transport(Reply(habit=Habit.HANG))
        assert await transport(Reply(habit=Habit.RESET))
        assert await transport(None, "http://127.0.0.1:1/") is False, "our own guard said no"
        assert await transport(Reply(302, {"Location": "gopher://x/"})) is False
        assert await transport(Reply(200, {"Content-Encoding": "br"})) is False
        await receiver.stop()
        assert await transport(None)
        assert await transport(None, "http://[::1") is False

    serve(work, SMALL)


def test_fault_31_at_most_five_hops() -> None:
    async def work(client: HttpClient, receiver: Receiver) -> None:
        receiver.script = [Reply(302, {"Location": "/again"})] * 5 + [Reply(200)]
        assert (await client.get(receiver.url, {})).status == 200
        receiver.script = [Reply(302, {"Location": "/again"})] * 6
        with pytest.raises(FetchError, match="more than 5 redirects"):
            await client.get(receiver.url, {})

    serve(work)


def test_a_redirect_to_another_site_gets_no_credentials() -> None:
    async def work(client: HttpClient, receiver: Receiver) -> None:
        async with Receiver() as other:
            client = HttpClient(allow_private=[f"127.0.0.1:{receiver.port}", f"127.0.0.1:{other.port}"])
            receiver.default = Reply(302, {"Location": f"http://u:p@127.0.0.1:{other.port}/"})
            await client.get(receiver.url, {"Authorization": "Bearer canary", "If-None-Match": "x"})
            await client.close()
            assert "authorization" in receiver.requests[0].headers
            assert "authorization" not in other.requests[0].headers

    serve(work)


def test_the_deadline_spans_all_hops() -> None:
    async def work(client: HttpClient, receiver: Receiver) -> None:
        receiver.script = [Reply(302, {"Location": "/again"}), Reply(302, {"Location": "/again"}), Reply(habit=Habit.HANG)]
        with pytest.raises(FetchError, match=r"within 0\.3 s"):
            await client.get(receiver.url, {})

    serve(work, SMALL)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "gopher://example.org/", "/etc/passwd", "ftp://example.org/", "http://", "http://[::1", ""]
)
def test_only_http_urls(url: str) -> None:
    async def run() -> None:
        client = HttpClient()
        try:
            with pytest.raises(FetchError):
                await client.get(url, {})
        finally:
            await client.close()

    asyncio.run(run())


def test_fault_27_a_name_that_does_not_resolve_or_hangs() -> None:
    async def run() -> None:
        def unknown(*_: object, **__: object) -> list[tuple[object, ...]]:
            raise OSError(-2, "Name or service not known")

        client = HttpClient(lookup=unknown)
        with pytest.raises(FetchError, match="does not resolve"):
            await client.get("http://news.example/", {})
        await client.close()

        def slow(*_: object, **__: object) -> list[tuple[object, ...]]:
            time.sleep(1)
            return []

        client = HttpClient(lookup=slow, limits=SMALL)
        began = time.perf_counter()
        with pytest.raises(FetchError, match=r"within 0\.3 s"):
            await client.get("http://news.example/", {})
        assert time.perf_counter() - began < 0.9
        await client.close()

    asyncio.run(run())


CANARIES = ("canary-user", "canary-password", "canary-query", "canary-path")
SECRET_PART = "canary-user:canary-password@127.0.0.1:{port}/canary-path?token=canary-query"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(habit=Habit.HANG),
        Reply(habit=Habit.RESET),
        Reply(302, {"Location": "gopher://canary-user:canary-password@x/canary-path?canary-query"}),
        Reply(302, {"Location": "http://10.0.0.1/canary-path?canary-query"}),
        Reply(302, {"Location": "/canary-path?canary-query"}),
        Reply(200, {"Content-Encoding": "br"}),
    ],
)
def test_fault_50_no_secret_in_an_error(reply: Reply) -> None:
    async def work(client: HttpClient, receiver: Receiver) -> None:
        receiver.default = reply
        for scheme in ("http", "https"):
            with pytest.raises(FetchError) as caught:
                await client.get(f"{scheme}://" + SECRET_PART.format(port=receiver.port), {})
            printed = "".join(traceback.format_exception(caught.value))
            assert not any(canary in printed for canary in CANARIES), printed

    serve(work, SMALL)


TLS = Path(__file__).parent / "tls"


@pytest.mark.parametrize(
    ("served", "trusted", "said"),
    [
        ("trusted", None, "self-signed certificate"),
        ("expired", "expired", "certificate has expired"),
        ("other_name", "other_name", "127.0.0.1"),
        ("trusted", "trusted", ""),
    ],
)
def test_fault_26_tls_is_verified_when_fetching_too(served: str, trusted: str | None, said: str) -> None:
    async def run() -> None:
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(TLS / f"{served}.pem", TLS / "key.pem")
        async with Receiver(tls=server) as secure, Receiver() as plain:
            client = HttpClient(
                tls=ssl.create_default_context(cafile=str(TLS / f"{trusted}.pem")) if trusted else None,
                allow_private=[f"127.0.0.1:{receiver.port}" for receiver in (secure, plain)],
            )
            plain.default = Reply(302, {"Location": secure.url})
            for url in (secure.url, plain.url):
                if said:
                    with pytest.raises(FetchError, match="the TLS certificate is not accepted") as caught:
                        await client.get(url, {})
                    assert said in str(caught.value)
                    assert caught.value.transport
                    assert secure.requests == []
                else:
                    assert (await client.get(url, {})).status == 200
            await client.close()

    asyncio.run(run())
