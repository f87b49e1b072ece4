"""What 100,000 names in four scripts cost: seconds and memory to load, and microseconds an article beside the same engine without.

Run: ``NEWS_TEST_DATA=… python -m tests.benchmarks.bench_names [--quick]``. Loading is measured in a process of its own. The
names are made up, of the given names that news is full of and of families and companies that it is not, so that most
articles hold words with which hundreds of names begin, and few hold a name.
"""

from __future__ import annotations

import gc
import json
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

from monitor.match import Engine, compile_engine
from monitor.model import Facts, Layout
from monitor.text.layout import lay_out
from monitor.watchlist import load
from tests.benchmarks import corpus, lists
from tests.benchmarks.measure import Sizes, apart, compare, data_folder, sizes, verdict

MODULE: Final = "tests.benchmarks.bench_names"
ENTITIES: Final = 100_000
#: Aims: to load, seconds and megabytes; matching beside an ordinary set of watchlists, times that without names.
SECONDS, MEGABYTES, TIMES = 5.0, 300.0, 1.3
#: Terms beside the names, and whether they are drawn densely: none that news holds, to see the names alone; the hundred that
#: ``bench_match`` compares with; those of an ordinary set of watchlists.
TERMS: Final = ((0, False), (100, False), (1_000, True))

_GIVEN: Final = {
    "Latin": (
        "Mohammed Ahmed Ali Hassan John James Maria Anna Ivan Vladimir Sergei Kim Jong Li Wei Carlos Juan Jose Abdul Omar David Peter "
        "Paul George Michael Robert Charles Thomas Bank National General Company New Trading Islamic International Al The"
    ),
    "Arabic": (
        "محمد أحمد علي حسن عبد خالد عمر يوسف إبراهيم مصطفى فاطمة سعيد سالم ناصر كيم شركة بنك مؤسسة مصرف دار الشركة جمعية أبو آل وزارة"
    ),
    "Cyrillic": (
        "Владимир Сергей Александр Иван Мария Ольга Дмитрий Алексей Николай Виктор Андрей Михаил Павел Ким Банк Компания Завод Группа"
    ),
}
_SYLLABLES: Final = {
    "Latin": ("bcdfghjklmnprstvz", "aeiou"),
    "Arabic": ("بتثجحخدذرزسشصضطظعغفقكلمنه", ("", "ا", "ي", "و")),
    "Cyrillic": ("бвгдзклмнпрстф", "аеиоу"),
}
_HAN: Final = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何高林金朴崔郑姜尹韩吕文国建华明志强伟丽芳军平东海山云龙凤英雄新光"
_FAMILIES: Final = 20_000


def rows(entities: int = ENTITIES) -> Iterator[str]:
    """A list of names as CSV: for each entity a name in Latin, Arabic, Cyrillic and Han letters."""
    choose = random.Random(5)
    families = {script: [_word(choose, script) for _ in range(_FAMILIES)] for script in _GIVEN}
    given = {script: words.split() for script, words in _GIVEN.items()}
    yield "id,name,aliases\n"
    for number in range(entities):
        parts = choose.choice((1, 1, 2))
        spelled = [" ".join([choose.choice(given[s]), *(choose.choice(families[s]) for _ in range(parts))]) for s in _GIVEN]
        han = "".join(choose.choice(_HAN) for _ in range(choose.choice((3, 3, 4))))
        yield f"Q{number},{spelled[0]},{';'.join((*spelled[1:], han))}\n"


def _word(choose: random.Random, script: str) -> str:
    consonants, vowels = _SYLLABLES[script]
    word = "".join(choose.choice(consonants) + choose.choice(vowels) for _ in range(choose.randint(2, 4)))
    return word.capitalize()


def silent(language: str, word: str) -> frozenset[str]:
    return frozenset()


def engine(terms: list[corpus.Drawn], names: str) -> Engine:
    groups = {language: "\n".join(f"      {term.text}" for term in terms if term.language == language) for language in ("ar", "en")}
    written = "".join(f"    {language}: |\n{block}\n" for language, block in groups.items() if block) or "    en: [zzyzx]\n"
    listed = "  n: {from: entities/n.csv}\n" if names else ""
    text = f"id: w\ngroups:\n  a:\n{written}{listed}when: {'a OR n' if names else 'a'}\n"
    return compile_engine([load("w", {"w.yaml": text, "entities/n.csv": names})], silent)


# ------------------------------------------------------------------------------------------------ loading
def loading() -> dict[str, float]:
    """In a process of its own: what reading and compiling the list takes of the clock, the processor and the memory."""
    names = "".join(rows())
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    wall, processor = time.perf_counter(), time.process_time()
    engine([], names)
    return {
        "characters": len(names),
        "seconds": time.perf_counter() - wall,
        "processor": time.process_time() - processor,
        "megabytes_before": used,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def print_loading(figures: dict[str, float]) -> None:
    print(f"{ENTITIES:,} names with three aliases each, {figures['characters'] / 1e6:.1f} million characters")
    print(f"  read and compiled   {figures['seconds']:8.2f} s   aim {SECONDS:g}: {verdict(figures['seconds'], SECONDS)}")
    print(f"  of the processor    {figures['processor']:8.2f} s")
    print(f"  memory at its peak  {figures['megabytes']:8.0f} MB  aim {MEGABYTES:g}: {verdict(figures['megabytes'], MEGABYTES)}")
    print(f"  before loading      {figures['megabytes_before']:8.0f} MB  (the program, and the list as text)")


# ----------------------------------------------------------------------------------------------- matching
def matching(data: Path, how_much: Sizes) -> None:
    texts = corpus.read(data, how_much, silent)
    names = "".join(rows())
    layouts = {text: lay_out(text) for articles in (*texts.articles.values(), texts.unseen) for text in articles}
    print(f"\nan article of {corpus.ARTICLE} words, microseconds (median)")
    print(f"{'terms':>8} {'texts':>14} {'without':>9} {'with names':>11} {'ratio':>7}  aim {TIMES:g} times")
    for number, dense in TERMS:
        terms = corpus.draw(texts, number, dense=dense) if number else []
        engines = {"without": engine(terms, ""), "with": engine(terms, names)}
        for language, articles in texts.articles.items():
            finds: dict[str, Callable[[str], object]] = {name: partial(_match, built, layouts) for name, built in engines.items()}
            finds |= {f"{name}, hits": lists.scanning(built, layouts) for name, built in engines.items()}
            found = compare(finds, articles, how_much)
            _row(number, f"{language}, hits", found["without, hits"], found["with, hits"], aim=number > 0)
            _row(number, f"{language}, evidence", found["without"], found["with"], aim=number > 0)
        found = {name: _once(built, texts.unseen[: how_much.articles], layouts) for name, built in engines.items()}
        _row(number, "ar, never seen", found["without"], found["with"], aim=False)


def _row(number: int, texts: str, without: float, with_names: float, *, aim: bool) -> None:
    ratio = with_names / without
    print(f"{number:>8,} {texts:>14} {without * 1e6:>9.0f} {with_names * 1e6:>11.0f} {ratio:>7.2f}  {verdict(ratio, TIMES) if aim else ''}")


def _match(built: Engine, layouts: dict[str, Layout], text: str) -> object:
    return built.match(text, layouts[text], Facts())


def _once(built: Engine, articles: list[str], layouts: dict[str, Layout]) -> float:
    """Seconds an article of texts that the engine has never met, each once."""
    # As in a worker: what is compiled is no business of the collector's.
    gc.collect()
    gc.freeze()
    begun = time.perf_counter()
    for text in articles:
        _match(built, layouts, text)
    passed = time.perf_counter() - begun
    gc.unfreeze()
    return passed / len(articles)


def main() -> int:
    if sys.argv[1:] == ["--loading"]:
        print(json.dumps(loading()))
        return 0
    how_much = sizes(__doc__)
    print_loading(apart(MODULE, "--loading"))
    data = data_folder()
    if data is not None:
        matching(data, how_much)
    return 0


if __name__ == "__main__":
    sys.exit(main())
