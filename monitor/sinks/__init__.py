"""Sinks: each file or folder is one sender with its own settings, and says of each attempt what became of it.

A sink makes one attempt and answers; it must not know of queues, waits or other sinks (flow/ owns those). HTTP goes through the
one client (net/); senders of another protocol dial through net/ too. The union below is the one list of types: a new one is its
module, its line here and its page in docs/sinks/.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, get_args

from monitor.sinks.alert_log import AlertLog, AlertLogSettings
from monitor.sinks.alertmanager import Alertmanager, AlertmanagerSettings
from monitor.sinks.apprise import Apprise, AppriseSettings
from monitor.sinks.atom import Atom, AtomSettings
from monitor.sinks.base import Built, SinkSection, Tools
from monitor.sinks.exec import Exec, ExecSettings
from monitor.sinks.heartbeat import Heartbeat, HeartbeatSettings
from monitor.sinks.mail import Mail, MailSettings
from monitor.sinks.syslog import Syslog, SyslogSettings
from monitor.sinks.webhook import Webhook, WebhookSettings

SinkSettings = (
    AlertLogSettings
    | AppriseSettings
    | AtomSettings
    | ExecSettings
    | MailSettings
    | SyslogSettings
    | WebhookSettings
    | AlertmanagerSettings
    | HeartbeatSettings
)  # fmt: skip  # one a line, so that two who add one do not meet

#: ``type:`` in the configuration -> its settings.
SINK_TYPES: Final[Mapping[str, type[SinkSection]]] = {
    get_args(settings.model_fields["type"].annotation)[0]: settings for settings in get_args(SinkSettings)
}

__all__ = [
    "SINK_TYPES",
    "AlertLog",
    "AlertLogSettings",
    "Alertmanager",
    "AlertmanagerSettings",
    "Apprise",
    "AppriseSettings",
    "Atom",
    "AtomSettings",
    "Built",
    "Exec",
    "ExecSettings",
    "Heartbeat",
    "HeartbeatSettings",
    "Mail",
    "MailSettings",
    "SinkSection",
    "SinkSettings",
    "Syslog",
    "SyslogSettings",
    "Tools",
    "Webhook",
    "WebhookSettings",
]
