"""Does a citation form find its inflected forms? Recall and precision by language, beside exact words.

Reads ``inflection/sentences.jsonl.gz`` (sentences with the noun lemmas that people marked in them) from the folder that
NEWS_TEST_DATA names. Every noun lemma of a language that stands in at least two sentences is a term; it should find
the sentences that hold it and no other. Run: ``NEWS_TEST_DATA=… python -m tests.benchmarks.bench_inflection``.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from monitor.dictionaries import default_folder, open_lookup
from monitor.text.fold import fold
from monitor.text.forms import Mark, expand, meets, readings
from monitor.text.words import words

#: Terms a language: enough for two digits.
MOST_TERMS = 400


class Score(NamedTuple):
    recall: float
    precision: float


def sentences(folder: Path) -> dict[str, list[tuple[str, frozenset[str]]]]:
    by_language: dict[str, list[tuple[str, frozenset[str]]]] = defaultdict(list)
    with gzip.open(folder / "inflection" / "sentences.jsonl.gz", "rt", encoding="utf-8") as stream:
        for line in stream:
            row = json.loads(line)
            by_language[row["lang"]].append((row["text"], frozenset(row["noun_lemmas"])))
    return by_language


def terms(rows: Iterable[tuple[str, frozenset[str]]]) -> list[str]:
    counts: dict[str, int] = defaultdict(int)
    for _, lemmas in rows:
        for lemma in lemmas:
            counts[lemma] += 1
    usual = [lemma for lemma, count in counts.items() if count >= 4 and len(words(lemma)) == 1 and len(lemma) > 2]
    return sorted(usual, key=lambda lemma: (-counts[lemma], lemma))


def surfaces(rows: Iterable[tuple[str, frozenset[str]]]) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    for text, lemmas in rows:
        yield frozenset(fold(text[span.start : span.end]) for span in words(text)), lemmas


def score(rows: list[tuple[frozenset[str], frozenset[str]]], wanted: list[str], finds: Callable[[str, frozenset[str]], bool]) -> Score:
    found = right = held = 0
    for term in wanted:
        for folded, lemmas in rows:
            hit, true = finds(term, folded), term in lemmas
            found, right, held = found + hit, right + (hit and true), held + true
    return Score(right / max(held, 1), right / max(found, 1))


def main() -> int:
    data = os.environ.get("NEWS_TEST_DATA")
    if not data:
        print("skipped: NEWS_TEST_DATA does not name the folder of test data")
        return 0
    by_language = sentences(Path(data))
    lookup = open_lookup(default_folder(os.environ), by_language)
    print(f"{'':4}{'terms':>6}   {'expanded':^17}   {'exact words':^17}")
    print(f"{'':4}{'':>6}   {'recall':>8} {'precision':>8}   {'recall':>8} {'precision':>8}")
    for language, rows in sorted(by_language.items()):
        wanted, split = terms(rows), list(surfaces(rows))
        read = {surface: readings(surface) for folded, _ in split for surface in folded}
        expansions: dict[str, frozenset[str]] = {}
        for term in wanted:
            forms = {form.text: form for form in expand(term, language, Mark.ANY_FORM, first=True, lookup=lookup)}
            expansions[term] = frozenset(
                surface
                for surface, ways in read.items()
                if any((form := forms.get(way.stem)) is not None and meets(way, form) for way in ways)
            )
        ours = score(split, wanted, lambda term, folded, found=expansions: not found[term].isdisjoint(folded))  # type: ignore[misc]
        exact = score(split, wanted, lambda term, folded: fold(term) in folded)
        print(f"{language:4}{len(wanted):6}   {ours.recall:8.2f} {ours.precision:8.2f}   {exact.recall:8.2f} {exact.precision:8.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
