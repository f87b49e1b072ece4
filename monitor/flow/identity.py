"""Which article is this? What a source brought, held against what the record knows: new, edited, seen elsewhere, unchanged.

Rules, the first that holds; *key* is the item's within its source, *link* its canonical link, *alike* speaks of titles:

    1  key known, same content                                                     UNCHANGED
    2  key known, other content
         link and title are another article's (the id was given again)             as if the key were new
         the article is this source's own                                          EDITED
         it is another source's and the text at least half as long, or that        EDITED
         source is a stranger
         shorter                                                                   SIGHTED
    3  same content in this source under another key (an id made anew each time)   SIGHTED
         without a link only where the published date is the same too
    4  link known in this source
         its key no longer listed and the titles alike (id made anew, and edited)  EDITED
         else (entries of a live blog; a folder or sender, whose ids are for ever) NEW
    5  link known in another source
         this source has other keys for it, one still listed or a title unlike     NEW
         that source is a stranger, its content another
           the titles unlike, or the labels others                                 NEW
           else                                                                    EDITED
         the text much longer, or its page may be (a teaser became a full text)    EDITED
         else                                                                      SIGHTED
    6  else                                                                        NEW

A *stranger* is a source other than a feed of the site that the link leads to, or of this feed's site. Whoever names an article
first could otherwise put words of his own in its place, and the article itself would never be read (a hostile feed can guess
links). What folders and senders bring has no other site, and every feed is a stranger to it.

Where in doubt it is NEW: an article told twice is a nuisance, one taken for another is lost. Within one poll an article is
written once; what would be a second edit of it is NEW. This module must not know how anything is stored or fetched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Final, NamedTuple

from monitor.model import Document, SourceKind, SourceSpec, identity
from monitor.ports import Known, Owner, Probe
from monitor.text.aliases import TITLE, hashes, title_of
from monitor.text.fold import fold
from monitor.text.links import one_site, own
from monitor.text.words import words

#: How much longer than the article known a text must be to take its place: a feed with full texts beside one of teasers.
GROWN: Final = 1.5
#: How long, of the article's, an edit by a source that does not own it must be: its feed may hold the beginning only.
KEPT: Final = 0.5
#: How many of the words of the shorter title two titles must share to be of one article.
ALIKE: Final = 0.6
#: Times that the page of an item is asked for again after it could not be had, at each changed body of its feed.
RETRIES: Final = 3
_RETRY: Final = "retry"


class Kind(StrEnum):
    NEW = "new"
    EDITED = "edited"
    SIGHTED = "sighted"
    UNCHANGED = "unchanged"


class Verdict(NamedTuple):
    """What one document is. ``owner`` is the article it stands for, None for a new one; ``key`` is the article's within
    ``source`` (both the owner's where there is one). ``aliases`` are those the article is to be known under from now on;
    ``hash`` is what its own key will remember. ``tries`` counts how often its page could not be had. ``if_grown`` ones are
    edited only where their text, its page fetched, is much longer than the article. ``minted`` is the id of a new one."""

    kind: Kind
    document: Document
    source: str
    key: str
    hash: str
    owner: Owner | None = None
    aliases: tuple[str, ...] = ()
    tries: int = 0
    if_grown: bool = False
    minted: str = ""

    @property
    def article(self) -> str:
        return self.owner.article if self.owner is not None else self.minted or identity(self.source, self.key)

    @property
    def foreign(self) -> bool:
        """The article is another source's."""
        return self.owner is not None and self.owner.source != self.document.source


# ---------------------------------------------------------------------------------------- what to ask
def prepared(documents: Sequence[Document], spec: SourceSpec) -> list[Document]:
    """The documents of one poll, one a key, with their links; a link that several of them share is nobody's own. They come
    oldest first, so of one key the last counts."""
    unique = {document.key: document for document in documents}
    linked = [_linked(document, spec) for document in unique.values()]
    texts: dict[str, str] = {}
    shared = {document.link for document in linked if document.link and texts.setdefault(document.link, document.text) != document.text}
    if not shared:
        return linked
    return [replace(document, link="", hashes=()) if document.link in shared else document for document in linked]


def _linked(document: Document, spec: SourceSpec) -> Document:
    link = document.link or own(document.url, spec.location)
    if (link, spec.name) == (document.link, document.source):
        return document
    return replace(document, source=spec.name, link=link, hashes=())


def probe(document: Document) -> Probe:
    """What the record is asked under."""
    known_by = hashes_of(document)
    return Probe(document.key, known_by[0], known_by[2:])


def aliases(document: Document) -> tuple[str, ...]:
    """(the link's, the content's); the content's alone where there is no link, none where there is no date either."""
    return hashes_of(document)[2:]


def content_hash(document: Document) -> str:
    return hashes_of(document)[0]


def hashes_of(document: Document) -> tuple[str, ...]:
    """As they were worked out where it was read, else now."""
    return document.hashes or hashes(document)


# ---------------------------------------------------------------------------------------- the verdicts
def judge(spec: SourceSpec, documents: Sequence[Document], probes: Sequence[Probe], known: Sequence[Known]) -> list[Verdict]:
    """One verdict for each document of one poll, in order; ``known`` is what the record knows of the probe of each."""
    judging = _Judging(spec, frozenset(document.key for document in documents))
    return [judging.verdict(*asked) for asked in zip(documents, probes, known, strict=True)]


class _Judging:
    """The verdicts of one poll: what it has made new or edited so far counts as known."""

    def __init__(self, spec: SourceSpec, listed: frozenset[str]) -> None:
        self._spec = spec
        self._listed = listed
        self._made: dict[str, Owner] = {}  # alias -> an article of this very poll
        self._written: set[str] = set()

    def verdict(self, document: Document, asked: Probe, known: Known) -> Verdict:
        tries, remembered = _tried(known.content_hash)
        same = remembered == asked.content_hash
        if same and not tries:
            return Verdict(Kind.UNCHANGED, document, self._spec.name, document.key, asked.content_hash, known.owner)
        kind, owner = self._rule(document, asked, known, same=same)
        if owner is not None and kind is Kind.EDITED and owner.article in self._written:
            kind, owner = Kind.NEW, None  # two items that were one article are edited, each in its own way
        trusted = owner is not None and not self._stranger(document, owner)
        foreign = owner is not None and owner.source != document.source
        made = owner or self._new(document, asked, known)
        return Verdict(
            kind,
            document,
            made.source,
            made.key,
            asked.content_hash,
            owner,
            self._claimed(kind, made, asked, known),
            tries=tries if same else 0,
            if_grown=kind is Kind.EDITED and foreign and (same or (known.owner is None and trusted)),
            minted=made.article if owner is None else "",
        )

    # --------------------------------------------------------------------------------- rules 2 to 6
    def _rule(self, document: Document, asked: Probe, known: Known, *, same: bool) -> tuple[Kind, Owner | None]:
        """``same``: only its page could not be had before."""
        owner = known.owner
        if owner is not None and not _given_again(document, owner):
            kept = len(document.text) >= KEPT * owner.length or self._stranger(document, owner)
            if owner.source == self._spec.name or (not same and kept):
                return Kind.EDITED, owner
            return (Kind.EDITED if same and may_grow(self._spec, document, owner) else Kind.SIGHTED), owner
        by_content = known.by_content or (self._made.get(asked.aliases[-1]) if asked.aliases else None)
        if by_content is not None:
            return Kind.SIGHTED, by_content
        by_link = known.by_link or (self._made.get(asked.aliases[0]) if document.link else None)
        if by_link is None:
            return Kind.NEW, None
        if by_link.source == self._spec.name:
            return self._in_this_source(document, by_link)
        return self._in_another_source(document, by_link, known)

    def _in_this_source(self, document: Document, owner: Owner) -> tuple[Kind, Owner | None]:
        if self._spec.kind is not SourceKind.FEED:
            return Kind.NEW, None  # what it lists now is not all it has
        gone = owner.key not in self._listed or owner.key == document.key
        if gone and owner.article not in self._written and alike(title_of(document), owner.title):
            return Kind.EDITED, owner
        return Kind.NEW, None

    def _in_another_source(self, document: Document, owner: Owner, known: Known) -> tuple[Kind, Owner | None]:
        others = known.siblings - {document.key}
        if others and (others & self._listed or not alike(title_of(document), owner.title)):
            return Kind.NEW, None
        if self._stranger(document, owner) and content_hash(document) != owner.content_hash:
            # Labels decide what is asked of an article and who is told; a stranger's are no reason not to ask.
            one = alike(title_of(document), owner.title) and dict(document.labels) == dict(owner.labels)
            return (Kind.EDITED, owner) if one else (Kind.NEW, None)
        return (Kind.EDITED if may_grow(self._spec, document, owner) else Kind.SIGHTED), owner

    def _stranger(self, document: Document, owner: Owner) -> bool:
        """Whether the source of the article known has no more to do with the link, or with this source, than anybody."""
        if owner.source == self._spec.name:
            return False
        if not owner.feed or self._spec.kind is not SourceKind.FEED:
            return True
        return not one_site(owner.feed, document.link or owner.url) and not one_site(owner.feed, self._spec.location)

    # ------------------------------------------------------------------------------------ what follows
    def _new(self, document: Document, asked: Probe, known: Known) -> Owner:
        """What a new article will be. An id given to a second article needs another for that article."""
        source, key = self._spec.name, document.key
        article = document.hashes[1] if document.hashes else identity(source, key)
        if known.owner is not None and (known.owner.source, known.owner.key) == (source, key):
            key = f"{key}#{identity(document.link)[:12]}"
            article = identity(source, key)
        return Owner(article, source, key, len(document.text), asked.content_hash, title_of(document), document.url)

    def _claimed(self, kind: Kind, made: Owner, asked: Probe, known: Known) -> tuple[str, ...]:
        """The aliases nobody has. A sighting claims its content for the article it is one of."""
        owners = (known.by_link, known.by_content)[-len(asked.aliases) :] if asked.aliases else ()
        free = tuple([alias for alias, owner in zip(asked.aliases, owners, strict=True) if owner is None and alias not in self._made])
        if kind is Kind.SIGHTED:
            free = tuple(alias for alias in free if alias == asked.aliases[-1])
        else:
            self._written.add(made.article)
        self._made.update(dict.fromkeys(free, made))
        return free


def may_grow(spec: SourceSpec, document: Document, owner: Owner) -> bool:
    """Whether this document's text is, or with its page may be, much longer than the article of another source."""
    return grown(document, owner) or (spec.full_text and owner.length < GROWN * len(document.text))


def grown(document: Document, owner: Owner) -> bool:
    return len(document.text) > GROWN * owner.length


def _given_again(document: Document, owner: Owner) -> bool:
    """The same id on another article: another link and an unlike title, both known on either side."""
    link, title = own(owner.url), title_of(document)
    if not link or not document.link or link == document.link or not title or not owner.title:
        return False
    return not alike(title, owner.title)


def alike(one: str, other: str) -> bool:
    """Whether two titles may be of one article: equal, one within the other, or most of the words of the shorter."""
    first, second = fold(one[:TITLE]), fold(other[:TITLE])
    its, others = _words(first), _words(second)
    if not its or not others:
        return False
    if its == others:
        return True
    shared, fewest = len(its & others), min(len(its), len(others))
    return fewest > 1 and shared >= ALIKE * fewest


def _words(folded: str) -> frozenset[str]:
    return frozenset(folded[span.start : span.end] for span in words(folded))


# --------------------------------------------------------------------------------- pages that failed
def _tried(remembered: str) -> tuple[int, str]:
    """(how often its page was asked for in vain, the content hash) of what the record remembers under a key."""
    if not remembered.startswith(_RETRY):
        return 0, remembered
    count, _, found = remembered.removeprefix(_RETRY).partition(":")
    return (int(count), found) if count.isdecimal() else (0, remembered)


def remembered(verdict: Verdict, *, failed: bool) -> str:
    """What the item's key shall remember; where its page ``failed``, so that the next body asks for it again, three times."""
    tries = verdict.tries + 1
    return f"{_RETRY}{tries}:{verdict.hash}" if failed and tries <= RETRIES else verdict.hash
