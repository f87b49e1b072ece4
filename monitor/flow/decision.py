"""One article and its analysis become what one transaction writes of it: the article, its matches and what is told.

The order of steps and every wait stand in ``flow/ingest.py``; here nothing waits and nothing fails: an article that cannot
be told of is stored as such. What each decision tells is folded into the ground at once, so that two articles of one story in
one transaction raise one alert. This module must not know how anything is stored or sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from monitor.flow.identity import Kind, Verdict, remembered
from monitor.flow.limits import Limits
from monitor.flow.route import About
from monitor.match import ENGINE_VERSION
from monitor.model import (
    OUTLETS,
    Alert,
    AlertState,
    Analysis,
    AnalysisFailed,
    Article,
    Decision,
    DecisionKind,
    Document,
    JsonObject,
    Match,
    Mode,
    Notification,
    NotificationKind,
    Reason,
    Silence,
    SourceSpec,
    Story,
    WatchlistFacts,
    Way,
    identity,
)
from monitor.ports import Decided, IngestArticle, Membership, Prior, Told
from monitor.render.payload import Change, Correction, render_notification
from monitor.story.decide import Saying, clauses, entities, groups, kept_quiet, news, worth_telling
from monitor.story.joined import Joined
from monitor.story.said import remembered as said_with
from monitor.story.said import words_of

#: Of a title, in code points: a text without line breaks is one, and it stands in every message, list and reason.
LONGEST: Final = 2_000
#: Of another article's title in the reason for a join, in code points.
LONGEST_TITLE: Final = 120

_KINDS: Final = {
    DecisionKind.RAISE: NotificationKind.RAISED,
    DecisionKind.UPDATE: NotificationKind.UPDATED,
    DecisionKind.CORRECT: NotificationKind.CORRECTED,
    DecisionKind.REOPEN: NotificationKind.REOPENED,
}


class Router(Protocol):
    """The routes in force: the ways a notification goes."""

    def __call__(self, about: About, /) -> tuple[Way, ...]: ...


def never(about: About) -> Silence | None:
    """No silence mutes it."""
    return None


@dataclass(frozen=True, slots=True)
class Ground:
    """What the decisions of one transaction are made against. ``told`` (by watchlist and story) and ``stories`` change with every
    article that is decided; nothing is decided of stories that are not ``spoken_of``, and none of them is counted (None: any may be).
    ``titles`` are those of articles that others joined for. The ``spread``-th outlet is told; ``silenced`` names the silence that
    mutes what would be told; ``limits`` count on what watchlists with ``max_alerts`` raise."""

    spec: SourceSpec
    now: datetime
    first_poll: bool
    facts: Mapping[str, WatchlistFacts]
    told: dict[tuple[str, str], Told]
    route: Router
    stories: dict[str, Story] = field(default_factory=dict)
    priors: Mapping[tuple[str, str], Prior] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    spread: int = 0
    silenced: Callable[[About], Silence | None] = never
    limits: Limits = field(default_factory=Limits)
    spoken_of: AbstractSet[str] | None = None


def is_stale(published: datetime | None, spec: SourceSpec, now: datetime) -> bool:
    """Whether a first poll keeps this to itself: it was published before the freshness window."""
    return published is not None and published < now - timedelta(seconds=spec.fresh)


def page_failed(document: Document) -> bool:
    return "page:failed" in document.notes


def stored_article(verdict: Verdict, analysis: Analysis | AnalysisFailed, now: datetime) -> Article:
    """The article as the record keeps it; without an analysis, with the title its source knew. What another source owns
    keeps that source's address, date and labels."""
    document, owner = verdict.document, verdict.owner if verdict.foreign else None
    found = analysis if isinstance(analysis, Analysis) else None
    return Article(
        id=verdict.article,
        source=verdict.source,
        key=verdict.key,
        url=owner.url if owner else document.url,
        title=(found.title if found else _known_title(document))[:LONGEST],
        language=found.language if found else "und",
        published=owner.published if owner else document.published,
        fetched=now,
        text_hash=found.text_hash if found else hashlib.sha256(document.text.encode("utf-8", "replace")).hexdigest(),
        labels=owner.labels if owner else document.labels,
        notes=document.notes,
    )


def ingested(
    verdict: Verdict, analysis: Analysis | AnalysisFailed, article: Article, place: Membership | None, ground: Ground
) -> IngestArticle:
    """Never raises: what cannot be analysed or told of is stored as such, and does not hold up its source. Without a ``place``
    the article is its own story."""
    if not isinstance(analysis, Analysis):
        return _written(verdict, article, ground, failed=analysis.reason)
    if ground.spoken_of is not None and (place.story if place else article.id) not in ground.spoken_of:
        return _written(verdict, article, ground, place=place, analysis=analysis)  # as most: there is nothing to decide
    try:
        story = _counted(article, verdict, place, ground)
        decided = _all_decided(_Item(article, analysis, place, story), ground, edited=verdict.kind is Kind.EDITED)
    except Exception as error:  # whatever it is, it is this article's alone
        bare = replace(article, title=_known_title(verdict.document)[:LONGEST], language="und")
        return _written(verdict, bare, ground, place=place, failed=f"{type(error).__name__}: {error}"[:500])
    ground.stories[story.id] = story
    if decided:
        ground.told.update({(one.match.watchlist, story.id): one.told for one in decided if one.told is not None})
    return _written(verdict, article, ground, place=place, analysis=analysis, decided=decided)


def _written(
    verdict: Verdict,
    article: Article,
    ground: Ground,
    *,
    place: Membership | None = None,
    analysis: Analysis | None = None,
    decided: tuple[Decided, ...] = (),
    failed: str = "",
) -> IngestArticle:
    document = verdict.document
    elsewhere = (ground.spec.name, document.key) != (article.source, article.key)
    return IngestArticle(
        article=article,
        text=document.text,
        zones=analysis.zones if analysis else (),
        content_hash=remembered(verdict, failed=page_failed(document)),
        engine=analysis.engine if analysis else "",
        failed=failed,
        decided=decided,
        seen_key=document.key if elsewhere else "",
        seen_source=ground.spec.name if elsewhere else "",
        aliases=verdict.aliases,
        membership=place,
    )


def _known_title(document: Document) -> str:
    return document.text[document.title.start : document.title.end] if document.title else ""


# -------------------------------------------------------------------------------------------- stories
def _counted(article: Article, verdict: Verdict, place: Membership | None, ground: Ground) -> Story:
    """The article's story, with the article."""
    if place is None:
        return Story(article.id, article.id)
    known = ground.stories.get(place.story, Story(place.story, place.story))
    if verdict.kind is Kind.EDITED and known.articles:
        return known
    new_outlet = bool(place.outlet) and place.outlet not in known.outlets
    return replace(
        known,
        articles=known.articles + 1,
        outlets=(*known.outlets, place.outlet)[:OUTLETS] if new_outlet else known.outlets,
        outlet_count=known.outlet_count + new_outlet,
        languages=known.languages if article.language in known.languages else (*known.languages, article.language),
        first_url=article.url if article.id == known.first_article else known.first_url,
    )


def _joined(place: Membership | None, ground: Ground) -> JsonObject | None:
    """Why an article is in its story, for people who are told of it."""
    if place is None or place.joined is None:
        return None
    joined = Joined.from_json(place.joined)
    title = ground.titles.get(joined.article, "")
    explained = joined.explain(title if len(title) <= LONGEST_TITLE else title[:LONGEST_TITLE] + "…")
    return {"kind": joined.kind.value, "article": joined.article, "score": joined.score, "explain": explained}


# ------------------------------------------------------------------------------------------ decisions
@dataclass(frozen=True, slots=True)
class _Item:
    """One article, analysed and placed; ``story`` counts it."""

    article: Article
    analysis: Analysis
    place: Membership | None
    story: Story


@dataclass(frozen=True, slots=True)
class _Case:
    """One match of one article, or one that it had before it was edited (``prior``: then it is taken back, and where the
    article does not match any more ``match`` has no evidence)."""

    about: About
    item: _Item
    told: Told | None
    saying: Saying
    prior: Prior | None = None

    @property
    def withdrawn(self) -> bool:
        return not self.about.match.evidence


def _all_decided(item: _Item, ground: Ground, *, edited: bool) -> tuple[Decided, ...]:
    if not item.analysis.matches and not edited:
        return ()
    return tuple([_decided(case, ground) for case in _cases(item, ground, edited=edited)])


def _cases(item: _Item, ground: Ground, *, edited: bool) -> list[_Case]:
    lists = {name: facts for name, facts in ground.facts.items() if facts.mode is not Mode.OFF}
    cases = [_case(item, match, ground) for match in item.analysis.matches if match.watchlist in lists]
    if not edited:
        return cases
    matched = {match.watchlist for match in item.analysis.matches}
    for (watchlist, article), prior in ground.priors.items():
        standing = prior.match.evidence and (watchlist, item.story.id) in ground.told
        if article == item.article.id and watchlist in lists and watchlist not in matched and standing:
            cases.append(_case(item, replace(prior.match, version=lists[watchlist].version, evidence=(), stances=()), ground))
    return cases


def _case(item: _Item, match: Match, ground: Ground) -> _Case:
    article, place, told = item.article, item.place, ground.told.get((match.watchlist, item.story.id))
    prior = ground.priors.get((match.watchlist, article.id))
    taken_back = prior is not None and bool(prior.match.evidence) and not set(prior.match.stances) & set(match.stances)
    saying = Saying(
        match,
        item.analysis.language,
        outlet=place.outlet if place else "",
        joined=str(place.joined["kind"]) if place and place.joined else "",
        hours=float(place.joined.get("hours", 0.0)) if place and place.joined else 0.0,
        taken_back=taken_back,
        said_again=prior is not None and not prior.match.evidence,
    )
    alert = _alert(told, match, item, ground)
    about = About(ground.facts[match.watchlist], alert.severity, article, match, alert, item.story, ground.now)
    return _Case(about, item, told, saying, prior if taken_back else None)


def _alert(told: Told | None, match: Match, item: _Item, ground: Ground) -> Alert:
    """As it will stand if people are told."""
    if told is None:
        id_, labels = alert_id(match.watchlist, item.article.id), ground.facts[match.watchlist].labels
        return Alert(id_, match.watchlist, item.story.id, match.severity, AlertState.OPEN, labels, ground.now, ground.now)
    severity = max(told.alert.severity, match.severity, key=lambda severity: severity.rank)
    alert = replace(told.alert, severity=severity, updated=ground.now)
    if alert.state is not AlertState.CLOSED:
        return alert
    return replace(alert, state=AlertState.OPEN, disposition=None, comment="", changed_by="")


def _decide(case: _Case, ground: Ground) -> Decision:
    """What it is worth, unless it is kept quiet; what would be told may still be muted by a silence."""
    decision = _quiet(case, ground) or _worth(case, ground)
    if not decision.kind.tells:
        return decision
    silence = ground.silenced(case.about)
    return decision if silence is None else Decision(DecisionKind.QUIET, Reason.SILENCED, silence.id)


def _quiet(case: _Case, ground: Ground) -> Decision | None:
    stale = ground.first_poll and is_stale(case.about.article.published, ground.spec, ground.now)
    return kept_quiet(case.about.facts, stale=stale)


def _worth(case: _Case, ground: Ground) -> Decision:
    return worth_telling(case.told, case.saying, spread=ground.spread)


def _decided(case: _Case, ground: Ground) -> Decided:
    decision, told, match, story = _decide(case, ground), case.told, case.about.match, case.about.story
    if decision.kind is DecisionKind.QUIET:
        return Decided(match, decision, story, alert=told.alert if told else None)
    if not decision.kind.tells:
        assert told is not None, "what has told nothing threads to nothing"
        return Decided(match, decision, story, alert=told.alert, told=_threaded(told, case))
    notification = _notification(case, decision, ground)
    about = case.about if case.prior is None or not case.withdrawn else replace(case.about, match=case.prior.match)
    ways = ground.route(replace(about, severity=notification.severity, kind=notification.kind))
    ways = ground.limits.limited(ways, about.facts, decision.kind, notification.severity, ground.now)
    return Decided(match, decision, story, case.about.alert, notification, ways, _telling(case, notification, ground))


def _notification(case: _Case, decision: Decision, ground: Ground) -> Notification:
    """What is corrected is told with the evidence that is withdrawn, which stands in the text as it was."""
    about, told, kind = case.about, case.told, _KINDS[decision.kind]
    article, match, correction = about.article, about.match, None
    if case.prior is not None and (case.withdrawn or decision.kind is DecisionKind.CORRECT):
        match, correction = case.prior.match, Correction(article.text_hash, article.title, about.match.stances)
        article = replace(article, text_hash=case.prior.text_hash, title=case.prior.title)
    change = None
    if told is not None and kind in (NotificationKind.UPDATED, NotificationKind.REOPENED) and correction is None:
        change = Change(told.alert, told.last_told, _new(told, case.saying))
    id_ = identity(about.alert.id, str(told.notifications if told else 0))
    payload = render_notification(
        notification_id=id_,
        kind=kind,
        reason=decision.reason,
        created=ground.now,
        alert=about.alert,
        story=about.story,
        article=article,
        match=match,
        facts=about.facts,
        engine=case.item.analysis.engine,
        joined=_joined(case.item.place, ground),
        change=change,
        correction=correction,
    )
    # As grave as the alert it tells of, which is what its readers see: a lesser update of a critical alert is not held for the night.
    return Notification(id_, about.alert.id, kind, decision.reason, about.alert.severity, ground.now, payload)


def _new(told: Told, saying: Saying) -> dict[str, tuple[str, ...] | tuple[int, ...]]:
    new = news(told, saying)
    return {
        "entities": new.entities,
        "groups": new.groups,
        "clauses": new.clauses,
        "stances": new.stances,
        "languages": new.languages,
        "outlets": new.outlets,
        "passages": new.passages,
    }


# ------------------------------------------------------------------------------------- what was told
def _threaded(told: Told, case: _Case) -> Told:
    """A thread tells nothing, but its outlet counts."""
    text_hash = case.about.article.text_hash if case.about.article.id == told.article else told.text_hash
    return replace(told, outlets=told.outlets | _outlet(case), text_hash=text_hash)


def _telling(case: _Case, notification: Notification, ground: Ground) -> Told:
    """What the alert has told with this notification."""
    about, told, match = case.about, case.told, case.about.match
    before = told or _nothing(about)
    outlets = before.outlets | _outlet(case)
    before = replace(
        before,
        alert=about.alert,
        text_hash=about.article.text_hash if about.article.id == before.article else before.text_hash,
        notifications=before.notifications + 1,
        outlets=outlets,
        spread_told=before.spread_told or (ground.spread > 0 and len(outlets) >= ground.spread),
        last_told=notification.created,
    )
    if case.withdrawn:
        # People were told that it does not stand: whoever says it from now on says something.
        gone = words_of(case.prior.match.evidence) if case.prior is not None else frozenset()
        return replace(before, said=before.said - gone)
    # What a correction replaces is told no longer: people are left with the denial, and whoever still reports it says something.
    replaced = frozenset() if case.prior is None else frozenset(str(stance) for stance in case.prior.match.stances)
    return replace(
        before,
        groups=before.groups | groups(match),
        clauses=before.clauses | clauses(match),
        entities=before.entities | entities(match),
        stances=(before.stances - replaced) | {str(stance) for stance in match.stances},
        languages=before.languages | {case.saying.language},
        said=said_with(before.said, words_of(match.evidence)),
    )


def _nothing(about: About) -> Told:
    none: frozenset[str] = frozenset()
    return Told(about.alert, about.article.id, about.article.text_hash, none, none, none, none, none, notifications=0)


def _outlet(case: _Case) -> frozenset[str]:
    return frozenset({case.saying.outlet}) if case.saying.outlet and not case.withdrawn else frozenset()


# --------------------------------------------------------------------------------- stories changed by hand
def decided_anew(article: Article, match: Match, place: Membership, told: Told | None, ground: Ground) -> tuple[IngestArticle, Decided]:
    """A match that is in the record, decided in the story that its article is in now (``ground.stories`` has it)."""
    analysis = Analysis(article.text_hash, article.language, article.title, (), (match,), ENGINE_VERSION)
    item = _Item(article, analysis, replace(place, joined=None), ground.stories[place.story])
    ground.told.pop((match.watchlist, place.story), None)
    if told is not None:
        ground.told[match.watchlist, place.story] = told
    return IngestArticle(article, "", (), "", engine=ENGINE_VERSION), _decided(_case(item, match, ground), ground)


def told_of(told: Told, theirs: Sequence[tuple[Article, Membership, Match]]) -> Told:
    """What an alert has told, where only these matches are its own: what it told of others does not count."""
    passages = [passage for _, _, match in theirs for passage in match.evidence]
    return replace(
        told,
        groups=frozenset().union(*(groups(match) for *_, match in theirs)),
        clauses=frozenset().union(*(clauses(match) for *_, match in theirs)),
        entities=frozenset().union(*(entities(match) for *_, match in theirs)),
        stances=frozenset(str(stance) for *_, match in theirs for stance in match.stances),
        languages=frozenset(article.language for article, *_ in theirs),
        outlets=frozenset(place.outlet for _, place, _ in theirs if place.outlet),
        said=said_with(frozenset(), words_of(passages)),
    )


def article_id(source: str, key: str) -> str:
    return identity(source, key)


def alert_id(watchlist: str, first_article: str) -> str:
    return identity(watchlist, first_article)
