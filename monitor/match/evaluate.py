"""Evaluation: a query over one text's hits.

``evaluate`` returns the *alternatives* of a node: each is a tuple of hits that by itself makes the node true. No
alternative means false; an empty alternative means true without any hit (a filter, a NOT). Alternatives that lie in one
sentence come out for every such sentence, so that evidence can name each sentence that alone would have done; where
none does, the least set across sentences comes out.

Semantics are those of DESIGN.md, "Query". Everything is bounded by the number of hits times the window.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from monitor.match.least import Alternative, counted, least, sentences_of, union
from monitor.match.patterns import Pattern
from monitor.match.scan import Found, Scanned
from monitor.model import Facts, ZoneKind
from monitor.text.words import CJK_PER_WORD
from monitor.watchlist.query import (
    And,
    Count,
    Field,
    FieldKind,
    Filter,
    FilterKind,
    First,
    Group,
    Literal,
    Near,
    Node,
    Not,
    Or,
    Scope,
    ScopeKind,
)

__all__ = ["FIELD_ZONES", "Alternative", "Article", "Evaluation", "LeafHits", "View"]

#: Combinations tried from one hit of near(n, a, b, c …): a window holds few hits, hostile text holds many.
_TRIES: Final = 200
#: Words that spans in one window may take up among themselves; phrases are shorter than this by far.
_LONGEST_SPAN: Final = 64
#: What each prefix leaves to be seen.
FIELD_ZONES: Final = {
    FieldKind.TITLE: frozenset({ZoneKind.TITLE}),
    FieldKind.LEAD: frozenset({ZoneKind.LEAD}),
    FieldKind.BODY: frozenset({ZoneKind.LEAD, ZoneKind.BODY}),
}


@dataclass(frozen=True, slots=True)
class View:
    """What of the text a node may see: sentences ``[low, high)``, some zones, the first so many words."""

    low: int
    high: int
    zones: frozenset[ZoneKind] | None = None
    words: int | None = None


class Article:
    """One scanned text with its facts and the hits of each leaf. ``leaf_hits`` maps a leaf's key to its hits, masks applied."""

    def __init__(self, scanned: Scanned, facts: Facts, pattern: Callable[[int], Pattern]) -> None:
        self.scanned = scanned
        self.facts = facts
        #: Pattern by number: its language counts, and hits of ``any`` share every language.
        self.pattern = pattern

    def whole(self) -> View:
        return View(0, len(self.scanned.sentences))

    def sees(self, view: View, hit: Found) -> bool:
        if not view.low <= hit.sentence < view.high:
            return False
        if view.zones is not None and self.scanned.sentences[hit.sentence].zone not in view.zones:
            return False
        return view.words is None or self.scanned.words_before(hit.sentence) + hit.last <= view.words


LeafHits = Mapping[Group | Literal, Sequence[Found]]


class Evaluation:
    """One query's evaluation over one article."""

    def __init__(self, article: Article, leaf_hits: LeafHits) -> None:
        self.article = article
        self.leaf_hits = leaf_hits
        #: The sentence of each hit of a leaf, to find those of a passage without looking at the others.
        self._sentences: dict[Group | Literal, list[int]] = {}

    def evaluate(self, node: Node, view: View | None = None) -> list[Alternative]:
        view = view or self.article.whole()
        match node:
            case Group() | Literal():
                return [(hit,) for hit in self.hits(node, view)]
            case Or(items):
                return [alternative for item in items for alternative in self.evaluate(item, view)]
            case And(items):
                return self._and([self.evaluate(item, view) for item in items])
            case Not(item):
                return [] if self.evaluate(item, view) else [()]
            case Near():
                return self._near(node, view)
            case Scope():
                return self._scope(node, view)
            case Count(item, number):
                return self._count(self.hits(item, view), number)
            case First(words, item):
                fewer = words if view.words is None else min(words, view.words)
                return self.evaluate(item, replace(view, words=fewer))
            case Field(kind, item):
                zones = FIELD_ZONES[kind] if view.zones is None else FIELD_ZONES[kind] & view.zones
                return self.evaluate(item, replace(view, zones=zones))
            case Filter():
                return [()] if self._filter(node) else []
        raise AssertionError(f"a node the evaluator does not know: {node!r}")

    def evidence(self, node: Node) -> Sequence[Found] | None:
        """The hits that are evidence of a clause, sorted, each once; None where it is not true.

        They are those of every sentence with an alternative of its own, or of the least alternative across sentences where none has one.
        """
        if isinstance(node, Group | Literal):
            # As most clauses are that are true of many articles: each hit is an alternative of its own.
            return self.leaf_hits.get(node) or None
        found = self.evaluate(node)
        return _evidence(found) if found else None

    def hits(self, node: Node, view: View) -> list[Found]:
        """The hits of a group, a literal or an OR of them that the view shows, in text order."""
        if isinstance(node, Or):
            return sorted({hit for item in node.items for hit in self.hits(item, view)})
        assert isinstance(node, Group | Literal)
        found = self.leaf_hits.get(node, ())
        if view.low or view.high < len(self.article.scanned.sentences):
            numbers = self._sentences.get(node)
            if numbers is None:
                numbers = self._sentences[node] = [hit.sentence for hit in found]
            found = found[bisect_left(numbers, view.low) : bisect_left(numbers, view.high)]
        if view.zones is None and view.words is None:
            return list(found)
        return [hit for hit in found if self.article.sees(view, hit)]

    # ------------------------------------------------------------------ AND and scopes
    @staticmethod
    def _and(parts: list[list[Alternative]]) -> list[Alternative]:
        if not all(parts):
            return []
        positive = [part for part in parts if () not in part]
        if not positive:
            return [()]
        by_sentence = [_by_sentence(part) for part in positive]
        common = set(by_sentence[0]).intersection(*by_sentence[1:])
        if common:
            return [union(sentences[number] for sentences in by_sentence) for number in sorted(common)]
        return [least(positive, by_sentence)]  # no sentence has it all

    def _scope(self, node: Scope, view: View) -> list[Alternative]:
        """Each sentence or paragraph in which every item is true, NOT included: inside, a NOT speaks of that passage."""
        out: list[Alternative] = []
        for low, high in self._passages(node, view):
            inner = replace(view, low=low, high=high)
            found = self._and([self.evaluate(item, inner) for item in node.items])
            out.extend(found)
        return out

    def _passages(self, node: Scope, view: View) -> list[tuple[int, int]]:
        """The passages that hold any hit of the scope's leaves; without a hit none can be true."""
        numbers = sorted({h.sentence for leaf in node.walk() if isinstance(leaf, Group | Literal) for h in self.hits(leaf, view)})
        if node.kind is ScopeKind.SENTENCE:
            return [(number, number + 1) for number in numbers]
        sentences = self.article.scanned.sentences
        out: list[tuple[int, int]] = []
        for number in numbers:
            if out and number < out[-1][1]:
                continue
            paragraph = sentences[number].paragraph
            low = high = number
            while low > view.low and sentences[low - 1].paragraph == paragraph:
                low -= 1
            while high < view.high and sentences[high].paragraph == paragraph:
                high += 1
            out.append((low, high))
        return out

    @staticmethod
    def _count(hits: list[Found], number: int) -> list[Alternative]:
        """Disjoint spans, greedily by where they end, which finds the most there are."""
        kept: list[Found] = []
        for hit in sorted(hits, key=lambda h: (h.sentence, h.last, -h.first)):
            if not kept or hit.sentence > kept[-1].sentence or hit.first >= kept[-1].last:
                kept.append(hit)
        return counted(kept, number)

    def _filter(self, node: Filter) -> bool:
        facts = self.article.facts
        if node.kind is FilterKind.LANG:
            return facts.language in node.values
        if node.kind is FilterKind.SOURCE:
            return facts.source in node.values
        return facts.labels.get(node.key) in node.values

    # ------------------------------------------------------------------ proximity
    def _near(self, node: Near, view: View) -> list[Alternative]:
        sides = [_split(self.hits(item, view)) for item in node.items]
        out: dict[Alternative, None] = {}
        for sentence in sorted(set(sides[0]).intersection(*sides[1:])):
            here = [side[sentence] for side in sides]
            if len(here) == 2:
                for pair in self._pairs(here[0], here[1], node.words, node.ordered):
                    out[pair] = None
            else:
                for found in self._window(here, node.words):
                    out[found] = None
        return list(out)

    def _pairs(self, left: list[Found], right: list[Found], words: int, ordered: bool) -> Iterable[Alternative]:
        """Every left hit with its nearest right one, and every right hit with its nearest left one."""
        yield from self._nearest(left, right, words, after=True, before=not ordered)
        for b, a in self._nearest(right, left, words, after=not ordered, before=True):
            yield (a, b)

    def _nearest(self, some: list[Found], others: list[Found], words: int, *, after: bool, before: bool) -> Iterable[tuple[Found, Found]]:
        starts = [hit.first for hit in others]
        longest = max((hit.last - hit.first for hit in others), default=0)
        for hit in some:
            best: tuple[float, Found] | None = None
            if after:
                best = self._after(hit, others, bisect_left(starts, hit.last), words)
            if before:
                # Spans that end before the hit begins: those that start before it, nearest first, until none can reach.
                best = _better(best, self._before(hit, others, bisect_left(starts, hit.first) - 1, words, longest))
            if best is not None:
                yield hit, best[1]

    def _after(self, hit: Found, others: list[Found], at: int, words: int) -> tuple[float, Found] | None:
        between = self.article.scanned.between
        while at < len(others):
            gap = between(hit.sentence, hit.last, others[at].first)
            if gap > words:
                return None
            if self._share(hit, others[at]):
                return gap, others[at]
            at += 1
        return None

    def _before(self, hit: Found, others: list[Found], at: int, words: int, longest: int) -> tuple[float, Found] | None:
        between = self.article.scanned.between
        best: tuple[float, Found] | None = None
        while at >= 0:
            other = others[at]
            if between(hit.sentence, other.first + longest, hit.first) > words:
                return best
            if other.last <= hit.first and self._share(hit, other):
                gap = between(hit.sentence, other.last, hit.first)
                if gap <= words and (best is None or gap < best[0]):
                    best = gap, other
                    if gap == 0:
                        return best
            at -= 1
        return best

    def _share(self, *hits: Found) -> bool:
        """Whether all hits may be of one language (``any`` shares all)."""
        return len({self.article.pattern(hit.pattern).language for hit in hits} - {"any"}) <= 1

    def _window(self, sides: list[list[Found]], words: int) -> Iterable[Alternative]:
        """near(n, a, b, c …): disjoint spans of all sides, at most ``words`` words of none of them between the outermost."""
        for hit in sides[0]:
            found = self._grow([hit], sides[1:], words, [_TRIES])
            if found is not None:
                yield tuple(sorted(found))

    def _grow(self, chosen: list[Found], rest: list[list[Found]], words: int, tries: list[int]) -> list[Found] | None:
        if not rest:
            return chosen
        middle = chosen[0].first
        for hit in sorted(self._reachable(rest[0], chosen, words), key=lambda h: abs(h.first - middle)):
            tries[0] -= 1
            if tries[0] < 0:
                return None
            disjoint = all(hit.last <= c.first or c.last <= hit.first for c in chosen)
            if disjoint and self._share(hit, *chosen) and (rest[1:] or self._spread([*chosen, hit]) <= words):
                found = self._grow([*chosen, hit], rest[1:], words, tries)
                if found is not None:
                    return found
        return None

    @staticmethod
    def _reachable(side: list[Found], chosen: list[Found], words: int) -> list[Found]:
        """The hits of a side that can stand in one window with those chosen: all others are too far off, whatever lies between.

        A window of n words is at most 4 n characters of a script without blanks, and the spans chosen and yet to be chosen.
        """
        reach = CJK_PER_WORD * (words + 1) + _LONGEST_SPAN
        low = bisect_left(side, min(hit.first for hit in chosen) - reach, key=_first)
        high = bisect_left(side, max(hit.last for hit in chosen) + reach, key=_first)
        return side[low:high]

    def _spread(self, hits: list[Found]) -> float:
        between = self.article.scanned.between
        ordered = sorted(hits)
        return sum(between(a.sentence, a.last, b.first) for a, b in pairwise(ordered))


def _first(hit: Found) -> int:
    return hit.first


def _better(one: tuple[float, Found] | None, two: tuple[float, Found] | None) -> tuple[float, Found] | None:
    if one is None or two is None:
        return one or two
    return two if two[0] < one[0] else one


def _split(hits: Sequence[Found]) -> dict[int, list[Found]]:
    out: dict[int, list[Found]] = {}
    for hit in hits:
        sentence = hit[0]
        if sentence in out:
            out[sentence].append(hit)
        else:
            out[sentence] = [hit]
    return out


def _evidence(found: Sequence[Alternative]) -> list[Found]:
    """See ``Evaluation.evidence``."""
    alone: set[Found] = set()
    spread: list[Alternative] = []
    for alternative in found:
        if len(alternative) > 1 and len({hit.sentence for hit in alternative}) > 1:
            spread.append(alternative)
        else:
            alone.update(alternative)
    if not alone and spread:
        fewest = min(spread, key=lambda alternative: (len(sentences_of(alternative)), alternative))
        alone.update(fewest)
    return sorted(alone)


def _by_sentence(alternatives: list[Alternative]) -> dict[int, Alternative]:
    """Sentence -> union of the alternatives that lie in it alone."""
    out: dict[int, set[Found]] = {}
    for alternative in alternatives:
        numbers = {hit.sentence for hit in alternative}
        if len(numbers) == 1:
            out.setdefault(numbers.pop(), set()).update(alternative)
    return {number: tuple(sorted(hits)) for number, hits in out.items()}
