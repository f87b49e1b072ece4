"""How fast an article is matched: ours beside the peers, by number of terms, and beside the aims of DESIGN.md §10.

Run: ``NEWS_TEST_DATA=… python -m tests.benchmarks.bench_match [--quick]``. One table for each language and density of
terms, in microseconds an article of 670 words; below each figure stands how many times as long as ours it takes. Ours
gives every hit as evidence, in its sentence, with its clause and stance, and knows all forms of every term; *hits* are what
most peers give, places in the text. See ``peers`` for what the others do.
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from monitor.dictionaries import default_folder, open_lookup
from monitor.dictionaries.expansions import Expansions
from monitor.match import Engine, compile_engine
from monitor.match.native import COMPILED
from monitor.text.forms import Lookup, Stems
from monitor.text.language import identify
from monitor.text.layout import lay_out
from tests.benchmarks import corpus, lists, postgres
from tests.benchmarks.corpus import Corpus, Drawn
from tests.benchmarks.measure import Sizes, compare, data_folder, seconds, sizes, verdict
from tests.benchmarks.peers import PEERS, Oracle, Terms, package_version, terms_of

OURS: Final = "ours"
SILENT: Final = "ours, nothing to tell"
HITS: Final = "ours, hits with offsets"
NUMPY: Final = "ours, not compiled"
POSTGRES: Final = "PostgreSQL tsquery"
#: Peers get every form up to this many terms, and beyond it the terms as written: fewer patterns than they should have.
_EXPANDED_TO: Final = 10_000
#: Seconds that compiling one set of terms may take; a larger set that would take longer is left out.
_LONGEST_COMPILE: Final = 30.0

#: (density, language, name) -> number of terms -> seconds an article
Figures = dict[tuple[str, str, str], dict[int, float]]


class Bench:
    """One run: what is measured on, and the figures so far."""

    def __init__(self, texts: Corpus, lookup: Lookup, how_much: Sizes, connection: Any) -> None:
        self.corpus, self.lookup, self.sizes, self.connection = texts, lookup, how_much, connection
        self.layouts = {text: lay_out(text) for articles in texts.articles.values() for text in articles}
        self.figures: Figures = defaultdict(dict)
        self.compiling: dict[tuple[str, int], float] = {}
        self.hits: dict[tuple[str, str, int], float] = {}
        self.agreement: list[str] = []
        self._remembered: dict[str, Stems] = {}

    # ------------------------------------------------------------------------------------- the tables
    def table(self, density: str) -> None:
        for number in self.sizes.terms:
            before = self.compiling.get((density, number // 10), 0.0)
            if before * 10 > _LONGEST_COMPILE:
                print(f"{density}, {number:,} terms: left out, compiling them would take {before * 10:,.0f} s")
                continue
            self._measure(density, corpus.draw(self.corpus, number, dense=density == "dense"), number)
        for language in self.corpus.articles:
            self._print(density, language)

    def _measure(self, density: str, drawn: Sequence[Drawn], number: int) -> None:
        engines: list[Engine] = []
        watchlist = lists.one_group(drawn)
        self._remembered.clear()
        self.compiling[density, number] = seconds(lambda: engines.append(compile_engine([watchlist], self.lookup, self._remembered)))
        engines.append(compile_engine([lists.never_true(drawn)], self.lookup, self._remembered))
        engines.append(compile_engine([watchlist], self.lookup, self._remembered, native=False))
        terms = terms_of(drawn, self.lookup, expanded=number <= _EXPANDED_TO)
        oracle = Oracle(terms, self.lookup) if number <= _EXPANDED_TO else None
        for language, articles in self.corpus.articles.items():
            finds: dict[str, Callable[[str], object]] = {
                OURS: lists.matching(engines[0], self.layouts),
                SILENT: lists.matching(engines[1], self.layouts),
                HITS: lists.scanning(engines[0], self.layouts),
                NUMPY: lists.matching(engines[2], self.layouts),
            }
            if oracle is not None:
                finds[oracle.name] = oracle
                self._agree(f"{density}, {number:,}, {language}", engines[0], oracle, articles)
            finds |= self._peers(terms, language)
            self.hits[density, language, number] = sum(map(_hits, map(finds[OURS], articles))) / len(articles)
            for name, time in compare(finds, articles, self.sizes).items():
                self.figures[density, language, name][number] = time

    def _peers(self, terms: Terms, language: str) -> dict[str, Callable[[str], object]]:
        built: dict[str, Callable[[str], object]] = {
            peer.name: peer.build(terms.forms, language) for peer in PEERS if peer.installed and len(terms.forms) <= peer.most
        }
        if self.connection is not None:
            built[POSTGRES] = postgres.TextSearch(self.connection, terms.drawn, language)
        return built

    def _agree(self, where: str, engine: Engine, oracle: Oracle, articles: Sequence[str]) -> None:
        """Whether ours and the oracle find the same in the sentences of a few articles. Of places that overlap evidence shows one."""
        for article in articles[:5]:
            layout = self.layouts[article]
            found = {(h.start, h.end) for m in engine.match(article, layout, lists.FACTS) for e in m.evidence for h in e.hits}
            sentences = ((s.start, article[s.start : s.end]) for s in layout.sentences)
            wanted = {(at + start, at + end) for at, sentence in sentences for start, end in oracle(sentence)}
            odd = [(place, "ours") for place in found - wanted]
            odd += [(w, "the oracle") for w in wanted - found if not any(w[0] < end and start < w[1] for start, end in found)]
            self.agreement += (f"{where}: {article[start:end]!r} found by {who} alone" for (start, end), who in sorted(odd)[:1])

    def _print(self, density: str, language: str) -> None:
        numbers = [n for n in self.sizes.terms if n in self.figures[density, language, OURS]]
        print(f"\n{density} terms, {language}: µs an article, and times ours")
        print(f"{'':26}" + "".join(f"{number:>12,}" for number in numbers))
        print(f"{'(hits an article)':26}" + "".join(f"{self.hits[density, language, n]:12,.1f}" for n in numbers))
        rows = {name: figures for (d, la, name), figures in self.figures.items() if (d, la) == (density, language)}
        ours = rows[OURS]
        for name, figures in rows.items():
            print(f"{name:26}" + "".join(f"{figures[n] * 1e6:12,.0f}" if n in figures else f"{'–':>12}" for n in numbers))
            if name not in (OURS, SILENT, HITS):
                print(f"{'':26}" + "".join(f"{figures[n] / ours[n]:11.1f}×" if n in figures else f"{'':12}" for n in numbers))
        sys.stdout.flush()

    # --------------------------------------------------------------------------------------- the aims
    def aims(self) -> None:
        number = 10_000 if 10_000 in self.sizes.terms else self.sizes.terms[-1]
        print(f"\nthe loop of matching is {'compiled' if COMPILED else 'NOT COMPILED'}")
        print(f"aims at {number:,} sparse terms, Arabic; English in brackets")
        ours, english = self.figures["sparse", "ar", OURS], self.figures["sparse", "en", OURS]
        _aim("µs an article of 670 words", ours[number] * 1e6, 100, english[number] * 1e6)
        hits, of_english = self.figures["sparse", "ar", HITS], self.figures["sparse", "en", HITS]
        _aim("times the cost at 100 terms, hits", hits[number] / hits[100], 1.3, of_english[number] / of_english[100])
        _aim("times the cost at 100 terms, evidence", ours[number] / ours[100], 1.3, english[number] / english[100])
        for name, least in (("spaCy PhraseMatcher", 10.0), ("flashtext", 10.0), ("ahocorasick_rs", 1.3)):
            peer, other = self.figures.get(("sparse", "ar", name), {}), self.figures.get(("sparse", "en", name), {})
            if number in peer:
                _aim(f"times as fast as {name}", peer[number] / ours[number], least, other[number] / english[number], least=True)
        drawn = corpus.draw(self.corpus, number, dense=False)
        compiled = self._compiling(drawn)
        self._unseen(compiled)
        self._queries(drawn)
        self._length(compiled)
        self._before()

    def _compiling(self, drawn: Sequence[Drawn]) -> Engine:
        """What compiling costs when every word's forms are worked out, and when they are read from the file of the last time."""
        watchlist, engines = lists.one_group(drawn), list[Engine]()
        with TemporaryDirectory() as folder:
            first, again = Expansions(Path(folder)), Expansions(Path(folder))
            worked_out = seconds(lambda: engines.append(compile_engine([watchlist], self.lookup, first)))
            first.save()
            read = seconds(lambda: compile_engine([watchlist], self.lookup, again))
        _aim(f"s to compile {len(drawn):,} cached terms", read, 1.0)
        print(f"{'s to compile them with nothing cached':44}{worked_out:12.2f}")
        return engines[0]

    def _unseen(self, engine: Engine) -> None:
        """Text that this engine has never seen, once all other articles have passed: each article is matched once."""
        known = [*self.corpus.articles["ar"], *self.corpus.unseen]
        fresh, warm = known[: self.sizes.articles], known[self.sizes.articles :]
        layouts = {text: lay_out(text) for text in known}
        match = lists.matching(engine, layouts)
        first = sum(seconds(lambda text=text: match(text)) for text in warm[:20]) / 20  # type: ignore[misc]
        for text in warm[20:]:
            match(text)
        later = sum(seconds(lambda text=text: match(text)) for text in fresh) / len(fresh)  # type: ignore[misc]
        print(
            f"{'µs an article never seen':44}{later * 1e6:12,.0f}   after {len(warm):,} others; {first * 1e6:,.0f} with nothing seen before"
        )

    def _queries(self, drawn: Sequence[Drawn]) -> None:
        """What a thousand watchlists cost over one that names the same terms and is never true."""
        articles = self.corpus.articles["ar"]
        known: dict[str, Stems] = {}
        found = compare(
            {
                "one": lists.matching(compile_engine([lists.never_true(drawn)], self.lookup, known), self.layouts),
                "many": lists.matching(compile_engine(lists.many(drawn, 1_000), self.lookup, known), self.layouts),
            },
            articles,
            self.sizes,
        )
        _aim("µs on top for 1,000 watchlists' queries", (found["many"] - found["one"]) * 1e6, 10)

    def _length(self, engine: Engine) -> None:
        """What each article of ever longer texts costs, beside the same articles one by one: linear means that the ratio stays."""
        articles = self.corpus.articles["ar"] + self.corpus.unseen
        shown = []
        for number in (1, 10, 150):
            joined, apart = "\n\n".join(articles[:number]), articles[:number]
            layouts = {text: lay_out(text) for text in (joined, *apart)}
            match = {"": lists.matching(engine, layouts)}
            together = compare(match, [joined], self.sizes)[""] / len(apart)
            alone = compare(match, apart, self.sizes)[""]
            shown.append(f"{len(apart) * corpus.ARTICLE:,} words {together / alone:.2f}")
        print(f"{'times the cost of its articles, a text of':44}{', '.join(shown)}")

    def _before(self) -> None:
        """What else an article costs before it is matched."""
        for language, articles in self.corpus.articles.items():
            found = compare({"layout": lay_out, "language": identify}, articles, self.sizes)
            shown = ", ".join(f"{name} {time * 1e6:,.0f}" for name, time in found.items())
            print(f"{f'µs an article before matching, {language}':44}{shown}")


def _hits(matches: Any) -> int:
    return sum(len(evidence.hits) for match in matches for evidence in match.evidence)


def _aim(what: str, value: float, aim: float, english: float | None = None, *, least: bool = False) -> None:
    beside = "" if english is None else f" [{english:,.2f}]"
    print(f"{what:44}{value:12,.2f}{beside:12} {'≥' if least else '≤'} {aim:g}: {verdict(value, aim, least=least)}")


def main() -> int:
    how_much = sizes(__doc__)
    data = data_folder()
    if data is None:
        return 0
    absent = [f"{peer.name} (no package {peer.package})" for peer in PEERS if not peer.installed]
    with ExitStack() as stack:
        connection = None
        try:
            connection = stack.enter_context(postgres.server())
        except postgres.PostgresAbsent as error:
            absent.append(f"{POSTGRES} ({error})")
        present = ", ".join(f"{peer.name} {package_version(peer.package)}" for peer in PEERS if peer.installed and peer.package)
        print(f"peers: {present}" + (f"; absent: {', '.join(absent)}" if absent else ""))
        lookup = open_lookup(default_folder(os.environ), ["ar", "en"])
        bench = Bench(corpus.read(data, how_much, lookup), lookup, how_much, connection)
        for density in ("dense", "sparse"):
            bench.table(density)
    bench.aims()
    for line in bench.agreement:
        print(f"DISAGREEMENT {line}")
    return 1 if bench.agreement else 0


if __name__ == "__main__":
    sys.exit(main())
