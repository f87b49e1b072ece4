"""The engine: watchlists compiled together, and the door through which a text is matched.

Compiling interns what watchlists share. Matching scans once, then looks only at the clauses whose groups were hit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from operator import attrgetter, itemgetter
from typing import Final

from monitor.match.evaluate import Article, Evaluation
from monitor.match.evidence import Clause, Told, evidence_of
from monitor.match.gates import Gate, Gates, gate_of
from monitor.match.native import kernel
from monitor.match.patterns import Asked, Pattern, Table
from monitor.match.scan import Found, Scanned
from monitor.model import Entity, Facts, Layout, Match, Severity, Stance
from monitor.text.forms import Lookup, Mark, Remembered
from monitor.text.scripts import scripts_of, writes_japanese
from monitor.watchlist import Term, Watchlist
from monitor.watchlist.query import Group, Literal, Node, Or, leaves, negations_inward

#: Changes whenever the same watchlist may match otherwise than before.
ENGINE_VERSION: Final = "5"

#: Patterns whose telling one watchlist remembers; few watchlists have more terms that were ever hit.
TOLD_LIMIT: Final = 1_000

#: The language a quoted phrase is expanded in where its watchlist has no terms of that script.
_SCRIPT_LANGUAGE: Final = {
    "Arabic": "ar",
    "Latin": "en",
    "Cyrillic": "ru",
    "Hebrew": "he",
    "Han": "zh",
    "Hiragana": "ja",
    "Katakana": "ja",
    "Hangul": "ko",
}


@dataclass(frozen=True, slots=True)
class Compiled:
    """One watchlist over the table: patterns by leaf, the number of the group behind each leaf, how its hits are told, masks, cues,
    and its clauses."""

    watchlist: Watchlist
    leaves: Mapping[Group | Literal, Asked]
    groups: Mapping[Group | Literal, int]
    told: Told
    masks: frozenset[int]
    cues: tuple[tuple[Stance, frozenset[int]], ...]
    every_cue: frozenset[int]
    clauses: tuple[tuple[str, Node], ...]
    escalate: tuple[tuple[Severity, Node], ...]


class Telling(dict[int, tuple[tuple[str, str, Entity | None], ...]]):
    """Memo of one watchlist: pattern -> how a hit of it is told, see ``evidence.Told``."""

    def __init__(
        self, groups_of: Callable[[int], Iterable[int]], names: Mapping[int, Sequence[str]], pattern_of: Callable[[int], Pattern]
    ) -> None:
        """``names`` are those of the watchlist's leaves, by group."""
        super().__init__()
        self.groups_of, self.names, self.pattern_of = groups_of, names, pattern_of

    def __missing__(self, number: int) -> tuple[tuple[str, str, Entity | None], ...]:
        if len(self) >= TOLD_LIMIT:
            self.clear()
        pattern = self.pattern_of(number)
        names = (name for group in self.groups_of(number) for name in self.names.get(group, ()))
        told = self[number] = tuple((name, pattern.term, pattern.entity) for name in names)
        return told


class Engine:
    """Compiled watchlists. Matching is pure and may be called from one thread of a process at a time."""

    version = ENGINE_VERSION

    def __init__(
        self, watchlists: Sequence[Watchlist], lookup: Lookup, remembered: Remembered | None = None, *, native: bool = True
    ) -> None:
        self.table = Table(lookup, remembered, native=native)
        self._in_order = kernel.in_order if self.table.native else in_order
        # A vocabulary's group is one, however many watchlists use it.
        self._groups: dict[Asked, int] = {}
        # Pattern, or list of names -> the groups it is of.
        self._by_pattern: dict[int, tuple[int, ...]] = {}
        self._by_list: dict[range, list[int]] = defaultdict(list)
        self.compiled = tuple(self._compile(watchlist) for watchlist in watchlists)
        self.table.seal()
        # Nearly all patterns are of the groups that many others are of, and share one tuple with them.
        alike: dict[tuple[int, ...], tuple[int, ...]] = {}
        for asked, group in self._groups.items():
            for pattern in asked.numbers:
                groups = (*self._by_pattern.get(pattern, ()), group)
                self._by_pattern[pattern] = alike.setdefault(groups, groups)
            for numbers in asked.lists:
                self._by_list[numbers].append(group)
        sizes = [len(asked.numbers) + sum(map(len, asked.lists)) for asked in self._groups]
        self._gates = Gates(self._clauses(sizes.__getitem__), sizes.__getitem__)

    def _clauses(self, weight: Callable[[int], int]) -> Iterator[tuple[tuple[int, int], Gate, frozenset[int]]]:
        for index, one in enumerate(self.compiled):
            groups = frozenset(one.groups.values())
            for number, (_, node) in enumerate(one.clauses):
                yield (index, number), gate_of(node, one.groups.__getitem__, weight), groups

    # ------------------------------------------------------------------ compiling
    def _compile(self, watchlist: Watchlist) -> Compiled:
        nodes = [watchlist.when, *(step.when for step in watchlist.escalate)]
        patterns: dict[Group | Literal, Asked] = {}
        groups: dict[Group | Literal, int] = {}
        for leaf in (leaf for node in nodes for leaf in leaves(node)):
            if leaf not in patterns:
                terms = watchlist.groups[leaf.name] if isinstance(leaf, Group) else literal_terms(leaf, watchlist)
                names = watchlist.names.get(leaf.name, ()) if isinstance(leaf, Group) else ()
                numbers = frozenset(self.table.ask(term, quoted=isinstance(leaf, Literal)) for term in terms)
                patterns[leaf] = Asked(numbers, tuple(map(self.table.ask_list, names)))
                groups[leaf] = self._groups.setdefault(patterns[leaf], len(self._groups))
        masks = frozenset(map(self.table.add, watchlist.masks))
        cues = tuple((stance, frozenset(map(self.table.add, terms))) for stance, terms in watchlist.cues.items())
        when = watchlist.when
        # A clause is named as it was written and evaluated with its negations moved inward.
        clauses = tuple((str(node), negations_inward(node)) for node in (when.items if isinstance(when, Or) else (when,)))
        escalate = tuple((step.to, negations_inward(step.when)) for step in watchlist.escalate)
        called: dict[int, list[str]] = defaultdict(list)
        for leaf, group in groups.items():
            called[group].append(str(leaf))
        told = Telling(self._groups_of, called, self.table.pattern)
        every_cue = frozenset(chain.from_iterable(numbers for _, numbers in cues))
        return Compiled(watchlist, patterns, groups, told, masks, cues, every_cue, clauses, escalate)

    def one(self, watchlist: str) -> Compiled:
        """A compiled watchlist by id; raises KeyError."""
        found = next((one for one in self.compiled if one.watchlist.id == watchlist), None)
        if found is None:
            raise KeyError(watchlist)
        return found

    # ------------------------------------------------------------------ matching
    def match(self, text: str, layout: Layout, facts: Facts) -> tuple[Match, ...]:
        """Every watchlist whose query is true of the text, with its evidence; in the order of the watchlists."""
        scanned = Scanned(text, layout.sentences, self.table)
        if not scanned:
            return ()
        glanced = scanned.glance()
        parts = self._by_group(glanced if glanced is not None else scanned.collect().hits)
        opened = self._gates.open(parts.keys(), lambda: _by_sentence(parts))
        # Most articles are done with here: what they may hold opens no clause.
        if not opened:
            return ()
        if glanced is not None and scanned.collect().hits is not glanced:
            parts = self._by_group(scanned.hits)
        hits = {group: list(found[0]) if len(found) == 1 else self._in_order(found) for group, found in parts.items()}
        article = Article(scanned, facts, self.table.pattern)
        matches = []
        for index, clauses in groupby(opened, key=itemgetter(0)):
            match = self._match(self.compiled[index], clauses, hits, article)
            if match is not None:
                matches.append(match)
        return tuple(matches)

    def _by_group(self, hits: Mapping[int, Sequence[Found]]) -> dict[int, list[Sequence[Found]]]:
        """The hits of each group that has any, pattern by pattern; those that masks cover are among them."""
        parts: dict[int, list[Sequence[Found]]] = defaultdict(list)
        known = self._by_pattern.get
        for pattern, found in hits.items():
            for group in known(pattern) or self._groups_of(pattern):
                parts[group].append(found)
        return parts

    def _groups_of(self, pattern: int) -> Iterable[int]:
        groups = self._by_pattern.get(pattern)
        if groups is not None:
            return groups
        return [group for numbers, groups in self._by_list.items() if pattern in numbers for group in groups]

    def _match(self, one: Compiled, opened: Iterable[tuple[int, int]], hits: Mapping[int, list[Found]], article: Article) -> Match | None:
        scanned = article.scanned
        masked = masked_words(scanned, one.masks, article.facts.language)
        leaf_hits = {leaf: unmasked(hits[group], masked) for leaf, group in one.groups.items() if group in hits}
        evaluation = Evaluation(article, leaf_hits)
        clauses = (one.clauses[number] for _, number in opened)
        fired = [Clause(written, found) for written, node in clauses if (found := evaluation.evidence(node)) is not None]
        if not fired:
            return None
        cues = {} if one.every_cue.isdisjoint(scanned.hits) else _cues(scanned, one.cues, article.facts.language)
        evidence = evidence_of(scanned, fired, one.told, cues, self.table.pattern)
        severity = self._severity(one, evaluation)
        stances = tuple(dict.fromkeys(map(_stance, evidence))) if cues else (Stance.REPORTED,)
        return Match(one.watchlist.id, one.watchlist.version, severity, stances, evidence)

    @staticmethod
    def _severity(one: Compiled, evaluation: Evaluation) -> Severity:
        if not one.escalate:
            return one.watchlist.severity
        reached = [one.watchlist.severity, *(to for to, node in one.escalate if evaluation.evaluate(node))]
        return max(reached, key=lambda severity: severity.rank)


def in_order(lists: Iterable[Iterable[Found]]) -> list[Found]:
    """All hits of some lists in text order: the twin of ``kernel.in_order``."""
    return sorted(chain.from_iterable(lists))


def _by_sentence(parts: Mapping[int, Iterable[Iterable[Found]]]) -> Iterable[list[int]]:
    """The groups hit in each sentence, given the hits of each group."""
    out: dict[int, list[int]] = defaultdict(list)
    for group, lists in parts.items():
        for found in lists:
            for hit in found:
                out[hit[0]].append(group)
    return out.values()


def literal_terms(literal: Literal, watchlist: Watchlist) -> Iterable[Term]:
    """A quoted phrase is looked for in every language of its script that the watchlist speaks, and is of no one language."""
    if literal.mark in (Mark.EXACT, Mark.NAME) or "*" in literal.text:
        return [Term(literal.text, "any", literal.mark)]
    scripts = scripts_of(literal.text)
    spoken = {t.language for terms in watchlist.groups.values() for t in terms if t.language != "any" and scripts_of(t.text) & scripts}
    languages = spoken or {_SCRIPT_LANGUAGE.get(script, "any") for script in scripts} or {"any"}
    return [Term(literal.text, language, literal.mark) for language in sorted(languages)]


def speaking(scanned: Scanned, patterns: frozenset[int], language: str) -> Iterator[Found]:
    """The hits of masks or cues that are of the language of the sentence they stand in, ``language`` being the article's.

    Chinese and Japanese share characters and write no blanks, so that what is an idiom in the one stands by chance in sentences
    of the other. Kana are in nearly every sentence of Japanese; where there are none, the article's language decides, and where
    that is neither, both speak. Languages that share an alphabet need no such rule: their idioms are spelled apart.
    """
    written: dict[int, str] = {}
    for pattern in patterns.intersection(scanned.hits):
        spoken = scanned.table.pattern(pattern).language
        for hit in scanned.hits[pattern]:
            if spoken in ("zh", "ja"):
                if hit.sentence not in written:
                    start, end, _, _ = scanned.sentences[hit.sentence]
                    written[hit.sentence] = "ja" if writes_japanese(scanned.text[start:end]) else language
                if written[hit.sentence] in ("zh", "ja") and written[hit.sentence] != spoken:
                    continue
            yield hit


def masked_words(scanned: Scanned, masks: frozenset[int], language: str) -> dict[int, set[int]]:
    """Sentence -> words that a mask covers."""
    if masks.isdisjoint(scanned.hits):
        return {}
    out: dict[int, set[int]] = defaultdict(set)
    for hit in speaking(scanned, masks, language):
        out[hit.sentence].update(range(hit.first, hit.last))
    return out


def leaf_hits_of(
    scanned: Scanned, leaves: Mapping[Group | Literal, Asked], masked: Mapping[int, set[int]]
) -> dict[Group | Literal, list[Found]]:
    """The hits of each leaf in text order, those with a masked word left out."""
    return {
        leaf: unmasked(sorted(hit for pattern in asked.among(scanned.hits) for hit in scanned.hits[pattern]), masked)
        for leaf, asked in leaves.items()
    }


def unmasked(hits: list[Found], masked: Mapping[int, set[int]]) -> list[Found]:
    """The hits that no mask covers a word of."""
    if not masked:
        return hits
    return [hit for hit in hits if masked.get(hit.sentence, _NOTHING).isdisjoint(range(hit.first, hit.last))]


_NOTHING: Final[frozenset[int]] = frozenset()
_stance: Final = attrgetter("stance")


def _cues(scanned: Scanned, cues: Sequence[tuple[Stance, frozenset[int]]], language: str) -> dict[int, list[tuple[Stance, Found]]]:
    out: dict[int, list[tuple[Stance, Found]]] = defaultdict(list)
    for stance, patterns in cues:
        for hit in speaking(scanned, patterns, language):
            out[hit.sentence].append((stance, hit))
    return out


def languages_of(watchlists: Iterable[Watchlist]) -> frozenset[str]:
    """The languages whose dictionaries these watchlists need, those of quoted phrases included."""
    return frozenset(term.language for watchlist in watchlists for term in _every_term(watchlist))


def _every_term(watchlist: Watchlist) -> Iterator[Term]:
    for terms in (*watchlist.groups.values(), watchlist.masks, *watchlist.cues.values()):
        yield from terms
    for node in (watchlist.when, *(step.when for step in watchlist.escalate)):
        for leaf in leaves(node):
            if isinstance(leaf, Literal):
                yield from literal_terms(leaf, watchlist)


def compile_engine(watchlists: Sequence[Watchlist], lookup: Lookup, remembered: Remembered | None = None, *, native: bool = True) -> Engine:
    """Compile watchlists together; the order of matches is theirs. Expansions are taken from ``remembered`` and kept there.

    Without ``native`` the loop in C is not used even where there is one; the matches are the same.
    """
    return Engine(watchlists, lookup, remembered, native=native)
