"""A feed as a source: one conditional GET, and the body to a worker process only where it changed.

Validators are sent back byte for byte, replaced together, and only for a body that was complete and could be read
(FAULTS.md row 33): a half body must not hide the other half at the next poll. This room speaks HTTP only through the
Fetcher port and reads no XML.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from monitor.errors import FetchError
from monitor.model import PollResult, SourceSpec, SourceState
from monitor.ports import Fetched, Fetcher, Workers

ACCEPT = "application/rss+xml, application/atom+xml, application/feed+json;q=0.9, application/xml;q=0.9, text/xml;q=0.8, */*;q=0.5"

# The names under which the validators are kept in the source's state.
ETAG, LAST_MODIFIED, BODY = "etag", "last-modified", "body"
_SENT_AS = {ETAG: "If-None-Match", LAST_MODIFIED: "If-Modified-Since"}
_MAX_VALIDATOR = 1_000  # characters; what is longer is not sent back

_MEANING = {
    401: "the feed asks for a login",
    403: "the feed refuses us",
    404: "there is no feed at this address",
    410: "the feed is gone for good: remove the source",
    429: "we were asked to poll less often",
}


class FeedSource:
    def __init__(self, spec: SourceSpec, fetcher: Fetcher, workers: Workers) -> None:
        self.spec = spec
        self._fetcher = fetcher
        self._workers = workers

    async def poll(self, state: SourceState, now: datetime) -> PollResult:
        """Raises FetchError for anything but 200 and 304, and where the body is no feed."""
        headers = {"Accept": ACCEPT} | {
            name: state.validators[validator] for validator, name in _SENT_AS.items() if state.validators.get(validator)
        }
        fetched = await self._fetcher.get(self.spec.location, headers)
        if fetched.status == 304:
            return PollResult((), state.validators, unchanged=True)
        if fetched.status != 200:
            raise refusal(fetched, now)
        validators = validators_of(fetched)
        if fetched.complete and validators[BODY] == state.validators.get(BODY):
            # Many servers send no validators, or new ones for the same bytes.
            return PollResult((), validators, unchanged=True)
        read = await self._workers.parse_feed(self.spec, fetched)
        if fetched.complete:
            return PollResult(read.documents, validators, notes=read.notes, items=read.items)
        return PollResult(read.documents, state.validators, complete=False, notes=read.notes, items=read.items)


def validators_of(fetched: Fetched) -> dict[str, str]:
    """The validators of a complete body, all from the same answer."""
    found = {BODY: hashlib.sha256(fetched.body).hexdigest()}
    for name in (ETAG, LAST_MODIFIED):
        value = fetched.headers.get(name, "")
        # Not sent back: what could not be sent as it came, or would end the header early.
        if 0 < len(value) <= _MAX_VALIDATOR and value.isprintable() and value.isascii():
            found[name] = value
    return found


def refusal(fetched: Fetched, now: datetime) -> FetchError:
    meaning = _MEANING.get(fetched.status, "the server has a fault" if fetched.status >= 500 else "an answer that is no feed")
    return FetchError(f"HTTP {fetched.status}: {meaning}", status=fetched.status, retry_after=retry_after(fetched.headers, now))


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait as the answer asks for (RFC 9110 §10.2.3: seconds or a date); None where it says nothing sensible."""
    raw = headers.get("retry-after", "").strip()
    if raw.isascii() and raw.isdigit():
        return float(raw[:9])
    try:
        moment = parsedate_to_datetime(raw)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
        return max(0.0, (moment - now).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None
