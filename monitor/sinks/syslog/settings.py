"""How a syslog sink is declared. TLS unless it is switched off by name; nothing is tried without it because the other side has none."""

from __future__ import annotations

import socket
from functools import partial
from pathlib import Path
from typing import Annotated, ClassVar, Final, Literal

from pydantic import AfterValidator, Field, model_validator

from monitor.net.dial import Dialler
from monitor.ports import Tls
from monitor.sinks.advice import Advice
from monitor.sinks.base import LOOPBACK, Built, SecretPath, SinkSection, Tools
from monitor.sinks.example import Example
from monitor.sinks.place import Place, place
from monitor.sinks.syslog.record import FACILITIES, Head
from monitor.sinks.syslog.sender import Syslog

#: RFC 5425 §4.1; and what everybody uses without TLS, though RFC 6587 names none.
_PORTS: Final = {True: 6514, False: 514}
#: RFC 5424 §6: printable ASCII without blanks.
_APP: Final = r"^[!-~]{1,48}$"
_HOST: Final = r"^[!-~]{1,255}$"


def _address(value: str) -> str:
    return str(place(value))


class SyslogSettings(SinkSection):
    examples: ClassVar[tuple[Example, ...]] = (Example("syslog", "a log server, over TCP with TLS", {"address": "logs.example.org"}),)
    advice: ClassVar[tuple[Advice, ...]] = (
        Advice(r"not connected: Connection refused", "no log server listens there: is the port right (6514 with TLS, 514 without)?"),
        Advice(
            r"no TLS connection could be agreed on", "the log server speaks no TLS there: port 6514 is usual, tls: false where it has none"
        ),
        Advice(
            r"the syslog server closes every connection",
            "does the log server take TCP there, with TLS as tls: says, and from this machine?",
        ),
        Advice(r"the syslog server took nothing within", "the log server is stuck, its disk full perhaps: its own log says why"),
    )

    type: Literal["syslog"]
    address: Annotated[str, AfterValidator(_address)] = Field(
        description="The syslog server: a host, or host:port; without a port 6514, without TLS 514."
    )
    tls: bool = Field(default=True, description="Whether TLS is spoken.")
    authority: Path | None = Field(default=None, description="A PEM file with the authority to trust instead of the system's.")
    certificate: Path | None = Field(default=None, description="A PEM file with the certificate that says who we are.")
    key: SecretPath | None = Field(default=None, description="Its key, where that is a file of its own.")
    facility: Literal["user", "daemon", "audit", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"] = Field(
        default="local0", description="The facility of every record."
    )
    app_name: str = Field(default="news-monitor", pattern=_APP, description="The APP-NAME of every record.")
    hostname: str | None = Field(default=None, pattern=_HOST, description="The HOSTNAME of every record; without it this machine's name.")
    max_bytes: int = Field(default=8192, ge=1024, le=1024 * 1024, description="Bytes of a record at most: what the server takes.")
    format: Literal["text", "json"] = Field(
        default="text", description="text: a line for people; json: the whole document, where it fits into max_bytes."
    )

    @model_validator(mode="after")
    def _whole(self) -> SyslogSettings:
        if self.key is not None and self.certificate is None:
            raise ValueError("key is the key of a certificate, and none is given")
        if not self.tls and (self.authority is not None or self.certificate is not None):
            raise ValueError("authority and certificate are for TLS, and tls is off")
        return self

    @property
    def place(self) -> Place:
        where = place(self.address)
        return where if where.port else Place(where.host, _PORTS[self.tls])

    def warnings(self) -> tuple[str, ...]:
        if not self.tls and self.place.host not in LOOPBACK:
            return ("uses tls: false: alerts travel unencrypted, and anybody between can change them; use tls: true",)
        return ()

    def build(self, name: str, tools: Tools) -> Built:
        files = [str(file) if file is not None else "" for file in (self.certificate, self.key, self.authority)]
        sink = Syslog(
            name,
            Head(FACILITIES[self.facility], self.hostname or _own_name(), self.app_name, self.max_bytes, whole=self.format == "json"),
            self.place,
            tls=Tls(*files) if self.tls else None,
            dial=Dialler().dial,
            clock=tools.clock,
            read=partial(tools.message, sink=name),
        )
        return Built(sink=sink, beating=sink)


def _own_name() -> str:
    """RFC 5424 §6.2.4; "-" says that it is not known."""
    name = socket.gethostname()[:255]
    return name if name and all("!" <= character <= "~" for character in name) else "-"
