"""What a document is known again by: the hashes under which the record is asked for it (``flow.identity`` has the rules).

They are the dearest thing that happens to a document before it is judged, so whoever reads many makes them where they are read
(``Document.hashes``) and all others when they are asked for: by this function alone. It must not know what is made of them.
"""

from __future__ import annotations

import hashlib
from typing import Final

from monitor.model import Document, identity

#: Characters of a title that are compared.
TITLE: Final = 300


def hashes(document: Document) -> tuple[str, ...]:
    """(content hash, the article's id, aliases…). The aliases are the link's and the content's; the content's alone where there is no
    link, none where there is no date either.

    The content hash is what the record remembers of an item to know it unchanged: title and text are one here. It is of the item as
    its feed had it, never of the page that was fetched for it. Raises UnicodeEncodeError for half a character in what names it."""
    titled, text, where = _titled(document), document.text, document.link or document.url
    if titled:  # both begin alike: the text is hashed once
        said = hashlib.sha256(_part(titled) + _part(text))
        digest = said.hexdigest()
        said.update(_part(where))
        content = said.hexdigest()
    else:
        shown = _part(text)
        digest = hashlib.sha256(_part(title_of(document)) + shown).hexdigest()
        content = hashlib.sha256(_part("") + shown + _part(where)).hexdigest()
    article = identity(document.source, document.key)
    if document.link:
        return content, article, identity("link", document.link), identity("content", document.source, document.link, digest)
    if document.published is None:
        return content, article
    return content, article, identity("content", document.source, document.published.isoformat(), digest)


def title_of(document: Document) -> str:
    """The title its source knew, else the first line."""
    return _titled(document) or document.text.lstrip().partition("\n")[0][:TITLE]


def _titled(document: Document) -> str:
    return document.text[document.title.start : document.title.end] if document.title else ""


def _part(part: str) -> bytes:
    """With its length before it, so that no two lists of parts run together alike."""
    raw = part.encode("utf-8", "replace")
    return b"%d:%b" % (len(raw), raw)
