"""Whose news an article is, as people call it. Pure; it must not know what is made of it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from monitor.model import Article
from monitor.text.links import MAX_LINK, canonical

#: Of an address as most are written, all that its host depends on.
_HOST: Final = re.compile(r"https?://[A-Za-z0-9.-]+(?=[/?#]|\Z)")
_PREFIXES: Final = ("www.", "m.", "amp.", "mobile.")


def outlet(article: Article) -> str:
    """Whose news it is: the host of its address as people call it, else its source."""
    return outlet_at(article.url, article.source)


def outlet_at(url: str, source: str) -> str:
    begins = _HOST.match(url)
    return _called(begins[0] if begins else url[:MAX_LINK]) or source


@lru_cache(maxsize=8192)
def _called(address: str) -> str:
    host = urlsplit(canonical(address)).hostname or ""
    for prefix in _PREFIXES:
        if host.startswith(prefix) and host.count(".") > 1:
            host = host.removeprefix(prefix)
    return host
