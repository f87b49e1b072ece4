"""What every port's side of the record stands on: the shared database.

Each side is a class of its own beside the statements it calls; ``sqlstore`` puts them together. It must not know any
statement.
"""

from __future__ import annotations

from monitor.store.database import Database


class Side:
    """One port's methods over the shared database."""

    def __init__(self, database: Database) -> None:
        self._database = database
