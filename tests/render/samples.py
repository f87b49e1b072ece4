"""Two notifications to render, one from right to left and one from left to right."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from monitor.model import (
    Alert,
    AlertState,
    Article,
    Entity,
    Evidence,
    Hit,
    Match,
    Mode,
    NotificationKind,
    Reason,
    Severity,
    Stance,
    Story,
    WatchlistFacts,
    ZoneKind,
)
from monitor.render.payload import render_notification

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


def rendered(sample: Sample) -> bytes:
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
    )


def passage(
    text: str, quote: str, hits: dict[str, str], stance: Stance, zone: ZoneKind = ZoneKind.BODY, clause: str = "deal NEAR/10 weapon"
) -> Evidence:
    """``hits`` maps a word of the quote to its group; words named ``entity:`` carry one."""
    start = text.index(quote)
    found = []
    for word, group in hits.items():
        at = start + quote.index(word)
        entity = Entity("Q1", word, "places") if group == "place" else None
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
UPDATE = replace(ENGLISH, kind=NotificationKind.UPDATED, reason=Reason.STANCE_CHANGED)
