"""A message as a mail: subject, text and HTML that says the same.

One column that fits a phone, inline styles only, no image, no script, nothing fetched from anywhere: a mail that is opened tells
nobody so. Colours of text are left to the reader (``color-scheme``), so that it is dark where the reader is; what has a colour of
ours has both its colours, at a contrast of 4.5 or more. Every stranger's text passes `_e`. Pure: a message in, text out; headers,
parts and addresses are the sink's business.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from monitor.model import Severity
from monitor.render import said
from monitor.render.languages import RTL_LANGUAGES
from monitor.render.message import About, Member, Message, Passage
from monitor.render.oneline import line
from monitor.render.plain import Piece, has_rtl, is_rtl
from monitor.render.text import text

#: RFC 5322 asks for 78 characters a line; a phone shows 40 of a subject, a desk 120.
SUBJECT: Final = 120

#: White on each has a contrast of 4.5 or more (WCAG 2.1, AA).
_BAR: Final = {
    Severity.CRITICAL: "#7a0019",
    Severity.HIGH: "#b3261e",
    Severity.MEDIUM: "#8f5600",
    Severity.LOW: "#1f5f8b",
    Severity.INFO: "#4a5560",
}
_BUTTON: Final = "#1a56a8"
_FONT: Final = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','Noto Sans Arabic','Noto Sans Hebrew',sans-serif"
_MARK: Final = "background:#ffe27a;color:#1b1b1b;padding:0 2px;border-radius:2px"


class Mail(NamedTuple):
    subject: str
    text: str
    html: str


def mail(message: Message) -> Mail:
    return Mail(header(line(message, SUBJECT)), text(message), _page(message))


def header(text: str) -> str:
    """``text``, which is on one line already, as the value of a mail's header: nothing in it is taken for an encoded word.

    Python's own email package decodes one where a header is set, line breaks and all, and versions before 3.11.10 and 3.12.5 then
    write a header of the stranger's (CVE-2024-6923)."""
    return text.replace("=?", "=\u200c?")


def fragment(message: Message) -> str:
    """What a mail's page shows, without the page: for what brings its own, as a feed reader does."""
    body = "\n".join(_body(message))
    return f'<div style="max-width:600px;margin:0 auto;overflow-wrap:anywhere">\n{body}\n</div>'


def _page(message: Message) -> str:
    return f"""<!DOCTYPE html>
<html lang="en" style="color-scheme:light dark">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{_e(line(message, SUBJECT))}</title>
</head>
<body style="margin:0;padding:12px;{_FONT};font-size:16px;line-height:1.45">
{fragment(message)}
</body>
</html>
"""


def _body(message: Message) -> Iterator[str]:
    yield _bar(message)
    if message.about is About.ALERT:
        attributes = _direction(message.title, message.language)
        yield f'<h1{attributes} style="margin:14px 0 8px;font-size:21px;line-height:1.3">{_marked(message.title_pieces)}</h1>'
        if heading := said.heading(message):
            yield _how(heading)
    elif message.text:
        yield _paragraph(_isolated(message.text), "margin:14px 0;font-size:17px")
    label, lines = said.news(message)
    if lines:
        strong = f"<strong>{label.strip()}</strong> " if label else ""
        yield _paragraph(
            strong + "<br>".join(_e(news) for news in lines),
            "margin:8px 0 12px;padding:8px 10px;border:1px solid #8a8a8a;border-radius:4px",
        )
    for passage in message.quoted:
        yield from _passage(message, passage)
    if message.more_passages:
        yield _small(_e(said.more_passages(message)))
    yield from _facts(message)
    yield from (_member(member) for member in message.members)
    if message.more_members:
        yield _small(_e(said.more_members(message)))
    yield from _links(message)


def _bar(message: Message) -> str:
    """The severity as a word on its colour, for whoever sees no colours; then whose watchlist it is."""
    sample = "SAMPLE · " if message.sample else ""
    event = f" · {message.became}" if message.event and message.about is not About.DIGEST else ""
    subject = f"monitor: {message.subject}" if message.about is About.OPERATION else message.name
    return (
        f'<div style="background:{_BAR[message.alarm]};color:#ffffff;padding:8px 12px;border-radius:4px">'
        f"<strong>{sample}{message.graded}</strong> {_isolated(subject)}{_e(event)}</div>"
    )


def _passage(message: Message, passage: Passage) -> Iterator[str]:
    yield _how(said.how(passage))
    side = "right" if passage.rtl else "left"
    attributes = _direction(passage.text, message.language)
    yield f'<p{attributes} style="margin:0 0 10px;padding:0 10px;border-{side}:3px solid #8a8a8a">{_marked(passage.pieces)}</p>'


def _how(how: str) -> str:
    return _paragraph(f"<strong>{_e(how)}</strong>", "margin:10px 0 2px;font-size:14px")


def _facts(message: Message) -> Iterator[str]:
    if named := said.named(message):
        yield _paragraph(f"<strong>Named:</strong> {_e(', '.join(named))}", "margin:10px 0")
    about = {About.ALERT: said.origin(message), About.OPERATION: said.stood(message), About.DIGEST: ""}[message.about]
    for fact in filter(None, (about, said.outlets(message))):
        yield _small(_e(fact))


def _member(member: Member) -> str:
    title = f'<bdi dir="{"rtl" if is_rtl(member.title) else "ltr"}">{_e(member.title)}</bdi>'
    if member.url:
        title = f'<a href="{_e(member.url)}" rel="noopener noreferrer">{title}</a>'
    said_of = (f"<strong>{_isolated(member.headline)}</strong>", _e(said.of_member(member)))
    head, facts = (f'<span style="font-size:14px">{inner}</span>' for inner in said_of)
    acts = " · ".join(f'<a href="{_e(link.url)}" rel="noopener noreferrer">{_e(link.what)}</a>' for link in member.links)
    foot = f'<br><span style="font-size:14px">{acts}</span>' if acts else ""
    return _paragraph(f"{head}<br>{title}<br>{facts}{foot}", "margin:10px 0;padding-top:10px;border-top:1px solid #8a8a8a")


def _links(message: Message) -> Iterator[str]:
    links = [*([("Read the article", message.url)] if message.url else ()), *((link.what, link.url) for link in message.links)]
    if links:
        buttons = (_button(what, url, first=number == 0) for number, (what, url) in enumerate(links))
        yield '<p style="margin:16px 0">' + " ".join(buttons) + "</p>"
    if reference := said.reference(message):
        yield _small(_e(reference))


def _button(what: str, url: str, *, first: bool) -> str:
    """A link with room for a thumb; the first stands out."""
    colours = f"background:{_BUTTON};color:#ffffff;border:1px solid {_BUTTON}" if first else "color:inherit;border:1px solid #8a8a8a"
    style = f"display:inline-block;margin:4px 6px 4px 0;padding:10px 14px;border-radius:4px;{colours};text-decoration:none;font-weight:600"
    return f'<a href="{_e(url)}" rel="noopener noreferrer" style="{style}">{_e(what)}</a>'


# ----------------------------------------------------------------------------------------- small parts
def _e(text: str) -> str:
    """A stranger's text as text, in an element or in an attribute between double quotes."""
    return html.escape(text, quote=True)


def _marked(pieces: Iterable[Piece]) -> str:
    return "".join(f'<mark style="{_MARK}">{_e(piece.text)}</mark>' if piece.hit else _e(piece.text) for piece in pieces)


def _direction(text: str, language: str) -> str:
    """``dir`` of the text; ``lang`` only where the text reads the way that the article's language does: it may quote another."""
    rtl = is_rtl(text)
    claimed = f' lang="{_e(language)}"' if language and rtl == (language in RTL_LANGUAGES) else ""
    return f' dir="{"rtl" if rtl else "ltr"}"{claimed}'


def _isolated(text: str) -> str:
    return f'<bdi dir="{"rtl" if is_rtl(text) else "ltr"}">{_e(text)}</bdi>' if has_rtl(text) else _e(text)


def _paragraph(inner: str, style: str) -> str:
    return f'<p style="{style}">{inner}</p>'


def _small(inner: str) -> str:
    return _paragraph(inner, "margin:4px 0;font-size:14px")
