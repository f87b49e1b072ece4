"""One letter: a message with the headers that thread it, file it and keep robots from answering it. Pure: the same bytes each time.

Nothing of a stranger's stands in a header but in the subject, which `render.mail` has tamed; ids are made of hex digits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from monitor.model import Severity, identity
from monitor.render.mail import header, mail
from monitor.render.message import About, Message
from monitor.sinks.mail import folding

_POLICY: Final = folding.policy()
_HEX: Final = re.compile(r"[0-9a-f]{16,64}")
_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?")
#: RFC 5646, as much of it as a feed's language may be.
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True)
class Envelope:
    """What all letters of one sink share. ``list_id`` is "" where each watchlist has one of its own."""

    sink: str
    sender: Address
    to: tuple[Address, ...]
    reply_to: Address | None = None
    list_id: str = ""
    prefix: str = ""


def letter(message: Message, envelope: Envelope) -> bytes:
    """RFC 5322, in ASCII, lines ended by CRLF. Raises ValueError for what cannot be a letter."""
    body = mail(message)
    made = EmailMessage(policy=_POLICY)
    made["From"] = envelope.sender
    made["To"] = envelope.to
    if envelope.reply_to is not None:
        made["Reply-To"] = envelope.reply_to
    made["Subject"] = header(f"{envelope.prefix} {body.subject}") if envelope.prefix else body.subject
    made["Date"] = format_datetime(message.time)
    made["Message-ID"] = _id(message.id, envelope)
    if message.about is not About.DIGEST and not message.sample:
        # The first letter of a thread answers one that never was: the programs people read mail with thread by that as well, and
        # so it does not matter which letter arrives first, or whether the first was ever sent here.
        made["In-Reply-To"] = made["References"] = _id(message.thread, envelope)
    made["List-Id"] = f"<{envelope.list_id or _list(message, envelope)}>"
    # RFC 3834; and what Exchange and old mailing-list programs look at.
    made["Auto-Submitted"] = "auto-generated"
    made["X-Auto-Response-Suppress"] = "All"
    made["Precedence"] = "list"
    if message.alarm is Severity.CRITICAL:
        made["Importance"] = "high"
    made.set_content(body.text, cte="quoted-printable")
    made.add_alternative(body.html, subtype="html", cte="quoted-printable")
    languages = dict.fromkeys(["en", *([message.language] if _LANGUAGE.fullmatch(message.language) else ())])
    made["Content-Language"] = ", ".join(languages)
    # A boundary of its own for each letter, not by chance: an attempt is byte for byte the one before.
    made.set_boundary(f"=_{identity('boundary', message.id)}")
    return made.as_bytes()


def _id(of: str, envelope: Envelope) -> str:
    name = of if _HEX.fullmatch(of) else identity("letter", of)
    return f"<{name}.{_label(envelope.sink)}@{_domain(envelope)}>"


def _list(message: Message, envelope: Envelope) -> str:
    about = {About.ALERT: message.watchlist, About.OPERATION: "operations", About.DIGEST: "digests"}[message.about]
    return f"{_label(about)}.{_label(envelope.sink)}.{_domain(envelope)}"


def _domain(envelope: Envelope) -> str:
    return envelope.sender.domain.strip("[]").replace(":", "-")


def _label(name: str) -> str:
    """``name`` where it may stand in an id as it is; else a name made of it."""
    return name if _LABEL.fullmatch(name) else identity(name)[:12]
