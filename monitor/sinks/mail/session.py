"""One conversation with a mail server: connect, encrypt, log in, hand a letter over. What was said at which step comes back.

A conversation ends with what the server said of each recipient and of the letter, or with `Ended`, which names the step. What
follows from it is the sender's business; so are deadlines.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import aiosmtplib

from monitor.errors import FetchError
from monitor.net.dial import Dial
from monitor.net.tls import Contexts
from monitor.ports import Tls
from monitor.sinks.place import Place

#: What a recipient who is told is answered with, whichever of the codes that say so the server chose.
TAKEN: Final = 250


#: RFC 4954 §4: the mechanism is not known.
_UNKNOWN_WAY: Final = 504


class Step(StrEnum):
    GREETING = "greeting"
    TLS = "TLS"
    LOGIN = "login"
    SENDER = "sender"
    LETTER = "letter"


@dataclass(frozen=True, slots=True)
class Said:
    """What the server said: an SMTP code and its words. ``code`` is 0 where it said nothing that can be understood."""

    code: int
    text: str = ""


class Ended(Exception):
    """The conversation ended before the letter was taken."""

    def __init__(self, step: Step, said: Said) -> None:
        super().__init__(step.value)
        self.step = step
        # The library's own "code" for what is no SMTP at all is -1.
        self.said = said if said.code >= 0 else Said(0, "what it says is not SMTP")


@dataclass(frozen=True, slots=True)
class Server:
    """``tls`` as in the settings; ``authority`` is a path, "" for the system's."""

    place: Place
    tls: str = "starttls"
    authority: str = ""
    user: str = ""


class Sessions:
    """Makes one conversation after another; none is kept open."""

    def __init__(self, server: Server, dial: Dial) -> None:
        self._server = server
        self._dial = dial
        self._contexts = Contexts()

    async def hand_over(self, letter: bytes, sender: str, recipients: Sequence[str], password: str) -> Mapping[str, Said]:
        """What was said of each recipient; where one was accepted (250) the server has the letter. Raises Ended, and FetchError
        where there was no conversation at all."""
        context = self._contexts.of(Tls(authority=self._server.authority)) if self._server.tls != "none" else None
        dialled = await self._dial(self._server.place.host, self._server.place.port)
        smtp = aiosmtplib.SMTP(
            hostname=self._server.place.host,
            sock=dialled,
            local_hostname=_own_name(dialled),
            use_tls=self._server.tls == "implicit",
            start_tls=False,
            tls_context=context,
            timeout=None,  # the sender's one deadline stands around all of it
        )
        try:
            await self._connect(smtp)
            if self._server.tls == "starttls":
                await _encrypt(smtp)
            if self._server.user:
                await _log_in(smtp, self._server.user, password)
            said = await _hand_over(smtp, letter, sender, recipients)
            if isinstance(smtp.transport, asyncio.WriteTransport):
                # No answer is waited for: the letter is the server's, and to be cut short now would be to send it again.
                smtp.transport.write(b"QUIT\r\n")
            return said
        finally:
            transport = smtp.transport
            smtp.close()
            if transport is None:
                dialled.close()

    async def _connect(self, smtp: aiosmtplib.SMTP) -> None:
        try:
            await smtp.connect()
            if not smtp.last_ehlo_response:
                await smtp.ehlo()
        except aiosmtplib.SMTPHeloError as error:
            raise Ended(Step.GREETING, Said(error.code, error.message)) from None
        except aiosmtplib.SMTPResponseException as error:
            raise Ended(Step.GREETING, Said(error.code, error.message)) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise _broken(error) from None


async def _encrypt(smtp: aiosmtplib.SMTP) -> None:
    if not smtp.supports_extension("starttls"):
        raise Ended(Step.TLS, Said(502, ""))
    try:
        await smtp.starttls()
        await smtp.ehlo()
    except aiosmtplib.SMTPResponseException as error:
        raise Ended(Step.TLS, Said(error.code, error.message)) from None
    except (aiosmtplib.SMTPException, OSError) as error:
        raise _broken(error) from None


async def _log_in(smtp: aiosmtplib.SMTP, user: str, password: str) -> None:
    if not smtp.supported_auth_methods:
        raise Ended(Step.LOGIN, Said(502, ""))
    ways = {"plain": smtp.auth_plain, "login": smtp.auth_login, "cram-md5": smtp.auth_crammd5}
    offered = [way for name, way in ways.items() if name in smtp.supported_auth_methods]
    for number, way in enumerate(offered, start=1):
        try:
            await way(user, password)
            return
        except aiosmtplib.SMTPResponseException as error:
            # A wrong password is told once: servers count them. Only a way that is offered and not known has another after it.
            if error.code != _UNKNOWN_WAY or number == len(offered):
                raise Ended(Step.LOGIN, Said(error.code, error.message)) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise _broken(error) from None


async def _hand_over(smtp: aiosmtplib.SMTP, letter: bytes, sender: str, recipients: Sequence[str]) -> Mapping[str, Said]:
    try:
        options = [f"size={len(letter)}"] if smtp.supports_extension("size") else []
        await smtp.mail(sender, options=options)
        said = {recipient: await _recipient(smtp, recipient) for recipient in recipients}
        if any(one.code == TAKEN for one in said.values()):
            await smtp.data(letter)
    except aiosmtplib.SMTPSenderRefused as error:
        raise Ended(Step.SENDER, Said(error.code, error.message)) from None
    except aiosmtplib.SMTPResponseException as error:
        raise Ended(Step.LETTER, Said(error.code, error.message)) from None
    except (aiosmtplib.SMTPException, OSError) as error:
        raise _broken(error) from None
    return said


async def _recipient(smtp: aiosmtplib.SMTP, recipient: str) -> Said:
    try:
        await smtp.rcpt(recipient)
    except aiosmtplib.SMTPRecipientRefused as error:
        if error.code == 421:  # it is about to hang up, whomever it was asked for
            raise
        return Said(error.code, error.message)
    return Said(TAKEN)  # 251 and 252 are taken as well (RFC 5321 §3.4, §3.5.3)


def _broken(error: Exception) -> Exception:
    """No answer that can be understood. Our own words: the library's hold addresses and what it wraps hides its reason."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Ended(Step.TLS, Said(0, f"the TLS certificate is not accepted: {cause.verify_message or 'not valid'}"))
        if isinstance(cause, ssl.SSLError):
            return FetchError("no TLS connection could be agreed on", transport=True)
        cause = cause.__cause__
    if isinstance(error, aiosmtplib.SMTPTimeoutError):
        return FetchError("no answer in time", transport=True)
    if isinstance(error, OSError):
        return FetchError("the connection was closed before the letter was taken", transport=True)
    return FetchError("what the server says is not SMTP", transport=True)


def _own_name(dialled: socket.socket) -> str:
    """Who we are in EHLO: our own full name, or where there is none the address we speak from (RFC 5321 §4.1.3)."""
    name = socket.gethostname()
    if "." in name and name.isascii() and name.replace(".", "").replace("-", "").isalnum():
        return name
    own = str(dialled.getsockname()[0])
    return f"[IPv6:{own}]" if ":" in own else f"[{own}]"
