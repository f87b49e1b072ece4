"""Notifications to render: one of each script and direction, an update, an operation, a digest.

`DOCUMENTS` has the stored document of each by name, as a sink is given it; the golden files of every channel are made from them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

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
)
from monitor.render.change import Change as ByHand
from monitor.render.change import render_change
from monitor.render.digest import DigestMember, render_digest
from monitor.render.operation import render_operation
from monitor.render.payload import Change, Correction, render_notification, to_bytes

NOW = datetime(2025, 5, 1, 12, 0, tzinfo=UTC)
ID = f"{7:032x}"


@dataclass(frozen=True)
class Sample:
    notification_id: str
    kind: NotificationKind
    reason: Reason
    alert: Alert
    article: Article
    match: Match
    facts: WatchlistFacts
    text: str


def rendered(sample: Sample, *, change: Change | None = None, correction: Correction | None = None) -> bytes:
    return render_notification(
        notification_id=sample.notification_id,
        kind=sample.kind,
        reason=sample.reason,
        created=NOW,
        alert=sample.alert,
        story=Story(ID, ID),
        article=sample.article,
        match=sample.match,
        facts=sample.facts,
        engine="1",
        change=change,
        correction=correction,
    )


def passage(
    text: str,
    quote: str,
    hits: dict[str, str],
    stance: Stance,
    zone: ZoneKind = ZoneKind.BODY,
    clause: str = "deal NEAR/10 weapon",
    entities: Mapping[str, Entity] | None = None,
) -> Evidence:
    """``hits`` maps a word of the quote to its group; a ``place`` names itself, and ``entities`` says whom another word names."""
    start = text.index(quote)
    found = []
    for word, group in hits.items():
        at = start + quote.index(word)
        entity = (entities or {}).get(word) or (Entity("Q1", word, "places") if group == "place" else None)
        found.append(Hit(group, word, at, at + len(word), word, entity))
    return Evidence(start, start + len(quote), quote, zone, stance, clause, tuple(sorted(found, key=lambda h: h.start)))


def sample(*, text: str, title: str, language: str, evidence: tuple[Evidence, ...], url: str = "https://example.org/news/1") -> Sample:
    stances = tuple(dict.fromkeys(passage.stance for passage in evidence))
    return Sample(
        notification_id=f"{9:032x}",
        kind=NotificationKind.RAISED,
        reason=Reason.FIRST_MATCH,
        alert=Alert(f"{0xABCDEF:032x}", "arms-transfer", ID, Severity.HIGH, AlertState.OPEN, {"topic": "proliferation"}, NOW, NOW),
        article=Article(ID, f"example-{language}", "k", url, title, language, NOW, NOW, "b" * 64, {"country": "EG"}, ("html",)),
        match=Match("arms-transfer", "v-matched", Severity.HIGH, stances, evidence),
        facts=WatchlistFacts("arms-transfer", "v-now", "Arms transfer", "Weapons.", "desk", Severity.HIGH, {}, Mode.LIVE),
        text=text,
    )


_AR_TITLE = "صفقة أسلحة محتملة"
_AR_QUOTE = "وهناك صفقة محتملة لتزويد موسكو بالسلاح، وقال «مسؤول» إن طائرات MD-550 جزء منها وإن الاتفاق سيوقع قريبا في العاصمة."
_AR_TEXT = f"{_AR_TITLE}\n\n{_AR_QUOTE}"
ARABIC = sample(
    text=_AR_TEXT,
    title=_AR_TITLE,
    language="ar",
    evidence=(passage(_AR_TEXT, _AR_QUOTE, {"صفقة": "deal", "موسكو": "place", "بالسلاح": "weapon"}, Stance.PLANNED, ZoneKind.LEAD),),
)

_EN_TITLE = "Ministry denies arms deal with Moscow"
_EN_ONE = "A ministry spokesman denied on Tuesday that an arms deal worth two billion dollars had been signed with Moscow."
_EN_TWO = "Two officials said the weapons were shipped in March."
_EN_THREE = "“There is no deal and there was no deal,” he said."
_EN_FOUR = "Any transfer of weapons would need the approval of parliament."
_EN_TEXT = f"{_EN_TITLE}\n\n{_EN_ONE}\n\n{_EN_TWO} {_EN_THREE} {_EN_FOUR}"
ENGLISH = sample(
    text=_EN_TEXT,
    title=_EN_TITLE,
    language="en",
    evidence=(
        passage(_EN_TEXT, _EN_TITLE, {"arms deal": "deal"}, Stance.DENIED, ZoneKind.TITLE, "title: deal"),
        passage(_EN_TEXT, _EN_ONE, {"arms deal": "deal"}, Stance.DENIED, ZoneKind.LEAD, "deal"),
        passage(_EN_TEXT, _EN_TWO, {"weapons": "weapon", "shipped": "transfer"}, Stance.REPORTED, clause="weapon NEAR/10 transfer"),
        passage(_EN_TEXT, _EN_FOUR, {"transfer": "transfer", "weapons": "weapon"}, Stance.CONDITIONAL, clause="weapon NEAR/10 transfer"),
    ),
)
CORRECTED = replace(ENGLISH, kind=NotificationKind.CORRECTED, reason=Reason.CORRECTION)
UPDATE = replace(ENGLISH, kind=NotificationKind.UPDATED, reason=Reason.STANCE_CHANGED)

_HE_TITLE = "דיווח: עסקת נשק מתגבשת בין טהראן למוסקבה"
_HE_QUOTE = "לפי הדיווח, עסקת נשק בשווי 1.5 מיליארד דולר תכלול כטב״מים מדגם MD-550, ומוסקבה מכחישה כי חתמה עליה."
_HE_TEXT = f"{_HE_TITLE}\n\n{_HE_QUOTE}"
HEBREW = sample(
    text=_HE_TEXT,
    title=_HE_TITLE,
    language="he",
    evidence=(
        passage(
            _HE_TEXT,
            _HE_QUOTE,
            {"עסקת": "deal", "נשק": "weapon", "ומוסקבה": "city"},
            Stance.DENIED,
            ZoneKind.LEAD,
            entities={"ומוסקבה": Entity("Q649", "מוסקבה", "places")},
        ),
    ),
)

_ZH_TITLE = "俄罗斯与伊朗据称达成无人机交易"
_ZH_QUOTE = "据两名官员透露，莫斯科计划今年购买两百架MD-550无人机，这笔武器交易的金额超过十五亿美元。"
_ZH_TEXT = f"{_ZH_TITLE}\n\n{_ZH_QUOTE}"
CHINESE = sample(
    text=_ZH_TEXT,
    title=_ZH_TITLE,
    language="zh",
    evidence=(passage(_ZH_TEXT, _ZH_QUOTE, {"莫斯科": "place", "无人机": "weapon", "武器交易": "deal"}, Stance.PLANNED, ZoneKind.LEAD),),
)

_MIXED_TITLE = "تقارير عن تسليم طائرات MD-550 إلى موسكو"
_MIXED_QUOTE = "Officials said MD-550 drones would be delivered to Moscow by a firm that lists רפאל among its suppliers."
_MIXED_TEXT = f"{_MIXED_TITLE}\n\n{_MIXED_QUOTE}"
MIXED = sample(
    text=_MIXED_TEXT,
    title=_MIXED_TITLE,
    language="ar",
    evidence=(
        passage(_MIXED_TEXT, _MIXED_TITLE, {"تسليم": "transfer", "MD-550": "weapon"}, Stance.REPORTED, ZoneKind.TITLE, "title: weapon"),
        passage(
            _MIXED_TEXT,
            _MIXED_QUOTE,
            {"MD-550 drones": "weapon", "delivered": "transfer", "רפאל": "firm"},
            Stance.ALLEGED,
            ZoneKind.LEAD,
            "weapon NEAR/10 transfer",
            {"רפאל": Entity("Q1408171", "רפאל מערכות לחימה", "companies")},
        ),
    ),
)


def told(document: bytes, *, story: Mapping[str, Any] | None = None, **data: Any) -> bytes:
    """The document with more in its story and its data."""
    whole = json.loads(document)
    whole["data"]["story"].update(story or {})
    whole["data"].update(data)
    return to_bytes(whole)


def _told_by(outlets: int, *languages: str) -> dict[str, Any]:
    return {"outlets": [f"outlet-{number}" for number in range(1, outlets + 1)], "outlet_count": outlets, "languages": languages}


def _update() -> bytes:
    """An update with all that one can have: what is new, and that it is graver than before."""
    new: Mapping[str, tuple[str | int, ...]] = {
        "entities": ("Q1", "Q2"),
        "stances": ("denied",),
        "passages": (2,),
        "languages": ("en", "fa"),
        "outlets": ("wire-en", "إذاعة الشرق"),
    }
    change = Change(replace(UPDATE.alert, severity=Severity.MEDIUM), NOW - timedelta(hours=5), new)
    named = [{"id": "Q1", "name": "Rosoboronexport", "list": "companies"}, {"id": "Q2", "name": "רפאל", "list": "companies"}]
    return told(rendered(UPDATE, change=change), story=_told_by(7, "ar", "en", "fa"), entities=named)


def _closed() -> bytes:
    alert = replace(ENGLISH.alert, state=AlertState.CLOSED, disposition=Disposition.NOT_RELEVANT, comment="an exercise")
    return render_change(
        json.loads(rendered(ENGLISH)),
        notification_id=f"{13:032x}",
        kind=NotificationKind.CLOSED,
        reason=Reason.BY_HAND,
        created=NOW,
        alert=alert,
        change=ByHand("socket:dana", "an exercise"),
    )


def closed_after_correction() -> bytes:
    alert = replace(ENGLISH.alert, state=AlertState.CLOSED, disposition=Disposition.FALSE)
    return render_change(
        json.loads(DOCUMENTS["correction"]),
        notification_id=f"{15:032x}",
        kind=NotificationKind.CLOSED,
        reason=Reason.BY_HAND,
        created=NOW,
        alert=alert,
        change=ByHand("socket:dana"),
    )


def _refuted() -> bytes:
    """Closed as true, and then as false."""
    alert = replace(ARABIC.alert, state=AlertState.CLOSED, disposition=Disposition.FALSE, comment="خبر قديم")
    return render_change(
        json.loads(rendered(ARABIC)),
        notification_id=f"{14:032x}",
        kind=NotificationKind.CLOSED,
        reason=Reason.BY_HAND,
        created=NOW,
        alert=alert,
        change=ByHand("link:mail-desk", "خبر قديم", Disposition.TRUE),
    )


OPERATION = render_operation(
    notification_id=f"{11:032x}",
    kind=NotificationKind.RAISED,
    created=NOW,
    operation=Operation(
        "source:nena:failing",
        "nena has not answered for 3 hours (last: HTTP 503). Look at https://example.org/feed or take it out of the sources.",
        NOW - timedelta(minutes=3),
        Severity.MEDIUM,
        told=True,
        subject="nena",
    ),
)

DIGEST = render_digest(
    notification_id=f"{12:032x}",
    key="digest:night",
    title="23 alerts of the night",
    text="What the route night kept from 22:00 to 07:00.",
    created=NOW,
    count=23,
    members=[
        DigestMember(
            f"[{severity.upper()}] {name}",
            title,
            f"https://example.org/news/{number}",
            NOW - timedelta(minutes=7 * number),
            severity,
            f"{100 + number:032x}",
            number,
            f"{0xA0000000 + number:08x}{0:024x}",
            name.lower().replace(" ", "-"),
            outlet,
            language,
            why,
        )
        for number, (severity, name, title, outlet, language, why) in enumerate(
            (
                (Severity.HIGH, "Arms transfer", _AR_TITLE, "إذاعة الشرق", "ar", "PLANNED"),
                (Severity.MEDIUM, "Arms transfer", _ZH_TITLE, "xinhua.example", "zh", "PLANNED, REPORTED"),
                (Severity.LOW, "Sanctions", _EN_TITLE, "example.org", "en", "DENIED"),
                (Severity.HIGH, "Arms transfer (update)", _HE_TITLE, "example.org", "he", "is told differently; named now: רפאל"),
            ),
            start=1,
        )
    ]
    + [
        DigestMember(
            "[MEDIUM] monitor: source:nena:failing",
            "nena has not answered for 3 hours (last: HTTP 503).",
            "",
            NOW - timedelta(hours=1),
            Severity.MEDIUM,
            f"{105:032x}",
            5,
        )
    ],
)

#: By name, as sinks are given them.
DOCUMENTS: Mapping[str, bytes] = {
    "arabic": told(rendered(ARABIC), story=_told_by(1, "ar")),
    "english": rendered(ENGLISH),
    "hebrew": told(rendered(HEBREW), story=_told_by(3, "he", "ar")),
    "chinese": told(rendered(CHINESE), story=_told_by(7, "zh", "en", "ru")),
    "mixed": told(rendered(MIXED), story=_told_by(4, "ar", "en")),
    "update": _update(),
    "correction": rendered(CORRECTED, correction=Correction("c" * 64, "Ministry confirms arms deal with Moscow", (Stance.REPORTED,))),
    "closed": _closed(),
    "refuted": _refuted(),
    "operation": OPERATION,
    "digest": DIGEST,
}
