"""A feed as a source: one conditional GET, and the body to a worker process only where it changed.

Validators are sent back byte for byte, replaced together, and only for a body that was complete and could be read
(FAULTS.md row 33): a half body must not hide the other half at the next poll. What a feed says of its own times (``ttl``,
``skipHours``) is kept beside them, because an answer of "not modified" repeats none of it. This room speaks HTTP only
through the Fetcher port and reads no XML.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from urllib.parse import urlsplit

from monitor.errors import FetchError
from monitor.model import Document, PollResult, SourceSpec, SourceState
from monitor.ports import FeedRead, Fetched, Fetcher, Workers
from monitor.sources.freshness import Hinted, Hints, closed_hours, retry_after, wish

ACCEPT = "application/rss+xml, application/atom+xml, application/feed+json;q=0.9, application/xml;q=0.9, text/xml;q=0.8, */*;q=0.5"

# The names under which the validators are kept in the source's state, and the feed's own words beside them.
ETAG, LAST_MODIFIED, BODY = "etag", "last-modified", "body"
TTL, SKIP_HOURS, SKIP_DAYS = "ttl", "skip-hours", "skip-days"
_SENT_AS = {ETAG: "If-None-Match", LAST_MODIFIED: "If-Modified-Since"}
_MAX_VALIDATOR = 2_000  # characters; what is longer is not sent back
#: From so many bytes on a body is hashed on a thread: 15 MiB take 10 ms, which the loop does not have.
_LARGE = 1024 * 1024

_MEANING = {
    304: "the server calls a feed unchanged that it was never asked about before",
    401: "the feed asks for a login",
    403: "the feed refuses us",
    404: "there is no feed at this address",
    410: "the feed is gone for good: remove the source, or give it another address",
    429: "we were asked to poll less often",
}


class FeedSource:
    def __init__(self, spec: SourceSpec, fetcher: Fetcher, workers: Workers) -> None:
        self.spec = spec
        self._fetcher = fetcher
        self._workers = workers

    async def poll(self, state: SourceState, now: datetime) -> PollResult:
        """Raises FetchError for anything but 200 and 304, and where the body is no feed."""
        try:
            return await self._poll(state, now)
        except FetchError as error:
            error.closed = closed_hours(hints_of(state.validators))
            raise

    async def _poll(self, state: SourceState, now: datetime) -> PollResult:
        asked = {name: state.validators[validator] for validator, name in _SENT_AS.items() if state.validators.get(validator)}
        fetched = await self._fetcher.get(state.address_of(self.spec), {"Accept": ACCEPT} | asked)
        if fetched.status == 304 and asked:
            return self._unchanged(fetched, state.validators, now)
        if fetched.status != 200:
            raise refusal(fetched, now)
        validators = await validators_of(fetched)
        if fetched.complete and validators[BODY] == state.validators.get(BODY):
            # Many servers send no validators, or new ones for the same bytes.
            return self._unchanged(fetched, {**_words(hints_of(state.validators)), **validators}, now)
        feed, documents, notes = await self._read(fetched, state, now)
        return PollResult(
            documents,
            {**_words(feed), **validators} if fetched.complete else state.validators,
            complete=fetched.complete,
            notes=notes,
            wish=wish(fetched.headers, feed, now),
            closed=closed_hours(feed),
            moved=self._moved(fetched),
            known=feed.known if fetched.complete else None,
            items=feed.items,
            pages=self.spec.full_text,
        )

    def _unchanged(self, fetched: Fetched, validators: Mapping[str, str], now: datetime) -> PollResult:
        hints = hints_of(validators)
        return PollResult(
            (),
            validators,
            unchanged=True,
            wish=wish(fetched.headers, hints, now),
            closed=closed_hours(hints),
            moved=self._moved(fetched),
        )

    async def _read(self, fetched: Fetched, state: SourceState, now: datetime) -> tuple[FeedRead, tuple[Document, ...], tuple[str, ...]]:
        """The feed, all its documents, oldest first, and what there is to say about it. A long one is read a stretch at a
        time, so that no task of a worker outlasts its limits."""
        stretches: list[tuple[Document, ...]] = []
        notes: dict[str, None] = {}
        skip = 0
        try:
            while True:
                feed = await self._workers.parse_feed(self.spec, fetched, known=state.known, skip=skip)
                stretches.append(feed.documents)
                notes.update(dict.fromkeys(feed.notes))
                if feed.rest <= 0 or feed.items_read <= skip:
                    break
                skip = feed.items_read
        except FetchError as error:
            error.unread = True
            # The answer was one, and what it asks for holds although its body is of no use.
            error.retry_after = wish(fetched.headers, hints_of(state.validators), now)
            raise
        documents = tuple(document for stretch in reversed(stretches) for document in stretch)
        return feed, documents, tuple(notes)

    def _moved(self, fetched: Fetched) -> str:
        """Where permanent redirects led. An address with a password in it is never exchanged for one without."""
        return "" if urlsplit(self.spec.location).username is not None else fetched.moved


async def validators_of(fetched: Fetched) -> dict[str, str]:
    """The validators of a complete body, all from the same answer."""
    body = fetched.body
    found = {BODY: await asyncio.to_thread(_sha256, body) if len(body) >= _LARGE else _sha256(body)}
    for name in (ETAG, LAST_MODIFIED):
        value = fetched.headers.get(name, "")
        # Not sent back: what could not be sent as it came, or would end the header early.
        if 0 < len(value) <= _MAX_VALIDATOR and value.isprintable() and value.isascii():
            found[name] = value
    return found


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def refusal(fetched: Fetched, now: datetime) -> FetchError:
    meaning = _MEANING.get(fetched.status, "the server has a fault" if fetched.status >= 500 else "an answer that is no feed")
    return FetchError(f"HTTP {fetched.status}: {meaning}", status=fetched.status, retry_after=retry_after(fetched.headers, now))


# --------------------------------------------------------------------------- a feed's own words, kept
def _words(feed: Hinted) -> dict[str, str]:
    """As they stand in the source's state; what a feed does not say is not there."""
    said = {
        TTL: "" if feed.ttl is None else f"{feed.ttl:g}",
        SKIP_HOURS: _list(feed.skip_hours),
        SKIP_DAYS: _list(feed.skip_days),
    }
    return {name: value for name, value in said.items() if value}


def hints_of(validators: Mapping[str, str]) -> Hints:
    ttl = validators.get(TTL)
    return Hints(float(ttl) if ttl else None, _numbers(validators.get(SKIP_HOURS)), _numbers(validators.get(SKIP_DAYS)))


def _list(numbers: Iterable[int]) -> str:
    return ",".join(map(str, sorted(numbers)))


def _numbers(text: str | None) -> frozenset[int]:
    return frozenset(map(int, text.split(","))) if text else frozenset()
