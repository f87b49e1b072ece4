"""How headers with free words in them are put on lines: the subject, and the names before addresses. Pure.

Between two encoded words a reader drops the blank (RFC 2047 §6.2), and Python 3.11 breaks a line there without keeping one inside:
two words of a title arrive as one. So a text with anything but plain words is written as encoded words from its first character to
its last, cut between characters, every blank inside. It must not know what the words say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from email.charset import Charset
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UniqueAddressHeader
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy, Policy
from itertools import chain, repeat
from typing import Any, Final, cast

#: RFC 5322 §2.1.1, RFC 2047 §2.
_LINE: Final = 76
#: What a word may have to stand as it is: beside the longest header's name it still fits on a line.
_WORD: Final = 60
_UTF8: Final = Charset("utf-8")


class _Words(BaseHeader):
    """A header that is free text. What it is set to is what it says: an encoded word of a stranger's in it is not decoded."""

    max_count = 1

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        kwds["parse_tree"] = None
        kwds["decoded"] = value

    def fold(self, *, policy: Policy) -> str:
        return _packed(self.name, _words(str(self), len(self.name) + 2), policy.linesep)


class _Mailboxes(UniqueAddressHeader):
    def fold(self, *, policy: Policy) -> str:
        name = cast(BaseHeader, self).name  # the registry puts the two together
        return _packed(name, _mailboxes(self.addresses, len(name) + 2), policy.linesep)


def policy() -> EmailPolicy[EmailMessage]:
    """SMTP's, with headers that are folded here."""
    registry = HeaderRegistry()
    registry.map_to_type("subject", _Words)
    for name in ("from", "to", "reply-to"):
        registry.map_to_type(name, cast(type[BaseHeader], _Mailboxes))
    return SMTP.clone(header_factory=registry)


def _words(text: str, before: int) -> list[str]:
    """``text`` as words that a blank or a line break may stand between: its own, or encoded ones. ``before`` characters stand before
    the first on its line."""
    own = text.split(" ")
    if text.isascii() and text.isprintable() and "=?" not in text and all(0 < len(word) <= _WORD for word in own):
        return own
    return _encoded(text, before)


def _encoded(text: str, before: int) -> list[str]:
    # The first is short enough to stand beside the header's name: a first line that is blank is taken for an empty header by some.
    return [word for word in _UTF8.header_encode_lines(text, chain([_LINE - before], repeat(_LINE - 1))) if word]


def _mailboxes(addresses: Sequence[Address], before: int) -> Iterator[str]:
    for number, address in enumerate(addresses, start=1):
        comma = "," if number < len(addresses) else ""
        whole = str(address)
        if not address.display_name or (whole.isascii() and "=?" not in whole and len(whole) <= _WORD):
            yield whole + comma
        else:
            yield from _encoded(address.display_name, before)
            yield f"<{address.addr_spec}>{comma}"


def _packed(name: str, parts: Iterable[str], linesep: str) -> str:
    lines = [f"{name}:"]
    for number, part in enumerate(parts):
        if number and len(lines[-1]) + 1 + len(part) > _LINE:
            lines.append("")
        lines[-1] += f" {part}"
    return linesep.join(lines) + linesep
