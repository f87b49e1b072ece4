"""Which story an article belongs to, and why. Pure: the same index and the same article give the same answer.

The rules, first to last:

1. *A near copy* has much of its wording in common with one article, and nearly all the words of the shorter of the two. A template
   filled anew (a market report, a forecast) is none: each of the two has figures or rare words that the other lacks. Where it is
   the figures, the article is no rewrite of that story either.
2. *A rewrite* is like a story and shares with it what is new. Like: the cosine between the article and the story's
   centroid, every term weighted by how few articles have it, is at least ``REWRITE``. New: the shared terms that hardly
   any article outside the story has (names, places, figures) weigh ``EVIDENCE``. Without the second all weather reports
   are one story.
3. *A translation* shares numbers, codes and names that are written alike in both languages, and no other words: at least three of
   them, half of what either says in such terms, within three days. Names written in another script are not recognised.
4. Distance in time raises both bars: not at all within three days, and then slowly. It is counted from the nearest member,
   and for a story that has lasted long, from its beginning, at a quarter.

Anything else is a story of its own: telling twice is better than hiding. (What a wrong join could hide is the
decision's to prevent, ``story.decide``.)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, islice
from operator import itemgetter
from typing import Final

import numpy as np
import numpy.typing as npt

from monitor.story.index import Cluster, Member, StoryIndex, held
from monitor.story.joined import Joined, JoinKind
from monitor.story.look import Look, Weights
from monitor.text.fingerprint import Fingerprint, TermKind, Terms, hashes_of

Shared = npt.NDArray[np.bool_]

#: Candidates that are looked at closely, of articles and of stories.
_ARTICLES: Final = 6
_STORIES: Final = 12

#: Hours within which time says nothing against joining, and the power by which likeness fades beyond them.
WINDOW: Final = 72.0
_FADING: Final = 0.15
_LASTING: Final = 4.0
#: Share of equal runs of three words, and of the shorter one's terms, from which an article is a copy.
COPY_RUNS: Final = 0.35
COPY_WORDS: Final = 0.75
#: Cosine from which an article is a rewrite.
REWRITE: Final = 0.2
#: What the shared terms that are news must weigh: each by how far its rarity outside the story (a natural logarithm) exceeds
#: that of a word in one article of 55. Four words that nobody else has weigh 10 to 12.
EVIDENCE: Final = 10.0
_NEWS: Final = 4.0
_UNCOUNTED: Final = 8
_PAUSED: Final = 0.25
#: Share of what an article says that stands nowhere in the other: above it on both sides, the one is no copy of the other.
_OWN: Final = 0.2
#: Of a translation: names and numbers shared, what they must weigh, the share of them, and of ordinary words the share that may be
#: common to both.
_NAMED: Final = 3
_NAMED_EVIDENCE: Final = 7.0
_NAMED_SHARE: Final = 0.5
_ORDINARY: Final = 0.05
_SHOWN_WORDS: Final = 8
_SHOWN_NUMBERS: Final = 5


@dataclass(frozen=True, slots=True)
class Chosen:
    story: str
    joined: Joined


def choose(index: StoryIndex, fingerprint: Fingerprint, at: datetime) -> Chosen | None:
    """The story that an article published at ``at`` joins; None where it begins one of its own. Changes nothing."""
    look = index.look(fingerprint)
    if look is None or not len(look.terms.hashes):
        return None
    article = _Article(index, look, fingerprint.words, at.timestamp() / 3600)
    return article.copied() or article.retold()


@dataclass(slots=True)
class _Candidate:
    """A story that an article is compared with, and how many of the article's numbers and names it has."""

    number: int
    cluster: Cluster
    cosine: float
    names: int


class _Article:
    """An article and what is asked of it."""

    def __init__(self, index: StoryIndex, look: Look, words: tuple[str, ...], at: float) -> None:
        self.index, self.look, self.at = index, look, at
        self.terms, self.idf = look.terms, look.idf
        self.words = words
        #: Stories that are the same form with other figures.
        self.forms: set[int] = set()

    # ------------------------------------------------------------------------------------------- copies
    def copied(self) -> Chosen | None:
        """The copy of the article that it has most runs in common with, of equals the oldest."""
        numbers = list(islice(self.index.alike(self.look), _ARTICLES))
        runs = self.index.loops.agreement(self.terms.signature, [self.index.members[number].data for number in numbers])
        for share, number in sorted((-share, number) for share, number in zip(runs, numbers, strict=True) if share >= COPY_RUNS):
            member = self.index.members[number]
            chosen = self._copy_of(member, member.terms(), -share)
            if chosen is not None:
                return chosen
        return None

    def _copy_of(self, member: Member, other: Terms, runs: float) -> Chosen | None:
        hours = abs(self.at - member.at)
        mine, theirs = held(self.terms.hashes, other.hashes), held(other.hashes, self.terms.hashes)
        if self._other_figures(other, mine, theirs):
            self.forms.add(member.story)
            return None
        shared = int(mine.sum())
        share = shared / max(1, min(len(mine), len(theirs)))
        # Copies of copies, each a little changed, may end anywhere: a copy is like how its story began, too. (A story that began
        # without a word that says anything is like nothing.)
        if (
            not len(self.index.clusters[member.story].hashes)
            or share < COPY_WORDS / fading(hours)
            or min(_own(self.idf, mine), _own(self.index.idf(other.hashes), theirs)) > _OWN
            or self._candidates([member.story])[0].cosine < REWRITE / 2
        ):
            return None
        story = self.index.clusters[member.story].id
        kind = JoinKind.SAME_TEXT if member.data == self.look.data else JoinKind.NEAR_COPY
        return Chosen(story, Joined(kind, member.article, round(runs, 2), round(100 * share), *self._shown(mine), round(hours, 1)))

    def _other_figures(self, other: Terms, mine: Shared, theirs: Shared) -> bool:
        """Whether the two are one form filled twice: each has numbers that the other lacks, and more of them than they share."""
        numbers, other_numbers = self.terms.kinds == TermKind.NUMBER, other.kinds == TermKind.NUMBER
        own = min(np.count_nonzero(numbers & ~mine), np.count_nonzero(other_numbers & ~theirs))
        return bool(own >= 2 and own > np.count_nonzero(numbers & mine))

    # --------------------------------------------------------------------------- rewrites and translations
    def retold(self) -> Chosen | None:
        numbers = list(islice((number for number in self.index.related(self.look) if number not in self.forms), _STORIES))
        if not numbers:
            return None
        candidates = self._candidates(numbers)
        likenesses = [
            (-candidate.cosine * fading(self._away(candidate.cluster)), candidate.number, candidate)
            for candidate in candidates
            if candidate.cosine >= REWRITE
        ]
        # The most alike first; of equals the older story.
        for score, _, candidate in sorted(likenesses, key=itemgetter(0, 1)):
            if -score < REWRITE:
                break
            found = self._rewrite_of(candidate, -score)
            if found is not None:
                return found
        return self._translated(candidates)

    def _candidates(self, numbers: list[int]) -> list[_Candidate]:
        clusters = [self.index.clusters[number] for number in numbers]
        centroids = [(cluster.hashes, cluster.weights) for cluster in clusters]
        compared = self.index.loops.compare(self.look, centroids, self.index.rarity())
        return [_Candidate(number, cluster, *one) for number, cluster, one in zip(numbers, clusters, compared, strict=True)]

    def _away(self, cluster: Cluster) -> float:
        """Hours between the article and a story (rule 4)."""
        return max(cluster.first - self.at, self.at - cluster.last, abs(self.at - cluster.first) / _LASTING)

    def _rewrite_of(self, candidate: _Candidate, score: float) -> Chosen | None:
        """The article as a rewrite of this story, if what they share is news; the reason names the member that shares most."""
        cluster = candidate.cluster
        away = self._away(cluster)
        # Once after a pause is a follow-up; what comes again and again is a series (weather, markets, roads), not a story.
        pauses = cluster.pauses if away > WINDOW else 0
        if self._news(cluster) * fading(away) < EVIDENCE * (1 + _PAUSED * pauses):
            return None
        member, mine, share = self._closest(cluster)
        hours = round(abs(self.at - member.at), 1)
        joined = Joined(JoinKind.REWRITE, member.article, round(score, 2), share, *self._shown(mine), hours)
        return Chosen(cluster.id, joined)

    def _news(self, cluster: Cluster, both: Shared | None = None) -> float:
        """What those of a story's terms weigh that the article shares with it (of its own, ``both``) and that are rare outside it."""
        # What a story has said for days on end is news no longer: from so many articles on, its own count like all others.
        of = self.index.rarity(min(len(cluster.members), _UNCOUNTED))
        return self.index.loops.news(self.look, (cluster.hashes, cluster.tally), of, (_NEWS, _UNCOUNTED), both)

    def _closest(self, cluster: Cluster) -> tuple[Member, Shared, int]:
        """Of the first and the newest members the one that shares most, which terms those are, and their share in per cent."""
        members = [self.index.members[number] for number in dict.fromkeys((cluster.members[0], *cluster.members[-_ARTICLES:]))]
        said = [hashes_of(member.data) for member in members]
        ends = list(accumulate(map(len, said)))
        shared, places = self.look.among(np.concatenate(said))
        values = self.idf.take(places) * shared
        starts = [end - len(own) for own, end in zip(said, ends, strict=True)]
        # Sums of the same numbers may differ in their last digits: of equals it is the first.
        sums = [round(float(values[start:end].sum()), 3) for start, end in zip(starts, ends, strict=True)]
        best = sums.index(max(sums))
        start, end = starts[best], ends[best]
        mine = np.zeros(len(self.idf), np.bool_)
        mine[places[start:end][shared[start:end]]] = True
        return members[best], mine, round(100 * int(mine.sum()) / max(1, min(len(mine), end - start)))

    def _translated(self, candidates: list[_Candidate]) -> Chosen | None:
        named = self.look.named
        if self.look.names < _NAMED:
            return None
        for candidate in candidates:
            cluster = candidate.cluster
            if self._away(cluster) > WINDOW:
                continue
            if candidate.names < _NAMED:
                continue
            member, mine, share = self._closest(cluster)
            other = member.terms()
            other_named = other.kinds != TermKind.WORD
            theirs = held(other.hashes, self.terms.hashes) & other_named
            ordinary = min(int((~named).sum()), int((~other_named).sum()))
            both = mine & named
            if int(both.sum()) < _NAMED or int((mine & ~named).sum()) > _ORDINARY * ordinary:
                continue
            said = min(float(self.idf[named].sum()), float(self.index.idf(other.hashes[other_named]).sum()))
            overlap = min(float(self.idf[both].sum()), float(self.index.idf(other.hashes[theirs]).sum())) / said if said else 0.0
            if overlap >= _NAMED_SHARE and self._news(cluster, both) >= _NAMED_EVIDENCE:
                hours = round(abs(self.at - member.at), 1)
                return Chosen(cluster.id, Joined(JoinKind.TRANSLATION, member.article, round(overlap, 2), share, *self._shown(both), hours))
        return None

    def _shown(self, mine: Shared) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Words and numbers of the article that stand in the other too, those that say most first."""
        if not self.words:
            return (), ()
        value = np.where(mine, self.look.mine, 0)
        value[self.terms.kinds == TermKind.NAME] *= 2  # people know a story by its names
        order = np.argsort(-value, kind="stable")[: np.count_nonzero(value > 0)]
        numeric = self.terms.kinds[order] == TermKind.NUMBER
        words, numbers = order[~numeric][:_SHOWN_WORDS], order[numeric][:_SHOWN_NUMBERS]
        return tuple(map(self.words.__getitem__, words.tolist())), tuple(map(self.words.__getitem__, numbers.tolist()))


def fading(hours: float) -> float:
    """What likeness counts over a distance in time: 1 within three days, 0.8 after ten, 0.6 after a month and a half, 0.4 after a year."""
    return 1.0 if hours <= WINDOW else float((WINDOW / hours) ** _FADING)


def _own(idf: Weights, shared: Shared) -> float:
    """The share of what an article says that the other does not."""
    whole = float(idf.sum())
    return float(idf[~shared].sum()) / whole if whole else 0.0
