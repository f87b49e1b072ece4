"""The webhook: one signed POST of a notification's stored bytes, as Standard Webhooks describes it.

It sends the very bytes that were rendered and committed, with the same id on every attempt, so that a receiver can verify
and drop duplicates. It must not render, wait or retry.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from monitor.errors import FetchError, SinkError
from monitor.model import Answer, AnswerKind, Delivery
from monitor.ports import Clock, Poster
from monitor.sinks.answers import classify, describe, retry_after
from monitor.sinks.base import Built, HttpUrl, SecretPath, SinkSection, Tools, unencrypted

CONTENT_TYPE: Final = "application/cloudevents+json; charset=utf-8"
SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - what every secret starts with
#: Standard Webhooks asks for 24 to 64 random bytes; under 16 a secret can be guessed.
SHORTEST_SECRET: Final = 16


class WebhookSettings(SinkSection):
    """The address may carry a token, so it is no part of the printed form either."""

    type: Literal["webhook"]
    url: HttpUrl = Field(repr=False, description="Where notifications are posted to.")
    secret: SecretStr | None = Field(default=None, description="Signing secret: whsec_ and base64; better kept in secret_file.")
    secret_file: SecretPath | None = Field(
        default=None, description="A file with the signing secret; while it is changed, the new and the old one on a line each."
    )
    concurrency: int = Field(default=1, ge=1, le=64, description="Posts in flight in each severity lane; over 1 gives up their order.")

    @model_validator(mode="after")
    def _one_secret(self) -> WebhookSettings:
        if self.secret is not None and self.secret_file is not None:
            raise ValueError("give either secret or secret_file, not both")
        return self

    def warnings(self) -> tuple[str, ...]:
        """What ``check`` says of settings that work but should not stay so."""
        found = []
        if self.secret is None and self.secret_file is None:
            found.append("has no signing secret: its receiver cannot tell our messages from anyone else's; set secret_file")
        if unencrypted(self.url):
            found.append("uses http: alerts travel unencrypted; use https")
        return tuple(found)

    def build(self, name: str, tools: Tools) -> Built:
        return Built(sink=Webhook(name, self, poster=tools.poster, clock=tools.clock))


def read_secrets(name: str, settings: WebhookSettings) -> tuple[bytes, ...]:
    """The signing keys, newest first; none where none is configured. Raises SinkError, which never quotes a secret."""
    if settings.secret_file is not None:
        try:
            text = settings.secret_file.read_text("utf-8")
        except (OSError, ValueError) as error:
            reason = (error.strerror or "not readable") if isinstance(error, OSError) else "it is not text"
            raise SinkError(f"sink {name}: the secret file {settings.secret_file} cannot be read: {reason}") from None
    elif settings.secret is not None:
        text = settings.secret.get_secret_value()
    else:
        return ()
    keys = []
    for word in text.split():
        # Padding is often lost in copying; the reference receivers put it back as well.
        digits = word.removeprefix(SECRET_PREFIX).rstrip("=")
        try:
            key = base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True)
        except ValueError:  # binascii.Error, or a character beyond ASCII
            key = b""
        if len(key) < SHORTEST_SECRET:
            raise SinkError(
                f"sink {name}: the signing secret is not {SECRET_PREFIX} followed by base64 of at least {SHORTEST_SECRET} bytes",
                hint=f"make one with: printf '{SECRET_PREFIX}%s\\n' \"$(head -c 32 /dev/urandom | base64)\"",
            )
        keys.append(key)
    if not keys:
        raise SinkError(f"sink {name}: the signing secret is empty")
    return tuple(keys)


def sign(keys: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """The webhook-signature header: one ``v1`` signature for each key, so that a secret can be changed without a gap."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return " ".join("v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in keys)


class Webhook:
    """Implements the port Sink."""

    batch = 1
    never_pauses = False

    def __init__(self, name: str, settings: WebhookSettings, *, poster: Poster, clock: Clock) -> None:
        self.name = name
        self.concurrency = settings.concurrency
        self._url = settings.url
        self._keys = read_secrets(name, settings)
        self._poster = poster
        self._clock = clock
        parts = urlsplit(settings.url)
        # What of the address may be a token: never repeated from a receiver's answer.
        self._unprintable = tuple(piece for piece in (parts.username, parts.password, parts.query, parts.path.strip("/")) if piece)

    async def start(self, recent: Callable[[int], Awaitable[Sequence[Delivery]]]) -> Sequence[Delivery]:
        return ()

    async def send(self, deliveries: Sequence[Delivery]) -> Sequence[Answer]:
        return await asyncio.gather(*(self._attempt(delivery) for delivery in deliveries))

    async def close(self) -> None:
        return None

    async def _attempt(self, delivery: Delivery) -> Answer:
        now = self._clock.now()
        try:
            posted = await self._poster.post(self._url, self._headers(delivery, int(now.timestamp())), delivery.payload)
        except FetchError as error:
            return Answer(AnswerKind.RETRY, detail=error.message, retry_after=error.retry_after)
        kind = classify(posted.status)
        return Answer(
            kind,
            status=posted.status,
            detail="" if kind is AnswerKind.DELIVERED else describe(posted.status, posted.body, self._unprintable),
            retry_after=retry_after(posted.headers.get("retry-after"), now),
        )

    def _headers(self, delivery: Delivery, timestamp: int) -> dict[str, str]:
        headers = {
            "Content-Type": CONTENT_TYPE,
            "webhook-id": delivery.webhook_id,
            "webhook-timestamp": str(timestamp),
            "monitor-sequence": str(delivery.sequence),
        }
        if self._keys:
            headers["webhook-signature"] = sign(self._keys, delivery.webhook_id, timestamp, delivery.payload)
        return headers
