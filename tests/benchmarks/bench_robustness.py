"""Texts built to take for ever: how long they take, and what the memory of an engine grows to.

Run: ``python -m tests.benchmarks.bench_robustness [--quick]``. Each text goes through layout, language and the shipped
watchlists, and so does one a tenth as long: ten times the text may take about ten times as long. What layout and language
take of it is printed beside, and for each MB. Times are of the processor, so that other programs do not count. The memo is fed
words that no one has seen, in a process of its own.
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Iterator
from time import process_time

from monitor.dictionaries import default_folder, open_dictionary, open_lookup
from monitor.match import Engine, compile_engine, languages_of
from monitor.model import Facts
from monitor.text.language import identify
from monitor.text.layout import lay_out
from monitor.watchlist import Term, Watchlist, load
from monitor.watchlist.query import Group
from tests.benchmarks import lists
from tests.benchmarks.measure import FULL, apart, peak_memory, sizes

#: A text ten times as long may take so many times as long (a hundred times would be quadratic; the collector of many hits takes
#: its share); what takes less time than the floor (seconds) is not judged.
_WORST = 30.0
_FLOOR = 0.05
#: Seconds that layout and language should take for a MB at the most.
_LAYOUT = 1.0
#: One that no term is.
NAME = "Rodrigoz"
#: MB that a worker may take, its memo full (DESIGN.md §10).
_MEMORY = 150.0


def texts(share: float) -> Iterator[tuple[str, str]]:
    """Name and text; ``share`` of the full sizes."""

    def times(number: int) -> int:
        return max(1, int(number * share))

    yield "empty", ""
    yield "one blank line", "\n"
    yield "a million combining marks", "ا" + "\u064b\u0655" * times(500_000)
    yield "marks on every letter, unordered", "ا\u0650\u064e\u0655\u0323" * times(250_000)
    yield "10 MB without a blank", "ب" * times(10_000_000)
    yield "Han without a blank", "制" * times(200_000)
    yield "100,000 hits", "سلاح " * times(100_000)
    yield "names in one sentence", f"{NAME} " * times(60_000)
    yield "100,000 hits in sentences", "زودت روسيا بالسلاح.\n" * times(33_000)
    yield "lone surrogates", "\ud800\udfff " * times(300_000)
    yield "all furniture", "القائمة الرئيسية\nبحث\nاشترك\n\n" * times(50_000)
    yield "punctuation", ".،؟!…" * times(200_000)
    yield "one word a line", "كلمة\n" * times(200_000)
    yield "opening brackets and quotes", '«("' * times(300_000)
    yield "emoji joined", "👩\u200d👩\u200d👧" * times(150_000)
    yield "marks of direction", "\u200f\u202b\u202c" * times(300_000)
    yield "digits", "1234567890" * times(100_000)
    yield "letters and digits in turn", "ب1" * times(400_000)
    yield "apostrophes", "l'" * times(400_000)
    yield "control characters", "\0\x01\x1b\x85" * times(250_000)
    yield "one letter a line", "a\n" * times(1_000_000)
    yield "one Arabic letter a line, parted", "ب\n\n" * times(500_000)
    yield "a million newlines", "\n" * times(1_000_000)
    yield "invisible lines", "\u200f\n" * times(500_000)
    yield "stops set apart", ". " * times(500_000)
    yield "initials", "A. " * times(350_000)
    yield "numbers with stops", "1. " * times(350_000)
    yield "short sentences", "Go. " * times(250_000)
    yield "questions", "لماذا؟ " * times(80_000)
    yield "labels, all different", "\n".join(f"w{i:x} abcde" for i in range(times(85_000)))
    yield "bullets, all different", "The list of what was found is here:\n" + "\n".join(f"- w{i:x} and" for i in range(times(75_000)))
    yield "notices, all different", "\n".join(f"{i} " + "كلمة " * 20 + "جميع الحقوق محفوظة" for i in range(times(5_000)))
    yield "wrapped in lower case", "the minister said that arms\n" * times(36_000)
    chooser = random.Random(1)
    letters = [*map(chr, [*range(32, 0x3000), *range(0x3000, 0xD800)]), *" \n" * 20_000]
    yield "any characters, short lines", "".join(chooser.choices(letters, k=times(400_000)))


def shipped() -> Engine:
    watchlists = lists.shipped()
    dictionary = open_dictionary(default_folder(os.environ), languages_of(watchlists))
    engine = compile_engine(watchlists, dictionary.lookup, dictionary.expansions)
    dictionary.save()
    return engine


def every_hit(term: str) -> Engine:
    """A watchlist to which every word of a text may be evidence."""
    watchlist = Watchlist(id="all", version="0", files={}, groups={"g": (Term(term, "ar"),)}, when=Group("g"))
    return compile_engine([watchlist], open_lookup(default_folder(os.environ), ["ar"]))


def every_name() -> Engine:
    """A watchlist with a list of one name, found by the ways of lists however short it is."""
    files = {"w.yaml": "id: w\ngroups:\n  n: {from: entities/n.csv}\nwhen: n\n", "entities/n.csv": f"id,name\nQ1,{NAME}\n"}
    return compile_engine([load("w", files)], open_lookup(default_folder(os.environ), ["en"]))


def analyse(text: str, engines: list[Engine]) -> tuple[int, float]:
    """The number of hits, and what layout and language took."""
    begun = process_time()
    layout = lay_out(text)
    facts = Facts(identify(text))
    before = process_time() - begun
    hits = sum(len(evidence.hits) for engine in engines for match in engine.match(text, layout, facts) for evidence in match.evidence)
    return hits, before


def measure(share: float) -> int:
    engines = [shipped(), every_hit("سلاح"), every_name()]
    analyse("وقال الوزير إن بلاده لن ترسل قوات جديدة.\n", engines)
    failed = 0
    print(f"{'':36}{'characters':>12}{'hits':>10}{'seconds':>10}{'× a tenth':>11}{'of it layout':>14}{'a MB':>8}")
    for (name, text), (_, tenth) in zip(texts(share), texts(share / 10), strict=True):
        try:
            before, *_ = _timed(tenth, engines)
            time, hits, layout = _timed(text, engines)
        except Exception as error:  # whatever it is, it is what this program is here to find
            print(f"{name:36}{len(text):12,} FAILED: {type(error).__name__}: {str(error)[:80]}")
            failed += 1
            continue
        growth = time / max(before, _FLOOR / 10)
        slow = time > _FLOOR and growth > _WORST
        failed += slow
        rate = layout / max(len(text.encode(errors="replace")) / 1e6, 1e-9)
        remarks = ("  WORSE THAN LINEAR" if slow else "") + (
            f"  layout over {_LAYOUT:g} s a MB" if layout > _FLOOR and rate > _LAYOUT else ""
        )
        print(f"{name:36}{len(text):12,}{hits:10,}{time:10.3f}{growth:11.1f}{layout:14.3f}{rate:8.2f}{remarks}")
        sys.stdout.flush()
    return failed


def _timed(text: str, engines: list[Engine]) -> tuple[float, int, float]:
    begun = process_time()
    hits, layout = analyse(text, engines)
    return process_time() - begun, hits, layout


def fill_memo(number: int) -> None:
    """Match ``number`` words that no one has seen, and print what the process took."""
    engine = shipped()
    before = peak_memory()
    chooser = random.Random(1)
    letters = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"
    for _ in range(0, number, 1_000):
        text = " ".join("".join(chooser.choices(letters, k=chooser.randint(4, 12))) for _ in range(1_000))
        engine.match(text, lay_out(text, all_body=True), Facts("ar"))
    print(json.dumps({"before": before, "after": peak_memory()}))


def main() -> int:
    if sys.argv[1:2] == ["--fill-memo"]:
        fill_memo(int(sys.argv[2]))
        return 0
    full = sizes(__doc__) == FULL
    failed = measure(1.0 if full else 0.1)
    number = 600_000 if full else 100_000
    memory = apart("tests.benchmarks.bench_robustness", "--fill-memo", str(number))
    kept = memory["after"] <= _MEMORY
    print(
        f"\n{number:,} words never seen: {memory['before']:.0f} MB before, {memory['after']:.0f} MB at the most (≤ {_MEMORY:.0f}: "
        f"{'reached' if kept else 'MISSED'})"
    )
    return 1 if failed or not kept else 0


if __name__ == "__main__":
    sys.exit(main())
