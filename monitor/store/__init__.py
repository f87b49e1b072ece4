"""The record: SQLite through SQLAlchemy Core, behind the Store, Outbox and Queries ports.

This room is the one home of sqlalchemy and alembic. It keeps what it is told, whole or not at all, and decides nothing:
it must not know watchlists' queries, HTTP, the clock (times come in with every call) or who asks.
"""

from monitor.store.database import Opening
from monitor.store.lock import DataFolderLock
from monitor.store.sqlstore import SqlStore

__all__ = ["DataFolderLock", "Opening", "SqlStore"]
