"""A message for a Discord webhook: one embed.

Discord reads Markdown nearly everywhere, and makes links, mentions, emoji and times of what looks like one: in foreign text each
character that could begin such stands behind a backslash, which Discord takes off again. Nobody is ever mentioned
(`allowed_mentions`). Pure: a message in, a body out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

from monitor.model import JsonObject, Severity
from monitor.render import said
from monitor.render.message import About, Member, Message, Passage
from monitor.render.oneline import line
from monitor.render.payload import timestamp
from monitor.render.plain import Piece, isolated
from monitor.render.units import cut, encoded, units

#: Limits of Discord's reference, in UTF-16 units, escapes counted.
CONTENT: Final = 2000
TITLE: Final = 256
DESCRIPTION: Final = 4096
FIELD: Final = 1024
MEMBER_TITLE: Final = 80
#: Characters of the line that a locked phone shows.
GLANCE: Final = 300

#: What can begin or end something: wherever it stands, or where a line begins. A colon only where an emoji, a time or an address
#: could follow it, a bracket only where a link's address could: a locked phone shows the backslashes.
_MARKUP: Final = re.compile(r"[\\*_~`|<@]|:(?=[/\w])|\](?=[(\[])|^\s*[-+>#]|^\s*\d+\.")
#: What a link's own words may not have either.
_LABEL: Final = re.compile(rf"{_MARKUP.pattern}|[\[\]]")

_COLOUR: Final = {
    Severity.CRITICAL: 0x7A0019,
    Severity.HIGH: 0xB3261E,
    Severity.MEDIUM: 0x8F5600,
    Severity.LOW: 0x1F5F8B,
    Severity.INFO: 0x4A5560,
}


def body(message: Message) -> bytes:
    marked = _marked(message.title_pieces, "__")
    embed: JsonObject = {"title": marked if units(marked) <= TITLE else _fitting(message.title, TITLE)}
    if message.url:
        embed["url"] = message.url
    while message.members and units("\n".join(_description(message))) > DESCRIPTION:
        message = said.fewer(message)
    if description := _fitting_lines(_description(message), DESCRIPTION):
        embed["description"] = description
    embed["color"] = _COLOUR[message.alarm]
    if fields := [{"name": name, "value": _fitting(value, FIELD), "inline": True} for name, value in _fields(message)]:
        embed["fields"] = fields
    if reference := said.reference(message):
        embed["footer"] = {"text": reference}
    embed["timestamp"] = timestamp(message.time)
    content = f"**{_fitting(line(message, GLANCE), CONTENT - 4)}**"  # what a locked phone shows, which knows no embeds
    return encoded({"content": content, "embeds": [embed], "allowed_mentions": {"parse": []}})


def _description(message: Message) -> Iterator[str]:
    if message.about is not About.ALERT and message.text != message.title:
        yield _escaped(message.text)
    if heading := said.heading(message):
        yield f"**{_escaped(heading)}**"
    label, lines = said.news(message)
    for number, news in enumerate(lines):
        yield f"**{label.strip()}** {_escaped(news)}" if label and not number else _escaped(news)
    for passage in message.quoted:
        yield from _passage(passage)
    if more := said.more_passages(message):
        yield more
    if named := said.named(message):
        yield f"**Named:** {_escaped(', '.join(named))}"
    yield from (_member(member) for member in message.members)
    if more := said.more_members(message):
        yield more
    if message.links:
        yield " · ".join(_link(link.what, link.url) for link in message.links)


def _passage(passage: Passage) -> Iterator[str]:
    yield f"**{_escaped(said.how(passage))}**"
    yield f"> {_marked(passage.pieces, '**')}"


def _member(member: Member) -> str:
    title = isolated(cut(member.title, MEMBER_TITLE))
    head = f"**{_escaped(isolated(member.headline))}:** {_link(title, member.url) if member.url else _escaped(title)}"
    return f"\n{head}\n{_escaped(said.of_member(member))}"


def _fields(message: Message) -> Iterator[tuple[str, str]]:
    if message.about is About.ALERT:
        yield "Where and when", said.origin(message)
    elif message.about is About.OPERATION:
        yield ("Since", message.when) if message.event != "closed" else ("Stood", said.stood(message))
    if outlets := said.outlets(message):
        yield "Story", outlets


# ----------------------------------------------------------------------------------------- small parts
def _escaped(text: str, markup: re.Pattern[str] = _MARKUP) -> str:
    return markup.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", text)


def _link(text: str, url: str) -> str:
    return f"[{_escaped(text, _LABEL)}]({url})"


def _marked(pieces: Iterable[Piece], mark: str) -> str:
    """Hits between marks; two that touch as one, for four asterisks in a row mean something else."""
    runs = ((hit, "".join(piece.text for piece in run)) for hit, run in groupby(pieces, key=lambda piece: piece.hit))
    return "".join(f"{mark}{_escaped(text)}{mark}" if hit and text.strip() else _escaped(text) for hit, text in runs)


def _fitting(text: str, most: int) -> str:
    """Escaped, in ``most`` units or fewer; what is cut is the text, never an escape."""
    while units(escaped := _escaped(text)) > most:
        over = units(escaped) - most
        text = cut(text, max(units(text) - max(over // 2, 1), 1))
    return escaped


def _fitting_lines(lines: Iterable[str], most: int) -> str:
    """Whole lines only, or a mark could lose its end; an ellipsis where one had to go."""
    kept: list[str] = []
    left = most - 2
    for each in lines:
        left -= units(each) + 1
        if left < 0:
            return "\n".join([*kept, "…"])
        kept.append(each)
    return "\n".join(kept)
