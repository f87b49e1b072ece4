"""The Meter over prometheus_client: counters, gauges and histograms that come into being when they are first used.

A private registry keeps tests apart and the page free of what the client library would add by itself. Names get the
prefix ``monitor_``. This module must not know what is measured; an unknown name is a new metric, described by itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics, generate_latest
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

PREFIX = "monitor_"
#: Seconds: from a cheap analysis (1 ms) to the longest a delivery may take (15 s) and beyond.
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 30.0, 60.0)
PLAIN_TEXT = "text/plain; version=0.0.4; charset=utf-8"

#: What the page says of a metric; one that is missing here is named by its own words.
HELP: Mapping[str, str] = {
    "articles_ingested_total": "Articles committed to the record.",
    "matches_total": "Articles that matched a watchlist.",
    "deliveries_total": "Finished delivery attempts by sink and answer.",
    "polls_total": "Polls of sources by result.",
    "tick_age_seconds": "Seconds since the scheduler last ticked.",
    "storage_errors_total": "Writes that the record refused.",
    "watchlist_reloads_total": "Edits of watchlists that were put in force.",
    "watchlist_reload_failures_total": "Edits of watchlists that were refused.",
}


class PrometheusMeter:
    """Label names of a metric are fixed by its first use. A later use with others fills or drops what does not fit: a
    slip in a metric must not stop a delivery."""

    def __init__(self) -> None:
        # Creation times double the page and nobody asks for them.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._metrics: dict[str, Counter | Gauge | Histogram] = {}
        self._labels: dict[str, tuple[str, ...]] = {}
        # What a name and labels come to, each looked up once: after every poll there are several.
        self._known: dict[tuple[object, ...], Counter | Gauge | Histogram] = {}

    def _fitted(self, name: str, labels: Mapping[str, str]) -> dict[str, str]:
        return {known: labels.get(known, "") for known in self._labels.setdefault(name, tuple(sorted(labels)))}

    def count(self, name: str, value: float = 1, **labels: str) -> None:
        known = self._known.get((name, *labels.items()))
        if known is None:
            fitted = self._fitted(name, labels)
            if name not in self._metrics:
                # The client appends _total to counters by itself.
                metric = Counter(PREFIX + name.removesuffix("_total"), _help(name), tuple(fitted), registry=self.registry)
                self._metrics[name] = metric
            known = self._remember(name, labels, fitted)
        assert isinstance(known, Counter)
        known.inc(value)

    def gauge(self, name: str, value: float, **labels: str) -> None:
        known = self._known.get((name, *labels.items()))
        if known is None:
            fitted = self._fitted(name, labels)
            if name not in self._metrics:
                self._metrics[name] = Gauge(PREFIX + name, _help(name), tuple(fitted), registry=self.registry)
            known = self._remember(name, labels, fitted)
        assert isinstance(known, Gauge)
        known.set(value)

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        known = self._known.get((name, *labels.items()))
        if known is None:
            fitted = self._fitted(name, labels)
            if name not in self._metrics:
                self._metrics[name] = Histogram(PREFIX + name, _help(name), tuple(fitted), registry=self.registry, buckets=BUCKETS)
            known = self._remember(name, labels, fitted)
        assert isinstance(known, Histogram)
        known.observe(seconds)

    def _remember(self, name: str, labels: Mapping[str, str], fitted: Mapping[str, str]) -> Counter | Gauge | Histogram:
        metric = self._metrics[name]
        found = self._known[name, *labels.items()] = metric.labels(**fitted) if fitted else metric
        return found

    def page(self, accept: str = "") -> tuple[bytes, str]:
        """The exposition and its content type, in the format the scraper asked for."""
        if "application/openmetrics-text" in accept:
            return bytes(generate_openmetrics(self.registry)), CONTENT_TYPE_LATEST  # type: ignore[no-untyped-call]
        return generate_latest(self.registry), PLAIN_TEXT


def _help(name: str) -> str:
    return HELP.get(name, name.removesuffix("_total").replace("_", " ").capitalize() + ".")
