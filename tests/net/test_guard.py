"""The address guard: whatever form an address takes, only public ones are dialled, and one address and port can be let in."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, unquote
from xml.sax.saxutils import escape

import pytest

from monitor.errors import ConfigError, FetchError
from monitor.model import SourceKind, SourceSpec, SourceState
from monitor.net import HttpClient, Limits, PoliteFetcher, parse_allowed
from monitor.net.guard import is_public
from monitor.sources.discover import Discovery
from monitor.sources.feed import FeedSource
from tests.fakes import START, FakeClock, FakeWorkers
from tests.receiver import Receiver, Reply

SMALL = Limits(fetch_seconds=1.0)

#: Row 45: every way to write "the machine itself" or its neighbours as a host.
LOCAL_FORMS = (
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "017700000001",
    "0",
    "localhost",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "0.0.0.0",
)


#: More spellings of the same, beyond the fifteen that the row names: octal and hexadecimal parts, dots and digits of other
#: scripts, a final dot, capitals, a user in front, and what browsers take for slashes.
MORE_FORMS = (
    "0177.0.0.1",
    "0x7f.1",
    "0x7f.0x0.0x0.0x1",
    "127.0.1",
    "127.0.0.1.",
    "LOCALHOST",
    "localhost.",
    "127。0。0。1",
    "１２７.０.０.１",
    "①②⑦.⓪.⓪.①",
    "%31%32%37.0.0.1",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:0:127.0.0.1]",
    "[::1%25lo]",
    "news.example@127.0.0.1",
    "news.example:80@127.0.0.1",
    "news.example%00.127.0.0.1",
)
PERMANENT_AND_NOT = (301, 302, 303, 307, 308)

#: What may stand in a Location beside an honest address; {inner} is host and port of the server within.
TRICKS = (
    "file:///etc/passwd",
    "gopher://{inner}/_GET",
    "ftp://{inner}/",
    "data:text/xml,<rss/>",
    "javascript:alert(1)",
    "unix:///var/run/docker.sock",
    "//{inner}/inner",
    "///{inner}/inner",
    "http:{inner}/inner",
    "http:/{inner}/inner",
    "http:///{inner}/inner",
    "http:\\\\{inner}\\inner",
    "\\\\{inner}\\inner",
    "/\\{inner}/inner",
    " http://{inner}/inner",
    "ht\ttp://{inner}/inner",
    "HTTP://{inner}/inner",
    "http://{inner}\\@news.example/",
    "http://{allowed}@{inner}/inner",
    "http://{allowed}#@{inner}/inner",
    "http://u:p@{inner}/inner",
    "http://{inner}/%0d%0aHost:%20{allowed}",
)


class Inner:
    """The server within, on the loopback of both families. It counts connections as they are made, before any request."""

    def __init__(self) -> None:
        self.port = 0
        self.connections = 0
        self._servers: list[asyncio.Server] = []

    async def __aenter__(self) -> Inner:
        for address in ("127.0.0.1", "::1"):
            with suppress(OSError):  # a machine without IPv6
                self._servers.append(await asyncio.start_server(self._reached, address, self.port))
                self.port = self._servers[0].sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        for server in self._servers:
            server.close()
            await server.wait_closed()

    async def _reached(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecret")
        writer.close()


class House:
    """One allowed server outside, one within, and a feed source over a polite client, as the daemon has them."""

    def __init__(self, inner: Inner, outside: Receiver) -> None:
        self.inner = inner
        self.outside = outside
        self.client = HttpClient(limits=SMALL, allow_private=[f"127.0.0.1:{outside.port}"])
        self.polite = PoliteFetcher(self.client, FakeClock(), spacing=0.0, random=lambda: 0.0)
        self.workers = FakeWorkers()
        self.workers.feed = FetchError("no feed")
        self.tried = 0
        outside.answer = self._answer

    def _answer(self, path: str, headers: object, body: bytes) -> Reply:
        """``/STATUS/HOPS?TARGET``: a redirect to the target after so many to ourselves."""
        where, _, target = path.partition("?")
        if where == "/page":
            link = escape(unquote(target), {'"': "&quot;"})
            page = f'<html><head><link rel="alternate" type="application/rss+xml" href="{link}"></head><a href="{link}">RSS feed</a></html>'
            return Reply(200, {"Content-Type": "text/html"}, page.encode())
        known = re.fullmatch(r"/(30\d)/(\d)", where)
        if known is None:
            return Reply(404)  # a trick that came out as a path of ours
        status, hops = known.groups()
        if hops == "0":
            return Reply(int(status), {"Location": unquote(target)})
        return Reply(int(status), {"Location": f"/{status}/{int(hops) - 1}?{target}"})

    def redirect(self, target: str, status: int = 302, hops: int = 0) -> str:
        return f"http://127.0.0.1:{self.outside.port}/{status}/{hops}?{quote(target, safe='')}"

    async def get(self, url: str) -> None:
        self.tried += 1
        with pytest.raises(FetchError):
            await self.polite.get(url, {})

    async def follow(self, url: str) -> None:
        """What may end well, so long as it ends at the allowed server."""
        self.tried += 1
        with suppress(FetchError):
            assert (await self.polite.get(url, {})).url.startswith(f"http://127.0.0.1:{self.outside.port}")

    async def discover(self, target: str) -> None:
        """A site's page that declares the target as its feed."""
        self.tried += 1
        search = Discovery(self.polite, self.workers)
        assert await search.find(f"http://127.0.0.1:{self.outside.port}/page?{quote(target, safe='')}") == []

    async def poll(self, *, address: str = "", learnt: str = "") -> None:
        self.tried += 1
        spec = SourceSpec("f", SourceKind.FEED, address or self.outside.url, 900)
        with pytest.raises(FetchError):
            await FeedSource(spec, self.polite, FakeWorkers()).poll(SourceState("f", START, address=learnt), START)


def test_fault_45_reached_0_of_all_tried() -> None:
    """Every form of every inner address by every way in, and every trick of a scheme: nobody gets as far as a connection."""

    async def run() -> None:
        async with Inner() as inner, Receiver() as outside:
            house = House(inner, outside)
            for form in (*LOCAL_FORMS, *MORE_FORMS):
                url = f"http://{form}:{inner.port}/inner"
                await house.poll(address=url)
                await house.poll(learnt=url)
                for status in PERMANENT_AND_NOT:
                    await house.get(house.redirect(url, status))
                await house.discover(url)
                await house.get(house.redirect(url, 302, hops=1))
                await house.get(house.redirect(url, 308, hops=3))
            for trick in TRICKS:
                target = trick.format(inner=f"127.0.0.1:{inner.port}", allowed=f"127.0.0.1:{outside.port}")
                for status in PERMANENT_AND_NOT:
                    await house.follow(house.redirect(target, status))
                await house.discover(target)
                await house.follow(target)
            print(f"reached {inner.connections} of {house.tried}")
            assert inner.connections == 0
            assert house.tried > 450
            await house.client.close()
            # The same server answers where it is let in: what stood in the way was the guard, and nothing else.
            client = HttpClient(limits=SMALL, allow_private=[f"127.0.0.1:{inner.port}"])
            assert (await client.get(f"http://127.0.0.1:{inner.port}/inner", {})).body == b"secret"
            assert inner.connections == 1
            await client.close()

    asyncio.run(run())


def test_fault_45_a_line_break_in_a_redirect_reaches_nobody() -> None:
    async def run() -> None:
        async with Inner() as inner:
            heads = [
                f"HTTP/1.1 302 Found\r\nLocation: /a\r\n\tb\r\nLocation: http://127.0.0.1:{inner.port}/\r\n\r\n",
                f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{inner.port}/\nX: y\r\n\r\n",
                f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{inner.port}/\r\rX: y\r\n\r\n",
                f"HTTP/1.1 302 Found\r\nLocation:\x00http://127.0.0.1:{inner.port}/\r\n\r\n",
            ]

            async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(heads[0].encode())
                writer.close()

            outside = await asyncio.start_server(answer, "127.0.0.1", 0)
            port = outside.sockets[0].getsockname()[1]
            client = HttpClient(limits=SMALL, allow_private=[f"127.0.0.1:{port}"])
            while heads:
                with pytest.raises(FetchError):
                    await client.get(f"http://127.0.0.1:{port}/", {})
                heads.pop(0)
            assert inner.connections == 0
            await client.close()
            outside.close()
            await outside.wait_closed()

    asyncio.run(run())


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "10.0.0.1", "100.64.0.1", "224.0.0.1", "fd00::1", "fec0::1", "::ffff:169.254.169.254"]
)
def test_fault_45_names_of_neighbours_are_not_dialled(address: str) -> None:
    async def run() -> None:
        client = HttpClient(limits=SMALL, lookup=answering([address]))
        with pytest.raises(FetchError, match="is not a public address") as caught:
            await client.get("http://metadata.example/latest/meta-data/", {})
        assert not caught.value.transport, "a refusal of ours says nothing of the network"
        await client.close()

    asyncio.run(run())


@pytest.mark.parametrize("answers", [("127.0.0.1", "127.0.0.2"), ("127.0.0.2", "127.0.0.1")])
def test_fault_45_of_mixed_answers_only_the_allowed_one_is_reached(answers: tuple[str, str]) -> None:
    """A name with a public address beside a private one ("public" here is the one that is let in), in either order."""

    async def run() -> None:
        async with Receiver() as allowed:
            reached: list[str] = []

            async def inner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                reached.append("inner")
                writer.close()

            server = await asyncio.start_server(inner, "127.0.0.2", allowed.port)
            client = HttpClient(limits=SMALL, lookup=answering(answers), allow_private=[f"127.0.0.1:{allowed.port}"])
            for _ in range(3):
                assert (await client.get(f"http://mixed.example:{allowed.port}/", {})).status == 200
            assert (len(allowed.requests), reached) == (3, [])
            # The allowed one goes away: the other is still none of ours.
            await allowed.stop()
            with pytest.raises(FetchError):
                await client.get(f"http://mixed.example:{allowed.port}/", {})
            assert reached == []
            await client.close()
            server.close()
            await server.wait_closed()

    asyncio.run(run())


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "127.255.255.255", "0.0.0.0", "224.0.0.1", "239.1.2.3",
        "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
        "::", "::1", "::127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "fc00::1", "fd00::1", "fe80::1", "fec0::1", "ff02::1",
        "64:ff9b::a00:1", "64:ff9b:1::808:808", "2002:a00:1::1", "2002:a9fe:a9fe::", "2001:db8::1", "2001::1", "100::1", "4000::1",
    ],
)  # fmt: skip
def test_fault_45_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
)
def test_public(address: str) -> None:
    assert is_public(ip_address(address))


def _info(address: str, port: int) -> tuple[Any, ...]:
    if ":" in address:
        return (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0))
    return (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))


def answering(*addresses: Sequence[str]) -> Any:
    """A resolver that gives the next list of addresses at each look-up, and the last one for ever."""
    answers = [list(found) for found in addresses]

    def lookup(host: str, port: int, **_: object) -> list[tuple[Any, ...]]:
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [_info(address, port) for address in found]

    return lookup


def test_fault_45_names_that_lead_inside() -> None:
    async def run() -> None:
        async with Receiver() as receiver:
            for lookup in (answering(["127.0.0.1"]), answering(["127.0.0.1", "127.0.0.2"])):
                client = HttpClient(limits=SMALL, lookup=lookup)
                with pytest.raises(FetchError, match="is not a public address"):
                    await client.get(f"http://news.example:{receiver.port}/", {})
                await client.close()
            assert receiver.requests == []

    asyncio.run(run())


def test_fault_45_rebinding() -> None:
    """The name was public when it was allowed in, and private when it is asked again: what counts is what is dialled."""

    async def run() -> None:
        async with Receiver() as inside, Receiver() as outside:
            # "Public" here is the one address that is let in.
            client = HttpClient(limits=SMALL, lookup=answering(["127.0.0.1"], ["127.0.0.2"]), allow_private=[f"127.0.0.1:{outside.port}"])
            outside.default = Reply(302, {"Location": f"http://second.example:{inside.port}/"})
            with pytest.raises(FetchError):
                await client.get(f"http://first.example:{outside.port}/", {})
            assert (len(outside.requests), len(inside.requests)) == (1, 0)
            await client.close()

    asyncio.run(run())


def test_one_address_and_port_is_let_in() -> None:
    async def run() -> None:
        async with Receiver() as allowed, Receiver() as neighbour:
            client = HttpClient(limits=SMALL, allow_private=[f"127.0.0.1:{allowed.port}"])
            assert (await client.get(allowed.url, {})).status == 200
            with pytest.raises(FetchError, match=r"127\.0\.0\.1 is not a public address"):
                await client.get(neighbour.url, {})
            assert neighbour.requests == []
            await client.close()

    asyncio.run(run())


def test_the_allow_list_is_read_strictly() -> None:
    assert parse_allowed(["127.0.0.1:8765", " [::1]:80 "]) == {(ip_address("127.0.0.1"), 8765), (ip_address("::1"), 80)}
    with pytest.raises(ConfigError) as caught:
        parse_allowed(["localhost:80", "127.0.0.1", "127.0.0.1:0", "10.0.0.0/8:80", "127.0.0.1:99999"])
    assert len(caught.value.faults) == 5
    assert "'localhost:80' is not an address with a port" in str(caught.value)
