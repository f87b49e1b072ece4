"""One attempt at one notification: the body in its format, the headers of Standard Webhooks, one POST.

The id is the same on every attempt, and so is the body, so that a receiver can verify and drop duplicates.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from monitor.errors import SinkError
from monitor.model import Answer, AnswerKind, Delivery
from monitor.ports import Clock
from monitor.sinks.endpoint import Endpoint
from monitor.sinks.secrets import pieces
from monitor.sinks.webhook.formats import Format
from monitor.sinks.webhook.signing import Signer

#: Of a reason why a document cannot be put into a format, in characters.
_REASON: Final = 200


class Webhook:
    """Implements the port Sink. ``made`` makes the bodies; ``headers`` are the operator's own."""

    batch = 1
    never_pauses = False

    def __init__(
        self,
        name: str,
        endpoint: Endpoint,
        made: Format,
        signer: Signer,
        *,
        clock: Clock,
        headers: Mapping[str, str],
        concurrency: int = 1,
    ) -> None:
        self.name = name
        self.concurrency = concurrency
        self._endpoint = endpoint
        self._format = made
        self._signer = signer
        self._clock = clock
        self._headers = headers

    async def start(self, recent: Callable[[int], Awaitable[Sequence[Delivery]]]) -> Sequence[Delivery]:
        return ()

    async def send(self, deliveries: Sequence[Delivery]) -> Sequence[Answer]:
        return await asyncio.gather(*(self._attempt(delivery) for delivery in deliveries))

    async def close(self) -> None:
        return None

    async def _attempt(self, delivery: Delivery) -> Answer:
        try:
            body = await self._body(delivery.payload)
        except ValueError as error:
            return Answer(AnswerKind.POISON, detail=str(error)[:_REASON])
        try:
            headers = self._headers_of(delivery, body)
        except SinkError as error:
            return Answer(AnswerKind.RETRY, detail=error.message)
        return await self._endpoint.post(body, headers, secrets=pieces(*self._headers.values()))

    async def _body(self, payload: bytes) -> bytes:
        return await asyncio.to_thread(self._format.body, payload) if self._format.apart else self._format.body(payload)

    def _headers_of(self, delivery: Delivery, body: bytes) -> dict[str, str]:
        timestamp = int(self._clock.now().timestamp())
        return {
            **self._headers,
            "Content-Type": self._format.content_type,
            "webhook-id": delivery.webhook_id,
            "webhook-timestamp": str(timestamp),
            "monitor-sequence": str(delivery.sequence),
            **self._signer.sign(delivery.webhook_id, timestamp, body),
        }
