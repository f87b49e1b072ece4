"""How webhooks begin, and what to do when they fail: blocks for each service, and what its answers ask of a person."""

from __future__ import annotations

from typing import Final

from monitor.sinks.advice import Advice
from monitor.sinks.example import Example

_SECRET: Final = "/run/secrets/{name}"  # noqa: S105 - a place, not a secret

EXAMPLES: Final = (
    Example(
        "webhook", "your own program: a signed CloudEvent a notification", {"url": "https://desk.example.org/hook", "secret_file": _SECRET}
    ),
    Example("slack", "a Slack channel; the file holds the address of its incoming webhook", {"format": "slack", "url_file": _SECRET}),
    Example("teams", "a Teams channel; the file holds the address of its workflow", {"format": "teams", "url_file": _SECRET}),
    Example("discord", "a Discord channel; the file holds the address of its webhook", {"format": "discord", "url_file": _SECRET}),
    Example(
        "telegram",
        "a Telegram chat; the file holds https://api.telegram.org/botTOKEN/sendMessage",
        {"format": "telegram", "url_file": _SECRET, "chat_id": "-1001234567890"},
    ),
)

_SLACK: Final = {"format": "slack"}
_TEAMS: Final = {"format": "teams"}
_DISCORD: Final = {"format": "discord"}
_TELEGRAM: Final = {"format": "telegram"}

#: Slack: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks (errors). Telegram: /bots/api, "Making requests".
ADVICE: Final = (
    Advice(
        r"HTTP (404|410).*(channel_not_found|channel_is_archived)",
        "the channel of this webhook was deleted or archived: bring it back, or put the address of another's webhook into {address}",
        _SLACK,
    ),
    Advice(
        r"HTTP (403|404|410)",
        "Slack does not take this webhook any more, it was removed or its app was: make a new one (api.slack.com/apps, Incoming Webhooks) "
        "and put its address into {address}",
        _SLACK,
    ),
    Advice(
        r"HTTP (401|403|404|410)",
        "Teams does not take this workflow any more, it was removed, switched off or its owner left: make a new one (channel, Workflows, "
        "“Post to a channel when a webhook request is received”) and put its address into {address}",
        _TEAMS,
    ),
    Advice(
        r"HTTP (401|403|404)",
        "Discord does not know this webhook any more, it was removed: make a new one (channel, Integrations, Webhooks) and put its "
        "address into {address}",
        _DISCORD,
    ),
    Advice(
        r"HTTP (401|404)",
        "Telegram does not know this bot: {address} must hold https://api.telegram.org/botTOKEN/sendMessage, TOKEN as @BotFather gave it",
        _TELEGRAM,
    ),
    Advice(r"HTTP 403", "the bot is not in the chat of chat_id: or was blocked there: add it, and let it write", _TELEGRAM),
    Advice(
        r"HTTP 400.*(?i:chat|upgraded|rights|peer_id|topic)",
        "the bot cannot write to chat_id: add it to the chat, or write to it first; the id of a group changes when it becomes a supergroup",
        _TELEGRAM,
    ),
)
