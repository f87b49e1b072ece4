"""What is said of sinks: their operations, each told once and closed when it heals, and their meters.

    sink:NAME              it cannot be opened, fails (its breaker is open), is paused or disabled
    sink:NAME:undelivered  deliveries were given up in the last day: dead or expired, and not sent again since
    sink:NAME:stuck        one delivery fails for an hour while others are taken, and holds up its lane

They go through the ordinary routes, never to the sink they are about (route.py). This module must not know what an answer
means for a delivery.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Final

from monitor.flow.desk import Desk, Failing
from monitor.flow.retry import by_hand
from monitor.flow.standing import Standing
from monitor.model import Answer, Delivery, DeliveryState, Severity, SinkState
from monitor.ports import Meter, Operations, Outbox

#: For how long deliveries that were given up are an operation, unless they are sent again before.
GIVEN_UP_FOR: Final = timedelta(days=1)


#: (sink, why it fails) -> what a person should do; "" where there is nothing to say.
Advise = Callable[[str, str], str]


def no_advice(_sink: str, _why: str) -> str:
    return ""


class Reports:
    def __init__(self, outbox: Outbox, meter: Meter, operations: Operations, advise: Advise = no_advice) -> None:
        self._outbox = outbox
        self._advise = advise
        self._meter = meter
        self._standing = Standing(operations)
        self._stuck: set[str] = set()  # sinks of which that was raised by this process
        self._said: dict[str, SinkState] = {}  # sink -> the state last reported

    def forget_others(self, names: Collection[str]) -> None:
        """What was told of sinks that are no longer configured is over."""
        for key in list(self._standing.told_below("sink:")):
            _, name, *what = key.split(":")
            if name not in names and what in ([], ["undelivered"], ["stuck"]):
                self._standing.close(key)

    # ----------------------------------------------------------------------------------------- its state
    def state(self, desk: Desk, detail: str = "") -> None:
        """After every change of its status."""
        status, key = desk.status, f"sink:{desk.name}"
        self._meter.gauge("sink_failures", status.failures, sink=desk.name)
        self._meter.gauge("sink_paused", float(status.state in {SinkState.PAUSED, SinkState.DISABLED}), sink=desk.name)
        self._meter.gauge("sink_failing", float(status.state is SinkState.FAILING), sink=desk.name)
        # People who know of one trouble are told when it becomes another, not when a number in it went up.
        other = self._said.get(desk.name, status.state) is not status.state
        self._said[desk.name] = status.state
        message = _trouble(desk, detail, self._advise)
        if message:
            self._raise(desk, key, message, again=other)
        elif status.failures == 0 and desk.opened:
            self._standing.close(key)

    def cannot_start(self, desk: Desk, error: Exception) -> None:
        self._raise(desk, f"sink:{desk.name}", f"sink {desk.name} cannot start: {error}; it is tried again every few seconds")

    # ------------------------------------------------------------------------------------- its deliveries
    def says_given_up(self, desk: Desk) -> bool:
        return self._standing.told(f"sink:{desk.name}:undelivered")

    def attempt(self, desk: Desk, answer: Answer) -> None:
        self._meter.count("delivery_attempts_total", sink=desk.name, answer=answer.kind.value)

    def ended(self, desk: Desk, state: DeliveryState, count: int = 1) -> None:
        self._meter.count("deliveries_total", count, sink=desk.name, state=state.value)
        desk.recount = desk.recount or state is not DeliveryState.DELIVERED

    async def given_up(self, desk: Desk, now: datetime) -> None:
        """Ask the record how many there are, and say so."""
        key = f"sink:{desk.name}:undelivered"
        desk.recount = False  # before it is asked: what is given up or sent again meanwhile is counted anew
        try:
            lately = await self._outbox.given_up(desk.name, now - GIVEN_UP_FOR)
            every = await self._outbox.given_up(desk.name) if lately else 0
        except BaseException:
            desk.recount = True
            raise
        if not lately:
            self._standing.close(key)
            return
        message = (
            f"{lately} notification(s) for sink {desk.name} were given up in the last day ({every} in all); "
            f"`monitor deliveries list --sink {desk.name} --state given-up` says which and why, "
            f"`monitor deliveries replay --sink {desk.name}` sends them again"
        )
        self._raise(desk, key, message)

    async def stuck(self, desk: Desk, delivery: Delivery, now: datetime) -> None:
        """After each failure of a delivery."""
        if (known := desk.stuck(delivery, now)) is not None:
            behind = await self._outbox.behind(delivery)
            self._stuck.add(desk.name)
            self._raise(desk, f"sink:{desk.name}:stuck", _stuck(desk, known, behind, now), severity=Severity.MEDIUM)

    def went_on(self, desk: Desk, now: datetime, *, long: bool = False) -> None:
        """After each delivery that ended, and once a minute; ``long``: this process has been up long enough to know that
        what stood before it began does not stand any more."""
        key = f"sink:{desk.name}:stuck"
        known = self._standing.told(key) and (desk.name in self._stuck or long)
        if known and not any(desk.stuck(failing.delivery, now) for failing in desk.failing.values()):
            self._stuck.discard(desk.name)
            self._standing.close(key)

    def _raise(self, desk: Desk, key: str, message: str, *, severity: Severity = Severity.HIGH, again: bool = False) -> None:
        self._standing.raise_(key, message, severity=severity, again=again, subject=desk.name)


def _trouble(desk: Desk, detail: str, advise: Advise) -> str:
    """What is wrong with it and what to do; "" where nothing is."""
    status, name = desk.status, desk.name
    said = status.reason or detail
    why = f" ({said})" if said else ""
    if by_hand(status):
        return f"sink {name} was paused by {status.by}{why}; its deliveries are kept until `monitor sinks resume {name}`"
    advice = advise(name, said)
    then = f": {advice}" if advice else ""
    if status.state is SinkState.PAUSED:
        return (
            f"sink {name} is paused{why}; its deliveries are kept and it is probed every hour: "
            f"{advice or 'mend its address or secret'}; then `monitor sinks resume {name}`"
        )
    if status.state is SinkState.DISABLED:
        return (
            f"sink {name} is disabled{why}: its receiver says it is gone for good; its deliveries are kept: "
            f"{advice or 'give it another address'}; then `monitor sinks resume {name}`, or take it out of the configuration"
        )
    if status.state is SinkState.FAILING:
        return f"sink {name} failed {status.failures} times in a row{why}; its deliveries are kept and one is tried every minute{then}"
    if status.failures >= desk.policy.outage:
        return f"sink {name} failed {status.failures} times in a row{why}; it is retried at least every minute{then}"
    return ""


def _stuck(desk: Desk, known: Failing, behind: int, now: datetime) -> str:
    hours = (now - known.since).total_seconds() / 3600
    said = f" (attempt {known.delivery.attempts}: {known.detail})" if known.detail else ""
    return (
        f"sink {desk.name} has not taken delivery {known.delivery.notification} for {hours:.1f} h{said}; {behind} of its severity wait "
        f"behind it: `monitor deliveries show {known.delivery.notification[:12]} {desk.name}`"
    )
