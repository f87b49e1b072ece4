"""Watchlists for measuring: drawn terms as groups, and the queries over them; and the shipped watchlists read from their folder."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from monitor.match import Engine
from monitor.match.scan import Scanned
from monitor.model import Facts, Layout
from monitor.text.layout import lay_out
from monitor.watchlist import Term, Watchlist, load_folder
from monitor.watchlist.query import And, Group, Near, Node
from tests.benchmarks.corpus import Drawn
from tests.benchmarks.measure import ROOT

#: A word that stands in no text: with it a query names every term and is never true.
_NEVER = "qqqzzzqqq"
FACTS = Facts("und", "bench")


def terms(drawn: Sequence[Drawn]) -> tuple[Term, ...]:
    return tuple(Term(term.text, term.language) for term in drawn)


def one_group(drawn: Sequence[Drawn]) -> Watchlist:
    """Every hit of every term is evidence."""
    return _watchlist("all", Group("terms"), {"terms": terms(drawn)})


def never_true(drawn: Sequence[Drawn]) -> Watchlist:
    """Every hit is found and nothing comes of it, as in most articles of a day."""
    return _watchlist("never", And((Group("terms"), Group("never"))), {"terms": terms(drawn), "never": (Term(_NEVER, "en"),)})


def many(drawn: Sequence[Drawn], lists: int, groups: int = 200) -> list[Watchlist]:
    """``lists`` watchlists over the terms dealt into groups, each asking for two of the groups near each other."""
    dealt = {f"g{n}": terms(drawn[n::groups]) for n in range(groups)}
    chooser = random.Random(lists)
    pairs = [chooser.sample(sorted(dealt), 2) for _ in range(lists)]
    return [
        _watchlist(f"w{n}", Near(10, (Group(first), Group(second))), {first: dealt[first], second: dealt[second]})
        for n, (first, second) in enumerate(pairs)
    ]


def _watchlist(name: str, when: Node, groups: dict[str, tuple[Term, ...]]) -> Watchlist:
    return Watchlist(id=name, version="0", files={}, groups=groups, when=when)


def shipped() -> tuple[Watchlist, ...]:
    """The watchlists in the repository's folder; one with faults is an error here."""
    folder = ROOT / "watchlists"
    files = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.yaml"))}
    loaded = load_folder(files)
    if loaded.faults:
        raise SystemExit("\n".join(str(fault) for faults in loaded.faults.values() for fault in faults))
    return loaded.watchlists


def matching(engine: Engine, layouts: dict[str, Layout]) -> Callable[[str], object]:
    """The engine as a peer: a text in, its matches out. Layouts are made beforehand and measured by themselves."""

    def match(text: str) -> object:
        layout = layouts.get(text)
        if layout is None:
            layout = layouts[text] = lay_out(text)
        return engine.match(text, layout, FACTS)

    return match


def scanning(engine: Engine, layouts: dict[str, Layout]) -> Callable[[str], object]:
    """The places of all hits, as most peers tell them."""

    def scan(text: str) -> object:
        return Scanned(text, layouts[text].sentences, engine.table).collect().hits

    return scan
