"""Prometheus Alertmanager, API v2: an alert of ours stands there as an alert of its own from the first telling until it is closed.

Alertmanager knows states, not messages. What it is told ends at `endsAt`, five minutes after its last telling where nobody says,
and at its own restart it forgets everything: so each alert says when it ends, and what is open is told again from time to time. An
older notification that arrives late never takes the place of a newer one, and where labels change (a graver severity) the alert
under the old ones is ended in the same post. All posts follow one another, or a telling of what is open could overtake an end.
This module must not know of routes, and waits for nothing but its receiver.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar, Final, Literal
from urllib.parse import urlsplit, urlunsplit

import structlog
from pydantic import Field, field_validator
from yarl import URL

from monitor.model import Answer, AnswerKind, Delivery, DeliveryState, JsonObject
from monitor.ports import Clock
from monitor.render.message import About, Message, read
from monitor.render.oneline import line
from monitor.render.payload import timestamp
from monitor.render.plain import plain, shortened
from monitor.render.text import text
from monitor.sinks.advice import Advice
from monitor.sinks.base import Built, Seconds, Tools, lasting
from monitor.sinks.endpoint import Endpoint, HttpSection
from monitor.sinks.example import Example

PATH: Final = "/api/v2/alerts"
HEADERS: Final = {"Content-Type": "application/json"}
#: Alerts remembered, and told again while they are open.
REMEMBERED: Final = 5000
#: Alerts in one post of what is open.
CHUNK: Final = 200
#: Our clock and Alertmanager's may differ by this much: an end that lies ahead there would not end anything.
CLOCKS: Final = timedelta(minutes=1)
#: How long a digest and a sample stand: there is nothing to close.
DIGEST: Final = timedelta(hours=1)
SAMPLE: Final = timedelta(minutes=5)
#: Characters of a summary and of a label's value.
SUMMARY: Final = 200
VALUE: Final = 120

#: Labels that we give; an alert's own and the configuration's never take their place.
OURS: Final = frozenset({"alertname", "severity", "watchlist", "alert", "owner", "source", "operation", "digest", "sample"})
_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")

log = structlog.get_logger()


class AlertmanagerSettings(HttpSection):
    examples: ClassVar[tuple[Example, ...]] = (
        Example("alertmanager", "Prometheus Alertmanager: an alert stands there until it is closed", {"url": "http://127.0.0.1:9093"}),
    )
    advice: ClassVar[tuple[Advice, ...]] = (
        Advice(
            r"HTTP 404", "is {address} the place of Alertmanager itself, without /api/v2, and with its --web.route-prefix if it has one?"
        ),
    )

    type: Literal["alertmanager"]
    open_for: Annotated[Seconds, lasting(timedelta(minutes=1), timedelta(days=30))] = Field(
        default=86_400.0, description="How long an alert stands after it was last told, if nobody closes it."
    )
    refresh: Annotated[Seconds, lasting(timedelta(seconds=10), timedelta(hours=1))] = Field(
        default=60.0, description="How often what is open is told again."
    )
    labels: dict[str, str] = Field(default_factory=dict, description="Labels that each alert gets besides its own.")

    @field_validator("labels")
    @classmethod
    def _valid(cls, labels: dict[str, str]) -> dict[str, str]:
        for name in labels:
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} is no label of Alertmanager's; letters, digits and _, not beginning with a digit")
            if name in OURS:
                raise ValueError(f"the label {name} is set by the monitor itself")
        return labels

    def build(self, name: str, tools: Tools) -> Built:
        made = Alertmanager(
            name,
            Endpoint(name, self, poster=tools.poster, clock=tools.clock, place=_api),
            clock=tools.clock,
            every=self.refresh,
            open_for=timedelta(seconds=self.open_for),
            labels=self.labels,
        )
        return Built(sink=made, beating=made)


@dataclass(frozen=True, slots=True)
class Standing:
    """One alert as Alertmanager has it. ``told`` is the time of the notification that it was made of."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    url: str
    starts: datetime
    ends: datetime
    told: datetime
    closed: bool

    def ended(self, now: datetime) -> Standing:
        return replace(self, ends=max(self.starts, now - CLOCKS), closed=True)

    def as_json(self) -> JsonObject:
        found: JsonObject = {
            "labels": dict(self.labels),
            "annotations": dict(self.annotations),
            "startsAt": timestamp(self.starts),
            "endsAt": timestamp(self.ends),
        }
        return found | ({"generatorURL": self.url} if self.url else {})


class Alertmanager:
    """Implements the ports Sink and Beating."""

    batch = 1
    concurrency = 1
    never_pauses = False

    def __init__(
        self,
        name: str,
        endpoint: Endpoint,
        *,
        clock: Clock,
        every: float,
        open_for: timedelta,
        labels: Mapping[str, str],
        remembered: int = REMEMBERED,
    ) -> None:
        self.name = name
        self.every = every
        self._endpoint = endpoint
        self._clock = clock
        self._open_for = open_for
        self._labels = labels
        self._remembered = remembered
        #: By what each is about, least lately told first.
        self._known: OrderedDict[str, Standing] = OrderedDict()
        self._turn = asyncio.Lock()

    async def start(self, recent: Callable[[int], Awaitable[Sequence[Delivery]]]) -> Sequence[Delivery]:
        """What stood when the last process ended is told again, too."""
        now = self._clock.now()
        rows = await recent(self._remembered)
        # Reading thousands of documents takes seconds, in which nothing else would run.
        for message, standing in await asyncio.to_thread(lambda: list(self._stood(rows, now))):
            if not self._is_late(message.subject, standing):
                self._remember(message, standing)
        return ()

    def _stood(self, rows: Sequence[Delivery], now: datetime) -> Iterator[tuple[Message, Standing]]:
        """The latest state of each alert that may stand there still, oldest first."""
        latest: dict[str, Delivery] = {}
        for delivery in sorted(rows, key=lambda delivery: delivery.sequence):
            if delivery.state is DeliveryState.DELIVERED and _sent(delivery) + max(self._open_for, DIGEST) > now:
                about = delivery.alert or delivery.notification
                latest.pop(about, None)
                latest[about] = delivery
        for delivery in latest.values():
            try:
                message = read(delivery.payload)
                yield message, self._standing(message, delivery.payload, _sent(delivery))
            except ValueError:
                continue  # it was told by another version

    async def send(self, deliveries: Sequence[Delivery]) -> Sequence[Answer]:
        return [await self._attempt(delivery) for delivery in deliveries]

    async def close(self) -> None:
        return None

    async def beat(self) -> Answer:
        """Tell what is open once more."""
        now = self._clock.now()
        keys = [key for key, standing in self._known.items() if not standing.closed and standing.ends > now]
        for n in range(0, len(keys), CHUNK):
            answer = await self._again(keys[n : n + CHUNK])
            if answer.kind is not AnswerKind.DELIVERED:
                return answer
        return Answer(AnswerKind.DELIVERED)

    async def _attempt(self, delivery: Delivery) -> Answer:
        now = self._clock.now()
        try:
            message = read(delivery.payload)
            standing = self._standing(message, delivery.payload, now)
        except ValueError as error:
            return Answer(AnswerKind.POISON, detail=str(error)[:200])
        async with self._turn:
            if self._is_late(message.subject, standing):
                return Answer(AnswerKind.DELIVERED, detail="Alertmanager has a newer state of this alert already")
            before = self._known.get(message.subject)
            told = [standing]
            if before is not None and not before.closed and before.labels != standing.labels:
                told.append(before.ended(now))
            answer = await self._post(told)
            if answer.kind is AnswerKind.DELIVERED:
                self._remember(message, standing)
            return answer

    async def _again(self, keys: Sequence[str]) -> Answer:
        """One post; where it is refused it is halved, until what is refused is alone and forgotten."""
        async with self._turn:
            told = [self._known[key] for key in keys if key in self._known and not self._known[key].closed]
            answer = await self._post(told) if told else Answer(AnswerKind.DELIVERED)
        if answer.kind is not AnswerKind.REFUSED:
            return answer
        if len(keys) == 1:
            self._known.pop(keys[0], None)
            log.warning("alert_not_told_again", sink=self.name, about=keys[0], answer=answer.detail)
            return Answer(AnswerKind.DELIVERED)
        half = len(keys) // 2
        first = await self._again(keys[:half])
        return first if first.kind is not AnswerKind.DELIVERED else await self._again(keys[half:])

    async def _post(self, told: Sequence[Standing]) -> Answer:
        body = json.dumps([standing.as_json() for standing in told], ensure_ascii=False, separators=(",", ":"))
        return await self._endpoint.post(body.encode("utf-8", "replace"), HEADERS)

    def _standing(self, message: Message, payload: bytes, now: datetime) -> Standing:
        return standing_of(message, payload, labels=self._labels, open_for=self._open_for, now=now)

    def _is_late(self, about: str, standing: Standing) -> bool:
        known = self._known.get(about)
        return known is not None and known.told > standing.told

    def _remember(self, message: Message, standing: Standing) -> None:
        if message.sample:
            return
        self._known[message.subject] = standing
        self._known.move_to_end(message.subject)
        while len(self._known) > self._remembered:
            about, oldest = self._known.popitem(last=False)
            if not oldest.closed and oldest.ends > self._clock.now():
                log.warning("alert_not_told_again", sink=self.name, about=about, answer=f"more than {self._remembered} are open")


# ----------------------------------------------------------------------------------------- translating
def standing_of(message: Message, payload: bytes, *, labels: Mapping[str, str], open_for: timedelta, now: datetime) -> Standing:
    """A document as Alertmanager wants it, told at ``now``. Raises ValueError."""
    data: Mapping[str, JsonObject] = json.loads(payload)["data"]
    match message.about:
        case About.ALERT:
            own, starts = _of_alert(message, data), _time(data["alert"]["raised"])
        case About.OPERATION:
            own, starts = {"alertname": "monitor", "operation": message.subject}, _time(data["operation"]["raised"])
        case About.DIGEST:
            own, starts, open_for = {"alertname": "digest", "digest": message.id}, message.time, DIGEST
    if message.sample:
        own, open_for = own | {"sample": "true"}, SAMPLE
    standing = Standing(
        labels={**labels, **own, "severity": message.severity.value, "source": "news-monitor"},
        annotations={"summary": line(message, SUMMARY), "description": text(message)} | ({"url": message.url} if message.url else {}),
        url=_uri(message.url),
        starts=starts,
        ends=max(starts, now + open_for),
        told=message.time,
        closed=False,
    )
    return standing.ended(now) if message.event == "closed" else standing


def _of_alert(message: Message, data: Mapping[str, JsonObject]) -> dict[str, str]:
    """The labels of an alert, its own beneath ours; what is empty is no label there."""
    own = {_label(str(name)): shortened(value, VALUE) for name, value in data["alert"]["labels"].items()}
    given = {
        "alertname": message.name,
        "watchlist": message.watchlist,
        "alert": message.subject,
        "owner": shortened(data["watchlist"]["owner"], VALUE),
    }
    return {name: value for name, value in (own | given).items() if name and value}


def _sent(delivery: Delivery) -> datetime:
    """When it was delivered, as nearly as the record says."""
    return max(delivery.created, delivery.due)


def _label(name: str) -> str:
    valid = re.sub(r"[^a-zA-Z0-9_]", "_", name)
    return f"_{valid}" if valid[:1].isdigit() else valid


def _uri(address: str) -> str:
    """As RFC 3986 wants it, or "": Alertmanager refuses a whole alert for an address that is none."""
    try:
        return str(URL(address)) if address else ""
    except ValueError:
        return ""


def _time(written: object) -> datetime:
    return datetime.fromisoformat(plain(written)).astimezone(UTC)


def _api(address: str) -> str:
    parts = urlsplit(address)
    base = parts.path.rstrip("/")
    return urlunsplit(parts._replace(path=base if base.endswith(PATH) else base + PATH))
