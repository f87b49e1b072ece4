"""The articles that a new one may belong with: bounded in number, in memory and in what one question costs.

The index holds the newest articles that were added, so many and no more, with their fingerprints and stories. A story is
represented by the *centroid* of its first members (not of its copies): what it came to be about later does not draw in
what has nothing to do with how it began. Candidates are found in two tables of fixed size, by bands of the signature and
by the rarest terms. A place of a table has few slots and the newest stories have them, so a term that everybody uses, or
an article made to share something with everything, costs no more than another.

It is derived: whoever keeps the record adds the newest articles again at start, in the order they came. A rebuilt index holds
the same articles in the same stories; only a story older than all it holds has lost the words and the beginning that the
forgotten ones gave it. It must not know the clock, the record or what makes two articles one story (``cluster``). Not for several threads.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from monitor.text.fingerprint import BANDS, Fingerprint, Hashes, TermKind, Terms, bands

Weights = npt.NDArray[np.float32]
Places = npt.NDArray[np.intp]
Slots = npt.NDArray[np.uint32]

#: Articles held: three days of 6,600 a day, at 2.5 KB each. Beyond it the oldest are forgotten.
CAPACITY: Final = 20_000
#: Rarest terms of an article by which its story is found.
POSTED: Final = 20
#: And numbers and names among them, or besides.
_NAMED: Final = 8
#: Members whose words make the centroid, and the terms it keeps.
FOUNDERS: Final = 16
#: Hours without an article after which a story has paused.
PAUSE: Final = 72.0
_CENTROID: Final = 240
#: Articles that are imagined to have been read before the first, none with a given uncommon word: what is rare is known at once.
_BEFORE: Final = 300.0
#: A word is never rarer than in one of so many articles, however many are held: weights keep their proportion as the index fills.
_RAREST: Final = 1_000.0
#: Words of more than this share of articles are posted nowhere: they would find everything.
_TOO_COMMON: Final = 0.05
_COUNTERS: Final = 1 << 20
_TERM_PLACES: Final = 1 << 18
_BAND_PLACES: Final = 1 << 17
_TERM_SLOTS: Final = 8
_BAND_SLOTS: Final = 4
_ONCE: Final = np.ones(1, np.float32)


@dataclass(slots=True)
class Member:
    """One article. ``at`` is in hours since 1970."""

    article: str
    story: int
    at: float
    data: bytes
    copy: bool = False

    def terms(self) -> Terms:
        found = Fingerprint(self.data).read()
        assert found is not None, "only fingerprints that can be read are added"
        return found


@dataclass(slots=True)
class Cluster:
    """One story: its centroid (hashes ascending, each with its weight and the number of members that have it), the numbers of its
    members in the order they came, when the first and the last of them were published (hours), how many made the centroid,
    and how often nothing was added for days."""

    id: str
    hashes: Hashes
    weights: npt.NDArray[np.float16]
    tally: Weights
    members: list[int] = field(default_factory=list)
    first: float = 0.0
    last: float = 0.0
    founders: int = 0
    pauses: int = 0


class StoryIndex:
    """Articles by number (counted up from 0, also the key of ``members``), stories by number and by id."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.capacity = capacity
        self.members: OrderedDict[int, Member] = OrderedDict()
        self.clusters: dict[int, Cluster] = {}
        self._numbers: dict[str, int] = {}
        self._stories: dict[str, int] = {}
        self._next_member = 1
        self._next_cluster = 1
        self._counts = np.zeros(_COUNTERS, np.uint32)
        self._by_term = np.zeros((_TERM_PLACES, _TERM_SLOTS), np.uint32)
        self._by_band = np.zeros((_BAND_PLACES, _BAND_SLOTS), np.uint32)

    def __len__(self) -> int:
        return len(self.members)

    # ------------------------------------------------------------------------------------------ changing
    def add(self, article: str, story: str, at: datetime, fingerprint: Fingerprint, *, copy: bool = False) -> None:
        """Holds an article as a member of a story; one that is held already is replaced where it stands (it was edited).

        ``copy`` says that it joined as a near-copy: it is found by its bands and leaves the centroid as it is. A fingerprint
        of another version is not held.
        """
        terms = fingerprint.read()
        if terms is None:
            self.drop(article)
            return
        number = self._numbers.get(article)
        if number is None:
            number = self._next_member
            self._next_member += 1
            self._numbers[article] = number
        else:
            self._leave(number)
        cluster = self._cluster(story)
        member = Member(article, cluster, at.timestamp() / 3600, fingerprint.data, copy)
        self.members[number] = member
        np.add.at(self._counts, _counter(terms.hashes), 1)
        self._join(number, member, terms)
        while len(self.members) > self.capacity:
            oldest, forgotten = next(iter(self.members.items()))
            self._leave(oldest, forgotten=True)
            del self.members[oldest], self._numbers[forgotten.article]

    def drop(self, article: str) -> None:
        """Forgets an article; one that is not held is nothing to forget."""
        number = self._numbers.pop(article, None)
        if number is not None:
            self._leave(number)
            del self.members[number]

    def move(self, articles: Iterable[str], story: str) -> None:
        """Makes articles members of another story, as a person asked for; those that are not held are passed over."""
        for article in articles:
            number = self._numbers.get(article)
            if number is not None:
                member = self.members[number]
                self._leave(number)
                member.story, member.copy = self._cluster(story), False
                terms = member.terms()
                np.add.at(self._counts, _counter(terms.hashes), 1)
                self._join(number, member, terms)

    def _cluster(self, story: str) -> int:
        number = self._stories.get(story)
        if number is None:
            number = self._next_cluster
            self._next_cluster += 1
            self._stories[story] = number
            self.clusters[number] = Cluster(story, *_nothing())
        return number

    def _join(self, number: int, member: Member, terms: Terms) -> None:
        cluster = self.clusters[member.story]
        if cluster.members and not cluster.first - PAUSE <= member.at <= cluster.last + PAUSE:
            cluster.pauses += 1
        cluster.first = min(cluster.first, member.at) if cluster.members else member.at
        cluster.last = max(cluster.last, member.at) if cluster.members else member.at
        cluster.members.append(number)
        if len(terms.signature):
            _post(self._by_band, _band_places(terms), number, _SameStory(self.members, member.story))
        self._count_in(cluster, member, terms)
        # Also the terms of copies and late members find the story: the slots are for the newest.
        _post(self._by_term, _term_place(terms.hashes[self.rarest(terms)]), member.story, None)

    def _leave(self, number: int, *, forgotten: bool = False) -> None:
        """Takes a member out of its story and its words out of the counts; the story ends with its last member. Where a person or
        an edit took it away the story is made anew without it; what was only ``forgotten`` goes on standing for its story."""
        member = self.members[number]
        hashes = member.terms().hashes
        np.subtract.at(self._counts, _counter(hashes), 1)
        cluster = self.clusters[member.story]
        cluster.members.remove(number)
        if not cluster.members:
            del self.clusters[member.story], self._stories[cluster.id]
        elif forgotten:
            cluster.tally = cluster.tally - held(cluster.hashes, hashes)
        else:
            self._anew(cluster)

    def _anew(self, cluster: Cluster) -> None:
        cluster.hashes, cluster.weights, cluster.tally = _nothing()
        cluster.founders = 0
        members = [self.members[number] for number in cluster.members]
        times = sorted(member.at for member in members)
        cluster.first, cluster.last = times[0], times[-1]
        cluster.pauses = sum(after - before > PAUSE for before, after in pairwise(times))
        for member in members:
            self._count_in(cluster, member, member.terms())

    def _count_in(self, cluster: Cluster, member: Member, terms: Terms) -> None:
        if cluster.founders < FOUNDERS and (not member.copy or not cluster.founders):
            cluster.founders += 1
            _found(cluster, terms)
        else:
            cluster.tally = cluster.tally + held(cluster.hashes, terms.hashes)

    # -------------------------------------------------------------------------------------------- asking
    def idf(self, hashes: Hashes, told: Weights | None = None, members: int = 0) -> Weights:
        """How much each term says: the logarithm of how few of the articles held have it, between 0 and ln 1,000. With ``told``
        (how many articles of one story of so many members have it), of those that do not belong to this story."""
        counts = self._counts.take(_counter(hashes)).astype(np.float32)
        if told is not None:
            counts = np.maximum(counts - told, 0)
        share = (counts + np.float32(0.5)) / np.float32(len(self.members) - members + _BEFORE)
        found: Weights = np.log(1 / np.clip(share, np.float32(1 / _RAREST), np.float32(1)))
        return found

    def rarest(self, terms: Terms) -> Places:
        """The places of the terms by which an article is looked for: those that say most of it, and of numbers and names, which
        other languages write alike, some in any case."""
        idf = self.idf(terms.hashes)
        value = np.where(idf > -np.log(_TOO_COMMON), idf * terms.weights, 0)
        # A stable order: equal values are told apart by the terms' own numbers.
        order = np.argsort(-value, kind="stable")
        order = order[: int((value > 0).sum())]
        named = order[terms.kinds[order] != TermKind.WORD][:_NAMED]
        return np.unique(np.concatenate((order[:POSTED], named)))

    def alike(self, terms: Terms) -> list[int]:
        """Numbers of articles that share bands with a signature, those that share most first."""
        if not len(terms.signature):
            return []
        found = self._by_band[_band_places(terms)].ravel()
        return [number for number, _ in _counted(found) if number in self.members]

    def related(self, terms: Terms) -> list[int]:
        """Numbers of stories that share rare terms, those that share most first."""
        found = self._by_term[_term_place(terms.hashes[self.rarest(terms)])].ravel()
        # A story may have lost the article that had its terms to an edit; without any it is like nothing.
        return [number for number, _ in _counted(found) if number in self.clusters and len(self.clusters[number].hashes)]


@dataclass(slots=True)
class _SameStory:
    """Whether an article stands for a story in a slot already, or for nothing that is still held: its slot may be taken."""

    members: OrderedDict[int, Member]
    story: int

    def __call__(self, number: int) -> bool:
        member = self.members.get(number)
        return member is None or member.story == self.story


def held(hashes: Hashes, by: Hashes) -> npt.NDArray[np.bool_]:
    """Which of ``hashes`` stand in ``by``; both ascending."""
    if not len(by):
        return np.zeros(len(hashes), np.bool_)
    places = by.searchsorted(hashes)
    found: npt.NDArray[np.bool_] = by.take(places, mode="clip") == hashes
    return found


def _nothing() -> tuple[Hashes, npt.NDArray[np.float16], Weights]:
    return np.zeros(0, np.uint32), np.zeros(0, np.float16), np.zeros(0, np.float32)


def _found(cluster: Cluster, terms: Terms) -> None:
    """Adds a member to the centroid: every one counts alike, however long it is."""
    if not len(terms.hashes):
        return
    length = np.sqrt((terms.weights**2).sum())
    if not len(cluster.hashes):
        # Most stories never have a second article: theirs are the bytes of its fingerprint, not copied, and one shared count.
        cluster.hashes, cluster.weights = terms.hashes, (terms.weights / length).astype(np.float16)
        cluster.tally = np.broadcast_to(_ONCE, len(terms.hashes))
        return
    hashes = np.concatenate((cluster.hashes, terms.hashes))
    weights = np.concatenate((cluster.weights.astype(np.float32), terms.weights / length))
    tally = np.concatenate((cluster.tally, np.ones(len(terms.hashes), np.float32)))
    order = np.argsort(hashes, kind="stable")
    hashes, weights, tally = hashes[order], weights[order], tally[order]
    starts = np.flatnonzero(np.concatenate(([True], hashes[1:] != hashes[:-1])))
    hashes, weights, tally = hashes[starts], np.add.reduceat(weights, starts), np.add.reduceat(tally, starts)
    if len(hashes) > _CENTROID:
        kept = np.sort(np.argsort(-weights, kind="stable")[:_CENTROID])
        hashes, weights, tally = hashes[kept], weights[kept], tally[kept]
    cluster.hashes, cluster.weights, cluster.tally = hashes, weights.astype(np.float16), tally


def _counter(hashes: Hashes) -> Places:
    return (hashes & np.uint32(_COUNTERS - 1)).astype(np.intp)


def _term_place(hashes: Hashes) -> Places:
    return (hashes >> np.uint32(14)).astype(np.intp)


def _band_places(terms: Terms) -> Places:
    found: Places = (bands(terms.signature) & np.uint32(_BAND_PLACES - 1)).astype(np.intp)
    assert len(found) == BANDS, "one place a band"
    return found


def _post(table: Slots, places: Places, number: int, taken: _SameStory | None) -> None:
    """Writes ``number`` into the first slot of each place, once a place. What was there moves on and the last falls out, up to the
    slot that held the same (or, by ``taken``, one that may be overwritten)."""
    rows = table[places]
    if taken is None:
        free = rows == number
    else:
        known = {other: taken(other) for other in np.unique(rows).tolist()}
        free = np.array([[known[other] for other in row] for row in rows.tolist()], np.bool_).reshape(rows.shape)
    slots = rows.shape[1]
    until = np.where(free.any(axis=1), free.argmax(axis=1), slots - 1)
    shifted = np.empty_like(rows)
    shifted[:, 0] = number
    shifted[:, 1:] = np.where(np.arange(1, slots) <= until[:, None], rows[:, :-1], rows[:, 1:])
    table[places] = shifted


def _counted(numbers: Slots) -> Iterator[tuple[int, int]]:
    """Each number but 0 with how often it stands there, the most frequent first, of equals the newest."""
    found, counts = np.unique(numbers, return_counts=True)
    for at in np.lexsort((-found.astype(np.int64), -counts)).tolist():
        if found[at]:
            yield int(found[at]), int(counts[at])
