"""Alarms about the daemon itself, and commands to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor.model.matching import Severity


@dataclass(frozen=True, slots=True)
class Operation:
    """An alarm about the daemon itself: raised once under ``key`` (``source:NAME``, ``sink:NAME``, ``sink:NAME:undelivered``,
    ``watchlist:ID``, ``watchlist:ID:noisy``, ``article:ID``, ``language:CODE``, ``silence:ID``, ``story``, ``network``,
    ``storage``), closed when it heals. ``told`` ones also go to people through the routes. ``message`` says what is wrong, and
    after a semicolon what is done about it and what to do: who hears that it is over reads the first. ``subject`` is the source or
    sink it is about ("" for the daemon): a sink is not told of itself."""

    key: str
    message: str
    raised: datetime
    severity: Severity = Severity.MEDIUM
    told: bool = False
    subject: str = ""


JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Command:
    """One thing a person asks: the same object from the CLI, the control socket, later the API and signed links. ``name`` is
    ``sources.poll``, ``sources.pause``, ``sources.resume``, ``ingest`` and so on; ``actor`` is ``DOOR:WHO`` (``cli:alice``,
    ``token:wire``)."""

    name: str
    arguments: JsonObject
    actor: str

    @property
    def door(self) -> str:
        """Through what it was given: ``cli``, ``token``."""
        return self.actor.partition(":")[0]

    @property
    def who(self) -> str:
        return self.actor.partition(":")[2]
