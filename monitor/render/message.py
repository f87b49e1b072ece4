"""What a person is told, channel by channel: one `Message`, made from a stored document, of which every channel makes its own body.

    document (bytes) ── read() ──► Message ──► text, HTML mail, Slack blocks, Teams card, Discord embed, Telegram HTML, one line, entry

A message answers, in this order: how grave and which watchlist (`headline`), what (`title`), what is new, why (`passages`,
`entities`), where and when, how many say so, and what can be done (`links`). Every field is tamed and bounded: one line, no
control characters, no bidi controls but isolates of ours around names in `entities` and `news`. It is not escaped: that is each
channel's own business. Pure: a document in, values out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from monitor.model import JsonObject, Severity
from monitor.render.news import as_said, news_of
from monitor.render.operation import said_first
from monitor.render.plain import Piece, excerpt, http_link, is_rtl, isolated, plain, short_name, shortened

#: Passages shown at most; the document has more of them.
PASSAGES: Final = 3
ENTITIES: Final = 8
#: Members of a digest that are listed one by one.
MEMBERS: Final = 20
#: Some services refuse a message whole for one empty text in it.
NOTHING: Final = "(no title)"

_EVENTS: Final = {
    "raised": "",
    "updated": "update",
    "corrected": "correction",
    "closed": "closed",
    "reopened": "reopened",
    "digest": "digest",
}


class About(StrEnum):
    ALERT = "alert"
    OPERATION = "operation"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True)
class Passage:
    """One sentence of evidence in its own language; ``rtl`` is the direction of the whole, ``new`` marks what the last message
    did not have, ``withdrawn`` what the article does not say any more."""

    pieces: tuple[Piece, ...]
    stance: str
    zone: str
    clause: str
    new: bool = False
    withdrawn: bool = False

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)

    @property
    def rtl(self) -> bool:
        return is_rtl(self.text)


@dataclass(frozen=True, slots=True)
class Link:
    """Something to press: ``what`` in a word or two; ``url`` is http or https."""

    what: str
    url: str


@dataclass(frozen=True, slots=True)
class Member:
    """One notification that a digest tells of. ``alert`` and ``article`` are ids, "" where it tells of none; ``why`` is how it is
    told, or what was new. ``links`` are shown where there is room for them: in mails."""

    headline: str
    title: str
    url: str
    when: str
    severity: Severity
    alert: str = ""
    watchlist: str = ""
    outlet: str = ""
    language: str = ""
    why: str = ""
    article: str = ""
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """``id`` is the notification, ``thread`` what messages about one thing share (the story; the operation's id). ``event`` is ""
    for what is told first; ``name`` is what the headline names: the watchlist, the daemon, the digest. ``when`` is
    ``2026-03-01 14:05 UTC``. ``found`` is what a closed alert was found to be. ``outlets`` and ``languages`` are of the whole story,
    0 and none where the document does not say. ``news`` says in sentences what is new since the last one. ``sample`` marks what
    nobody must act on."""

    about: About
    id: str
    subject: str  # alert, operation key or sink that it is about
    thread: str
    event: str
    severity: Severity
    watchlist: str
    headline: str
    title: str
    time: datetime
    when: str = ""
    source: str = ""
    url: str = ""
    language: str = ""
    passages: tuple[Passage, ...] = ()
    more_passages: int = 0
    entities: tuple[str, ...] = ()
    more_entities: int = 0
    outlets: int = 0
    languages: tuple[str, ...] = ()
    news: tuple[str, ...] = ()
    text: str = ""  # an operation's message, a digest's opening
    members: tuple[Member, ...] = ()
    more_members: int = 0
    links: tuple[Link, ...] = ()
    sample: bool = False
    name: str = ""
    found: str = ""

    @property
    def became(self) -> str:
        """The event as people read it: ``update``, ``closed as false``; "" for what is told first."""
        return f"{self.event} as {self.found}" if self.found else self.event

    @property
    def alarm(self) -> Severity:
        """What it is coloured as: what is closed alarms nobody any more, and its severity still stands in words."""
        return Severity.INFO if self.event == "closed" else self.severity

    @property
    def graded(self) -> str:
        """The word that a message begins with. A closed alert is named by what it was about, and so by how grave that was; a closed
        operation is only told to be over."""
        return (self.alarm if self.about is About.OPERATION else self.severity).value.upper()

    @property
    def headed(self) -> Passage | None:
        """The passage that the title is, which is read already: how it is told stands under the title."""
        return next((passage for passage in self.passages if self.repeats(passage)), None)

    @property
    def quoted(self) -> tuple[Passage, ...]:
        """All passages but the title."""
        return tuple(passage for passage in self.passages if not self.repeats(passage))

    @property
    def rtl(self) -> bool:
        """The direction of the title, and of the message where it is shown as one piece."""
        return is_rtl(self.title)

    @property
    def title_pieces(self) -> tuple[Piece, ...]:
        """The title with its hits marked, where it is evidence itself."""
        return (Piece(self.title),) if self.headed is None else self.headed.pieces

    def repeats(self, passage: Passage) -> bool:
        """Whether the passage is the title."""
        return passage.zone == "title" and passage.text == self.title and not passage.withdrawn


def read(payload: bytes) -> Message:
    """Raises ValueError for what is no document of ours: such a delivery is poison, not the receiver's fault."""
    try:
        return of(json.loads(payload))
    except RecursionError as error:
        raise ValueError(f"the stored document cannot be read: {type(error).__name__}") from None


def of(document: JsonObject) -> Message:
    """The message of a document that is read already; raises ValueError as `read` does."""
    try:
        data = document["data"]
        if "operation" in data:
            return _operation(document, data["operation"])
        if "digest" in data:
            return _digest(document, data["digest"])
        return _alert(document, data)
    except (KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise ValueError(f"the stored document cannot be read: {type(error).__name__}") from None


# ------------------------------------------------------------------------------------------- one a kind
def _alert(document: JsonObject, data: JsonObject) -> Message:
    alert, article, watchlist = data["alert"], data["article"], data["watchlist"]
    event = _event(document)
    found = as_said(short_name(alert.get("disposition") or "")) if event == "closed" else ""
    severity = Severity(alert["severity"])
    name = short_name(watchlist["title"]) or short_name(watchlist["id"])
    story: Mapping[str, Any] = data["story"]
    evidence: Sequence[JsonObject] = data["evidence"]
    named = _named(data["entities"])
    new = frozenset((data.get("change") or {}).get("new", {}).get("passages") or ())
    # The title stands first as it is; what is new before the rest, or it might be among those that are only counted.
    order = sorted(range(len(evidence)), key=lambda number: (evidence[number]["zone"] != "title", number not in new))[:PASSAGES]
    return Message(
        about=About.ALERT,
        id=plain(document["id"]),
        subject=plain(alert["id"]),
        thread=plain(story["id"]),
        event=event,
        severity=severity,
        watchlist=plain(watchlist["id"]),
        found=found,
        headline=_headline(severity, name, f"{event} as {found}" if found else event),
        title=shortened((data.get("correction") or article)["title"]) or NOTHING,
        time=_time(document["time"]),
        when=_when(article["published"] or article["fetched"], fetched=not article["published"]),
        source=short_name(article["source"]),
        url=http_link(article["url"]),
        language="" if article["language"] == "und" else shortened(article["language"], 12),
        passages=tuple(
            passage
            for passage in (_passage(evidence[number], number in new, withdrawn="correction" in data) for number in order)
            if passage.text.strip()
        ),
        more_passages=max(0, int(data.get("evidence_total", len(evidence))) - PASSAGES),
        entities=tuple(named[:ENTITIES]),
        more_entities=max(0, len(named) - ENTITIES),
        outlets=_count(story),
        languages=tuple(shortened(language, 12) for language in story.get("languages") or ()),
        news=tuple(filter(None, news_of(data, severity, event))) if event else (),
        sample=bool(data.get("sample")),
        name=name,
    )


def _passage(passage: JsonObject, new: bool, *, withdrawn: bool) -> Passage:
    return Passage(
        excerpt(passage), short_name(passage["stance"]), short_name(passage["zone"]), short_name(passage["clause"]), new, withdrawn
    )


def _operation(document: JsonObject, operation: JsonObject) -> Message:
    event, severity = _event(document), Severity(operation["severity"])
    key, said = short_name(operation["key"]) or NOTHING, str(operation["message"])
    if event == "closed":
        # What a person was to do about it is not to be done any more.
        said = f"over since {_when(operation.get('closed') or document['time'])}: {said_first(said)}"
    return Message(
        about=About.OPERATION,
        id=plain(document["id"]),
        subject=key,
        thread=plain(operation["id"]),
        event=event,
        severity=severity,
        watchlist="",
        headline=_headline(Severity.INFO if event == "closed" else severity, f"monitor: {key}", event),
        title=shortened(said) or NOTHING,
        time=_time(document["time"]),
        when=_when(operation["raised"]),
        text=shortened(said, 2000) or NOTHING,
        name="monitor",
    )


def _digest(document: JsonObject, digest: JsonObject) -> Message:
    severity = Severity(digest["severity"])
    members: Sequence[JsonObject] = digest["members"]
    title = shortened(digest["title"]) or NOTHING
    return Message(
        about=About.DIGEST,
        id=plain(document["id"]),
        subject=plain(digest["key"]),
        thread=plain(document["id"]),
        event="digest",
        severity=severity,
        watchlist="",
        headline=_headline(severity, title, "digest"),
        title=title,
        time=_time(document["time"]),
        when=_when(document["time"]),
        text=shortened(digest["text"], 2000),
        members=tuple(_member(member) for member in members[:MEMBERS]),
        more_members=max(0, int(digest["count"]) - min(len(members), MEMBERS)),
        name=title,
    )


def _member(member: JsonObject) -> Member:
    language = shortened(member.get("language") or "", 12)
    return Member(
        short_name(member["headline"]) or NOTHING,
        shortened(member["title"], 200) or NOTHING,
        http_link(member["url"]),
        _when(member["time"]),
        Severity(member["severity"]),
        # Documents of before do not say these.
        alert=plain(member.get("alert") or ""),
        watchlist=plain(member.get("watchlist") or ""),
        outlet=short_name(member.get("outlet") or ""),
        language="" if language == "und" else language,
        why=shortened(member.get("why") or "", 200),
        article=plain(member.get("article") or ""),
    )


# ----------------------------------------------------------------------------------------- small parts
def _headline(severity: Severity, name: str, event: str) -> str:
    return f"[{severity.value.upper()}] {name}" + (f" ({event})" if event and event != "digest" else "")


def _event(document: JsonObject) -> str:
    kind = short_name(document["type"]).rpartition(".")[2]
    return _EVENTS.get(kind, kind)


def _time(text: Any) -> datetime:
    return datetime.fromisoformat(plain(text))


def _when(text: Any, *, fetched: bool = False) -> str:
    return plain(text).replace("T", " ")[:16] + " UTC" + (" (fetched)" if fetched else "")


def _count(story: Mapping[str, Any]) -> int:
    """How many outlets tell it: named one by one, counted, or (in documents of before) not said."""
    outlets = story.get("outlet_count") or story.get("outlets") or 0
    return outlets if isinstance(outlets, int) else len(outlets)


def _named(entities: Iterable[JsonObject]) -> list[str]:
    """Who is named, as the lists have them, each once."""
    return list(dict.fromkeys(f"{isolated(short_name(e['name']))} ({isolated(short_name(e['list']))})" for e in entities))
