"""A heartbeat: the daemon's health, posted from time to time to a service that raises the alarm when it falls silent.

Nothing is posted while the daemon is failing, so that it is noticed as though it were dead; or it is posted to another address,
where the service has one for that. It takes no notifications. What the daemon's operations say stays here: a heartbeat service is
somebody else's, and they name sources. This module must not know how health is found out.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field, model_validator

from monitor.model import Answer, AnswerKind, JsonObject
from monitor.sinks.advice import Advice
from monitor.sinks.base import Built, HttpUrl, Seconds, SecretPath, Tools, lasting
from monitor.sinks.endpoint import Endpoint, HttpSection
from monitor.sinks.example import Example

FAILING: Final = "failing"
HEADERS: Final = {"Content-Type": "application/json"}
#: Parts of the health document that stay here.
KEPT_BACK: Final = frozenset({"operations"})


class HeartbeatSettings(HttpSection):
    tells: ClassVar[bool] = False
    takes: ClassVar[bool] = False

    examples: ClassVar[tuple[Example, ...]] = (
        Example(
            "heartbeat", "a service that raises the alarm when the monitor falls silent", {"url": "https://heartbeat.example.org/{name}"}
        ),
    )
    advice: ClassVar[tuple[Advice, ...]] = (
        Advice(r"HTTP (404|410)", "the service does not know this check any more: make one there, and put its address into {address}"),
    )

    type: Literal["heartbeat"]
    every: Annotated[Seconds, lasting(timedelta(seconds=10), timedelta(days=1))] = Field(default=60.0, description="How often.")
    failing_url: HttpUrl | None = Field(default=None, repr=False, description="Posted to instead while the daemon is failing.")
    failing_url_file: SecretPath | None = Field(default=None, description="A file with that address.")

    @model_validator(mode="after")
    def _one_failing(self) -> HeartbeatSettings:
        if self.failing_url is not None and self.failing_url_file is not None:
            raise ValueError("give either failing_url or failing_url_file, not both")
        return self

    def build(self, name: str, tools: Tools) -> Built:
        elsewhere = self.model_copy(update={"url": self.failing_url, "url_file": self.failing_url_file})
        told = self.failing_url is not None or self.failing_url_file is not None
        return Built(
            beating=Heartbeat(
                name,
                self.every,
                health=tools.health,
                well=Endpoint(name, self, poster=tools.poster, clock=tools.clock),
                failing=Endpoint(name, elsewhere, poster=tools.poster, clock=tools.clock) if told else None,
            )
        )


class Heartbeat:
    """Implements the port Beating."""

    def __init__(
        self, name: str, every: float, *, health: Callable[[], JsonObject], well: Endpoint, failing: Endpoint | None = None
    ) -> None:
        self.name = name
        self.every = every
        self._health = health
        self._well = well
        self._failing = failing

    async def beat(self) -> Answer:
        document = self._health()
        endpoint = self._failing if document.get("status") == FAILING else self._well
        if endpoint is None:
            return Answer(AnswerKind.DELIVERED, detail="the daemon is failing: it falls silent")
        shown = {key: value for key, value in document.items() if key not in KEPT_BACK}
        return await endpoint.post(json.dumps(shown, default=str).encode(), HEADERS)
