"""A message for Slack's incoming webhooks.

Everything foreign stands in `rich_text` or `plain_text`, which Slack does not parse: no mention, link or emoji can be made of it.
Only the fallback `text` (notifications, screen readers) is read as markup, and there `& < >` are escaped, which is all that Slack
asks for. Links are links within the text, not buttons: a press of a button is reported to an app, and where none listens Slack
puts a warning beside it. Pure: a message in, a body out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from monitor.model import JsonObject
from monitor.render import said
from monitor.render.message import About, Member, Message, Passage
from monitor.render.oneline import line
from monitor.render.plain import Piece, isolated
from monitor.render.units import cut, encoded

#: Limits of Slack's reference: of a header, of the fallback (what is shown of it on a locked phone is far less), of a link.
HEADER: Final = 150
ISOLATES: Final = 2  # around a name, on top of what fits
FALLBACK: Final = 300
MEMBER_TITLE: Final = 120


def body(message: Message) -> bytes:
    return encoded(
        {
            "text": _escaped(line(message, FALLBACK)),
            "mrkdwn": False,
            "unfurl_links": False,
            "unfurl_media": False,
            "blocks": list(_blocks(message)),
        }
    )


def _blocks(message: Message) -> Iterator[JsonObject]:
    yield {"type": "header", "text": {"type": "plain_text", "text": said.headline(message, HEADER - ISOLATES), "emoji": False}}
    yield {"type": "rich_text", "elements": _lines(_elements(message))}
    if small := [fact for fact in (_where(message), said.outlets(message), said.reference(message)) if fact]:
        yield {"type": "context", "elements": [{"type": "plain_text", "text": fact, "emoji": False} for fact in small]}
    if links := list(_links(message)):
        yield {"type": "rich_text", "elements": [_section(links)]}


def _elements(message: Message) -> Iterator[JsonObject]:
    if message.about is About.ALERT:
        yield _section(_run(message.title_pieces, bold=True))
        if heading := said.heading(message):
            yield _section([_text(heading, italic=True)])
    else:
        yield _section([_text(message.text or message.title)])
    label, lines = said.news(message)
    if lines:
        yield _section([*([_text(label, bold=True)] if label else ()), _text("\n".join(lines))])
    for passage in message.quoted:
        yield from _passage(passage)
    if more := said.more_passages(message):
        yield _section([_text(more)])
    if named := said.named(message):
        yield _section([_text("Named: ", bold=True), _text(", ".join(named))])
    if message.members:
        yield {"type": "rich_text_list", "style": "bullet", "elements": [_section(_member(member)) for member in message.members]}
    if more := said.more_members(message):
        yield _section([_text(more)])


def _passage(passage: Passage) -> Iterator[JsonObject]:
    yield _section([_text(said.how(passage), italic=True)])
    yield {"type": "rich_text_quote", "elements": _run(passage.pieces)}


def _member(member: Member) -> list[JsonObject]:
    title = cut(member.title, MEMBER_TITLE)
    shown = _link(title, member.url) if member.url else _text(title)
    return [_text(f"{isolated(member.headline)}: "), shown, _text(f"\n{said.of_member(member)}", italic=True)]


def _where(message: Message) -> str:
    return {About.ALERT: said.origin(message), About.OPERATION: said.stood(message), About.DIGEST: ""}[message.about]


def _links(message: Message) -> Iterator[JsonObject]:
    """The article, then what can be done about it, apart enough for a thumb."""
    links = [*([("Read the article", message.url)] if message.url else ()), *((link.what, link.url) for link in message.links)]
    for number, (what, url) in enumerate(links):
        if number:
            yield _text("   ·   ")
        yield _link(what, url)


# ----------------------------------------------------------------------------------------- small parts
def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _section(elements: Sequence[JsonObject]) -> JsonObject:
    return {"type": "rich_text_section", "elements": list(elements)}


def _lines(elements: Iterable[JsonObject]) -> list[JsonObject]:
    """Sections in a row as one with line ends: whether sections stand below each other is left to the client."""
    joined: list[JsonObject] = []
    for element in elements:
        if joined and element["type"] == joined[-1]["type"] == "rich_text_section":
            joined[-1]["elements"] += [_text("\n"), *element["elements"]]
        else:
            joined.append(element)
    return joined


def _run(pieces: Iterable[Piece], *, bold: bool = False) -> list[JsonObject]:
    """Hits bold; in a title, which is bold already, bold and slanted."""
    return [_text(piece.text, bold=bold or piece.hit, italic=bold and piece.hit) for piece in pieces if piece.text]


def _text(text: str, *, bold: bool = False, italic: bool = False) -> JsonObject:
    style = {name: True for name, wanted in (("bold", bold), ("italic", italic)) if wanted}
    return {"type": "text", "text": text, **({"style": style} if style else {})}


def _link(text: str, url: str) -> JsonObject:
    return {"type": "link", "url": url, "text": text}
