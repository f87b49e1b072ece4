"""One HTTP receiver as the settings describe it: where it is, how it knows us, and what one POST to it came to.

Shared by every sink that speaks HTTP. Addresses and credentials that stand in files are read again when those change; a file that
cannot be read holds a message back, for nothing is ever sent without what should go with it. This module must not know what is
said.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from monitor.errors import FetchError, SinkError
from monitor.model import Answer, AnswerKind
from monitor.ports import Clock, Posted, Poster, Tls
from monitor.sinks.answers import Meant, answer, as_it_says
from monitor.sinks.base import HttpUrl, SecretPath, SinkSection, http_url, unencrypted
from monitor.sinks.secrets import SecretFile, of_address, pieces


class HttpSection(SinkSection):
    """The address may carry a token, so it is no part of the printed form either."""

    url: HttpUrl | None = Field(default=None, repr=False, description="The receiver's address.")
    url_file: SecretPath | None = Field(default=None, description="A file with the address, where that is a secret itself.")
    bearer_file: SecretPath | None = Field(default=None, description="A file with a token, sent as Authorization: Bearer.")
    basic_file: SecretPath | None = Field(default=None, description="A file with user:password, sent as Authorization: Basic.")
    certificate: Path | None = Field(default=None, description="A PEM file with the certificate that says who we are.")
    key: SecretPath | None = Field(default=None, description="Its key, where that is a file of its own.")
    authority: Path | None = Field(default=None, description="A PEM file with the authority to trust instead of the system's.")

    @model_validator(mode="after")
    def _reachable(self) -> HttpSection:
        if self.url is None and self.url_file is None:
            raise ValueError("where does it go? Give url, or url_file")
        if self.url is not None and self.url_file is not None:
            raise ValueError("give either url or url_file, not both")
        if self.bearer_file is not None and self.basic_file is not None:
            raise ValueError("give either bearer_file or basic_file, not both")
        if self.url is not None and "@" in urlsplit(self.url).netloc and (self.bearer_file or self.basic_file):
            raise ValueError("the address has a user and a password already: take them out, or leave bearer_file and basic_file out")
        if self.key is not None and self.certificate is None:
            raise ValueError("key is the key of a certificate, and none is given")
        return self

    def warnings(self) -> tuple[str, ...]:
        return ("uses http: alerts travel unencrypted; use https",) if self.url is not None and unencrypted(self.url) else ()

    def tls(self) -> Tls | None:
        """None where the receiver is spoken to like any other."""
        files = [str(file) if file is not None else "" for file in (self.certificate, self.key, self.authority)]
        return Tls(*files) if any(files) else None


class Credentials:
    """What is shown to a receiver, as it stands in its files now."""

    def __init__(self, sink: str, *, bearer_file: Path | None = None, basic_file: Path | None = None) -> None:
        self._sink = sink
        self._bearer = None if bearer_file is None else SecretFile(sink, "bearer token", bearer_file)
        self._basic = None if basic_file is None else SecretFile(sink, "user:password", basic_file)

    def headers(self) -> dict[str, str]:
        """Raises SinkError, which quotes no secret."""
        return {name: value for name, (value, _) in self._shown().items()}

    def secrets(self) -> tuple[str, ...]:
        """All that must not be repeated from a receiver's own words. Raises SinkError."""
        return tuple(secret for _, secrets in self._shown().values() for secret in secrets)

    def _shown(self) -> Mapping[str, tuple[str, tuple[str, ...]]]:
        if self._bearer is not None:
            token = self._bearer.read()
            if not _one_word(token):
                raise SinkError(f"sink {self._sink}: the bearer token is not one word of printable ASCII")
            return {"Authorization": (f"Bearer {token}", pieces(token))}
        if self._basic is not None:
            pair = self._basic.read()
            if ":" not in pair or not pair.isprintable():
                raise SinkError(f"sink {self._sink}: the file for basic_file does not hold user:password on one line")
            encoded = base64.b64encode(pair.encode()).decode()
            return {"Authorization": (f"Basic {encoded}", (*pieces(pair), encoded))}
        return {}


class Endpoint:
    """``meant`` takes an answer for what it comes to. Raises SinkError where a file it names cannot be used now; once it runs, such
    a file makes an answer that says so."""

    def __init__(
        self,
        sink: str,
        section: HttpSection,
        *,
        poster: Poster,
        clock: Clock,
        meant: Callable[[Posted], Meant] = as_it_says,
        place: Callable[[str], str] = lambda address: address,
    ) -> None:
        """``place`` makes of the configured address the one that is posted to."""
        self._sink = sink
        self._url = section.url
        self._url_file = None if section.url_file is None else SecretFile(sink, "address", section.url_file)
        self._credentials = Credentials(sink, bearer_file=section.bearer_file, basic_file=section.basic_file)
        self._tls = section.tls()
        self._poster = poster
        self._clock = clock
        self._meant = meant
        self._place = place
        self._address()
        self._credentials.headers()

    async def post(self, body: bytes, headers: Mapping[str, str], *, secrets: tuple[str, ...] = ()) -> Answer:
        """One attempt. ``secrets`` are the caller's own: what of its headers must not be repeated."""
        try:
            address = self._address()
            known = (*of_address(address), *self._credentials.secrets(), *secrets)
            posted = await self._poster.post(self._place(address), {**headers, **self._credentials.headers()}, body, tls=self._tls)
        except SinkError as error:
            return Answer(AnswerKind.RETRY, detail=error.message)
        except FetchError as error:
            return Answer(AnswerKind.RETRY, detail=error.message, retry_after=error.retry_after)
        return answer(posted, self._meant(posted), self._clock.now(), known)

    def _address(self) -> str:
        if self._url_file is None:
            assert self._url is not None
            return self._url
        try:
            (address,) = self._url_file.read().split()
            return http_url(address)
        except ValueError:
            raise SinkError(f"sink {self._sink}: the file for url_file does not hold an http:// or https:// address") from None


def _one_word(token: str) -> bool:
    return all("!" <= character <= "~" for character in token)
