"""How a mail sink is declared: the server and how it is spoken to, who writes, who is told.

TLS is asked for or not spoken at all; there is no "if the server offers it", which anybody between us could answer with no.
"""

from __future__ import annotations

import re
from email.headerregistry import Address, HeaderRegistry
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal, cast

from pydantic import AfterValidator, Field, model_validator

from monitor.net.dial import Dialler
from monitor.sinks.advice import Advice
from monitor.sinks.base import LOOPBACK, Built, SecretPath, SinkSection, Tools
from monitor.sinks.example import Example
from monitor.sinks.mail.letter import Envelope
from monitor.sinks.mail.sender import Mail
from monitor.sinks.mail.session import Server
from monitor.sinks.place import Place, place

#: RFC 8314 §3.3, RFC 6409 §3.1, RFC 5321 §4.5.4.2.
_PORTS: Final = {"starttls": 587, "implicit": 465, "none": 25}
#: RFC 2919 §2: a dot-atom with at least two parts.
_LIST_ID: Final = r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+$"
_REGISTRY: Final = HeaderRegistry()


def _mailbox(value: str) -> str:
    """``desk@example.org`` or ``News desk <desk@example.org>``, the host name as mail servers take it."""
    found = address(value)
    return str(found)


def address(value: str) -> Address:
    """Raises ValueError."""
    if not value.isprintable():
        raise ValueError("a mail address holds no line breaks and no control characters")
    header = cast(Any, _REGISTRY("to", value))
    if header.defects or len(header.addresses) != 1 or not header.addresses[0].username or not header.addresses[0].domain:
        raise ValueError(f"{value!r} is not one mail address, such as desk@example.org or News desk <desk@example.org>")
    one: Address = header.addresses[0]
    if not one.username.isascii():
        raise ValueError(f"{value!r}: letters beyond ASCII before the @ are not taken by most mail servers")
    try:
        domain = one.domain if one.domain.startswith("[") else one.domain.encode("idna").decode()
    except UnicodeError:
        raise ValueError(f"{value!r}: what stands after the @ is no host name") from None
    return Address(one.display_name, one.username, domain)


def _server(value: str) -> str:
    return str(place(value))


Mailbox = Annotated[str, AfterValidator(_mailbox)]


class MailSettings(SinkSection):
    examples: ClassVar[tuple[Example, ...]] = (
        Example(
            "mail",
            "e-mail, text and HTML",
            {
                "server": "mail.example.org",
                "user": "monitor@example.org",
                "password_file": "/run/secrets/{name}",
                "sender": "News monitor <monitor@example.org>",
                "to": ["desk@example.org"],
            },
        ),
    )
    advice: ClassVar[tuple[Advice, ...]] = (
        Advice(r"53[45]\b", "mend {credentials}; many providers want an app password there, not the account's own"),
        Advice(
            r"not connected: Connection refused", "no mail server listens there: is the port right (587 starttls, 465 implicit, 25 none)?"
        ),
        Advice(r"not connected", "many providers let no mail out of their network: try port 587, or ask them; else look at firewalls"),
        Advice(
            r"no TLS connection could be agreed on",
            "tls: implicit is for port 465, tls: starttls for 587: do server: and tls: go together?",
        ),
        Advice(
            r"what the server says is not SMTP", "tls: implicit is for port 465, tls: starttls for 587: do server: and tls: go together?"
        ),
        Advice(
            r"put off by|told some; put off",
            "a mail server puts strangers off at first (greylisting): it is tried again, nothing is to be done",
        ),
        Advice(r"the mail server takes nothing for", "mend to:, or ask who runs the mail server why it takes nothing for them"),
        Advice(r"the mail server refuses the letter: 552", "the mail server takes no letter of this size; raise its limit"),
        Advice(r"the mail server refuses the letter", "its words say why; many ask for SPF and DKIM of the domain in sender:"),
        Advice(
            r"the mail server did not take the letter within",
            "the mail server is too slow or a filter before it hangs: its own log says why",
        ),
        Advice(r"the mail server is not ready", "the mail server asks us to come again later, which is done; its words say why"),
    )

    type: Literal["mail"]
    server: Annotated[str, AfterValidator(_server)] = Field(
        description="The mail server: a host, or host:port; without a port 587, 465 with tls: implicit, 25 with tls: none."
    )
    tls: Literal["starttls", "implicit", "none"] = Field(default="starttls", description="How the connection is encrypted.")
    authority: Path | None = Field(default=None, description="A PEM file with the authority to trust instead of the system's.")
    user: str = Field(default="", description="Whom to log in as; without one nobody logs in.")
    password_file: SecretPath | None = Field(default=None, description="A file with the password.")
    sender: Mailbox = Field(description="Whom the mail is from.")
    to: tuple[Mailbox, ...] = Field(min_length=1, max_length=100, description="Who is told; each of them sees the others.")
    reply_to: Mailbox | None = Field(default=None, description="Where answers go, if not to the sender.")
    list_id: str | None = Field(
        default=None, pattern=_LIST_ID, description="List-Id for filters; without one it is WATCHLIST.SINK.DOMAIN of the sender."
    )
    subject_prefix: str = Field(default="", max_length=40, description="Stands before every subject.")

    @model_validator(mode="after")
    def _whole(self) -> MailSettings:
        if bool(self.user) != (self.password_file is not None):
            raise ValueError("user and password_file go together: give both or neither")
        if self.user and self.tls == "none" and not self._near:
            raise ValueError("a password is never sent unencrypted: use tls: starttls or tls: implicit")
        if not self.subject_prefix.isprintable() or not self.user.isprintable():
            raise ValueError("subject_prefix and user hold no line breaks and no control characters")
        if len({each.casefold() for each in map(_spec, self.to)}) < len(self.to):
            raise ValueError("an address stands twice under to")
        return self

    @property
    def place(self) -> Place:
        where = place(self.server)
        return where if where.port else Place(where.host, _PORTS[self.tls])

    @property
    def _near(self) -> bool:
        return place(self.server).host in LOOPBACK

    @property
    def sums_up(self) -> bool:
        return True

    def warnings(self) -> tuple[str, ...]:
        if self.tls == "none" and not self._near:
            return ("uses tls: none: alerts travel unencrypted; use starttls or implicit",)
        return ()

    def build(self, name: str, tools: Tools) -> Built:
        server = Server(self.place, self.tls, authority="" if self.authority is None else str(self.authority), user=self.user)
        envelope = Envelope(
            sink=name,
            sender=address(self.sender),
            to=tuple(map(address, self.to)),
            reply_to=None if self.reply_to is None else address(self.reply_to),
            list_id=self.list_id or "",
            prefix=re.sub(r"\s+", " ", self.subject_prefix).strip(),
        )
        read = partial(tools.message, sink=name)
        mail = Mail(name, envelope, server, password_file=self.password_file, dial=Dialler().dial, clock=tools.clock, read=read)
        return Built(sink=mail)


def _spec(mailbox: str) -> str:
    return address(mailbox).addr_spec
