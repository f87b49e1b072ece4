"""Every channel that `monitor.render` makes by itself, taken apart by what reads such a thing."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Iterator, Mapping
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP
from typing import Any
from xml.etree import ElementTree

from selectolax.lexbor import LexborHTMLParser

from monitor.render import discord, slack, teams, telegram
from monitor.render.atom import ATOM, entry, feed
from monitor.render.ecs import ecs
from monitor.render.mail import mail
from monitor.render.message import read
from monitor.render.oneline import cell, line
from monitor.render.template import compile as compiled
from monitor.render.template import render
from monitor.render.terminal import alert_text
from monitor.render.text import text
from tests.sinks.payloads import Seen, channel


# --------------------------------------------------------------------------------------- plain lines
@channel("text")
def _text(payload: bytes) -> Seen:
    said = text(read(payload))
    return Seen(said, links=tuple(re.findall(r"^(?:Read: |  )(\S+)$", said, re.MULTILINE)), lines=len(said.splitlines()))


@channel("line")
def _line(payload: bytes) -> Seen:
    said = line(read(payload), 120)
    return Seen(said, lines=len(said.splitlines()), obeyed=() if said.startswith("[") else ("it begins otherwise",))


@channel("terminal")
def _terminal(payload: bytes) -> Seen:
    document = json.loads(payload)
    if "digest" in document["data"]:  # never shown on a terminal
        return Seen("")
    said = alert_text(document, color=False, width=1_000_000)
    return Seen(said, lines=len(said.splitlines()))


@channel("CSV")
def _csv(payload: bytes) -> Seen:
    message = read(payload)
    out = io.StringIO(newline="")
    csv.writer(out).writerow([cell(value) for value in (message.title, message.source, message.name, message.url, message.text)])
    rows = list(csv.reader(io.StringIO(out.getvalue(), newline="")))
    obeyed = tuple(value for row in rows for value in row if value.lstrip().startswith(("=", "+", "-", "@", "\t", "\r")))
    return Seen("\n".join(rows[0]), lines=len(rows), shape=frozenset({f"{len(rows[0])} cells"}), obeyed=obeyed)


# ---------------------------------------------------------------------------------------------- HTML
def html_seen(source: str) -> Seen:
    """What a browser makes of it: elements with their attributes, addresses, and the text that is seen."""
    document = LexborHTMLParser(source)
    nodes = document.css("*")
    shape = {f"{node.tag} {' '.join(sorted(name for name in node.attributes if name != 'lang'))}" for node in nodes}
    links = tuple(node.attributes[name] or "" for node in nodes for name in ("href", "src", "action", "data") if name in node.attributes)
    body = document.body
    assert body is not None
    # A line of HTML is the generator's own, and says nothing of what is seen.
    said = "\n".join(node.text() for node in body.css("h1, p, div > div")) or body.text()
    return Seen(said, links=links, shape=frozenset(shape), lines=sum(node.tag in {"h1", "p", "br", "div"} for node in nodes))


@channel("mail")
def _mail(payload: bytes) -> Seen:
    """Subject and HTML; a whole letter is the sink's, and so is its reader."""
    made = mail(read(payload))
    letter = EmailMessage(policy=SMTP)
    letter["Subject"] = made.subject
    again = BytesParser(policy=SMTP).parsebytes(letter.as_bytes(), headersonly=True)
    seen = html_seen(made.html)
    shape = seen.shape | {f"header {name}" for name in again.keys()}  # noqa: SIM118 - a letter is no mapping
    said = f"{again['Subject']}\n{seen.text}".replace("=\u200c?", "=?")
    return Seen(said, seen.links, shape, seen.lines, () if again.get_payload() == "" else ("a body of its own",))


@channel("atom")
def _atom(payload: bytes) -> Seen:
    message = read(payload)
    root = ElementTree.fromstring(feed([entry(message)], title="Alerts", updated=message.time))
    (item,) = root.findall(f"{{{ATOM}}}entry")
    seen = html_seen(item.findtext(f"{{{ATOM}}}content") or "")
    shape = {f"{node.tag} {' '.join(sorted(node.attrib))}" for node in root.iter()}
    links = [node.attrib["href"] for node in root.iter(f"{{{ATOM}}}link")]
    return Seen(f"{item.findtext(f'{{{ATOM}}}title')}\n{seen.text}", (*seen.links, *links), seen.shape | shape, seen.lines)


# ---------------------------------------------------------------------------------------------- chat
def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        yield value
        for each in value.values():
            yield from _objects(each)
    elif isinstance(value, list):
        for each in value:
            yield from _objects(each)


def _shape(body: Any) -> frozenset[str]:
    return frozenset(f"{each.get('type', '')} {' '.join(sorted(each))}" for each in _objects(body))


@channel("slack")
def _slack(payload: bytes) -> Seen:
    body = json.loads(slack.body(read(payload)))
    objects = list(_objects(body["blocks"]))
    obeyed = re.findall(r"<[^>]*>?|>", body["text"])  # whatever is between angle brackets Slack acts on
    obeyed += [str(each) for each in objects if each.get("type") == "mrkdwn" or each.get("emoji", False)]
    obeyed += [str(each) for each in objects if each.get("type") in {"user", "usergroup", "channel", "broadcast", "emoji", "date"}]
    shown = [each["text"] for each in objects if isinstance(each.get("text"), str)]
    links = tuple(each["url"] for each in objects if "url" in each)
    said = "".join(shown)
    lines = said.count("\n") + sum(each.get("type", "").startswith("rich_text_") for each in objects)
    return Seen(f"{html.unescape(body['text'])}\n{said}", links, _shape(body), lines, tuple(obeyed))


@channel("teams")
def _teams(payload: bytes) -> Seen:
    body = json.loads(teams.body(read(payload)))
    objects = list(_objects(body))
    # These read Markdown, or call people.
    obeyed = tuple(str(each) for each in objects if each.get("type") in {"TextBlock", "FactSet", "Fact", "mention"} or "entities" in each)
    shown = [each["text"] for each in objects if each.get("type") == "TextRun"]
    blocks = [each for each in objects if each.get("type") == "RichTextBlock"]
    links = tuple(each["url"] for each in objects if "url" in each)
    lines = len(blocks) + sum(run.count("\n") for run in shown)
    joined = "\n".join("".join(run["text"] for run in block["inlines"]) for block in blocks)
    return Seen(joined, links, _shape(body), lines, obeyed)


#: What Discord's clients make something of, the escape first, as theirs do.
_DISCORD = re.compile(
    r"(?P<escape>\\[^0-9A-Za-z\s])|(?P<link>\[(?:\\.|[^\[\]\\])*\]\([^\s()]+\))|(?P<url>https?://[^\s<]+)|(?P<bold>\*\*)|(?P<under>__)"
    r"|(?P<angle><[@#:/at!]?[^\s>]*>)|(?P<everyone>@(?:everyone|here))|(?P<emoji>:\w+:)|(?P<mark>[*_`]|~~|\|\|)"
)
_DISCORD_LINE = re.compile(r"^(?:>>> |> |#{1,3} |-# |\s*[-*+] |\s*\d+\. )")


def discord_text(source: str, links: list[str], obeyed: list[str], shape: set[str]) -> str:
    said = []
    for row in source.split("\n"):
        rest = row.removeprefix("> ")
        if found := _DISCORD_LINE.match(rest):
            obeyed.append(f"a line that begins with {found[0]!r}")
        at = 0
        shown = ""
        for token in _DISCORD.finditer(rest):
            shown += rest[at : token.start()]
            at = token.end()
            kind = token.lastgroup
            if kind == "escape":
                shown += token[0][1]
            elif kind == "link":
                label, _, url = token[0][1:-1].rpartition("](")
                links.append(url)
                shown += re.sub(r"\\([^0-9A-Za-z\s])", r"\1", label)
            elif kind in {"bold", "under"}:
                shape.add(kind)
            else:
                obeyed.append(token[0])
        said.append(shown + rest[at:])
        if rest.count("**") % 2:
            obeyed.append("a mark without an end")
    return "\n".join(said)


@channel("discord")
def _discord(payload: bytes) -> Seen:
    body = json.loads(discord.body(read(payload)))
    (embed,) = body["embeds"]
    links: list[str] = [embed["url"]] if "url" in embed else []
    obeyed: list[str] = [] if body["allowed_mentions"] == {"parse": []} else ["mentions"]
    shape = set(_shape(body))
    texts = [body["content"], embed["title"], embed.get("description", ""), *(field["value"] for field in embed.get("fields", ()))]
    said = "\n".join(discord_text(source, links, obeyed, shape) for source in texts)
    return Seen(said, tuple(links), frozenset(shape), len(said.splitlines()), tuple(obeyed))


#: What Telegram's clients find in a text by themselves (a word joiner ends a word).
_TELEGRAM = re.compile(r"(?<!\w)[@#$]\w+|(?<![\w/])/\w+|https?://\S|[\w.]+@\w+\.|[A-Za-z0-9]\.[A-Za-z]{2,}|tg://")
_TELEGRAM_ELEMENTS = {"b", "u", "i", "a", "blockquote"}


@channel("telegram")
def _telegram(payload: bytes) -> Seen:
    body = json.loads(telegram.body(read(payload), "1"))
    source = body["text"]
    obeyed = [tag for tag in re.findall(r"</?([^\s>]*)", source) if tag not in _TELEGRAM_ELEMENTS]
    obeyed += re.findall(r"&(?!lt;|gt;|amp;|quot;|#x27;)", source)
    seen = html_seen(f"<div>{source}</div>")
    document = LexborHTMLParser(source)
    assert document.body is not None
    said = document.body.text()
    obeyed += _TELEGRAM.findall(said)
    return Seen(said.replace("\u2060", ""), seen.links, seen.shape, source.count("\n"), tuple(obeyed))


# ------------------------------------------------------------------------------------ for programs
_TEMPLATE = compiled('{"title": {{ message.title | json }}, "text": {{ text | json }}, "id": {{ document.id | json }}}', "body.j2")


@channel("template")
def _template(payload: bytes) -> Seen:
    body = json.loads(render(_TEMPLATE, json.loads(payload), read(payload)))
    return Seen(f"{body['title']}\n{body['text']}", shape=frozenset(body), lines=body["text"].count("\n"))


@channel("ECS")
def _ecs(payload: bytes) -> Seen:
    made = ecs(payload, 1).decode()
    record = json.loads(made)
    unsafe = tuple(f"U+{ord(c):04X}" for c in made if c in "\u2028\u2029\x85\u202e\x1b\ufeff")
    return Seen(record["message"], shape=frozenset(record), lines=len(made.splitlines()), obeyed=unsafe)
