"""The client itself: one session for what sources fetch, another for what sinks post, and our own words for what failed."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
from collections.abc import Iterable, Mapping
from typing import Final

import aiohttp
from yarl import URL

from monitor import __version__
from monitor.errors import FetchError
from monitor.net.body import ACCEPT_ENCODING, Body, coding
from monitor.net.guard import REFUSED, AddressGuard, AddressRefused, GetAddrInfo, NameLookup, parse_allowed
from monitor.net.limits import Limits
from monitor.ports import Fetched, Posted

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


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
    if isinstance(error, AddressRefused) or (error.errno == errno.EACCES and REFUSED in str(error)):
        return str(error.strerror)  # ours; where a name has several addresses the client has joined their messages
    return os.strerror(error.errno) if error.errno is not None and error.errno > 0 else type(error).__name__
