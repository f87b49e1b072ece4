"""The address guard: whatever form an address takes, only public ones are dialled, and one address and port can be let in."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

import pytest

from monitor.errors import ConfigError, FetchError
from monitor.net import HttpClient, Limits, parse_allowed
from monitor.net.guard import is_public
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


@pytest.mark.parametrize("host", LOCAL_FORMS)
def test_fault_45_no_form_of_loopback_is_reached(host: str) -> None:
    async def run() -> None:
        async with Receiver() as receiver:
            client = HttpClient(limits=SMALL)
            try:
                with pytest.raises(FetchError):
                    await client.get(f"http://{host}:{receiver.port}/", {})
            finally:
                await client.close()
            # The same as a redirect from an allowed address, on another port.
            async with Receiver() as allowed:
                client = HttpClient(limits=SMALL, allow_private=[f"127.0.0.1:{allowed.port}"])
                allowed.default = Reply(302, {"Location": f"http://{host}:{receiver.port}/inner"})
                with pytest.raises(FetchError):
                    await client.get(allowed.url, {})
                await client.close()
                assert len(allowed.requests) == 1
            assert receiver.requests == []

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


def answering(*addresses: Sequence[str]) -> Any:
    """A resolver that gives the next list of addresses at each look-up, and the last one for ever."""
    answers = [list(found) for found in addresses]

    def lookup(host: str, port: int, **_: object) -> list[tuple[Any, ...]]:
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

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
