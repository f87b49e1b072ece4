"""The only outgoing HTTP: one client for what sources fetch and what sinks post, with every limit in one place.

Fetching goes to addresses that strangers choose (feeds, links, redirects), so it dials public addresses only, follows
redirects by hand and counts bytes before and after decompression. Posting goes to the address an operator configured, so
it may be private; it never follows a redirect, because the body and its signature are meant for nobody else. The two have
separate connection pools and separate name look-ups: a thousand hanging feeds must not delay one alert.

This room must not know what a feed, an article or an alert is. No message it raises holds a URL, a query or a secret.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from monitor import __version__
from monitor.errors import ConfigError, Fault, FetchError
from monitor.ports import Fetched, Posted

MIB: Final = 1024 * 1024

#: Encodings whose output we can bound while decoding: zlib takes ``max_length``. brotli (809 bytes hold a GiB) and zstd
#: have no decoder in the standard library of Python 3.11, so they are not offered, and refused when sent unasked.
ACCEPT_ENCODING: Final = "gzip, deflate"

#: A gzip file may be several members in a row; honest ones have one or two. Each costs a fresh decompressor.
MAX_GZIP_MEMBERS: Final = 100

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})

#: Only this block of IPv6 is given out for public use (IANA, RFC 4291 §2.4).
_PUBLIC_V6: Final = IPv6Network("2000::/3")
_NAT64: Final = IPv6Network("64:ff9b::/96")
_LOW_32: Final = 0xFFFF_FFFF

GetAddrInfo = Callable[..., Sequence[tuple[Any, ...]]]
AllowedAddress = tuple[IPv4Address | IPv6Address, int]


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds and bytes. ``body_in`` counts what came over the wire, ``body_out`` what it was decompressed to."""

    fetch_seconds: float = 20.0
    post_seconds: float = 15.0
    body_in: int = 8 * MIB
    body_out: int = 15 * MIB
    answer: int = 64 * 1024
    hops: int = 5
    fetch_connections: int = 256
    post_connections: int = 128


# ---------------------------------------------------------------------------------- the address guard
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
        if address.sixtofour is not None and not is_public(address.sixtofour):
            return False
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


_REFUSED: Final = "is not a public address"


class AddressRefused(OSError):
    """The guard's no; an OSError, so that the client tries the name's next address."""

    def __init__(self, address: str) -> None:
        super().__init__(errno.EACCES, f"{address} {_REFUSED}")


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


# ------------------------------------------------------------------------------------ bounded decoding
class Body:
    """Collects a body as it arrives, decoded, and stops at the limits.

    ``full`` once a limit is reached; ``ended`` is True where the encoding itself says that nothing is missing.
    """

    def __init__(self, coding: str, limits: Limits) -> None:
        self._limits = limits
        self._coding = coding
        self._received = 0
        self._parts: list[bytes] = []
        self._room = limits.body_out
        self._members = 1
        self._inflater = zlib.decompressobj(wbits=31 if coding == "gzip" else 15) if coding else None
        self.full = False
        self.broken = False

    @property
    def ended(self) -> bool:
        return not self.full and not self.broken and (self._inflater is None or self._inflater.eof or not self._received)

    def feed(self, chunk: bytes) -> None:
        first = not self._received
        self._received += len(chunk)
        if self._received > self._limits.body_in:
            self.full = True
            return
        if self._inflater is None:
            self._keep(chunk)
            return
        try:
            self._inflate(chunk)
        except zlib.error:
            if not (first and self._coding == "deflate"):
                self.broken = True
                return
            # "deflate" is a zlib stream (RFC 9110 §8.4.1.2), but some servers send it without the zlib header.
            self._inflater = zlib.decompressobj(wbits=-15)
            try:
                self._inflate(chunk)
            except zlib.error:
                self.broken = True

    def content(self) -> bytes:
        return b"".join(self._parts)

    def _keep(self, data: bytes) -> None:
        if len(data) > self._room:
            self.full = True
            data = data[: self._room]
        self._room -= len(data)
        self._parts.append(data)

    def _inflate(self, chunk: bytes) -> None:
        assert self._inflater is not None
        while chunk:
            if self._inflater.eof:
                # What follows a gzip member is another member or padding; only a member goes on.
                if self._coding != "gzip" or not chunk.startswith(b"\x1f"):
                    return
                self._members += 1
                if self._members > MAX_GZIP_MEMBERS:
                    self.full = True
                    return
                self._inflater = zlib.decompressobj(wbits=31)
            # One byte over the room tells "exactly full" from "more to come"; in steps, so that a bomb costs no second copy.
            self._keep(self._inflater.decompress(chunk, min(self._room + 1, MIB)))
            if self.full:
                return
            chunk = self._inflater.unused_data or self._inflater.unconsumed_tail


def _coding(headers: Mapping[str, str]) -> str:
    """The one content coding, or "" for none; a chain of codings is a bomb's shape and no honest feed's."""
    coding = headers.get("content-encoding", "").strip().lower()
    coding = {"x-gzip": "gzip", "identity": ""}.get(coding, coding)
    if coding not in {"", "gzip", "deflate"}:
        raise FetchError("the answer is compressed in a way that was not asked for")
    return coding


# ------------------------------------------------------------------------------------------ the client
class HttpClient:
    """Implements the ports Fetcher and Poster. ``contact`` goes into the User-Agent, so that a site's owner can write to
    ours. ``lookup`` and ``tls`` are doors for tests: how names resolve, and whom TLS trusts (None: the system's store)."""

    def __init__(
        self,
        *,
        contact: str = "",
        allow_private: Iterable[str] = (),
        limits: Limits | None = None,
        lookup: GetAddrInfo = socket.getaddrinfo,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._guard = AddressGuard(parse_allowed(allow_private))
        self._lookup = lookup
        self._tls: ssl.SSLContext | bool = tls if tls is not None else True
        self._agent = f"news-monitor/{__version__}" + (f" (+{contact})" if contact else "")
        self._fetching: aiohttp.ClientSession | None = None
        self._posting: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        for session in (self._fetching, self._posting):
            if session is not None:
                await session.close()
        self._fetching = self._posting = None

    # ------------------------------------------------------------------------------------- fetching
    async def get(self, url: str, headers: Mapping[str, str]) -> Fetched:
        try:
            async with asyncio.timeout(self._limits.fetch_seconds):
                return await self._follow(_http_url(url), dict(headers))
        except TimeoutError:
            raise FetchError(f"no complete answer within {self._limits.fetch_seconds:g} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise FetchError(_why(error)) from None

    async def _follow(self, url: URL, headers: dict[str, str]) -> Fetched:
        for _ in range(self._limits.hops + 1):
            response = await self._fetch_session().get(
                url, headers={**headers, "Accept-Encoding": ACCEPT_ENCODING}, allow_redirects=False, ssl=self._tls
            )
            try:
                location = response.headers.get("Location")
                if response.status not in REDIRECTS or location is None:
                    return await self._read(response, url)
            finally:
                response.release()
            target = _http_url(location, url)
            if url.scheme == "https" and target.scheme == "http":
                raise FetchError("the redirect leads from https to http; it was not followed", status=response.status)
            if target.origin() != url.origin():
                # What was meant for one site (a token, a cookie) is not shown to another.
                headers = {name: value for name, value in headers.items() if name.lower() not in {"authorization", "cookie"}}
            url = target
        raise FetchError(f"more than {self._limits.hops} redirects")

    async def _read(self, response: aiohttp.ClientResponse, url: URL) -> Fetched:
        headers = _plain_headers(response)
        body = Body(_coding(headers), self._limits)
        arrived = True
        try:
            while not (body.full or body.broken):
                chunk = await response.content.readany()
                if not chunk:
                    break
                body.feed(chunk)
        except (aiohttp.ClientPayloadError, aiohttp.ClientConnectionError):
            arrived = False  # a short Content-Length or a cut chunk: what came is kept, and said to be incomplete
        return Fetched(
            status=response.status,
            url=str(url.with_user(None)),
            headers=headers,
            body=body.content(),
            complete=arrived and body.ended,
        )

    def _fetch_session(self) -> aiohttp.ClientSession:
        if self._fetching is None:
            connector = aiohttp.TCPConnector(
                limit=self._limits.fetch_connections,
                socket_factory=self._guard,
                resolver=NameLookup(self._lookup, limit=64),
                ttl_dns_cache=60,
            )
            self._fetching = self._session(connector)
        return self._fetching

    # -------------------------------------------------------------------------------------- posting
    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Posted:
        response: aiohttp.ClientResponse | None = None
        answer = bytearray()
        try:
            async with asyncio.timeout(self._limits.post_seconds):
                response = await self._post_session().post(
                    _http_url(url),
                    headers={**headers, "Accept-Encoding": "identity"},
                    data=body,
                    allow_redirects=False,
                    ssl=self._tls,
                )
                while len(answer) < self._limits.answer and (chunk := await response.content.readany()):
                    answer += chunk
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            # The status line is the receiver's answer; what happens to the body after it changes nothing.
            if response is None:
                if isinstance(error, TimeoutError):
                    raise FetchError(f"no answer within {self._limits.post_seconds:g} s") from None
                raise FetchError(_why(error)) from None
            response.close()
        finally:
            if response is not None:
                # Keeps the connection where the body was read to its end, and closes it where there is more to come.
                response.release()
        assert response is not None
        return Posted(status=response.status, headers=_plain_headers(response), body=bytes(answer[: self._limits.answer]))

    def _post_session(self) -> aiohttp.ClientSession:
        if self._posting is None:
            connector = aiohttp.TCPConnector(
                limit=self._limits.post_connections,
                resolver=NameLookup(self._lookup, limit=64),
                ttl_dns_cache=60,
                # Under the 5 s after which common servers drop an idle connection: a POST on one just dropped would
                # fail and be sent again.
                keepalive_timeout=4,
            )
            self._posting = self._session(connector)
        return self._posting

    def _session(self, connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=connector,
            # One deadline stands around each whole exchange, redirects included; the client's own would start anew each hop.
            timeout=aiohttp.ClientTimeout(total=None),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            headers={"User-Agent": self._agent},
            max_line_size=8190,
            max_field_size=8190,
            max_headers=128,
        )


# ------------------------------------------------------------------------------------------ small parts
def _http_url(text: str, base: URL | None = None) -> URL:
    """``text`` as an absolute http or https URL without fragment; a redirect's target also without its user and password."""
    try:
        url = URL(text) if base is None else base.join(URL(text))
        if base is not None and url.absolute and url.origin() != base.origin():
            url = url.with_user(None)
    except ValueError:
        raise FetchError("the address is not a valid URL" if base is None else "the redirect's target is not a valid URL") from None
    if url.scheme not in {"http", "https"} or not url.host:
        what = "the address" if base is None else "the redirect's target"
        raise FetchError(f"{what} is not an http or https URL; it was not fetched")
    return url.with_fragment(None)


def _plain_headers(response: aiohttp.ClientResponse) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in response.headers.items():
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return headers


def _why(error: Exception) -> str:
    """The reason in words of ours: the library's own messages may hold the URL."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return "the host name does not resolve"
        case aiohttp.ClientConnectorCertificateError():
            reason = getattr(error.certificate_error, "verify_message", "") or "not valid"
            return f"the TLS certificate is not accepted: {reason}"
        case aiohttp.ClientSSLError():
            return "no TLS connection could be agreed on"
        case aiohttp.ClientConnectorError():
            return f"not connected: {_os_reason(error.os_error)}"
        case aiohttp.ServerDisconnectedError():
            return "the connection was closed without an answer"
        case aiohttp.ClientResponseError() | aiohttp.ClientPayloadError():
            return "the answer is not valid HTTP, or its headers are over the limit"
        case aiohttp.InvalidURL():
            return "the address is not a valid URL"
        case aiohttp.ClientOSError() | OSError():
            return f"the connection broke: {_os_reason(error)}"
        case ValueError():
            return "the request cannot be sent: a header or the address holds a character that is not allowed"
        case _:
            return f"no answer: {type(error).__name__}"


def _os_reason(error: OSError) -> str:
    if isinstance(error, AddressRefused) or (error.errno == errno.EACCES and _REFUSED in str(error)):
        return str(error.strerror)  # ours; where a name has several addresses the client has joined their messages
    return os.strerror(error.errno) if error.errno is not None and error.errno > 0 else type(error).__name__
