"""The engine: watchlists compiled together, and the door through which a text is matched.

Compiling interns what watchlists share. Matching scans once, then looks only at the clauses whose groups were hit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from operator import attrgetter
from typing import Final

from monitor.match.belonging import Belonging
from monitor.match.evaluate import Article, Evaluation
from monitor.match.evidence import Clause, evidence_of
from monitor.match.gates import Gate, Gates, gate_of
from monitor.match.patterns import Asked, Table
from monitor.match.plain import REPORTED, PlainMatches, plain
from monitor.match.scan import Found, Scanned
from monitor.match.telling import Firing, Telling, Told
from monitor.model import Facts, Layout, Match, Severity, Stance
from monitor.text.forms import Lookup, Mark, Remembered
from monitor.text.scripts import scripts_of, writes_japanese
from monitor.watchlist import Term, Watchlist
from monitor.watchlist.query import Group, Literal, Node, Or, leaves, negations_inward

#: Changes whenever the same watchlist may match otherwise than before.
ENGINE_VERSION: Final = "6"

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
    its clauses, and which of them are one group each. It is ``plain`` where there is nothing but these."""

    watchlist: Watchlist
    leaves: Mapping[Group | Literal, Asked]
    groups: Mapping[Group | Literal, int]
    told: Told
    firing: Firing
    masks: frozenset[int]
    cues: tuple[tuple[Stance, frozenset[int]], ...]
    every_cue: frozenset[int]
    clauses: tuple[tuple[str, Node], ...]
    escalate: tuple[tuple[Severity, Node], ...]
    plain: bool


class Engine:
    """Compiled watchlists. Matching is pure and may be called from one thread of a process at a time."""

    version = ENGINE_VERSION

    def __init__(
        self, watchlists: Sequence[Watchlist], lookup: Lookup, remembered: Remembered | None = None, *, native: bool = True
    ) -> None:
        self.table = Table(lookup, remembered, native=native)
        self._belonging = Belonging()
        self.compiled = tuple(self._compile(watchlist) for watchlist in watchlists)
        self.table.seal()
        self._belonging.settle(self.table.patterns)
        sizes = [len(asked.numbers) + sum(map(len, asked.lists)) for asked in self._belonging.groups]
        self._gates = Gates(self._clauses(sizes.__getitem__), sizes.__getitem__)
        self._numbered = self._gates.in_numbers(len(sizes), self._belonging.numbers, self._belonging.sets)
        lists = [plain(one.watchlist, one.firing) for one in self.compiled]
        self._plain = PlainMatches(self._belonging, self._gates, lists, [one.plain for one in self.compiled])

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
                groups[leaf] = self._belonging.group(patterns[leaf])
        masks = frozenset(map(self.table.add, watchlist.masks))
        cues = tuple((stance, frozenset(map(self.table.add, terms))) for stance, terms in watchlist.cues.items())
        when = watchlist.when
        # A clause is named as it was written and evaluated with its negations moved inward.
        clauses = tuple((str(node), negations_inward(node)) for node in (when.items if isinstance(when, Or) else (when,)))
        escalate = tuple((step.to, negations_inward(step.when)) for step in watchlist.escalate)
        called: dict[int, list[str]] = defaultdict(list)
        for leaf, group in groups.items():
            called[group].append(str(leaf))
        told = Telling(self._belonging.of, called, self.table.pattern)
        of_group = {number: (text, groups[node]) for number, (text, node) in enumerate(clauses) if isinstance(node, Group | Literal)}
        firing = Firing(of_group, self._belonging.sets, told)
        every_cue = frozenset(chain.from_iterable(numbers for _, numbers in cues))
        plain = not (masks or every_cue or escalate)
        return Compiled(watchlist, patterns, groups, told, firing, masks, cues, every_cue, clauses, escalate, plain)

    def one(self, watchlist: str) -> Compiled:
        """A compiled watchlist by id; raises KeyError."""
        found = next((one for one in self.compiled if one.watchlist.id == watchlist), None)
        if found is None:
            raise KeyError(watchlist)
        return found

    # ------------------------------------------------------------------ matching
    def match(self, text: str, layout: Layout, facts: Facts, *, only: str = "") -> tuple[Match, ...]:
        """Every watchlist whose query is true of the text, with its evidence; in the order of the watchlists. ``only`` names the one
        that the caller is interested in, of which the others are independent."""
        scanned = Scanned(text, layout.sentences, self.table)
        if not scanned:
            return ()
        found = scanned.found
        if found is not None and not only and self._plain.any:
            told = self._plain.of(scanned, found)
            if told is not None:
                return told
        belonging = self._belonging
        if found is not None:
            opened = self._numbered.open(found)
        else:
            opened = self._gates.open(belonging.hit(scanned), partial(belonging.together, scanned))
        # Most articles are done with here: what they may hold opens no clause.
        if not opened:
            return ()
        matches: list[Match] = []
        evaluated: tuple[Article, Mapping[int, list[Found]]] | None = None
        for index, clauses in _apiece(opened).items():
            one = self.compiled[index]
            if only and one.watchlist.id != only:
                continue
            if found is not None and one.firing.settles(clauses) and (one.plain or _nothing_speaks(one, scanned)):
                matches += self._plain.of(scanned, found, (index,)) or ()
                continue
            if evaluated is None:
                evaluated = Article(scanned.collect(), facts, self.table.pattern), belonging.by_group(scanned)
            match = self._match(one, clauses, *evaluated)
            if match is not None:
                matches.append(match)
        return tuple(matches)

    def _match(self, one: Compiled, opened: Iterable[int], article: Article, hits: Mapping[int, list[Found]]) -> Match | None:
        scanned, watchlist = article.scanned, one.watchlist
        masked = masked_words(scanned, one.masks, article.facts.language)
        leaf_hits = {leaf: unmasked(hits[group], masked) for leaf, group in one.groups.items() if group in hits}
        evaluation = Evaluation(article, leaf_hits)
        clauses = (one.clauses[number] for number in opened)
        fired = [Clause(written, found) for written, node in clauses if (found := evaluation.evidence(node)) is not None]
        if not fired:
            return None
        cues = {} if one.every_cue.isdisjoint(scanned.hits) else cues_in(scanned, one.cues, article.facts.language)
        evidence = evidence_of(scanned, fired, one.told, cues, self.table.pattern)
        severity = self._severity(one, evaluation)
        stances = tuple(dict.fromkeys(map(_stance, evidence))) if cues else REPORTED
        return Match(watchlist.id, watchlist.version, severity, stances, evidence)

    @staticmethod
    def _severity(one: Compiled, evaluation: Evaluation) -> Severity:
        if not one.escalate:
            return one.watchlist.severity
        reached = [one.watchlist.severity, *(to for to, node in one.escalate if evaluation.evaluate(node))]
        return max(reached, key=lambda severity: severity.rank)


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


def _apiece(opened: Iterable[tuple[int, int]]) -> dict[int, list[int]]:
    """The clauses of each watchlist."""
    out: dict[int, list[int]] = {}
    for watchlist, clause in opened:
        if watchlist in out:
            out[watchlist].append(clause)
        else:
            out[watchlist] = [clause]
    return out


def _nothing_speaks(one: Compiled, scanned: Scanned) -> bool:
    """Whether there is nothing to think about but the hits: no step, and of the watchlist's masks and cues none in the text."""
    if one.escalate:
        return False
    hits = scanned.collect().hits
    return one.masks.isdisjoint(hits) and one.every_cue.isdisjoint(hits)


def cues_in(scanned: Scanned, cues: Sequence[tuple[Stance, frozenset[int]]], language: str) -> dict[int, list[tuple[Stance, Found]]]:
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
