"""Brings a record of an older version up to this one, in the caller's transaction, or refuses one that is newer.

This module must not know where the record is; it is handed a connection.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from importlib import resources

import structlog
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from monitor.errors import SchemaTooNew
from monitor.store import schema

log = structlog.get_logger("monitor.store")

# Alembic keeps the migration under way in module globals: two stores opened at once in one process take turns.
_ONE_AT_A_TIME = threading.Lock()


def revision(connection: Connection) -> str | None:
    """The record's revision; None for an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def known_revisions() -> tuple[str, ...]:
    """Every revision this version can read or migrate from, newest first."""
    return tuple(step.revision for step in ScriptDirectory.from_config(_config()).walk_revisions())


def migrate(connection: Connection, before: Callable[[str | None], None] | None = None) -> None:
    """Run the steps that are missing, after ``before`` was told what was found. Raises SchemaTooNew; the caller's transaction
    makes it all or nothing."""
    found = revision(connection)
    if found == schema.REVISION:
        return
    refuse_newer(found)
    if before is not None:
        before(found)
    config = _config()
    config.attributes["connection"] = connection
    if found is not None:
        log.info("migrating", found=found, to=schema.REVISION, meaning="a large record takes a while; a kill leaves it as it was")
    with _ONE_AT_A_TIME:
        command.upgrade(config, "head")
    if found is not None:
        log.info("migrated", to=schema.REVISION)


def refuse_newer(found: str | None) -> None:
    if found is not None and found not in known_revisions():
        raise SchemaTooNew(
            f"the record was written by a newer version of this program (its schema is {found}, this version knows {schema.REVISION})",
            hint="install the newer version again, or put back a copy of the data folder from before the upgrade",
        )


def _config() -> Config:
    config = Config()
    # Config interpolates percent signs, which a folder name may hold.
    folder = str(resources.files("monitor.store.migrations"))
    config.set_main_option("script_location", folder.replace("%", "%%"))
    return config
