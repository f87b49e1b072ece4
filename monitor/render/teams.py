"""A message for a Workflows webhook of Microsoft Teams: an Adaptive Card 1.5.

Everything foreign stands in text runs, which Teams does not parse; its text blocks and facts read Markdown. A container of
right-to-left text says so, and a card beyond what Teams takes loses the end of its lists first. Pure: a message in, a body out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from monitor.model import JsonObject, Severity
from monitor.render import said
from monitor.render.message import About, Member, Message, Passage
from monitor.render.oneline import line
from monitor.render.plain import Piece, isolated
from monitor.render.units import cut, encoded

#: Teams refuses a message of more than 28 KB; a little is left for what Workflows puts around it.
LARGEST: Final = 27_000
MEMBER_TITLE: Final = 120
#: Characters of the line that a notification shows.
GLANCE: Final = 300
#: Teams shows six buttons of a card.
BUTTONS: Final = 6

_STYLE: Final = {
    Severity.CRITICAL: "attention",
    Severity.HIGH: "attention",
    Severity.MEDIUM: "warning",
    Severity.LOW: "accent",
    Severity.INFO: "emphasis",
}


def body(message: Message) -> bytes:
    made = _message(message)
    while len(made) > LARGEST and (message.members or message.news or message.passages):
        message = _smaller(message)
        made = _message(message)
    return made


def _smaller(message: Message) -> Message:
    if message.members:
        return said.fewer(message)
    if message.news:
        return replace(message, news=message.news[:-1])
    return replace(message, passages=message.passages[:-1], more_passages=message.more_passages + 1)


def _message(message: Message) -> bytes:
    card: JsonObject = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.5",
        "msteams": {"width": "Full"},
        # What a notification shows, and what is read aloud.
        "fallbackText": line(message, GLANCE),
        "body": [element for element in _elements(message) if element],
    }
    if actions := list(_actions(message)):
        card["actions"] = actions
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return encoded({"type": "message", "attachments": [attachment]})


def _elements(message: Message) -> Iterator[JsonObject]:
    headline = _block([_run(said.headline(message), weight="Bolder")])
    yield {"type": "Container", "style": _STYLE[message.alarm], "bleed": True, "items": [headline]}
    if message.about is About.ALERT:
        yield _foreign(_marked(message.title_pieces, size="Large", weight="Bolder"), message.rtl)
        if heading := said.heading(message):
            yield _block([_run(heading, weight="Bolder", size="Small")], spacing="Small")
    else:
        yield _block([_run(message.text or message.title)])
    label, lines = said.news(message)
    for number, news in enumerate(lines):
        yield _block(
            [*([_run(label, weight="Bolder")] if label and not number else ()), _run(news)], spacing="Small" if number else "Default"
        )
    for passage in message.quoted:
        yield from _passage(passage)
    yield _subtle(said.more_passages(message))
    if named := said.named(message):
        yield _block([_run("Named: ", weight="Bolder"), _run(", ".join(named))])
    for member in message.members:
        yield from _member(member)
    yield _subtle(said.more_members(message))
    about = {About.ALERT: said.origin(message), About.OPERATION: said.stood(message), About.DIGEST: ""}[message.about]
    yield _subtle(said.DOT.join(filter(None, (about, said.outlets(message), said.reference(message)))))


def _passage(passage: Passage) -> Iterator[JsonObject]:
    yield _block([_run(said.how(passage), weight="Bolder", size="Small")])
    yield _foreign(_marked(passage.pieces), passage.rtl)


def _member(member: Member) -> Iterator[JsonObject]:
    title = _run(cut(member.title, MEMBER_TITLE))
    if member.url:
        title["selectAction"] = _open("Read", member.url)
    yield _block([_run(f"{isolated(member.headline)}: ", weight="Bolder"), title])
    yield _subtle(said.of_member(member))


def _actions(message: Message) -> Iterator[JsonObject]:
    links = [*([("Read the article", message.url)] if message.url else ()), *((link.what, link.url) for link in message.links)]
    yield from (_open(what, url) for what, url in links[:BUTTONS])


# ----------------------------------------------------------------------------------------- small parts
def _foreign(inlines: Sequence[JsonObject], rtl: bool) -> JsonObject:
    return {"type": "Container", "rtl": rtl, "items": [_block(inlines)]}


def _block(inlines: Sequence[JsonObject], **more: str) -> JsonObject:
    return {"type": "RichTextBlock", "inlines": list(inlines), **{key: value for key, value in more.items() if value != "Default"}}


def _marked(pieces: Iterable[Piece], **style: str) -> list[JsonObject]:
    return [_run(piece.text, **style) | ({"highlight": True} if piece.hit else {}) for piece in pieces if piece.text]


def _run(text: str, **style: str) -> JsonObject:
    return {"type": "TextRun", "text": text, **style}


def _subtle(text: str) -> JsonObject:
    """Small and grey; nothing where nothing is said."""
    return _block([_run(text, size="Small") | {"isSubtle": True}], spacing="Small") if text else {}


def _open(what: str, url: str) -> JsonObject:
    return {"type": "Action.OpenUrl", "title": what, "url": url}
