"""The only outgoing HTTP: one client for what sources fetch and what sinks post, with every limit in one place.

Fetching goes to addresses that strangers choose (feeds, links, redirects), so it dials public addresses only, follows
redirects by hand and counts bytes before and after decompression. Posting goes to the address an operator configured, so
it may be private; it never follows a redirect, because the body and its signature are meant for nobody else. The two have
separate connection pools and separate name look-ups: a thousand hanging feeds must not delay one alert.

This room must not know what a feed, an article or an alert is. No message it raises holds a URL, a query or a secret.
"""

from monitor.net.client import HttpClient
from monitor.net.guard import parse_allowed
from monitor.net.limits import Limits
from monitor.net.polite import PoliteFetcher

__all__ = ["HttpClient", "Limits", "PoliteFetcher", "parse_allowed"]
