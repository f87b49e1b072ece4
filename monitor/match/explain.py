"""Explaining: for one text and one watchlist, which clauses held and which failed, and what was found below them.

Used for ``monitor explain`` and ``why``. Slower than matching and says more: hits of clauses that failed, hits that a mask
took, what stands in furniture, and near misses (an AND, a NEAR or a passage of which all parts but one held).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monitor.match.engine import Engine, leaf_hits_of, masked_words
from monitor.match.evaluate import Article, Evaluation
from monitor.match.scan import Found, Scanned, scan
from monitor.model import Facts, Hit, Layout, Match, Sentence, Zone, ZoneKind
from monitor.watchlist.query import And, Count, Field, Filter, First, Group, Literal, Near, Node, Not, Or, Scope

#: Hits shown below one leaf: the rest is counted.
SHOWN: int = 5


@dataclass(frozen=True, slots=True)
class Explained:
    """One node of the query: as written, whether it held, why not, and what was found (leaves only, at most ``SHOWN``).

    ``found`` counts all hits of a leaf; ``near_miss`` marks a node that failed by one part alone.
    """

    query: str
    held: bool
    note: str
    found: int
    hits: tuple[Hit, ...]
    parts: tuple[Explained, ...]
    near_miss: bool = False


@dataclass(frozen=True, slots=True)
class Explanation:
    """``match`` is what the watchlist answers; ``masked`` and ``furniture`` are hits that did not count, and why."""

    watchlist: str
    match: Match | None
    root: Explained
    masked: tuple[Hit, ...]
    furniture: tuple[Hit, ...]


def explain(engine: Engine, watchlist: str, text: str, layout: Layout, facts: Facts) -> Explanation:
    """How the query of ``watchlist`` fares on this text; raises KeyError where the engine has no such watchlist."""
    one = engine.one(watchlist)
    scanned = scan(text, layout, engine.table)
    masked = masked_words(scanned, one.masks)
    leaves = leaf_hits_of(scanned, one.leaves, masked)
    everything = leaf_hits_of(scanned, one.leaves, {})
    article = Article(scanned, facts, engine.table.pattern)
    teller = _Teller(engine, article, Evaluation(article, leaves))
    taken = {leaf: [hit for hit in hits if hit not in set(leaves.get(leaf, ()))] for leaf, hits in everything.items()}
    match = next((m for m in engine.match(text, layout, facts) if m.watchlist == watchlist), None)
    return Explanation(
        watchlist,
        match,
        teller.tell(one.watchlist.when),
        tuple(teller.hit(leaf, hit) for leaf, hits in taken.items() for hit in hits),
        _furniture(engine, watchlist, text, layout.zones),
    )


class _Teller:
    def __init__(self, engine: Engine, article: Article, evaluation: Evaluation) -> None:
        self.engine, self.article, self.evaluation = engine, article, evaluation

    def tell(self, node: Node) -> Explained:
        held = bool(self.evaluation.evaluate(node))
        parts = tuple(self.tell(child) for child in node.children())
        found: Sequence[Found] = ()
        if isinstance(node, Group | Literal):
            found = self.evaluation.hits(node, self.article.whole())
        near_miss = not held and isinstance(node, And | Near | Scope) and self._one_short(node, parts)
        shown = tuple(self.hit(node, hit) for hit in found[:SHOWN]) if isinstance(node, Group | Literal) else ()
        return Explained(str(node), held, "" if held else self._why(node, parts), len(found), shown, parts, near_miss)

    def hit(self, leaf: Group | Literal, hit: Found) -> Hit:
        return _hit(self.engine, self.article.scanned, leaf, hit)

    @staticmethod
    def _one_short(node: Node, parts: tuple[Explained, ...]) -> bool:
        failed = sum(not part.held for part in parts)
        return failed == 1 or (failed == 0 and not isinstance(node, And))

    def _why(self, node: Node, parts: tuple[Explained, ...]) -> str:
        failed = [part.query for part in parts if not part.held]
        match node:
            case Group() | Literal():
                return "not found"
            case Or():
                return "none of these held"
            case Not():
                return "it was found"
            case Filter():
                return self._filter(node)
            case Near() if not failed:
                return self._distance(node)
            case Scope(kind) if not failed:
                return f"not in one {kind.value}"
            case Count(item, least):
                return f"found {len(self.evaluation.hits(item, self.article.whole()))} times, {least} needed apart from each other"
            case Field(kind) if not failed:
                return f"found, but not in the {kind.value}"
            case First(words) if not failed:
                return f"found, but not in the first {words} words"
        return f"{' and '.join(failed)} did not hold" if failed else ""

    def _filter(self, node: Filter) -> str:
        facts = self.article.facts
        have = {"lang": facts.language, "source": facts.source or "(none)"}.get(node.kind.value) or facts.labels.get(node.key, "(none)")
        return f"this article has {have}"

    def _distance(self, node: Near) -> str:
        """How far apart the nearest two sides stand, for a NEAR whose sides were all found."""
        sides = [self.evaluation.hits(item, self.article.whole()) for item in node.items]
        between = self.article.scanned.between
        gaps = [
            between(a.sentence, min(a.last, b.last), max(a.first, b.first))
            for a in sides[0]
            for b in sides[-1]
            if a.sentence == b.sentence and (a.last <= b.first or b.last <= a.first)
        ]
        if not gaps:
            return "never in one sentence"
        if min(gaps) > node.words:
            return f"at the nearest {min(gaps):g} words apart, {node.words} allowed"
        return "in the other order" if node.ordered else "within reach, but in different languages"


def _furniture(engine: Engine, watchlist: str, text: str, zones: Iterable[Zone]) -> tuple[Hit, ...]:
    """What the watchlist's terms would have found in furniture."""
    one = engine.one(watchlist)
    lines = tuple(Sentence(z.start, z.end, z.kind, 0) for z in zones if z.kind is ZoneKind.FURNITURE)
    scanned = Scanned(text, lines, engine.table).collect()
    hits = leaf_hits_of(scanned, one.leaves, {})
    return tuple(_hit(engine, scanned, leaf, hit) for leaf, found in hits.items() for hit in found)


def _hit(engine: Engine, scanned: Scanned, leaf: Group | Literal, hit: Found) -> Hit:
    span, pattern = scanned.span(hit), engine.table.pattern(hit.pattern)
    return Hit(str(leaf), pattern.term, span.start, span.end, scanned.text[span.start : span.end], pattern.entity)
