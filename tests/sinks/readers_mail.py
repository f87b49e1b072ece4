"""A whole letter, as the mail sink hands it over, read by the standard library's parser. Its two bodies must arrive as they were
rendered; what those show is judged with the channels "mail" and "text"."""

from __future__ import annotations

from email import policy
from email.headerregistry import Address
from email.parser import BytesParser

from monitor.render.mail import mail
from monitor.render.message import read
from monitor.sinks.mail.letter import Envelope, letter
from tests.sinks.payloads import Seen, channel

_DESK = Address("", "desk", "example.org")
_ENVELOPE = Envelope("desk", Address("News monitor", "monitor", "example.org"), (_DESK, Address("", "b", "example.org")), prefix="[news]")


@channel("letter")
def _letter(payload: bytes) -> Seen:
    made = letter(read(payload), _ENVELOPE)
    whole = BytesParser(policy=policy.default).parsebytes(made)
    parts = list(whole.walk())
    # A subject's words and whom it claims to come from are all that is shown of headers.
    shape = {f"header {name}" for part in parts for name in part.keys()}  # noqa: SIM118 - a letter is no mapping
    shape |= {part.get_content_type() for part in parts}
    text, page = (part.get_content().replace("\r\n", "\n") for part in whole.iter_parts())
    expected = mail(read(payload))
    obeyed = ["another body"] if (text, page) != (expected.text, expected.html) else []
    obeyed += [str(defect) for part in parts for defect in part.defects]
    if [str(whole[name]) for name in ("From", "To")] != ["News monitor <monitor@example.org>", "desk@example.org, b@example.org"]:
        obeyed.append(f"from {whole['From']} to {whole['To']}")
    obeyed += [name for name in ("Bcc", "Cc", "X-Evil") if name in whole]
    obeyed += [] if made.isascii() and b"\n" not in made.replace(b"\r\n", b"") else ["a line end of its own"]
    said = f"{whole['Subject']}\n{text}".replace("=\u200c?", "=?")
    return Seen(said, (), frozenset(shape), len(said.splitlines()), tuple(obeyed))
