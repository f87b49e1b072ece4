"""Explaining: for one text and one watchlist, which clauses held and which failed, and what was found below them.

Used for ``monitor explain`` and ``why``. Slower than matching and says more: hits of clauses that failed and where they
stand, hits that a mask took, what stands in furniture, and near misses (an AND, a NEAR or a passage of which all parts
but one held). Below a prefix or a passage the parts are told as seen through it: of a sentence that came nearest, not of
the whole article.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from operator import attrgetter
from typing import Final

from monitor.match.engine import Compiled, Engine, cues_in, leaf_hits_of, masked_words, speaking
from monitor.match.evaluate import FIELD_ZONES, Article, Evaluation, View
from monitor.match.evidence import of_language
from monitor.match.patterns import ANY
from monitor.match.scan import Found, Scanned, scan
from monitor.match.stance import decided
from monitor.model import Facts, Hit, Layout, Match, Sentence, Severity, Span, Stance, Zone, ZoneKind
from monitor.watchlist.query import (
    And,
    Count,
    Field,
    Filter,
    First,
    Group,
    Literal,
    Near,
    Node,
    Not,
    Or,
    Scope,
    ScopeKind,
    leaves,
    true_of_nothing,
)

#: Hits shown below one leaf: the rest is counted.
SHOWN: Final = 5
#: A window as wide as any sentence, to see how far apart things stand.
_ANY_DISTANCE: Final = 100_000
_LANGUAGES: Final = "in different languages"
#: Of more hits than this the distances are not measured: every one is compared with every other.
_MEASURED: Final = 1_000


@dataclass(frozen=True, slots=True)
class Told:
    """A hit, the zone it stands in and the language of its term (``any`` where that is of none); of one that a mask took, the mask."""

    hit: Hit
    zone: ZoneKind
    language: str
    mask: str = ""


@dataclass(frozen=True, slots=True)
class Explained:
    """One node of the query: as written, whether it held, why not, and what was found (leaves only, at most ``SHOWN``).

    ``found`` counts all hits of a leaf; ``near_miss`` marks a node that failed by one part alone, ``languages`` one that failed
    because its parts were found in different languages. ``anywhere``: something below it was found in the article, be it where
    it does not count. ``either``: its parts are the clauses of an OR.
    """

    query: str
    held: bool
    note: str
    found: int
    hits: tuple[Told, ...]
    parts: tuple[Explained, ...]
    near_miss: bool = False
    languages: bool = False
    anywhere: bool = False
    either: bool = False


@dataclass(frozen=True, slots=True)
class Spoken:
    """How one passage of the evidence speaks, and the cue that decided it: as it stands in the text, and where; None where nothing
    but reports."""

    quote: str
    zone: ZoneKind
    stance: Stance
    cue: str
    place: Span | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """``match`` is what the watchlist answers, ``zones`` what the text is made of.

    ``masked`` and ``furniture`` are hits that did not count; ``with_furniture`` says that the query, which did not hold, would
    have held if furniture counted. ``escalate`` are the steps that raise the severity. ``spoken`` has the passages of the match,
    in text order.
    """

    watchlist: str
    match: Match | None
    root: Explained
    escalate: tuple[tuple[Severity, Explained], ...]
    zones: tuple[Zone, ...]
    masked: tuple[Told, ...]
    furniture: tuple[Told, ...]
    with_furniture: bool
    spoken: tuple[Spoken, ...]


def explain(engine: Engine, watchlist: str, text: str, layout: Layout, facts: Facts) -> Explanation:
    """How the query of ``watchlist`` fares on this text; raises KeyError where the engine has no such watchlist."""
    one = engine.one(watchlist)
    scanned = scan(text, layout, engine.table)
    found = leaf_hits_of(scanned, one.leaves, masked_words(scanned, one.masks, facts.language))
    article = Article(scanned, facts, engine.table.pattern)
    evaluation = Evaluation(article, found)
    teller = _Teller(engine, article, evaluation)
    match = _match(engine, watchlist, text, layout, facts)
    furniture = _furniture(engine, one, text, layout, facts.language)
    return Explanation(
        watchlist,
        match,
        teller.tell(one.watchlist.when, article.whole()),
        tuple((step.to, teller.tell(step.when, article.whole())) for step in one.watchlist.escalate),
        layout.zones,
        tuple(sorted(_taken(engine, one, scanned, found, facts.language), key=_place)),
        furniture,
        match is None and bool(furniture) and _match(engine, watchlist, text, _all_counted(layout), facts) is not None,
        tuple(_spoken(engine, one, article, evaluation)) if match else (),
    )


def _match(engine: Engine, watchlist: str, text: str, layout: Layout, facts: Facts) -> Match | None:
    return next((match for match in engine.match(text, layout, facts) if match.watchlist == watchlist), None)


def _spoken(engine: Engine, one: Compiled, article: Article, evaluation: Evaluation) -> Iterator[Spoken]:
    """Every passage, and the cue that told its stance."""
    scanned, pattern_of = article.scanned, engine.table.pattern
    fired = [found for _, node in one.clauses if (found := evaluation.evidence(node)) is not None]
    cues = cues_in(scanned, one.cues, article.facts.language)
    for sentence, group in groupby(sorted({hit for hits in fired for hit in hits}), attrgetter("sentence")):
        hits = list(group)
        stance, cue = decided(scanned, sentence, hits, of_language(cues.get(sentence, ()), hits, pattern_of))
        start, end, zone, _ = scanned.sentences[sentence]
        place = scanned.span(cue) if cue else None
        yield Spoken(scanned.text[start:end], zone, stance, scanned.text[place.start : place.end] if place else "", place)


# ----------------------------------------------------------------------------------- what did not count
def _taken(engine: Engine, one: Compiled, scanned: Scanned, kept: dict[Group | Literal, list[Found]], language: str) -> Iterator[Told]:
    """The hits that a mask took, each with the mask."""
    masking = sorted(speaking(scanned, one.masks, language), key=attrgetter("pattern"), reverse=True)
    masks = {(hit.sentence, word): hit.pattern for hit in masking for word in range(hit.first, hit.last)}
    for leaf, hits in leaf_hits_of(scanned, one.leaves, {}).items() if masks else ():
        for hit in set(hits) - set(kept.get(leaf, ())):
            mask = next(masks[place] for word in range(hit.first, hit.last) if (place := (hit.sentence, word)) in masks)
            yield replace(_told(engine, scanned, leaf, hit), mask=engine.table.pattern(mask).term)


def _furniture(engine: Engine, one: Compiled, text: str, layout: Layout, language: str) -> tuple[Told, ...]:
    """What the watchlist's terms would have found in furniture."""
    lines = tuple(_lines(layout, 0))
    scanned = scan(text, Layout(layout.zones, lines, layout.title), engine.table)
    hits = leaf_hits_of(scanned, one.leaves, masked_words(scanned, one.masks, language))
    return tuple(sorted((_told(engine, scanned, leaf, hit) for leaf, found in hits.items() for hit in found), key=_place))


def _lines(layout: Layout, paragraph: int) -> Iterator[Sentence]:
    """Each piece of furniture as a sentence, and a paragraph, of its own."""
    pieces = (zone for zone in layout.zones if zone.kind is ZoneKind.FURNITURE)
    return (Sentence(zone.start, zone.end, zone.kind, paragraph + number) for number, zone in enumerate(pieces))


def _all_counted(layout: Layout) -> Layout:
    """The same text, had its furniture been text."""
    after = max((sentence.paragraph for sentence in layout.sentences), default=0) + 1
    return Layout(layout.zones, tuple(sorted((*layout.sentences, *_lines(layout, after)))), layout.title)


def _told(engine: Engine, scanned: Scanned, leaf: Group | Literal, hit: Found) -> Told:
    span, pattern = scanned.span(hit), engine.table.pattern(hit.pattern)
    found = Hit(str(leaf), pattern.term, span.start, span.end, scanned.text[span.start : span.end], pattern.entity)
    return Told(found, scanned.sentences[hit.sentence].zone, pattern.language)


def _place(told: Told) -> tuple[int, int, str]:
    return told.hit.start, told.hit.end, told.hit.group


# --------------------------------------------------------------------------------------------- the tree
class _Teller:
    """Tells the tree of one query. ``where`` says in words what a view leaves to be seen."""

    def __init__(self, engine: Engine, article: Article, evaluation: Evaluation) -> None:
        self.engine, self.article, self.evaluation = engine, article, evaluation

    def tell(self, node: Node, view: View, where: str = "") -> Explained:
        held = self._holds(node, view)
        inner, there = self._inner(node, view, where)
        parts = tuple(self.tell(child, inner, there) for child in node.children())
        found: Sequence[Found] = self.evaluation.hits(node, view) if isinstance(node, Group | Literal) else ()
        note = "" if held else self._why(node, view, where, parts)
        return Explained(
            str(node),
            held,
            note,
            len(found),
            tuple(self._shown(node, found[:SHOWN])),
            parts,
            not held and self._near_miss(node, parts),
            note.endswith(_LANGUAGES),
            any(part.anywhere for part in parts) or (isinstance(node, Group | Literal) and self._holds(node, self.article.whole())),
            isinstance(node, Or),
        )

    def _holds(self, node: Node, view: View) -> bool:
        return bool(self.evaluation.evaluate(node, view))

    def _shown(self, node: Node, found: Sequence[Found]) -> Iterator[Told]:
        if isinstance(node, Group | Literal):
            yield from (_told(self.engine, self.article.scanned, node, hit) for hit in found)

    def _inner(self, node: Node, view: View, where: str) -> tuple[View, str]:
        """What the parts of the node are looked for in."""
        match node:
            case Field(kind):
                zones = FIELD_ZONES[kind] if view.zones is None else FIELD_ZONES[kind] & view.zones
                return replace(view, zones=zones), f"in the {kind.value}"
            case First(words):
                fewer = words if view.words is None else min(words, view.words)
                return replace(view, words=fewer), f"within the first {fewer} words"
            case Scope():
                nearest = self._nearest(node, view)
                return (nearest, f"in this {node.kind.value}") if nearest is not None else (view, where)
        return view, where

    def _nearest(self, scope: Scope, view: View) -> View | None:
        """The passage in which the most parts hold: the first of those in which all do, where it held."""
        passages = [replace(view, low=low, high=high) for low, high in self._passages(scope, view)]
        return max(passages, key=lambda passage: sum(self._holds(item, passage) for item in scope.items), default=None)

    def _passages(self, scope: Scope, view: View) -> Iterator[tuple[int, int]]:
        """The passages that hold a hit of anything that the scope asks for."""
        hit = {found.sentence for leaf in leaves(scope) for found in self.evaluation.hits(leaf, view)}
        sentences = self.article.scanned.sentences
        seen = range(view.low, view.high)
        for _, group in groupby(seen, lambda n: n if scope.kind is ScopeKind.SENTENCE else sentences[n].paragraph):
            numbers = list(group)
            if hit.intersection(numbers):
                yield numbers[0], numbers[-1] + 1

    # ------------------------------------------------------------------ why not
    @staticmethod
    def _near_miss(node: Node, parts: tuple[Explained, ...]) -> bool:
        failed = sum(not part.held for part in parts)
        match node:
            case And(items) | Scope(_, items):
                # A NOT that holds because nothing is there brings nothing nearer.
                found = any(part.held and not true_of_nothing(item) for part, item in zip(parts, items, strict=True))
                return failed == 1 and found
            case Near():
                return failed <= 1
        return False

    def _why(self, node: Node, view: View, where: str, parts: tuple[Explained, ...]) -> str:
        match node:
            case Group() | Literal():
                return f"found, but not {where}" if where and self._holds(node, self.article.whole()) else "not found"
            case Or():
                return "none of these held"
            case Not():
                return f"it was found {where}".rstrip()
            case Filter():
                return self._filter(node)
            case Near() if all(part.held for part in parts):
                return self._apart(node, view)
            case Scope(kind, items) if all(self._holds(item, view) for item in items):
                return f"not in one {kind.value}; below, the one that comes nearest"
            case Count(item, least):
                return f"found {_times(self._disjoint(item, view))}, {least} needed apart from each other"
            case Field(kind, item) if self._holds(item, view):
                return f"found, but not in the {kind.value}"
            case First(words, item) if self._holds(item, view):
                return f"found, but not in the first {words} words"
        failed = [part.query for part in parts if not part.held]
        return f"{' and '.join(failed)} did not hold" if failed else ""

    def _filter(self, node: Filter) -> str:
        facts = self.article.facts
        have = {"lang": facts.language, "source": facts.source or "(none)"}.get(node.kind.value) or facts.labels.get(node.key, "(none)")
        return f"this article has {have}"

    def _disjoint(self, item: Node, view: View) -> int:
        """How many hits lie apart from each other: what count() counts."""
        apart: list[Found] = []
        for hit in sorted(self.evaluation.hits(item, view), key=lambda hit: (hit.sentence, hit.last, -hit.first)):
            if not apart or hit.sentence > apart[-1].sentence or hit.first >= apart[-1].last:
                apart.append(hit)
        return len(apart)

    def _apart(self, node: Near, view: View) -> str:
        """How far apart the sides of a NEAR stand that were all found."""
        if sum(len(self.evaluation.hits(item, view)) for item in node.items) > _MEASURED:
            return f"never within {node.words} words"
        wide = replace(node, words=_ANY_DISTANCE)
        met = self.evaluation.evaluate(wide, view)
        if met:
            return f"at the nearest {min(map(self._between, met)):g} words apart, {node.words} allowed"
        if node.ordered and self._holds(replace(wide, ordered=False), view):
            return "in the other order"
        sides = [{hit.sentence for hit in self.evaluation.hits(item, view)} for item in node.items]
        if set.intersection(*sides):
            if self._meets_in_any_language(wide, view):
                return f"in one sentence, but {_LANGUAGES}"
            if node.ordered and self._meets_in_any_language(replace(wide, ordered=False), view):
                return f"in the other order, and {_LANGUAGES}"
            return "in one sentence, but in the same words"
        most = max(set.union(*sides), key=lambda sentence: sum(sentence in side for side in sides))
        here = [str(item) for item, side in zip(node.items, sides, strict=True) if most in side]
        return f"never in one sentence, at the most {' and '.join(here)}" if len(here) > 1 else "never in one sentence"

    def _meets_in_any_language(self, node: Near, view: View) -> bool:
        """Whether the sides would have met if every term were of every language."""
        pattern = self.engine.table.pattern
        blind = Article(self.article.scanned, self.article.facts, lambda number: replace(pattern(number), language=ANY))
        return bool(Evaluation(blind, self.evaluation.leaf_hits).evaluate(node, view))

    def _between(self, hits: Sequence[Found]) -> float:
        between = self.article.scanned.between
        return sum(between(one.sentence, one.last, two.first) for one, two in pairwise(sorted(hits)))


def _times(number: int) -> str:
    return {0: "nowhere", 1: "once", 2: "twice"}.get(number, f"{number} times")
