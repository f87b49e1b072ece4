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

from bisect import insort
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from math import log
from typing import Final

import numpy as np

from monitor.story.look import Counts, Found, Halves, Look, Places, Slots, Weights
from monitor.story.loops import LOOPS, Plain, Rarity
from monitor.story.loops import counters as shared_counters
from monitor.text.fingerprint import Bins, Fingerprint, Hashes, Terms, bands, hashes_of, is_sound, signature_of

#: Articles held: three days of 6,600 a day, at 2.5 KB each. Beyond it the oldest are forgotten.
CAPACITY: Final = 20_000
#: Members whose words make the centroid, and the terms it keeps.
FOUNDERS: Final = 16
#: Newest members that are counted where a story is made anew: its counts matter up to 8 (``cluster``).
_COUNTED: Final = 256
#: Members moved at a time, at some 0.1 ms each.
_A_FEW: Final = 64
#: Hours without an article after which a story has paused.
PAUSE: Final = 72.0
_CENTROID: Final = 240
#: Articles that are imagined to have been read before the first, none with a given uncommon word: what is rare is known at once.
_BEFORE: Final = 300.0
_COUNTERS: Final = 1 << 20
#: Of the counters' own type: with a plain number numpy takes forty times as long to add at many places.
ONE: Final = np.uint32(1)
_TERM_PLACES: Final = 1 << 18
_BAND_PLACES: Final = 1 << 17
_TERM_SLOTS: Final = 8
_BAND_SLOTS: Final = 4
_ONCE: Final = np.ones(256, np.int32)  # as many terms as a fingerprint can have
_ONCE.flags.writeable = False
_BAND_MASK: Final = np.array(_BAND_PLACES - 1, np.uint32)


@dataclass(slots=True)
class Member:
    """One article. ``at`` is in hours since 1970."""

    article: str
    story: int
    at: float
    data: bytes
    copy: bool = False
    #: Its words are in its story's centroid.
    founder: bool = False

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
    weights: Halves
    tally: Counts
    members: list[int] = field(default_factory=list)
    first: float = 0.0
    last: float = 0.0
    founders: int = 0
    pauses: int = 0


class StoryIndex:
    """Articles by number (counted up from 1, also the key of ``members``), stories by number and by id."""

    def __init__(self, capacity: int = CAPACITY, loops: Plain = LOOPS) -> None:
        self.capacity = capacity
        self.loops = loops
        self.members: OrderedDict[int, Member] = OrderedDict()
        self.clusters: dict[int, Cluster] = {}
        self._numbers: dict[str, int] = {}
        self._stories: dict[str, int] = {}
        self._next_member = 1
        self._next_cluster = 1
        self.counts = np.zeros(_COUNTERS, np.uint32)
        #: The logarithm of a count, and a half.
        self._logs: Weights = np.log(np.arange(capacity + 2) + 0.5).astype(np.float32)
        self.by_term = np.zeros((_TERM_PLACES, _TERM_SLOTS), np.uint32)
        self.by_band = np.zeros((_BAND_PLACES, _BAND_SLOTS), np.uint32)
        self._look: Look | None = None
        self._bands: dict[bytes, Places] = {}

    def __len__(self) -> int:
        return len(self.members)

    # ------------------------------------------------------------------------------------------ changing
    def add(self, article: str, story: str, at: datetime, fingerprint: Fingerprint, *, copy: bool = False) -> None:
        """Holds an article as a member of a story; one that is held already is replaced where it stands (it was edited).

        ``copy`` says that it joined as a near-copy: it is found by its bands and leaves the centroid as it is. A fingerprint
        of another version is not held.
        """
        look = self.look(fingerprint)
        if look is None:
            self.drop(article)
            return
        number = self._numbers.get(article)
        before: Cluster | None
        if number is None:
            number = self._next_member
            self._next_member += 1
            self._numbers[article] = number
            before = None
        else:
            before = self._take_out(number)
            look = self.look(fingerprint)
            assert look is not None, "it could be read before"
        member = Member(article, self._cluster(story), at.timestamp() / 3600, fingerprint.data, copy)
        self.members[number] = member
        self._join(number, member, look)
        # With the edited article among its founders again, so that not each of many edits makes another one a founder.
        if before is not None and before.members:
            self._anew(before)
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
            # What is added, taken back and added again, for as long as a disk is full, has the same number in the same slots:
            # it pushes nothing out of them.
            while self._next_member > 1 and self._next_member - 1 not in self.members:
                self._next_member -= 1
            while self._next_cluster > 1 and self._next_cluster - 1 not in self.clusters:
                self._next_cluster -= 1

    def move(self, articles: Iterable[str], story: str) -> None:
        """Makes articles members of another story, as a person asked for; those that are not held are passed over."""
        for _ in self.moving(articles, story):
            pass

    def moving(self, articles: Iterable[str], story: str) -> Iterator[None]:
        """``move`` a few at a time, for others to have a moment in between. Until it ends, nothing may be asked."""
        going = [number for article in dict.fromkeys(articles) if (number := self._numbers.get(article)) is not None]
        # Out with all of them first: a story of thousands is dated and made anew once, not once for each.
        anew: dict[int, Cluster] = {}
        other: dict[int, Cluster] = {}
        for count, number in enumerate(going, 1):
            member = self.members[number]
            cluster = self.clusters[member.story]
            if self._dates(cluster, member):
                other[member.story] = cluster
            if self._take_out(number, dated=False) is not None:
                anew[member.story] = cluster
            if count % _A_FEW == 0:
                yield
        for of, cluster in (other | anew).items():
            if cluster.members and of in anew:
                self._anew(cluster)
            elif cluster.members:
                self._date(cluster)
        yield
        for count, number in enumerate(going, 1):
            if count % _A_FEW == 0:
                yield
            member = self.members[number]
            member.story, member.copy = self._cluster(story), False
            look = self.look(Fingerprint(member.data))
            assert look is not None, "only fingerprints that can be read are added"
            self._join(number, member, look)

    def _cluster(self, story: str) -> int:
        number = self._stories.get(story)
        if number is None:
            number = self._next_cluster
            self._next_cluster += 1
            self._stories[story] = number
            self.clusters[number] = Cluster(story, *_EMPTY)
        return number

    def enrol(self, article: str, story: str, at: datetime, data: bytes, copy: bool) -> tuple[int, Member]:
        """A new article as a member of its story, before its words are known to anybody."""
        number = self._next_member
        self._next_member += 1
        self._numbers[article] = number
        member = self.members[number] = Member(article, self._cluster(story), at.timestamp() / 3600, data, copy)
        self._belong(number, member)
        return number, member

    def _belong(self, number: int, member: Member) -> Cluster:
        cluster = self.clusters[member.story]
        if cluster.members and not cluster.first - PAUSE <= member.at <= cluster.last + PAUSE:
            cluster.pauses += 1
        cluster.first = min(cluster.first, member.at) if cluster.members else member.at
        cluster.last = max(cluster.last, member.at) if cluster.members else member.at
        insort(cluster.members, number)  # in the order they came, in which a rebuilt index has them
        return cluster

    def _join(self, number: int, member: Member, look: Look) -> None:
        np.add.at(self.counts, counters(look.terms.hashes), ONE)
        self._look = None
        cluster = self._belong(number, member)
        if len(look.bands):
            free = None if len(cluster.members) == 1 else self._free(self.by_band[look.bands], number)
            self.loops.post(self.by_band, look.bands, number, next(iter(self.members)), free)
        self.count_in(member, look.terms.hashes, look.terms.weights)
        # Also the terms of copies and late members find the story: the slots are for the newest.
        self.loops.post(self.by_term, look.posted, member.story, 0)

    def _free(self, rows: Slots, number: int) -> Found:
        """Which slots stand for this story already, or for nothing that is still held: they may be taken."""
        members, own = self.members, self.members[number].story
        flat = [(member := members.get(one)) is None or member.story == own for one in rows.ravel().tolist()]
        return np.array(flat, np.bool_).reshape(rows.shape)

    def _leave(self, number: int, *, forgotten: bool = False) -> None:
        """Takes a member out. Where a person or an edit took it away the story is made anew without it; what was only ``forgotten``
        goes on standing for its story."""
        cluster = self._take_out(number, forgotten=forgotten)
        if cluster is not None and cluster.members:
            self._anew(cluster)

    def _take_out(self, number: int, *, forgotten: bool = False, dated: bool = True) -> Cluster | None:
        """Takes a member out of its story and its words out of the counts; the story ends with its last member. A story that has lost
        a founder is given back, to be made anew. Without ``dated`` the caller dates what is left."""
        member = self.members[number]
        hashes = hashes_of(member.data)
        np.subtract.at(self.counts, counters(hashes), ONE)
        self._look = None
        cluster = self.clusters[member.story]
        cluster.members.remove(number)
        founder, member.founder = member.founder, False
        if not cluster.members:
            del self.clusters[member.story], self._stories[cluster.id]
            return None
        if founder and not forgotten:
            return cluster
        cluster.tally = np.maximum(cluster.tally - held(cluster.hashes, hashes), 0)
        if dated and not forgotten and self._dates(cluster, member):
            self._date(cluster)
        return None

    def _dates(self, cluster: Cluster, member: Member) -> bool:
        """Whether the story may begin or end elsewhere without this member, or have paused otherwise."""
        return bool(cluster.pauses) or not cluster.first < member.at < cluster.last

    def _anew(self, cluster: Cluster) -> None:
        """Of its first members that are no copies, and what the newest say."""
        cluster.hashes, cluster.weights, cluster.tally = _EMPTY
        cluster.founders = 0
        self._date(cluster)
        said = 0
        for place, number in enumerate(cluster.members):
            member = self.members[number]
            member.founder = False
            founding = said < FOUNDERS and (not member.copy or not said)
            said += founding
            if founding or place >= len(cluster.members) - _COUNTED:
                terms = member.terms()
                self.count_in(member, terms.hashes, terms.weights)

    def _date(self, cluster: Cluster) -> None:
        times = sorted([self.members[number].at for number in cluster.members])
        cluster.first, cluster.last = times[0], times[-1]
        cluster.pauses = sum(after - before > PAUSE for before, after in pairwise(times))

    def count_in(self, member: Member, hashes: Hashes, weights: Weights) -> None:
        """A member's words into what its story is known by."""
        cluster = self.clusters[member.story]
        if cluster.founders < FOUNDERS and (not member.copy or not cluster.founders):
            cluster.founders += 1
            member.founder = True
            _found(cluster, hashes, weights)
        else:
            cluster.tally = cluster.tally + held(cluster.hashes, hashes)

    # -------------------------------------------------------------------------------------------- asking
    def look(self, fingerprint: Fingerprint) -> Look | None:
        """The article as it is seen now; None where the fingerprint cannot be read. The last one is kept until something changes,
        since what a story was chosen for is held next."""
        if self._look is not None and self._look.data is fingerprint.data:
            return self._look
        terms = fingerprint.read()
        if terms is None:
            return None
        bands = self._bands.get(fingerprint.data)
        idf, posted = self.loops.look(terms, self.rarity())
        self._look = Look(fingerprint.data, terms, idf, posted, band_places(terms.signature) if bands is None else bands)
        return self._look

    def expect(self, fingerprints: Iterable[bytes]) -> None:
        """These will be asked for next: what of it depends on nothing else is worked out for all at once."""
        signed = [data for data in fingerprints if is_sound(data) and data[1]]
        if signed:
            places = band_places(np.stack([signature_of(data) for data in signed]))
            self._bands = dict(zip(signed, places, strict=True))

    def idf(self, hashes: Hashes, told: Counts | None = None, members: int = 0) -> Weights:
        """How much each term says: the logarithm of how few of the articles held have it, between 0 and ln 1,000. With ``told``
        (how many articles of one story of so many members have it), of those that do not belong to this story."""
        return self.rarity(members).idf(hashes, told)

    def rarity(self, members: int = 0) -> Rarity:
        """How rare terms are now, among the articles that are not one of so many ``members`` of a story."""
        return Rarity(self.counts, self._logs, log(len(self.members) - members + _BEFORE))

    def alike(self, look: Look) -> Iterator[int]:
        """Numbers of articles that share bands with a signature, those that share most first, of equals the newest."""
        return filter(self.members.__contains__, self.loops.rank(self.by_band, look.bands))

    def related(self, look: Look) -> Iterator[int]:
        """Numbers of stories that share rare terms, those that share most first, of equals the newest."""
        # A story may have lost the article that had its terms to an edit; without any it is like nothing.
        clusters = self.clusters
        ranked = self.loops.rank(self.by_term, look.posted)
        return (number for number in ranked if (cluster := clusters.get(number)) is not None and len(cluster.hashes))


def held(hashes: Hashes, by: Hashes) -> Found:
    """Which of ``hashes`` stand in ``by``; both ascending."""
    if not len(by):
        return np.zeros(len(hashes), np.bool_)
    places = by.searchsorted(hashes)
    found: Found = by.take(places, mode="clip") == hashes
    return found


#: Of every story before its first words: arrays are replaced, never written into, so one of each does for all.
_EMPTY: Final[tuple[Hashes, Halves, Counts]] = (np.zeros(0, np.uint32), np.zeros(0, np.float16), np.zeros(0, np.int32))


def _found(cluster: Cluster, said: Hashes, weighed: Weights) -> None:
    """Adds a member to the centroid: every one counts alike, however long it is."""
    if not len(said):
        return
    own = weighed / np.sqrt((weighed * weighed).sum())
    if not len(cluster.hashes):
        # Most stories never have a second article: theirs are the bytes of its fingerprint, not copied, and one shared count.
        cluster.hashes, cluster.weights, cluster.tally = said, own.astype(np.float16), _ONCE[: len(said)]
        return
    hashes = np.concatenate((cluster.hashes, said))
    weights = np.concatenate((cluster.weights.astype(np.float32), own))
    tally = np.concatenate((cluster.tally, _ONCE[: len(said)]))
    order = np.argsort(hashes, kind="stable")
    hashes, weights, tally = hashes[order], weights[order], tally[order]
    starts = np.flatnonzero(np.concatenate(([True], hashes[1:] != hashes[:-1])))
    hashes, weights, tally = hashes[starts], np.add.reduceat(weights, starts), np.add.reduceat(tally, starts, dtype=np.int32)
    if len(hashes) > _CENTROID:
        kept = np.sort(np.argsort(-weights, kind="stable")[:_CENTROID])
        hashes, weights, tally = hashes[kept], weights[kept], tally[kept]
    cluster.hashes, cluster.weights, cluster.tally = hashes, weights.astype(np.float16), tally


def counters(hashes: Hashes) -> Places:
    return shared_counters(hashes, _COUNTERS)


def band_places(signatures: Bins) -> Places:
    """Of one signature, or of each of several; none of an empty one."""
    return (bands(signatures) & _BAND_MASK).astype(np.intp)
