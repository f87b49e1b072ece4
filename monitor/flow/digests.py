"""Digests, pure: when the next one is due, and what it says of the deliveries that were gathered for it.

    digest: 1h              every full hour; shorter ones and longer ones count from local midnight as well
    digest: 1d              at local midnight
    digest: "0 8 * * 1-5"   a cron line, on the wall clock of its zone

A rhythm gives the next moment strictly after a given one. It is asked once, when something is decided; the moment is kept with
what waits for it, so that a restart or a clock that is set moves no digest that is under way. This module must not know where
deliveries are kept.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from monitor.flow.outlets import outlet_at
from monitor.model import Delivery, Notification, NotificationKind, Reason, Severity, identity
from monitor.render.digest import DIGEST_TYPE, MEMBERS, DigestMember, gravest, render_digest
from monitor.render.message import About, Message, read
from monitor.render.plain import plain

#: How hold keys begin: ``digest:ROUTE`` and ``max_alerts:WATCHLIST``. The others stand alone.
DIGEST: Final = "digest:"
MAX_ALERTS: Final = "max_alerts:"
QUIET: Final = "quiet"
RATE: Final = "rate"
BACKLOG: Final = "backlog"

#: What the members of one digest may have in common, and where a document has it.
GROUPS: Final = {
    "watchlist": ("watchlist", "id"),
    "owner": ("watchlist", "owner"),
    "story": ("story", "id"),
    "severity": ("alert", "severity"),
    "source": ("article", "source"),
}
_NAMES: Final = {"watchlist": ("watchlist", "title"), "story": ("article", "title")}

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_FIELDS: Final = 5
#: From here a line is asked whether it ever comes: the 29th of February came and comes.
_SOMEWHEN: Final = datetime(2024, 1, 1, tzinfo=UTC)


# ------------------------------------------------------------------------------------------- rhythms
class Rhythm(Protocol):
    """When digests are due."""

    def next(self, now: datetime) -> datetime:
        """Strictly later than ``now``; UTC."""


@dataclass(frozen=True, slots=True)
class Every:
    """Counted from local midnight, each day anew; whole days from the same day whenever one asks. Up to an hour it is real time
    that counts, beyond it the clock on the wall: on the day the clocks change, every four hours stays 04:00, 08:00."""

    seconds: float
    zone: str = "UTC"

    def next(self, now: datetime) -> datetime:
        local = now.astimezone(ZoneInfo(self.zone))
        step, day = timedelta(seconds=self.seconds), local.date()
        if step >= _DAY:
            return wall(day + timedelta(days=step.days - day.toordinal() % step.days), self.zone)
        tomorrow = wall(day + _DAY, self.zone)
        if step <= _HOUR:
            midnight = wall(day, self.zone)
            return min(midnight + ((now - midnight) // step + 1) * step, tomorrow)
        passed = local.replace(tzinfo=None) - datetime.combine(day, time())
        steps = passed // step + 1
        while (found := wall(day, self.zone, steps * step)) <= now:  # the clocks were set back
            steps += 1
        return min(found, tomorrow)


@dataclass(frozen=True, slots=True)
class Cron:
    """Five fields, read as Debian's cron reads them: what falls into the hour that a day lacks comes right after it, what falls
    into the one it has twice comes once."""

    line: str
    zone: str = "UTC"

    def next(self, now: datetime) -> datetime:
        return _next_of(self.line, self.zone, now)


@lru_cache(maxsize=256)
def _next_of(line: str, zone: str, now: datetime) -> datetime:
    """Kept, because every match of a batch is decided at the same moment."""
    comes = CronSim(line, now.astimezone(ZoneInfo(zone)))
    found = next(comes).astimezone(UTC)
    while found <= now:  # the second 02:30 of a day that has two
        found = next(comes).astimezone(UTC)
    return found


def cron(line: str, zone: str = "UTC") -> Cron:
    """Raises ValueError for what is no cron line, and for one that never comes."""
    if len(line.split()) != _FIELDS:
        raise ValueError(f"{line!r} is no cron line: five fields, such as '0 8 * * 1-5' (08:00 from Monday to Friday)")
    try:
        _next_of(line, zone, _SOMEWHEN)
    except CronSimError as error:
        raise ValueError(f"{line!r} is no cron line: {str(error).replace('Bad', 'wrong')}") from None
    except StopIteration:
        raise ValueError(f"{line!r} never comes") from None
    return Cron(line, zone)


def wall(day: date, zone: str, after: timedelta = timedelta(0)) -> datetime:
    """The moment when the clock on the wall of a zone shows so much after midnight of a day; where it never does because the
    clocks are set forward, as much later."""
    return (datetime.combine(day, time()) + after).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


# ------------------------------------------------------------------------------------------- documents
@dataclass(frozen=True, slots=True)
class Bundle:
    """Deliveries that make one digest. ``of`` is what their group has in common, "" where they have nothing asked for."""

    deliveries: tuple[Delivery, ...]
    of: str = ""


def bundles(deliveries: Sequence[Delivery], group_by: Sequence[str]) -> tuple[Bundle, ...]:
    """In the order of their first delivery. What has none of the values asked (an operation) is a group of its own."""
    if not group_by:
        return (Bundle(tuple(deliveries)),) if deliveries else ()
    found: dict[tuple[str, ...], list[Delivery]] = defaultdict(list)
    names: dict[tuple[str, ...], str] = {}
    for delivery in deliveries:
        data = _data(delivery)
        key = tuple(_at(data, GROUPS[each]) for each in group_by)
        found[key].append(delivery)
        names.setdefault(key, ", ".join(filter(None, (_at(data, _NAMES.get(each, GROUPS[each])) for each in group_by))))
    return tuple(Bundle(tuple(some), names[key]) for key, some in found.items())


def digest(key: str, sink: str, bundle: Bundle, now: datetime) -> Notification:
    """One notification in place of these; the same one whenever it is made of the same deliveries. The gravest are listed, in the
    order they were made, and all are counted."""
    deliveries = bundle.deliveries
    id_ = identity("digest", sink, key, deliveries[0].notification, deliveries[-1].notification, str(len(deliveries)))
    listed = sorted(sorted(deliveries, key=lambda one: -one.severity.rank)[:MEMBERS], key=lambda one: one.sequence)
    found = [_members(one) for one in listed]
    members = [member for some, _ in found for member in some]
    count = sum(many for _, many in found) + len(deliveries) - len(listed)
    severity = gravest(one.severity for one in deliveries)
    if len(members) > MEMBERS:
        members = sorted(members, key=lambda member: -member.severity.rank)[:MEMBERS]
    title, text = said(key, count, bundle.of, _began(key, deliveries))
    payload = render_digest(notification_id=id_, key=key, title=title, text=text, members=members, created=now, count=count)
    return Notification(
        id_, "", NotificationKind.DIGEST, Reason.DIGEST, severity, now, payload, tuple(one.notification for one in deliveries)
    )


def is_digest(delivery: Delivery) -> bool:
    """Asked of the raw document first: most are not, and a long one is not parsed for it."""
    return DIGEST_TYPE.encode() in delivery.payload and _document(delivery).get("type") == DIGEST_TYPE


def said(key: str, count: int, of: str, since: datetime) -> tuple[str, str]:
    """Title and opening of a digest."""
    many = f"{count} notification{'' if count == 1 else 's'}"
    kind, _, name = key.partition(":")
    began = f"{since:%Y-%m-%d %H:%M} UTC"
    titles = {
        DIGEST[:-1]: (f"{many}: {of or name}", f"Gathered by the route {name} since {began}."),
        MAX_ALERTS[:-1]: (
            f"{many} beyond the limit of {name}",
            f"It reached its max_alerts; these came after that, since {began}.",
        ),
        QUIET: (f"{many} of quiet hours", f"Held back since {began}, because this sink had quiet hours."),
        RATE: (f"{many} beyond the rate limit", f"Held back since {began}, because this sink was sent as many as it may be."),
        BACKLOG: (f"{many} that had to wait", f"They could not be sent for more than an hour; the first was made at {began}."),
    }
    return titles.get(kind, (f"{many} held back", f"Held back since {began}."))


def _began(key: str, deliveries: Sequence[Delivery]) -> datetime:
    """Since when any of them was held for this: what another hold let go was not held under this one before."""
    return min(one.created if key == BACKLOG else one.since for one in deliveries)


def _members(delivery: Delivery) -> tuple[list[DigestMember], int]:
    """What a delivery adds to a digest and how many that counts for: itself, or what it tells of where it is a digest already."""
    document = _document(delivery)
    data = document.get("data") if isinstance(document.get("data"), dict) else {}
    nested = data.get("digest") if isinstance(data, dict) else None
    try:
        if isinstance(nested, dict):
            return [_copied(member) for member in nested["members"]], int(nested["count"])
        message = read(delivery.payload)
        published = _at(data, ("article", "published"))
        when = datetime.fromisoformat(published) if published else message.time
        told = DigestMember(message.headline, message.title, message.url, when, delivery.severity, delivery.notification, delivery.sequence)
        return [_of_alert(told, message, _at(data, ("article", "id"))) if message.about is About.ALERT else told], 1
    except (ValueError, KeyError, TypeError):  # it would be poison by itself; what is known of it is not dropped
        unknown = "a notification that cannot be read"
        headline = f"[{delivery.severity.value.upper()}] monitor"
        return [DigestMember(headline, unknown, "", delivery.created, delivery.severity, delivery.notification, delivery.sequence)], 1


def _of_alert(told: DigestMember, message: Message, article: str) -> DigestMember:
    """What was new is told without the isolates it has in a message: each channel puts its own."""
    new = "; ".join(plain(news) for news in message.news)
    return replace(
        told,
        alert=message.subject,
        watchlist=message.watchlist,
        outlet=outlet_at(message.url, message.source),
        language=message.language,
        article=article,
        why=new or ", ".join(dict.fromkeys(passage.stance.upper() for passage in message.passages)),
    )


def _copied(member: dict[str, Any]) -> DigestMember:
    return DigestMember(
        str(member["headline"]),
        str(member["title"]),
        str(member["url"]),
        datetime.fromisoformat(member["time"]),
        Severity(member["severity"]),
        str(member["notification"]),
        int(member["sequence"]),
        *(str(member.get(name) or "") for name in ("alert", "watchlist", "outlet", "language", "why", "article")),
    )


def _document(delivery: Delivery) -> dict[str, Any]:
    try:
        found = json.loads(delivery.payload)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _data(delivery: Delivery) -> Any:
    return _document(delivery).get("data")


def _at(data: Any, path: Sequence[str]) -> str:
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, str) else ""
