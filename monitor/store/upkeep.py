"""The record's own health and size, as the daemon watches them: full, damaged, how large, and what keeps it small.

This module must not know what the rows say, nor what follows from a full disk for anybody else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from functools import partial

from sqlalchemy import update

from monitor.store import compact, files, prune
from monitor.store.audit import note
from monitor.store.schema import source
from monitor.store.side import Side


class UpkeepSide(Side):
    """The StorageRecord of flow."""

    @property
    def tight(self) -> str:
        """Why no articles are taken (the disk is full), "" where they are."""
        return self._database.tight

    @property
    def broken(self) -> str:
        """The damage that was seen, "" where none was: nothing is written any more."""
        return self._database.broken

    @property
    def looked_through(self) -> bool:
        """False for a large record that was closed in order, until ``look_through`` was called."""
        return self._database.looked_through

    async def look_through(self) -> str:
        """What is wrong with the record's structure, "" where nothing is; a second for each gigabyte and more."""
        return await self._database.look_through()

    async def shorten_log(self) -> None:
        """The write-ahead log back into the record, as far as nobody reads in it."""
        await self._database.shorten_log()

    async def end_leases(self) -> None:
        """Sources whose poll failed for want of room are due again, those that are polled now excepted by whoever polls them."""
        ended = update(source).where(source.c.lease_until.is_not(None)).values(lease_until=None)
        await self._database.write(lambda connection: connection.execute(ended) and None)

    def sizes(self) -> tuple[int, int]:
        """Bytes of the record with its log, and of the log."""
        log = files.log_of(self._database.path)
        return files.size_of(self._database.path), log.stat().st_size if log.exists() else 0

    async def prunable(self, now: datetime, age: float) -> Mapping[str, int]:
        """How many rows of what would go; see ``prune``."""
        return asdict(await self._database.read(partial(prune.counted, bounds=prune.bounds(now, age))))

    async def prune(self, now: datetime, age: float, by: str) -> Mapping[str, int]:
        """What is older than ``age`` seconds and not needed: how many rows of what went, how many bytes the file gave back to the
        disk (``given_back``) and how many are free within it (``unused``). Some seconds for a million articles, in transactions of
        their own, so that nobody waits for it; ``by`` stands in the audit."""
        went = asdict(await prune.prune(self._database, prune.bounds(now, age)))
        went["given_back"], went["unused"] = await compact.give_back(self._database)
        await self._database.write(partial(note, now=now, action="prune", subject="record", actor=by, older_than=age, **went))
        return went
