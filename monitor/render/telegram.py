"""A message for Telegram's bots: `sendMessage` with HTML, of which Telegram knows a dozen elements and escapes `& < >`.

What Telegram finds in plain text by itself (mentions, commands, tags, addresses) is broken by a word joiner, which nobody sees:
nobody is called, and only links of ours can be pressed. Pure: a message in, a body out.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from typing import Final

from monitor.render import said
from monitor.render.message import About, Member, Message, Passage
from monitor.render.plain import Piece, isolated
from monitor.render.units import encoded, units

#: Of the text, entities taken away; we count them in, which costs a line at worst.
LONGEST: Final = 4096

_JOINER: Final = "\u2060"
#: Where Telegram's clients begin a mention, a command, a tag or the price of a share, and inside of an address.
_CALLS: Final = re.compile(r"(?<!\w)[@/#$](?=\w)|(?<=\w)@(?=\w)|:(?=//)|(?<=[^\W_])\.(?=[^\W\d_]{2})")


def body(message: Message, chat_id: str) -> bytes:
    return encoded(
        {
            "chat_id": chat_id,
            "text": text(message),
            "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": True},
        }
    )


def text(message: Message) -> str:
    """Whole lines only, or an element could lose its end. What can be done stands last and is never what is left out."""
    foot = "\n".join(_foot(message))
    left = LONGEST - units(foot) - len("\n…\n\n")
    while message.members and units("\n".join(_lines(message))) > left:
        message = said.fewer(message)
    kept: list[str] = []
    for line in _lines(message):
        left -= units(line) + 1
        if left < 0:
            kept.append("…")
            break
        kept.append(line)
    return "\n".join(kept).strip() + (f"\n\n{foot}" if foot else "")


def _lines(message: Message) -> Iterator[str]:
    yield f"<b>{_e(said.headline(message))}</b>"
    if message.about is About.ALERT:
        yield f"<b>{_marked(message.title_pieces, 'u')}</b>"
        if heading := said.heading(message):
            yield f"<b>{_e(heading)}</b>"
    elif message.text != message.title or message.about is About.OPERATION:
        yield _e(message.text)
    label, lines = said.news(message)
    for number, news in enumerate(lines):
        yield f"<b>{label.strip()}</b> {_e(news)}" if label and not number else _e(news)
    for passage in message.quoted:
        yield from _passage(passage)
    if more := said.more_passages(message):
        yield more
    if named := said.named(message):
        yield f"<b>Named:</b> {_e(', '.join(named))}"
    yield from (_member(member) for member in message.members)
    if more := said.more_members(message):
        yield more
    about = {About.ALERT: said.origin(message), About.OPERATION: said.stood(message), About.DIGEST: ""}[message.about]
    yield from (_e(fact) for fact in (about, said.outlets(message)) if fact)


def _passage(passage: Passage) -> Iterator[str]:
    yield f"<b>{_e(said.how(passage))}</b>"
    yield f"<blockquote>{_marked(passage.pieces, 'b')}</blockquote>"


def _member(member: Member) -> str:
    title = _link(isolated(member.title), member.url) if member.url else _e(isolated(member.title))
    return f"\n<b>{_e(isolated(member.headline))}</b>\n{title}\n{_e(said.of_member(member))}"


def _foot(message: Message) -> Iterator[str]:
    links = [*([("Read the article", message.url)] if message.url else ()), *((link.what, link.url) for link in message.links)]
    if links:
        yield " · ".join(_link(what, url) for what, url in links)
    if reference := said.reference(message):
        yield f"<i>{_e(reference)}</i>"


# ----------------------------------------------------------------------------------------- small parts
def _e(text: str) -> str:
    return html.escape(_CALLS.sub(_broken, text), quote=True)


def _broken(found: re.Match[str]) -> str:
    return found[0] + _JOINER


def _marked(pieces: Iterable[Piece], tag: str) -> str:
    return "".join(f"<{tag}>{_e(piece.text)}</{tag}>" if piece.hit else _e(piece.text) for piece in pieces)


def _link(what: str, url: str) -> str:
    return f'<a href="{html.escape(url, quote=True)}">{_e(what)}</a>'
