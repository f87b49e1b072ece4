"""A real mail server on loopback (aiosmtpd, on the test's own loop) that answers as told, with the bad habits mail servers have.

async with MailServer() as server:
    server.recipients["a@example.org"] = ["450 4.2.0 greylisted"]       # used up, then 250
    server.verbs["MAIL"] = "451 4.3.0 later"                            # or HANG, or DROP
    ...
    assert [letter.recipients for letter in server.letters] == [...]
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

TLS = Path(__file__).parent.parent / "net" / "tls"

HANG = "hang"
DROP = "drop"


def server_tls(name: str = "trusted") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / f"{name}.pem", TLS / "key.pem")
    return context


@dataclass(frozen=True)
class Letter:
    sender: str
    recipients: list[str]
    content: bytes

    @property
    def parsed(self) -> EmailMessage:
        return cast(EmailMessage, message_from_bytes(self.content, policy=cast(Any, POLICY)))


class _Smtp(SMTP):
    """Asks the server what to do at each verb before it does what it would."""

    def __init__(self, server: MailServer, **more: Any) -> None:
        self.asked = server
        super().__init__(server, hostname="judge.test", loop=asyncio.get_running_loop(), **more)

    async def _otherwise(self, verb: str) -> bool:
        habit = self.asked.verbs.get(verb, "")
        if habit == HANG:
            await asyncio.Event().wait()
        if habit == DROP:
            assert self.transport is not None
            self.transport.abort()
        elif habit:
            await self.push(habit)
        return bool(habit)

    async def smtp_EHLO(self, hostname: str) -> None:
        if not await self._otherwise("EHLO"):
            await super().smtp_EHLO(hostname)

    async def smtp_HELO(self, hostname: str) -> None:
        if not await self._otherwise("EHLO"):
            await super().smtp_HELO(hostname)

    async def smtp_STARTTLS(self, arg: str) -> None:
        if not await self._otherwise("STARTTLS"):
            await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg: str) -> None:
        if not await self._otherwise("AUTH"):
            await super().smtp_AUTH(arg)

    async def smtp_MAIL(self, arg: str | None) -> None:
        if not await self._otherwise("MAIL"):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:
        if not await self._otherwise("RCPT"):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:
        if not await self._otherwise("DATA"):
            await super().smtp_DATA(arg)


class MailServer:
    """``letters`` were taken; ``sent`` are all whose content arrived, whatever was answered."""

    def __init__(self, *, starttls: bool = False, implicit: bool = False, certificate: str = "trusted", password: str = "") -> None:
        self.verbs: dict[str, str] = {}
        self.recipients: dict[str, list[str]] = {}
        self.asked: list[str] = []  # recipients, in order
        self.letters: list[Letter] = []
        self.sent: list[Letter] = []
        self.end: list[str] = []  # what the end of a letter is answered with, used up; then 250
        self.connections = 0
        self.port = 0
        self._starttls = server_tls(certificate) if starttls else None
        self._implicit = server_tls(certificate) if implicit else None
        self._password = password
        self._server: asyncio.Server | None = None
        self._all: set[_Smtp] = set()

    # ------------------------------------------------------------------------------- hooks of aiosmtpd
    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        self.asked.append(address)
        answers = self.recipients.get(address, [])
        answer = answers.pop(0) if answers else "250 2.1.5 ok"
        if answer.startswith("25"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        letter = Letter(envelope.mail_from or "", list(envelope.rcpt_tos), cast(bytes, envelope.content))
        self.sent.append(letter)
        answer = self.end.pop(0) if self.end else "250 2.0.0 taken"
        if answer == HANG:
            await asyncio.Event().wait()
        if answer == DROP:
            assert server.transport is not None
            server.transport.abort()
        if answer.startswith("250"):
            self.letters.append(letter)
        return answer

    def _authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and data.password == self._password.encode()
        return AuthResult(success=right, handled=False)

    # ------------------------------------------------------------------------------------ up and down
    def _client(self) -> asyncio.Protocol:
        self.connections += 1
        more: dict[str, Any] = {"tls_context": self._starttls} if self._starttls else {}
        if self._password:
            more |= {"authenticator": self._authenticate, "auth_required": True, "auth_require_tls": True}
        return cast(asyncio.Protocol, _Smtp(self, **more))

    async def __aenter__(self) -> Self:
        self._server = await asyncio.get_running_loop().create_server(self._client, "127.0.0.1", self.port, ssl=self._implicit)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._server is not None
        self._server.close()
        await asyncio.sleep(0)
