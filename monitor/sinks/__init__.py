"""Sinks: each module is one sender with its own settings beside it, and says of each attempt what became of it.

A sink makes one attempt and answers; it must not know of queues, waits or other sinks (flow/ owns those), nor open a
connection of its own (net.py does). ``build_sink`` is the one place where a type's name becomes a sender.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from monitor.ports import Clock, Poster, Sink
from monitor.sinks.alert_log import AlertLog, AlertLogSettings
from monitor.sinks.webhook import Webhook, WebhookSettings

SinkSettings = AlertLogSettings | WebhookSettings

#: ``type:`` in the configuration -> its settings.
SINK_TYPES: Final[Mapping[str, type[AlertLogSettings] | type[WebhookSettings]]] = {
    "alert_log": AlertLogSettings,
    "webhook": WebhookSettings,
}


def build_sink(name: str, settings: SinkSettings, *, poster: Poster, clock: Clock) -> Sink:
    """Raises SinkError where the settings name a secret that cannot be read or used."""
    match settings:
        case AlertLogSettings():
            return AlertLog(name, settings)
        case WebhookSettings():
            return Webhook(name, settings, poster=poster, clock=clock)


__all__ = ["SINK_TYPES", "AlertLog", "AlertLogSettings", "SinkSettings", "Webhook", "WebhookSettings", "build_sink"]
