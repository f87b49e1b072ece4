"""Pushed documents: what somebody hands in becomes part of the record by the very way of what is polled.

A push is answered after its commit, and may be sent again at any time: its articles carry ids, and what the record has
already changes nothing. One source's pushes are taken one after the other. This room knows neither HTTP nor JSON: the
reader of articles is given to it.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial as bound
from typing import Final, Protocol

from monitor.errors import FetchError, MonitorError, UsageError
from monitor.flow.batch import IngestReport
from monitor.flow.ingest import Ingester
from monitor.flow.rhythm import arrived
from monitor.model import Document, PollResult, SourceKind, SourceSpec, SourceState, Span
from monitor.ports import Clock, Fetched, Meter, PageRead, PushedArticle, PushFault, PushReport, Store, Watch, Workers

#: Bytes of a body that the loop may read by itself; what is larger is read in a thread.
AT_ONCE: Final = 64 * 1024


class Reader(Protocol):
    """Bytes to articles, in their order."""

    def __call__(self, body: bytes, *, lines: bool, spec: SourceSpec, now: datetime) -> Sequence[PushedArticle | PushFault]:
        """Raises DocumentError where the body as a whole is no articles, or too many."""


class Pusher:
    """The PushDoor port. ``specs`` are the sources in force and ``tokens`` the secrets of the pushed ones, by name."""

    def __init__(
        self,
        store: Store,
        ingester: Ingester,
        workers: Workers,
        *,
        specs: Callable[[], Mapping[str, SourceSpec]],
        tokens: Callable[[], Mapping[str, Sequence[str]]],
        read: Reader,
        clock: Clock,
        meter: Meter,
        watch: Watch,
    ) -> None:
        self._store = store
        self._ingester = ingester
        self._workers = workers
        self._specs = specs
        self._tokens = tokens
        self._read = read
        self._clock = clock
        self._meter = meter
        self._watch = watch
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def source_of(self, token: str) -> str | None:
        """Every token is compared, whole and in the same time, so that nobody learns one by trying."""
        given, found, specs = _digest(token), None, self._specs()
        for name, secrets in self._tokens().items():
            for secret in secrets:
                if hmac.compare_digest(given, _digest(secret)) and name in specs:
                    found = name
        return found

    async def push(self, source: str, body: bytes, *, lines: bool, partial: bool = False) -> PushReport:
        """See ``ports.PushDoor``."""
        spec = self._spec(source)
        read = bound(self._read, body, lines=lines, spec=spec, now=self._clock.now())
        articles = await asyncio.to_thread(read) if len(body) > AT_ONCE else read()
        whole = [await self._whole(spec, article) for article in articles]
        faults = tuple(found for found in whole if isinstance(found, PushFault))
        documents = [found for found in whole if isinstance(found, Document)]
        if faults and not partial:
            self._meter.count("pushes_total", source=source, outcome="refused")
            return PushReport(len(whole), faults=faults)
        report = await self._ingested(spec, documents)
        self._meter.count("pushes_total", source=source, outcome="taken")
        unchanged = len(documents) - report.articles - report.sighted
        return PushReport(len(whole), report.new, report.edited, unchanged, report.sighted, report.notifications, faults)

    def _spec(self, source: str) -> SourceSpec:
        spec = self._specs().get(source)
        if spec is None:
            raise UsageError(f"there is no source {source!r}", hint="monitor sources list names them")
        if spec.kind is not SourceKind.PUSH:
            raise UsageError(
                f"source {source!r} is a {spec.kind.value}: nothing can be pushed to it",
                hint=f"a source of its own takes what is pushed: sources: {{{source}-pushed: {{push: true, secret_file: …}}}}",
            )
        return spec

    # ------------------------------------------------------------------------------------ text of pages
    async def _whole(self, spec: SourceSpec, article: PushedArticle | PushFault) -> Document | PushFault:
        """With the text of its page, where it came as one. Raises MonitorError where pages cannot be read now."""
        if isinstance(article, PushFault):
            return article
        if not article.html:
            return article.document
        # Whatever the markup says of itself, it came as characters.
        headers = {"content-type": "text/html; charset=utf-8"}
        fetched = Fetched(200, article.document.url, headers, article.html.encode("utf-8", "replace"), complete=True)
        try:
            page = await self._workers.parse_page(spec, fetched, article.title)
        except FetchError as error:
            return PushFault(article.index, f"html: {error.message}")
        return _with_page(article, page)

    # ---------------------------------------------------------------------------------------- the record
    async def _ingested(self, spec: SourceSpec, documents: Sequence[Document]) -> IngestReport:
        """Raises MonitorError where it cannot be done now; what is committed by then will be unchanged the next time."""
        latest = {document.key: document for document in documents}  # of one id given twice the last is meant
        async with self._turns[spec.name]:
            before = await self._store.source_state(spec.name)
            if before is None:
                raise MonitorError(f"source {spec.name!r} is not in the record yet")
            if before.paused is not None:
                raise MonitorError(
                    f"source {spec.name!r} is paused by {before.paused_by}: nothing was taken", hint=f"monitor sources resume {spec.name}"
                )
            if not latest:
                return IngestReport()
            after = _polled(before, self._clock)
            result = PollResult(tuple(latest.values()), before.validators, items=len(latest))
            report = await self._ingester.ingest(spec, before, after, result)
        self._watch.succeeded(spec, arrived(after) if report.articles else after, new=report.articles)
        return report


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _polled(before: SourceState, clock: Clock) -> SourceState:
    now = clock.now()
    return replace(before, last_poll=now, last_success=now, failures=0, error="")


def _with_page(article: PushedArticle, page: PageRead) -> Document | PushFault:
    """Under the title that was given, else under the page's own."""
    body = page.text[page.title.end :].lstrip("\n") if page.title else page.text
    if not body.strip():
        return PushFault(article.index, "html: no text was found in this page: give its text as `text`")
    notes = (*article.document.notes, *(note for note in page.notes if note not in article.document.notes))
    if not article.title:
        return replace(article.document, text=page.text, title=page.title, notes=notes)
    return replace(article.document, text=f"{article.title}\n\n{body}", title=Span(0, len(article.title)), notes=notes)
