"""What a person asks of the running house goes to whoever does it.

The same command comes from the command line of this process, over the control socket, from a signed link and later from
the API. Each group of commands is a module of its own with a table of what it does at its head:

    source_commands.py     sources.*, ingest
    alert_commands.py      alerts.*
    story_commands.py      stories.*
    silence_commands.py    silences.*
    route_commands.py      routes.test
    sink_commands.py       sinks.*
    delivery_commands.py   deliveries.*
    storage_commands.py    db.prune

Arguments come from outside and are checked where they are used (``asked.py``). Whatever changes the record leaves a line in
the audit trail, in the transaction of the change.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Protocol

from monitor.errors import UsageError
from monitor.flow.asked import Handler
from monitor.model import Command, JsonObject


class Group(Protocol):
    def handlers(self) -> Mapping[str, Handler]:
        """What each command's name does."""


class Commander:
    """The Commands port. Two groups that answer one name are a mistake of wiring: ValueError."""

    def __init__(self, *groups: Group) -> None:
        self._does: dict[str, Handler] = {}
        self.add(*groups)

    def add(self, *groups: Group) -> None:
        """Some groups give commands themselves: they are made of the commander and added to it."""
        for group in groups:
            for name, does in group.handlers().items():
                if name in self._does:
                    raise ValueError(f"two groups do {name}")
                self._does[name] = does

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._does)

    async def perform(self, command: Command) -> JsonObject:
        """Raises UsageError for what cannot be done, and MonitorError for what cannot be done now."""
        does = self._does.get(command.name)
        if does is None:
            near = difflib.get_close_matches(command.name, self._does, n=1)
            meant = f"{near[0]} is the nearest; " if near else ""
            raise UsageError(f"there is no command {command.name!r}", hint=f"{meant}there are {', '.join(self._does)}")
        return await does(command)
