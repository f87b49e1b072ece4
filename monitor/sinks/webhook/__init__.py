"""The webhook: one signed POST a notification, as a CloudEvent, as a chat service wants it, or as a template makes it.

`settings` says what may be configured, `formats` makes bodies and reads answers, `signing` signs, `sender` posts. It must not wait
or retry.
"""

from __future__ import annotations

from monitor.sinks.webhook.sender import Webhook
from monitor.sinks.webhook.settings import WebhookSettings

__all__ = ["Webhook", "WebhookSettings"]
