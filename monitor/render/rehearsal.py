"""A template tried before it is needed: put to one document of every kind that a sink is given.

What is tried are documents as they are stored, with what a template trips over: quotes, backslashes, line ends, tabs and control
characters wherever strangers or colleagues write, an article without an address or a date, a hit that names nobody, an operation
that has no article, a digest that has no passage. What fails here would have failed when an alert was to be told. Pure: a template
in, what is wrong with it out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final

from monitor.model import (
    Alert,
    AlertState,
    Article,
    Disposition,
    Entity,
    Evidence,
    Hit,
    Match,
    Mode,
    NotificationKind,
    Operation,
    Reason,
    Severity,
    Stance,
    Story,
    WatchlistFacts,
    ZoneKind,
    identity,
)
from monitor.render.change import Change as ByHand
from monitor.render.change import render_change
from monitor.render.digest import DigestMember, render_digest
from monitor.render.message import Link, read
from monitor.render.operation import render_operation
from monitor.render.payload import Change, Correction, render_notification
from monitor.render.sample import render_sample
from monitor.render.template import Template, TemplateFault, render

_NOW: Final = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
_ID: Final = identity("rehearsal")
#: What a quote has as it stands in an article, and JSON only escaped; what JSON escapes with a letter and what it has no letter for.
_RAW: Final = '"\n\t\\\x01'
_TITLE: Final = f'Rehearsal: a "title" with \\ and صفقة{_RAW}'
_HIT: Final = f"engine{_RAW}part"
_QUOTE: Final = f'An {_HIT}, as «مسؤول» and "others" said, was{_RAW}shipped in March.'
_NAME: Final = f"Rehearsal{_RAW}"
_COMMENT: Final = f'said "so"{_RAW}'
_TOLD: Final = (_ID, "rehearsal", "one.example", "en", "REPORTED")
_LINKS: Final = (Link("Acknowledge", "https://monitor.example/a/rehearsal"),)


@dataclass(frozen=True, slots=True)
class Failed:
    """What a template makes of no document of some kinds: ``kinds`` as people call them, ``line`` from 1, 0 where it is not known."""

    message: str
    line: int
    kinds: tuple[str, ...]


def rehearse(template: Template, *, as_json: bool = False) -> Failed | None:
    """The first fault, with all kinds of document that have it. ``as_json``: what comes of it must be JSON."""
    found: dict[tuple[str, int], list[str]] = {}
    for kind, document in documents().items():
        if (fault := _fault(template, kind, document, as_json=as_json)) is not None:
            found.setdefault((fault.message, fault.line), []).append(kind)
    for (message, line), kinds in found.items():
        return Failed(message, line, tuple(kinds))
    return None


def _fault(template: Template, kind: str, document: bytes, *, as_json: bool) -> TemplateFault | None:
    message = read(document)
    try:
        # Links stand in some messages and not in others, as they do where no public_url is set.
        body = render(template, json.loads(document), replace(message, links=_LINKS if kind == _UPDATE else ()))
        if as_json:
            parsed(body)
    except TemplateFault as fault:
        return fault
    return None


def parsed(body: str) -> None:
    """Raises `TemplateFault` for a body that a receiver of JSON could not read."""
    try:
        json.loads(body, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise TemplateFault(
            f"the body is not JSON: {error.msg.removesuffix(' at')} in its line {error.lineno}, column {error.colno}", 0
        ) from None
    except (ValueError, RecursionError) as error:  # NaN, a number of 5,000 digits, brackets 10,000 deep
        raise TemplateFault(f"the body is not JSON: {str(error)[:80]}", 0) from None


def _no_number(name: str) -> None:
    raise ValueError(f"it has no {name}")


# ------------------------------------------------------------------------------------------ documents
_UPDATE: Final = "an update"


@cache
def documents() -> Mapping[str, bytes]:
    """By what people call them."""
    alert = _notified(NotificationKind.RAISED, Reason.FIRST_MATCH)
    return {
        "an alert": alert,
        "an alert without a title, an address or a date": _notified(NotificationKind.RAISED, Reason.FIRST_MATCH, bare=True),
        _UPDATE: _notified(NotificationKind.UPDATED, Reason.NEW_EVIDENCE, change=_change()),
        "a correction": _notified(NotificationKind.CORRECTED, Reason.CORRECTION, correction=Correction("c" * 64, _TITLE, ())),
        "a closed alert": _by_hand(alert, NotificationKind.CLOSED, Disposition.FALSE),
        "a reopened alert": _by_hand(alert, NotificationKind.REOPENED, None),
        "an alert that news reopened": _notified(NotificationKind.REOPENED, Reason.STANCE_CHANGED, change=_change()),
        "an operation": _operation(NotificationKind.RAISED),
        "an operation that is over": _operation(NotificationKind.CLOSED),
        "a digest": _digest("digest:night", notified=True),
        "a digest of what a silence muted": _digest("silence:3f2a90c1", notified=False),
        "a sample": render_sample("rehearsal", _NOW),
    }


def _notified(
    kind: NotificationKind, reason: Reason, *, change: Change | None = None, correction: Correction | None = None, bare: bool = False
) -> bytes:
    match = _match(bare=bare)
    return render_notification(
        notification_id=_ID,
        kind=kind,
        reason=reason,
        created=_NOW,
        alert=_alert(),
        story=Story(_ID, _ID) if bare else Story(_ID, _ID, 2, ("one.example", "two.example"), 2, ("en", "ar"), "https://one.example/1"),
        article=_article(bare=bare),
        match=match,
        facts=WatchlistFacts(match.watchlist, match.version, _NAME, _COMMENT, _NAME, match.severity, {}, Mode.LIVE),
        engine="1",
        change=change,
        correction=correction,
    )


def _alert() -> Alert:
    return Alert(_ID, "rehearsal", _ID, Severity.HIGH, AlertState.OPEN, {}, _NOW, _NOW)


def _article(*, bare: bool) -> Article:
    return Article(
        id=_ID,
        source="rehearsal",
        key="rehearsal",
        url="" if bare else "https://one.example/1",
        title="" if bare else _TITLE,
        language="und" if bare else "en",
        published=None if bare else _NOW,
        fetched=_NOW,
        text_hash="b" * 64,
        labels={},
        notes=(),
    )


def _match(*, bare: bool) -> Match:
    at = _QUOTE.index(_HIT)
    entity = None if bare else Entity("Q1", f"Rotax{_RAW}", "companies")
    hit = Hit("goods", "engine", at, at + len(_HIT), _HIT, entity)
    passage = Evidence(0, len(_QUOTE), _QUOTE, ZoneKind.BODY, Stance.REPORTED, "goods", (hit,))
    return Match("rehearsal", _ID, Severity.HIGH, (Stance.REPORTED,), (passage,))


def _change() -> Change:
    new: Mapping[str, tuple[str | int, ...]] = {
        "entities": ("Q1",),
        "groups": (),
        "clauses": ("goods",),
        "stances": ("reported",),
        "languages": ("ar",),
        "outlets": ("two.example",),
        "passages": (0,),
    }
    return Change(replace(_alert(), severity=Severity.MEDIUM), _NOW - timedelta(hours=5), new)


def _by_hand(document: bytes, kind: NotificationKind, disposition: Disposition | None) -> bytes:
    state = AlertState.CLOSED if kind is NotificationKind.CLOSED else AlertState.OPEN
    alert = replace(_alert(), state=state, disposition=disposition, comment=_COMMENT, changed_by="cli:rehearsal")
    return render_change(
        json.loads(document),
        notification_id=_ID,
        kind=kind,
        reason=Reason.BY_HAND,
        created=_NOW,
        alert=alert,
        change=ByHand("cli:rehearsal", _COMMENT),
    )


def _operation(kind: NotificationKind) -> bytes:
    operation = Operation("source:rehearsal", f'it does not answer: "503"{_RAW}', _NOW, Severity.MEDIUM, told=True, subject="rehearsal")
    return render_operation(notification_id=_ID, kind=kind, created=_NOW, operation=operation)


def _digest(key: str, *, notified: bool) -> bytes:
    told = DigestMember(
        f"[HIGH] {_NAME}", _TITLE, "https://one.example/1", _NOW, Severity.HIGH, _ID if notified else "", int(notified), *_TOLD
    )
    bare = DigestMember("[LOW] Rehearsal", "", "", _NOW, Severity.LOW)
    return render_digest(
        notification_id=_ID, key=key, title=f"2 notifications{_RAW}", text=f"Rehearsal{_RAW}.", members=[told, bare], created=_NOW
    )
