"""A message as plain text: the text part of a mail, and what services without markup are sent.

Whatever shows plain text orders each line by itself: foreign runs stand in isolates, and a line of right-to-left text begins
with its own. Pure: a message in, text out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from monitor.render import said
from monitor.render.message import About, Member, Message
from monitor.render.plain import Piece, isolated


def text(message: Message) -> str:
    """At most 60 lines, of a digest some more, ending in a newline; hits stand in brackets."""
    parts = (_head(message), _why(message), _where(message), *map(_member, message.members), _more(message), _links(message))
    return "\n\n".join("\n".join(part) for part in (tuple(part) for part in parts) if part) + "\n"


def _head(message: Message) -> Iterator[str]:
    yield said.headline(message)
    if message.about is About.ALERT:
        yield isolated(_marked(message.title_pieces))
        yield from filter(None, (said.heading(message),))
    elif message.text:
        yield isolated(message.text)
    label, lines = said.news(message)
    for number, news in enumerate(lines):
        yield f"- {news}" if number else f"{label}{news}"


def _why(message: Message) -> Iterator[str]:
    for passage in message.quoted:
        yield f"{said.how(passage)}:"
        yield isolated(f"“{_marked(passage.pieces)}”")
    if message.more_passages:
        yield said.more_passages(message)


def _marked(pieces: Iterable[Piece]) -> str:
    return "".join(f"[{piece.text}]" if piece.hit else piece.text for piece in pieces)


def _where(message: Message) -> Iterator[str]:
    if named := said.named(message):
        yield f"named: {', '.join(named)}"
    if message.about is About.OPERATION:
        yield said.stood(message)
    elif message.about is About.ALERT:
        yield said.origin(message)
    if outlets := said.outlets(message):
        yield outlets


def _more(message: Message) -> Iterable[str]:
    if message.more_members:
        yield said.more_members(message)


def _member(member: Member) -> Iterator[str]:
    yield f"{isolated(member.headline)}: {isolated(member.title)}"
    yield f"  {said.of_member(member)}"
    if member.url:
        yield f"  {member.url}"
    yield from (f"  {link.what}: {link.url}" for link in member.links)


def _links(message: Message) -> Iterator[str]:
    if message.url:
        yield f"Read: {message.url}"
    for link in message.links:
        yield f"{link.what}: {link.url}"
    if reference := said.reference(message):
        yield reference
