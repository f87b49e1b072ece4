"""A message on one line: a mail's subject, a syslog line, a summary; and one cell of a table.

Whoever takes a line may act on how it begins (a spreadsheet on ``=``, a shell on ``-``): ours begins with a bracket. Pure.
"""

from __future__ import annotations

import unicodedata
from typing import Final

from monitor.render.message import About, Message
from monitor.render.plain import isolated

#: What is left of a title at least, whatever the name before it takes.
_LEAST: Final = 20
#: What makes a spreadsheet take a cell for a formula; the wide ones do so where wide letters are common.
_FORMULA: Final = frozenset("=+-@\t\r＝＋－＠")


def line(message: Message, most: int) -> str:
    """``[HIGH] Arms transfer (update): صفقة …`` in ``most`` characters or fewer (isolates of ours come on top). No control characters;
    never begins with what a spreadsheet or a shell would act on."""
    tag = ("[SAMPLE] " if message.sample else "") + f"[{message.graded}]"
    event = f" ({message.became})" if message.event and message.about is not About.DIGEST else ""
    room = max(most - len(tag) - len(event) - len(" : "), 2)
    if message.about is About.DIGEST:
        return f"{tag} {isolated(_cut(message.title, room))}"
    name = _cut(message.name, max(room - _LEAST, room // 2))
    return f"{tag} {isolated(name)}{event}: {isolated(_cut(message.title, room - len(name)))}"


def cell(text: str) -> str:
    """``text`` as one cell of CSV that no spreadsheet calculates: an apostrophe before what begins a formula, also after what is not
    seen (blanks, control characters, a byte order mark, what turns the direction), since programs differ in what they drop."""
    begins = next((c for c in text if c in _FORMULA or unicodedata.category(c)[0] not in "CZ"), "")
    return f"'{text}" if begins in _FORMULA else text


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: max(most - 1, 0)].rstrip()}…"
