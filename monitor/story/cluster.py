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
from typing import Final

from monitor.story.index import Cluster, Member, StoryIndex
from monitor.story.joined import Joined, JoinKind
from monitor.story.look import Closest, Look, Printed, Side
from monitor.story.loops import Nearest
from monitor.text.fingerprint import TermKind

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
_RELATED: Final = Nearest(_STORIES, REWRITE, _NAMED)
_SHOWN_WORDS: Final = 8
_SHOWN_NUMBERS: Final = 5


@dataclass(frozen=True, slots=True)
class Chosen:
    story: str
    joined: Joined


def choose(index: StoryIndex, fingerprint: Printed, at: datetime) -> Chosen | None:
    """The story that an article published at ``at`` joins; None where it begins one of its own. Changes nothing."""
    look = index.look(fingerprint.data)
    if look is None or not look.says:
        return None
    article = _Article(index, look, fingerprint, at.timestamp() / 3600)
    return article.copied() or article.retold()


class _Article:
    """An article and what is asked of it."""

    def __init__(self, index: StoryIndex, look: Look, fingerprint: Printed, at: float) -> None:
        self.index, self.look, self.at = index, look, at
        self.fingerprint = fingerprint
        #: Stories that are the same form with other figures.
        self.forms: set[int] = set()

    # ------------------------------------------------------------------------------------------- copies
    def copied(self) -> Chosen | None:
        """The copy of the article that it has most runs in common with, of equals the oldest."""
        alike = self.index.alike(self.look, _ARTICLES, COPY_RUNS)
        for share, number in sorted(alike, key=_most_first):
            chosen = self._copy_of(self.index.members[number], share)
            if chosen is not None:
                return chosen
        return None

    def _copy_of(self, member: Member, runs: float) -> Chosen | None:
        hours = abs(self.at - member.at)
        mine, theirs = self.index.loops.sides(self.look, member.data)
        if _other_figures(mine, theirs):
            self.forms.add(member.story)
            return None
        cluster = self.index.clusters[member.story]
        found = self.index.loops.closest(self.look, [member.data])
        # Copies of copies, each a little changed, may end anywhere: a copy is like how its story began, too. (A story that began
        # without a word that says anything is like nothing.)
        if (
            not cluster.centroid
            or found.share < 100 * COPY_WORDS / fading(hours)
            or min(_own(mine), _own(theirs)) > _OWN
            or self.index.loops.cosine(self.look, cluster.centroid) < REWRITE / 2
        ):
            return None
        return self._joining(cluster, member, JoinKind.SAME_TEXT if member.data == self.look.data else JoinKind.NEAR_COPY, runs, found)

    # --------------------------------------------------------------------------- rewrites and translations
    def retold(self) -> Chosen | None:
        related = self.index.related(self.look, self.forms, _RELATED)
        clusters = self.index.clusters
        likely = [(cosine * fading(self._away(clusters[number])), number) for cosine, number, _ in related if cosine]
        for score, number in sorted(likely, key=_most_first):
            if score < REWRITE:
                break
            found = self._rewrite_of(clusters[number], score)
            if found is not None:
                return found
        return self._translated([clusters[number] for _, number, names in related if names >= _NAMED])

    def _away(self, cluster: Cluster) -> float:
        """Hours between the article and a story (rule 4)."""
        return max(cluster.first - self.at, self.at - cluster.last, abs(self.at - cluster.first) / _LASTING)

    def _rewrite_of(self, cluster: Cluster, score: float) -> Chosen | None:
        """The article as a rewrite of this story, if what they share is news; the reason names the member that shares most."""
        away = self._away(cluster)
        # Once after a pause is a follow-up; what comes again and again is a series (weather, markets, roads), not a story.
        pauses = cluster.pauses if away > WINDOW else 0
        if self._news(cluster) * fading(away) < EVIDENCE * (1 + _PAUSED * pauses):
            return None
        member, found = self._closest(cluster)
        return self._joining(cluster, member, JoinKind.REWRITE, score, found)

    def _news(self, cluster: Cluster, shared: bytes | None = None) -> float:
        """What those of a story's terms weigh that the article shares with it (of its own, ``shared``) and that are rare outside it."""
        # What a story has said for days on end is news no longer: from so many articles on, its own count like all others.
        of = self.index.rarity(min(len(cluster.members), _UNCOUNTED))
        return self.index.loops.news(self.look, cluster.centroid, of, (_UNCOUNTED, _NEWS), shared)

    def _closest(self, cluster: Cluster) -> tuple[Member, Closest]:
        """Of the first and the newest members the one that shares most."""
        members = [self.index.members[number] for number in dict.fromkeys((cluster.members[0], *cluster.members[-_ARTICLES:]))]
        found = self.index.loops.closest(self.look, [member.data for member in members])
        return members[found.place], found

    def _translated(self, clusters: list[Cluster]) -> Chosen | None:
        """The article as a translation into one of these stories, each with enough of its numbers and names."""
        for cluster in clusters:
            if self._away(cluster) > WINDOW:
                continue
            member, found = self._closest(cluster)
            mine, theirs = self.index.loops.sides(self.look, member.data)
            if sum(mine.both[1:]) < _NAMED or mine.both[TermKind.WORD] > _ORDINARY * min(_ordinary(mine), _ordinary(theirs)):
                continue
            overlap = _named_in_common(mine, theirs)
            if overlap < _NAMED_SHARE:
                continue
            named = self.look.named(found.shared)
            if self._news(cluster, named) >= _NAMED_EVIDENCE:
                return self._joining(cluster, member, JoinKind.TRANSLATION, overlap, found, shown=named)
        return None

    def _joining(
        self, cluster: Cluster, member: Member, kind: JoinKind, score: float, found: Closest, *, shown: bytes | None = None
    ) -> Chosen:
        """The story with the reason: what is ``shown`` of what the article shares with this member, else all."""
        most = (_SHOWN_WORDS, _SHOWN_NUMBERS)
        written = self.fingerprint.words
        words, numbers = self.index.loops.shown(self.look, shown or found.shared, written, most) if written else ((), ())
        hours = round(abs(self.at - member.at), 1)
        return Chosen(cluster.id, Joined(kind, member.article, round(score, 2), round(found.share), words, numbers, hours))


def fading(hours: float) -> float:
    """What likeness counts over a distance in time: 1 within three days, 0.8 after ten, 0.6 after a month and a half, 0.4 after a year."""
    return 1.0 if hours <= WINDOW else float((WINDOW / hours) ** _FADING)


def _most_first(alike: tuple[float, int]) -> tuple[float, int]:
    """The most alike first; of equals the older article or story."""
    return -alike[0], alike[1]


def _other_figures(mine: Side, theirs: Side) -> bool:
    """Whether the two are one form filled twice: each has numbers that the other lacks, and more of them than they share."""
    own = min(mine.alone[TermKind.NUMBER], theirs.alone[TermKind.NUMBER])
    return own >= 2 and own > mine.both[TermKind.NUMBER]


def _own(side: Side) -> float:
    """The share of what an article says that the other does not."""
    alone = sum(side.alone_says)
    whole = alone + sum(side.both_says)
    return alone / whole if whole else 0.0


def _ordinary(side: Side) -> int:
    """Words that are no numbers and no names."""
    return side.alone[TermKind.WORD] + side.both[TermKind.WORD]


def _named_in_common(mine: Side, theirs: Side) -> float:
    """The share of what either says in numbers and names that both say."""
    said = min(sum(side.alone_says[1:]) + sum(side.both_says[1:]) for side in (mine, theirs))
    return min(sum(side.both_says[1:]) for side in (mine, theirs)) / said if said else 0.0
