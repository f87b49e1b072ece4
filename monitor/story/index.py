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
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from math import log
from typing import Final

import numpy as np

from monitor.story.look import Look, Printed, Rarity, Weights
from monitor.story.loops import BAND_PLACES, LOOPS, TERM_PLACES, Nearest, Plain

#: Articles held: three days of 6,600 a day, at 1.5 KB each. Beyond it the oldest are forgotten.
CAPACITY: Final = 20_000
#: Members whose words make the centroid.
FOUNDERS: Final = 16
#: Newest members that are counted where a story is made anew: its counts matter up to 8 (``cluster``).
_COUNTED: Final = 256
#: Members moved at a time, at some 0.1 ms each.
_A_FEW: Final = 64
#: Hours without an article after which a story has paused.
PAUSE: Final = 72.0
#: Articles that are imagined to have been read before the first, none with a given uncommon word: what is rare is known at once.
_BEFORE: Final = 300.0
_COUNTERS: Final = 1 << 20
_TERM_SLOTS: Final = 8
_BAND_SLOTS: Final = 4


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


@dataclass(slots=True)
class Cluster:
    """One story: what it is known by (``centroid.py``), the numbers of its members in the order they came, when the first and the last
    of them were published (hours), how many made the centroid, and how often nothing was added for days."""

    id: str
    centroid: bytes = b""
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
        self.by_term = np.zeros((TERM_PLACES, _TERM_SLOTS), np.uint32)
        self.by_band = np.zeros((BAND_PLACES, _BAND_SLOTS), np.uint32)
        self._look: Look | None = None

    def __len__(self) -> int:
        return len(self.members)

    # ------------------------------------------------------------------------------------------ changing
    def add(self, article: str, story: str, at: datetime, fingerprint: Printed, *, copy: bool = False) -> None:
        """Holds an article as a member of a story; one that is held already is replaced where it stands (it was edited).

        ``copy`` says that it joined as a near-copy: it is found by its bands and leaves the centroid as it is. A fingerprint
        of another version is not held.
        """
        look = self.look(fingerprint.data)
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
            look = self.look(fingerprint.data)
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
            look = self.look(member.data)
            assert look is not None, "only fingerprints that can be read are added"
            self._join(number, member, look)

    def _cluster(self, story: str) -> int:
        number = self._stories.get(story)
        if number is None:
            number = self._next_cluster
            self._next_cluster += 1
            self._stories[story] = number
            self.clusters[number] = Cluster(story)
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
        cluster = self._belong(number, member)
        self._look = None
        self.loops.count(self.counts, member.data, 1)
        if look.bands:
            # Slots of the same story may be taken, and of what is no longer held; a story's first article finds none of its own.
            holders = self.members if len(cluster.members) > 1 else None
            self.loops.post(self.by_band, look.bands, (number, next(iter(self.members))), holders, member.story)
        self.count_in(member)
        # Also the terms of copies and late members find the story: the slots are for the newest.
        self.loops.post(self.by_term, look.posted, (member.story, 0))

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
        self.loops.count(self.counts, member.data, -1)
        self._look = None
        cluster = self.clusters[member.story]
        cluster.members.remove(number)
        founder, member.founder = member.founder, False
        if not cluster.members:
            del self.clusters[member.story], self._stories[cluster.id]
            return None
        if founder and not forgotten:
            return cluster
        cluster.centroid = self.loops.tallied(cluster.centroid, member.data, -1)
        if dated and not forgotten and self._dates(cluster, member):
            self._date(cluster)
        return None

    def _dates(self, cluster: Cluster, member: Member) -> bool:
        """Whether the story may begin or end elsewhere without this member, or have paused otherwise."""
        return bool(cluster.pauses) or not cluster.first < member.at < cluster.last

    def _anew(self, cluster: Cluster) -> None:
        """Of its first members that are no copies, and what the newest say."""
        cluster.centroid, cluster.founders = b"", 0
        self._date(cluster)
        said = 0
        for place, number in enumerate(cluster.members):
            member = self.members[number]
            member.founder = False
            founding = said < FOUNDERS and (not member.copy or not said)
            said += founding
            if founding or place >= len(cluster.members) - _COUNTED:
                self.count_in(member)

    def _date(self, cluster: Cluster) -> None:
        times = sorted([self.members[number].at for number in cluster.members])
        cluster.first, cluster.last = times[0], times[-1]
        cluster.pauses = sum(after - before > PAUSE for before, after in pairwise(times))

    def count_in(self, member: Member) -> None:
        """A member's words into what its story is known by."""
        cluster = self.clusters[member.story]
        if cluster.founders < FOUNDERS and (not member.copy or not cluster.founders):
            cluster.founders += 1
            member.founder = True
            cluster.centroid = self.loops.founded(cluster.centroid, member.data)
        else:
            cluster.centroid = self.loops.tallied(cluster.centroid, member.data, 1)

    # -------------------------------------------------------------------------------------------- asking
    def look(self, data: bytes) -> Look | None:
        """The article of this fingerprint as it is seen now; None where that cannot be read. The last one is kept until something
        changes, since what a story was chosen for is held next."""
        if self._look is None or self._look.data is not data:
            self._look = self.loops.look(data, self.rarity())
        return self._look

    def rarity(self, members: int = 0) -> Rarity:
        """How rare terms are now, among the articles that are not one of so many ``members`` of a story."""
        return Rarity(self.counts, self._logs, log(len(self.members) - members + _BEFORE))

    def alike(self, look: Look, wanted: int, least: float) -> list[tuple[float, int]]:
        """Of the first articles that share bands, those that share most first, of equals the newest, those that agree in at least such
        a share of the signature: the share and the number of each."""
        return self.loops.alike(look, self.by_band, self.members, wanted, least)

    def related(self, look: Look, passed: AbstractSet[int], rule: Nearest) -> list[tuple[float, int, int]]:
        """Of the first stories that share rare terms, those that share most first, of equals the newest, and without those to be
        ``passed``, those that are worth a second look: how like each the article is, its number, and how many of the article's
        numbers and names it has. One that has lost all its terms to an edit is like nothing."""
        return self.loops.nearest(look, self.by_term, self.clusters, passed, rule)
