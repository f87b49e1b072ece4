"""What to do about an answer: one table of what receivers and networks say, for every type of sink, and the rows that a type adds.

Advice is made of an answer's detail, which is kept with it: so the same is said by ``monitor sinks test``, beside the last answer
of a sink, and in its operation, also after a restart. A type's own rows stand with its settings. This module must not know any
type; it reads from settings where the address and the credentials stand, and never what they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class Advice:
    """``when`` is looked for at the beginning of a detail. ``only`` are settings that must be so: ``{"format": "slack"}``.

    In ``do``: ``{address}`` is where the address stands (``url:``, ``the file FILE``), ``{credentials}`` where what we show stands,
    ``{host}`` the receiver's host where it is no secret."""

    when: str
    do: str
    only: Mapping[str, str] = field(default_factory=dict)

    def fits(self, section: BaseModel, detail: str) -> bool:
        return all(getattr(section, key, None) == value for key, value in self.only.items()) and bool(re.match(self.when, detail))


#: What is said by `net/`, `answers.py` and `secrets.py`, most particular first. A receiver's own words come after ours, so that
#: they cannot choose a row.
COMMON: Final = (
    Advice(r"HTTP 3\d\d", "the receiver has moved: put its new address into {address}; redirects are never followed"),
    Advice(r"HTTP 401", "{unknown}"),
    Advice(r"HTTP 403", "the receiver does not let us: ask who runs it, or mend {credentials}"),
    Advice(r"HTTP 404", "nothing takes messages at this address: mend {address}"),
    Advice(r"HTTP 405", "nothing takes POST at this address: {address} probably holds that of a page for people"),
    Advice(r"HTTP 407", "a proxy stands between and wants to know who we are; let this machine past it"),
    Advice(r"HTTP 410", "the receiver says that it is gone for good: put another address into {address}"),
    Advice(r"HTTP 413", "the receiver takes no message of this size: raise its limit, 1 MiB is enough"),
    Advice(r"HTTP 415", "the receiver wants another format: see format: and content_type:"),
    Advice(r"HTTP (400|422)", "the receiver does not want this message so; its words say why, format: chooses another shape"),
    Advice(r"HTTP 429", "the receiver wants fewer messages and is asked again when it said; rate: and digests send fewer"),
    Advice(r"HTTP 50[234]", "what stands before the receiver does not reach it: is it running?"),
    Advice(r"HTTP 5\d\d", "the receiver failed: its own log says why; nothing is to be done here"),
    Advice(r"the host name does not resolve", "no name server knows {host}: look for a slip in {address}, and try: getent hosts {host}"),
    Advice(
        r"the TLS certificate is not accepted: (Hostname|IP address) mismatch",
        "its certificate is another host's: write into {address} the name it was made for",
    ),
    Advice(r"the TLS certificate is not accepted: certificate has expired", "whoever runs the receiver must renew its certificate"),
    Advice(r"the TLS certificate is not accepted: certificate is not yet valid", "is the clock of this machine right?"),
    Advice(
        r"the TLS certificate is not accepted",
        "this machine does not trust who made its certificate: name the authority's PEM file under authority:",
    ),
    Advice(r"no TLS connection could be agreed on", "nothing there speaks TLS 1.2 or later: is the port right, and is it https there?"),
    Advice(r"the TLS files cannot be used", "certificate:, key: and authority: must be PEM files that the monitor's user may read"),
    Advice(r"not connected: Connection refused", "nothing listens there: is the receiver running, and is the port in {address} right?"),
    Advice(r"not connected", "the network does not lead there: look at routes and firewalls between this machine and {host}"),
    Advice(r"no answer", "the receiver is too slow or something drops what we send: it should answer first and work afterwards"),
    Advice(r"the connection (was closed|broke)", "the receiver, or what stands before it, hangs up: its own log says why"),
    Advice(r"the answer is not valid HTTP", "what listens there is no HTTP server: is the port in {address} right?"),
    Advice(r"the address is not a valid URL", "mend {address}"),
    Advice(
        r"sink \S+: the .* file .* cannot be read: Permission denied",
        "let the monitor's user, and nobody else, read it: chown it to that user, chmod 600",
    ),
    Advice(r"sink \S+: the .* file .* cannot be read", "put the file there; it is read again at the next try"),
    Advice(r"sink \S+: the file for url_file", "write one line into it, the whole address beginning with https://"),
    Advice(r"the sink failed", "this is a fault of the monitor's own: please report it with the log of that time"),
)  # fmt: skip  # one row a line where it fits, as a table is read


def advise(section: BaseModel, rows: Sequence[Advice], detail: str) -> str:
    """What a person should do about an answer with this detail; "" where there is nothing to say."""
    found = next((row for row in (*rows, *COMMON) if row.fits(section, detail)), None)
    return found.do.format_map(_places(section)) if found is not None else ""


def _places(section: BaseModel) -> Mapping[str, str]:
    """Where in the settings things stand: names of keys and files, never a value that may be secret."""
    shown = _credentials(section)
    return {
        "address": _address(section),
        "host": _host(section),
        "credentials": shown or "what we show it (bearer_file:, basic_file: or certificate:)",
        "unknown": (
            f"the receiver does not accept {shown}: put a valid one there, it is read again at the next try"
            if shown
            else f"the receiver wants to know who we are: set bearer_file: or basic_file:, or mend the key in {_address(section)}"
        ),
    }


def _address(section: BaseModel) -> str:
    if (file := getattr(section, "url_file", None)) is not None:
        return f"the file {file}"
    return next((f"{key}:" for key in ("url", "server", "address", "path") if getattr(section, key, None)), "its address")


def _host(section: BaseModel) -> str:
    url = getattr(section, "url", None)
    host = (urlsplit(url).hostname or "") if isinstance(url, str) else str(getattr(section, "server", None) or "").partition(":")[0]
    return host or "HOST"


def _credentials(section: BaseModel) -> str:
    said = {
        "bearer_file": "the token in {}",
        "basic_file": "the user and the password in {}",
        "password_file": "the user: or the password in {}",
        "certificate": "the certificate {}",
        "secret_file": "our signature (the secret in {})",
    }
    key = next((key for key in said if getattr(section, key, None) is not None), "")
    return said[key].format(getattr(section, key)) if key else ""
