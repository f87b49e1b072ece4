"""What a delivery waits for, and until when, in the words of ``deliveries`` and ``alerts show``."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from monitor.cli.options import short_time

if TYPE_CHECKING:
    from monitor.model import JsonObject

_HELD = {"quiet": "quiet hours", "rate": "the sink's rate", "backlog": "what waited is gathered"}
_GATHERED = {"digest": "the digest of {}", "max_alerts": "{} is beyond its max_alerts"}


def state_of(delivery: JsonObject, now: datetime) -> str:
    """Its state, and where it waits what for. A time that has gone by is never named."""
    if delivery["state"] == "held":
        until = "held, due now" if _gone_by(delivery["due"], now) else f"held until {short_time(delivery['due'])}"
        return f"{until} ({held_for(delivery['reason'])})"
    waits = delivery.get("waits")
    if waits is None:
        return str(delivery["state"])
    if reason := _sink(waits, now):
        return f"pending: {reason}"
    if waits["behind"] is not None:
        return f"pending: waits behind #{waits['behind']}"
    return "pending: due" if _gone_by(delivery["due"], now) else f"pending until {short_time(delivery['due'])}"


def held_for(key: str) -> str:
    """Why, by the key of a hold."""
    from monitor.render.plain import plain

    kind, _, name = key.partition(":")
    return plain(_GATHERED[kind].format(name) if kind in _GATHERED else _HELD.get(kind, key))


def _sink(waits: JsonObject, now: datetime) -> str:
    """Empty where the sink takes something."""
    from monitor.render.plain import plain

    state = waits["sink_state"]
    if state == "active":
        return ""
    if state == "paused" and waits["paused_by"]:
        return f"its sink is paused by {plain(waits['paused_by'])} until it is resumed"
    if state == "disabled":
        return "its sink is disabled until it is resumed"
    if not waits["tried"]:
        return f"its sink is {state}"
    return f"its sink is {state}, tried " + ("now" if _gone_by(waits["tried"], now) else f"next {short_time(waits['tried'])}")


def _gone_by(moment: str, now: datetime) -> bool:
    return datetime.fromisoformat(moment) <= now
