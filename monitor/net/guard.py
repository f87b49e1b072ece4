"""Who may be dialled, and how names are looked up: the guard sees the very address of every connection.

Feeds, links and redirects name addresses that strangers chose. A check of the URL's text cannot hold (127.1, 0x7f000001, a
name whose answer changes between two look-ups), so the check stands where the socket is made.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, Final

from aiohttp.abc import AbstractResolver, ResolveResult

from monitor.errors import ConfigError, Fault

#: Only this block of IPv6 is given out for public use (IANA, RFC 4291 §2.4).
_PUBLIC_V6: Final = IPv6Network("2000::/3")
_NAT64: Final = IPv6Network("64:ff9b::/96")
_LOW_32: Final = 0xFFFF_FFFF

#: Part of every refusal: where a name has several addresses, the client joins their messages into one.
REFUSED: Final = "is not a public address"

GetAddrInfo = Callable[..., Sequence[tuple[Any, ...]]]
AllowedAddress = tuple[IPv4Address | IPv6Address, int]


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether this address may be dialled for a stranger.

    ``is_global`` alone says yes to multicast, NAT64 and 6to4 forms of 127.0.0.1 (measured on 3.11), so the forms that
    carry an IPv4 address are unwrapped and judged by it.
    """
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in _NAT64:
            return is_public(IPv4Address(int(address) & _LOW_32))
        if address.sixtofour is not None:
            # Judged by what it carries alone: Pythons differ on whether 6to4 itself is global.
            return is_public(address.sixtofour)
        if address not in _PUBLIC_V6:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def parse_allowed(entries: Iterable[str]) -> frozenset[AllowedAddress]:
    """``127.0.0.1:8765`` and ``[::1]:8765`` to addresses; a name is refused because only what is dialled can be checked."""
    allowed: set[AllowedAddress] = set()
    faults: list[Fault] = []
    for entry in entries:
        host, _, port = entry.strip().rpartition(":")
        try:
            number = int(port)
            if not 0 < number < 65536:
                raise ValueError
            allowed.add((ip_address(host.removeprefix("[").removesuffix("]")), number))
        except ValueError:
            message = f"allow_private: {entry!r} is not an address with a port"
            faults.append(Fault(message=message, hint='write one address and one port, like "127.0.0.1:8765" or "[::1]:8765"'))
    if faults:
        raise ConfigError(faults)
    return frozenset(allowed)


class AddressRefused(OSError):
    """The guard's no; an OSError, so that the client tries the name's next address."""

    def __init__(self, address: str) -> None:
        super().__init__(errno.EACCES, f"{address} {REFUSED}")


class AddressGuard:
    """Makes the socket of every connection, and so sees the very address that is dialled: literals, odd spellings, and
    names whose answer changes between two look-ups all end here."""

    def __init__(self, allowed: frozenset[AllowedAddress]) -> None:
        self._allowed = allowed

    def __call__(self, info: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, sockaddr = info
        address = ip_address(str(sockaddr[0]).partition("%")[0])
        if not is_public(address) and (address, int(sockaddr[1])) not in self._allowed:
            raise AddressRefused(str(address))
        return socket.socket(family, kind, protocol)


class NameLookup(AbstractResolver):
    """Name look-ups on daemon threads of their own: one that hangs for its 30 s delays neither the shared thread pool nor
    the end of the process, and ``limit`` bounds how many may hang at once."""

    def __init__(self, lookup: GetAddrInfo, limit: int) -> None:
        self._lookup = lookup
        self._free = asyncio.Semaphore(limit)

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Sequence[tuple[Any, ...]]] = loop.create_future()
        await self._free.acquire()

        def finish(found: Sequence[tuple[Any, ...]], problem: Exception | None) -> None:
            self._free.release()
            if answer.done():  # the one who asked has given up
                return
            if problem is None:
                answer.set_result(found)
            else:
                answer.set_exception(problem)

        def ask() -> None:
            found: Sequence[tuple[Any, ...]] = ()
            problem: Exception | None = None
            try:
                found = self._lookup(host, port, type=socket.SOCK_STREAM, family=family)
            except OSError as error:
                problem = error
            except ValueError:  # UnicodeError: a label that is empty or over 63 bytes
                problem = OSError(errno.EINVAL, "not a host name")
            with suppress(RuntimeError):  # the loop has closed meanwhile
                loop.call_soon_threadsafe(finish, found, problem)

        threading.Thread(target=ask, name="name-lookup", daemon=True).start()
        return [
            ResolveResult(hostname=host, host=str(sockaddr[0]), port=port, family=found_family, proto=protocol, flags=socket.AI_NUMERICHOST)
            for found_family, _, protocol, _, sockaddr in await answer
        ]

    async def close(self) -> None:
        return None
