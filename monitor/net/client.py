"""The client itself: one session for what sources fetch, another for what sinks post, and our own words for what failed."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import aiohttp
from yarl import URL

from monitor import __version__
from monitor.errors import FetchError
from monitor.net.body import ACCEPT_ENCODING, Body, coding
from monitor.net.guard import REFUSED, AddressGuard, AddressRefused, GetAddrInfo, NameLookup, parse_allowed
from monitor.net.limits import Limits
from monitor.net.tls import Contexts
from monitor.ports import Fetched, Posted, Tls

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
#: Those that say the address has changed for good (RFC 9110 §15.4.2, §15.4.9).
PERMANENT: Final = frozenset({301, 308})

#: A turn at a host ("news.example", "127.0.0.1:8080"), held while one request to it is in flight.
Turn = Callable[[str], AbstractAsyncContextManager[None]]


def at_once(host: str) -> AbstractAsyncContextManager[None]:
    """No line to wait in."""
    return nullcontext()


@dataclass(frozen=True, slots=True)
class _Redirect:
    target: URL
    permanent: bool


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
        self._contexts = Contexts()
        self._agent = f"news-monitor/{__version__}" + (f" (+{contact})" if contact else "")
        self._fetching: aiohttp.ClientSession | None = None
        self._posting: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        for session in (self._fetching, self._posting):
            if session is not None:
                await session.close()
        self._fetching = self._posting = None

    # ------------------------------------------------------------------------------------- fetching
    async def get(self, url: str, headers: Mapping[str, str], *, turn: Turn = at_once) -> Fetched:
        """``turn`` is taken before each request, redirected ones included; waiting for it does not count as time to answer."""
        try:
            return await self._follow(_asked(url), dict(headers), turn)
        except TimeoutError:
            raise FetchError(f"no complete answer within {self._limits.fetch_seconds:g} s", transport=True) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise FetchError(_why(error), transport=_is_transport(error)) from None

    async def _follow(self, url: URL, headers: dict[str, str], turn: Turn) -> Fetched:
        loop, left = asyncio.get_running_loop(), self._limits.fetch_seconds
        permanent, moved = True, ""
        for _ in range(self._limits.hops + 1):
            async with turn(_host(url)):
                began = loop.time()
                async with asyncio.timeout(left):
                    answer = await self._hop(url, headers)
                left -= loop.time() - began
            if isinstance(answer, Fetched):
                return replace(answer, moved=moved) if moved else answer
            if answer.target.origin() != url.origin():
                # What was meant for one site (a token, a cookie) is not shown to another.
                headers = {name: value for name, value in headers.items() if name.lower() not in {"authorization", "cookie"}}
            url = answer.target
            permanent = permanent and answer.permanent
            if permanent:
                moved = str(url.with_user(None))
        raise FetchError(f"more than {self._limits.hops} redirects")

    async def _hop(self, url: URL, headers: Mapping[str, str]) -> Fetched | _Redirect:
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
        return _Redirect(target, response.status in PERMANENT)

    async def _read(self, response: aiohttp.ClientResponse, url: URL) -> Fetched:
        headers = _plain_headers(response)
        body = Body(coding(headers), self._limits)
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
            url=str(url if url.raw_user is None and url.raw_password is None else url.with_user(None)),
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
    async def post(self, url: str, headers: Mapping[str, str], body: bytes, *, tls: Tls | None = None) -> Posted:
        response: aiohttp.ClientResponse | None = None
        answer = bytearray()
        context = self._tls if tls is None else self._contexts.of(tls)
        try:
            async with asyncio.timeout(self._limits.post_seconds):
                response = await self._post_session().post(
                    _http_url(url),
                    headers={**headers, "Accept-Encoding": "identity"},
                    data=body,
                    allow_redirects=False,
                    ssl=context,
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
                limit=0,
                limit_per_host=self._limits.post_connections,
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


@lru_cache(maxsize=8_192)
def _asked(text: str) -> URL:
    """The same address is asked for again and again; its parts are found out once."""
    return _http_url(text)


def _host(url: URL) -> str:
    """Whose turn it is: the host, with its port where that is not the scheme's own."""
    host = (url.host or "").rstrip(".").lower()
    return host if url.is_default_port() else f"{host}:{url.port}"


def _plain_headers(response: aiohttp.ClientResponse) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in response.headers.items():
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return headers


def _is_transport(error: Exception) -> bool:
    """Whether there was no answer at all (name, connection, TLS): trouble that may be the network's and not the server's."""
    if isinstance(error, aiohttp.ClientConnectorError) and REFUSED in str(error.os_error):
        return False  # our own guard said no
    return isinstance(error, aiohttp.ClientConnectionError) or (isinstance(error, OSError) and not isinstance(error, aiohttp.ClientError))


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
    if isinstance(error, AddressRefused) or (error.errno == errno.EACCES and REFUSED in str(error)):
        return str(error.strerror)  # ours; where a name has several addresses the client has joined their messages
    return os.strerror(error.errno) if error.errno is not None and error.errno > 0 else type(error).__name__
