"""The ingest transaction: articles, texts, matches, decisions, alerts, notifications and their deliveries, all or none.

Written again, the same ingest changes nothing: a notification that exists is not told twice and takes no new place in a
sink's sequence. What does not fit the record (a notification of an alert that lives elsewhere, or under a number that something
else was told by) raises DecideAgain, which names the article: nothing that is told is ever written without its notification.

Where an alert that was merged away stands in the place of one that is raised, it makes way (``make_way``); where it is the very
alert that is told of, it lives again. This module must not know why something was decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any, TypeAlias

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.dialects import sqlite

from monitor.model import AlertState, DecisionKind, Notification, NotificationKind, identity
from monitor.ports import DecideAgain, Decided, IngestArticle, IngestBatch, Told
from monitor.store import aliases, articles, codec, lines, silences, stories, telling
from monitor.store.schema import alert, match, story
from monitor.store.sources import count_languages, save_source
from monitor.store.statements import SOME, add_rows, insert_new, read_in, read_rows, run_rows

_MATCH = sqlite.insert(match)
#: A text that comes back after an edit, or the same once more: what is told of it now counts.
_PUT_MATCH = _MATCH.on_conflict_do_update(
    index_elements=["article", "watchlist", "text_hash", "version"],
    set_={name: _MATCH.excluded[name] for name in ("story", "decision", "reason", "notification", "at", "by")},
    where=_MATCH.excluded.notification.is_not(None),
)
_NEW_STORY = insert_new(story)
_NEW_ALERT = insert(alert)
_LIFE = ("disposition", "comment", "changed_by")
_PLACE = ("story", "merged_into")
_TOLD = ("severity", "labels", "told", "text_hash", "notifications", "updated", "outlets", "spread_told", "last_told")
_CHANGED = (*_TOLD, "state", *_LIFE, *_PLACE)
_CHANGE_ALERT = update(alert).where(alert.c.id == bindparam("b_id")).values({name: bindparam(f"b_{name}") for name in _CHANGED})
_ALERTS_OF = select(alert).where(alert.c.story.in_(SOME))
_BY_ID = select(alert).where(alert.c.id.in_(SOME))
_TELLERS = select(match.c.notification, match.c.article, match.c.watchlist, match.c.text_hash).where(
    match.c.article.in_(SOME), match.c.notification.is_not(None)
)

Values = dict[str, Any]
#: Whose a notification is: article, watchlist, hash of the article's text.
_Teller: TypeAlias = tuple[str, str, str]


# ------------------------------------------------------------------------------------ what is known
def told(connection: Connection, pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Told]:
    """The story is the narrow side: few alerts share one, so stories are looked up and the watchlists picked from them."""
    wanted = set(pairs)
    there_now = [SimpleNamespace(**row) for row in _alerts_of(connection, {story_id for _, story_id in pairs})]
    rows: list[Any] = [row for row in there_now if (row.watchlist, row.story) in wanted]
    found = {(row.watchlist, row.story): codec.told(row) for row in rows if not row.merged_into}
    merged = [row for row in rows if row.merged_into]
    if merged:
        there = stories.stories_of(connection, [row.article for row in merged])
        found |= {(row.watchlist, row.story): _resting(codec.told(row)) for row in merged if there.get(row.article) == row.story}
    return found


def _resting(told: Told) -> Told:
    """Merged away, and its article back in its story: whatever is said there now is news, told under the alert's next number."""
    none: frozenset[str] = frozenset()
    nothing = replace(told, groups=none, clauses=none, entities=none, stances=none, languages=none, outlets=none, said=frozenset())
    return replace(nothing, alert=replace(told.alert, state=AlertState.CLOSED, merged_into=""))


def _alerts_of(connection: Connection, stories: Iterable[str]) -> list[Values]:
    return read_rows(connection, _ALERTS_OF, sorted(stories))


def make_way(connection: Connection, places: Iterable[tuple[str, str]], stays: frozenset[str] = frozenset()) -> None:
    """An alert that was merged away keeps the (watchlist, story) it had. Where another is to live there, it gets a place of its
    own: a story that is part of the one its article is in. Those named in ``stays`` are left."""
    wanted = set(places)
    if not wanted:
        return
    rows = [row for row in _alerts_of(connection, {id_ for _, id_ in wanted}) if row["merged_into"] and row["id"] not in stays]
    rows = [row for row in rows if (row["watchlist"], row["story"]) in wanted]
    there = stories.stories_of(connection, [row["article"] for row in rows])
    for row in rows:
        aside = identity("story", row["id"])
        part_of = there.get(row["article"], row["story"])
        new = {"id": aside, "first_article": row["article"], "created": row["raised"], "merged_into": part_of}
        connection.execute(_NEW_STORY, new)
        connection.execute(update(alert).where(alert.c.id == row["id"]).values(story=aside))


# ------------------------------------------------------------------------------------ the transaction
def ingest(connection: Connection, batch: IngestBatch) -> None:
    batch.receipt.lost()  # a transaction that was lost is run again, perhaps without what came before
    if not all(receipt.written for receipt in batch.relies_on):
        raise DecideAgain("what it was decided by did not come into the record")
    # What is refused is refused before anything is written: then nothing of a shared transaction need be taken back.
    keys, plan = aliases.keys(connection, batch), _planned(connection, batch)
    there = articles.there(connection, batch)
    count_languages(connection, batch, there)
    articles.put(connection, batch, there)
    aliases.put(connection, keys)
    lines.put(connection, batch.source, batch.lines, batch.now)
    stories.put(connection, batch, there)
    _write(connection, plan)
    silences.count(connection, batch)
    if batch.state is not None:
        save_source(connection, batch.state)
    batch.receipt.written = True


@dataclass(slots=True)
class _Plan:
    """The rows one ingest adds, gathered in order and written a table at a time."""

    now: datetime
    told_already: Mapping[str, frozenset[_Teller]]  # this batch's notifications that exist -> whose they are
    alerts: dict[tuple[str, str], Values]  # (watchlist, story) -> row of the one that lives there, as it is and as it will be
    known: Mapping[str, Values]  # the rows of other alerts that this batch speaks of, by id
    resting: bool  # whether an alert that was merged away stands in one of these stories
    new_alerts: list[Values] = field(default_factory=list)
    changed_alerts: dict[str, Values] = field(default_factory=dict)
    matches: list[Values] = field(default_factory=list)
    stories: dict[str, Values] = field(default_factory=dict)
    notifications: dict[str, Values] = field(default_factory=dict)
    tellers: dict[str, _Teller] = field(default_factory=dict)  # of ``notifications``
    deliveries: list[Values] = field(default_factory=list)

    def add(self, item: IngestArticle, decided: Decided) -> None:
        self._add_match(item, decided)
        row = self._alert(item, decided)
        told_now = decided.notification
        if told_now is None:
            return
        place = f"watchlist {decided.match.watchlist} and story {decided.story.id}"
        if row is None or told_now.alert != row["id"]:
            raise DecideAgain(
                f"notification {told_now.id} speaks of alert {told_now.alert}, but the record has {row['id'] if row else 'none'} "
                f"for {place}: it was decided against an older state",
                article=item.article.id,
            )
        teller = (item.article.id, decided.match.watchlist, item.article.text_hash)
        if self._is_told(told_now.id, teller):
            return
        self.tellers[told_now.id] = teller
        self._add_notification(row, told_now, decided)

    def _is_told(self, id_: str, teller: _Teller) -> bool:
        """Whether this very notification exists: written again, it is not told twice. Raises DecideAgain where its number was taken
        by something else: what is told now would be lost."""
        if id_ not in self.told_already and id_ not in self.tellers:
            return False
        if teller == self.tellers.get(id_) or teller in self.told_already.get(id_, frozenset()):
            return True
        raise DecideAgain(f"notification {id_} tells of something else: it was decided against an older state", article=teller[0])

    def _add_match(self, item: IngestArticle, decided: Decided) -> None:
        found, told_in = decided.match, decided.story
        self.stories.setdefault(told_in.id, {"id": told_in.id, "first_article": told_in.first_article, "created": self.now})
        self.matches.append(
            {
                "article": item.article.id,
                "text_hash": item.article.text_hash,
                "watchlist": found.watchlist,
                "version": found.version,
                "engine": item.engine,
                "severity": found.severity.value,
                "stances": [stance.value for stance in found.stances],
                "evidence": codec.evidence_json(found.evidence),
                "story": told_in.id,
                "decision": decided.decision.kind.value,
                "reason": decided.decision.reason.value,
                "notification": decided.notification.id if decided.notification else None,
                "at": self.now,
                "by": decided.decision.by,
            }
        )

    def _alert(self, item: IngestArticle, decided: Decided) -> Values | None:
        """The alert's row after this decision; None where there is no alert. What it has told is the flow's to say, else that of
        the match is added."""
        place = (decided.match.watchlist, decided.story.id)
        row = self.alerts.get(place)
        if row is None:
            if decided.alert is None:
                return None
            if decided.alert.id not in self.known:
                row = self.alerts[place] = _alert_row(item, decided)
                self.new_alerts.append(row)
                return row
            row = self._living_again(item, decided, self.known[decided.alert.id])
            if row is None:
                return None
        changes: Values = {}
        if item.article.id == row["article"]:
            changes["text_hash"] = item.article.text_hash
        if decided.told is not None:
            changes |= codec.told_columns(decided.told)
        elif decided.decision.kind.tells:
            changes["told"] = codec.merge_told(row["told"], codec.told_json(decided.match, item.article.language))
        if any(row[name] != value for name, value in changes.items()):
            row.update(changes)
            self.changed_alerts[row["id"]] = row
        return row

    def _living_again(self, item: IngestArticle, decided: Decided, row: Values) -> Values | None:
        """One that was merged away, where something is told of it."""
        assert decided.alert is not None
        if not row["merged_into"]:
            raise DecideAgain(
                f"alert {row['id']} lives in story {row['story']}, not in {decided.story.id}: it was decided against an older state",
                article=item.article.id,
            )
        if decided.decision.kind is DecisionKind.QUIET:
            return None
        row.update(codec.life_columns(decided.alert) | {"story": decided.story.id, "merged_into": ""})
        self.alerts[decided.match.watchlist, decided.story.id] = self.changed_alerts[row["id"]] = row
        return row

    def _add_notification(self, row: Values, told_now: Notification, decided: Decided) -> None:
        self.notifications[told_now.id] = telling.notification_row(told_now, row["notifications"])
        row.update(notifications=row["notifications"] + 1, last_told=told_now.created)
        if decided.alert is not None:
            row.update(severity=decided.alert.severity.value, labels=dict(decided.alert.labels), updated=decided.alert.updated)
            if told_now.kind in (NotificationKind.CLOSED, NotificationKind.REOPENED):
                # Otherwise the state stays: a person may have acknowledged it after the decision read it.
                row.update(codec.life_columns(decided.alert))
        self.changed_alerts[row["id"]] = row
        self.deliveries += telling.delivery_rows(told_now, decided.ways, self.now)


def _alert_row(item: IngestArticle, decided: Decided) -> Values:
    raised = decided.alert
    assert raised is not None
    told_so_far: Values = {"told": codec.told_json(decided.match, item.article.language), "outlets": [], "spread_told": 0}
    if decided.told is not None:
        told_so_far = codec.told_columns(decided.told)
    return (
        told_so_far
        | dict.fromkeys(_LIFE, "")
        | {
            "id": raised.id,
            "watchlist": raised.watchlist,
            "story": raised.story,
            "article": item.article.id,
            "text_hash": item.article.text_hash,
            "severity": raised.severity.value,
            "state": raised.state.value,
            "labels": dict(raised.labels),
            "notifications": 0,
            "last_told": None,
            "raised": raised.raised,
            "updated": raised.updated,
            "merged_into": "",
        }
    )


def put_decisions(connection: Connection, batch: IngestBatch) -> None:
    """Matches, alerts, notifications and deliveries of articles that are in the record."""
    _write(connection, _planned(connection, batch))


def _planned(connection: Connection, batch: IngestBatch) -> _Plan | None:
    """None where nothing was decided. Raises DecideAgain."""
    decided = [(item, one) for item in batch.articles for one in item.decided]
    if not decided:
        return None
    standing = _alerts_of(connection, {one.story.id for _, one in decided})
    living = {(row["watchlist"], row["story"]): row for row in standing if not row["merged_into"]}
    spoken = {one.alert.id for _, one in decided if one.alert is not None and (one.match.watchlist, one.story.id) not in living}
    resting = any(row["merged_into"] for row in standing)
    plan = _Plan(batch.now, _told_already(connection, decided), living, _by_id(connection, spoken), resting)
    for item, one in decided:
        plan.add(item, one)
    return plan


def _write(connection: Connection, plan: _Plan | None) -> None:
    if plan is None:
        return
    add_rows(connection, _NEW_STORY, list(plan.stories.values()))
    if plan.resting:
        make_way(connection, plan.alerts.keys(), frozenset(plan.changed_alerts))
    add_rows(connection, _PUT_MATCH, plan.matches)
    add_rows(connection, _NEW_ALERT, plan.new_alerts)
    fresh = {row["id"] for row in plan.new_alerts}
    changed = [row for row in plan.changed_alerts.values() if row["id"] not in fresh]
    run_rows(connection, _CHANGE_ALERT, [{"b_id": row["id"], **{f"b_{name}": row[name] for name in _CHANGED}} for row in changed])
    telling.tell(connection, list(plan.notifications.values()), plan.deliveries)


def _by_id(connection: Connection, ids: Iterable[str]) -> dict[str, Values]:
    return {row["id"]: row for row in read_rows(connection, _BY_ID, sorted(ids))}


def _told_already(connection: Connection, decided: Sequence[tuple[IngestArticle, Decided]]) -> dict[str, frozenset[_Teller]]:
    """Of the notifications that these decisions tell, those that exist, each with the matches it told of."""
    existing = telling.existing(connection, [one.notification.id for _, one in decided if one.notification])
    found = dict.fromkeys(existing, frozenset[_Teller]())
    articles = {item.article.id for item, one in decided if one.notification and one.notification.id in existing}
    for id_, *teller in read_in(connection, _TELLERS, sorted(articles)):
        if id_ in found:
            found[id_] |= {tuple(teller)}
    return found
