"""A whole letter, as the mail sink hands it over, read by the standard library's parser. Its two bodies must arrive as they were
rendered; what those show is judged with the channels "mail" and "text"."""

from __future__ import annotations

from email import policy
from email.headerregistry import Address
from email.message import Message as Parsed
from email.parser import BytesParser
from typing import Any, cast

from monitor.render.mail import mail
from monitor.render.message import read
from monitor.sinks.mail.letter import Envelope, letter
from tests.sinks.payloads import Seen, channel

_DESK = Address("", "desk", "example.org")
_ENVELOPE = Envelope("desk", Address("News monitor", "monitor", "example.org"), (_DESK, Address("", "b", "example.org")), prefix="[news]")


def _body(part: Parsed[str, str]) -> str:
    return cast(bytes, part.get_payload(decode=True)).decode().replace("\r\n", "\n")


@channel("letter")
def _letter(payload: bytes) -> Seen:
    message = read(payload)
    made, expected = letter(message, _ENVELOPE), mail(message)
    # The parts as they stand, and the subject as a reader of today understands it, encoded words and all.
    whole: Parsed[str, str] = BytesParser(policy=policy.compat32).parsebytes(made)
    subject = str(cast(Any, policy.default).header_fetch_parse("Subject", whole["Subject"]))
    parts = list(whole.walk())
    shape = {f"header {name}" for part in parts for name in part.keys()}  # noqa: SIM118 - a letter is no mapping
    shape |= {part.get_content_type() for part in parts}
    bodies = [_body(part) for part in parts[1:]]
    obeyed = [] if bodies == [expected.text, expected.html] else ["another body"]
    obeyed += [str(defect) for part in parts for defect in part.defects]
    if [whole["From"], whole["To"]] != ["News monitor <monitor@example.org>", "desk@example.org, b@example.org"]:
        obeyed.append(f"from {whole['From']} to {whole['To']}")
    obeyed += [name for name in ("Bcc", "Cc", "X-Evil") if name in whole]
    obeyed += [] if made.isascii() and b"\n" not in made.replace(b"\r\n", b"") else ["a line end of its own"]
    said = f"{subject}\n{expected.text}".replace("=\u200c?", "=?")
    return Seen(said, (), frozenset(shape), len(said.splitlines()), tuple(obeyed))
