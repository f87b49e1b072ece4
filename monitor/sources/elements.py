"""Which elements of a feed say something of an item, and what: feedparser's rules of names and namespaces, as a table.

It must not know how elements are read.
"""

from __future__ import annotations

from typing import Final

#: Namespaces by what feedparser calls them; "" is the core, where RSS, RDF and Atom meet. In lower case.
_NAMESPACES: Final = {
    "": "",
    "http://backend.userland.com/rss2": "",
    "http://blogs.law.harvard.edu/tech/rss": "",
    "http://purl.org/rss/1.0/": "",
    "http://my.netscape.com/rdf/simple/0.9/": "",
    "http://purl.org/atom/ns#": "",
    "http://www.w3.org/2005/atom": "",
    "http://purl.org/rss/1.0/modules/content/": "content",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "http://search.yahoo.com/mrss": "media",
    "http://search.yahoo.com/mrss/": "media",
    "http://www.w3.org/1999/xhtml": "xhtml",
}
#: Prefixes that mean something to feedparser even where the namespace behind them is another one.
_MEANINGFUL: Final = frozenset({"content", "dc", "dcterms", "itunes", "media", "xhtml", "rdf", "xml"})

#: What an element is to its item, by (prefix, local name in lower case). What is not named here says nothing we keep.
_KINDS: Final = {
    ("", "title"): "title",
    ("dc", "title"): "title",
    ("media", "title"): "media title",
    ("", "link"): "link",
    ("", "guid"): "id",
    ("", "id"): "id",
    ("", "description"): "html",
    ("dc", "description"): "html",
    ("", "abstract"): "text",
    ("", "summary"): "text",
    ("itunes", "summary"): "text",
    ("content", "encoded"): "full html",
    ("", "fullitem"): "full html",
    ("", "content"): "full text",
    ("media", "description"): "caption",
    ("", "pubdate"): "published",
    ("", "published"): "published",
    ("", "issued"): "published",
    ("dcterms", "issued"): "published",
    ("", "updated"): "updated",
    ("", "modified"): "updated",
    ("", "lastbuilddate"): "updated",
    ("dc", "date"): "updated",
    ("dcterms", "modified"): "updated",
    ("", "created"): "created",
    ("dcterms", "created"): "created",
    ("", "language"): "language",
    ("dc", "language"): "language",
    ("media", "group"): "media",
    ("media", "content"): "media",
    ("", "item"): "item",
    ("", "entry"): "item",
    ("", "body"): "odd",
    ("", "source"): "leaf",
    ("", "image"): "leaf",
    ("", "textinput"): "leaf",
}


def kind_of(namespace: str, prefix: str, name: str) -> str | None:
    """What the element is to its item, "" where it does not matter, None where feedparser has an opinion that is not
    written down here. ``prefix`` is the one in the file."""
    lower = namespace.lower()
    known = _NAMESPACES.get(lower)
    if known is None and "backend.userland.com/rss" in lower:
        known = ""
    if known is None:
        return None if not prefix or prefix.lower() in _MEANINGFUL else ""
    return None if known == "xhtml" else _KINDS.get((known, name.lower()), "")
