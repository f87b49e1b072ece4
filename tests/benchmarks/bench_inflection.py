"""Does a citation form find its inflected forms? Recall and precision by language, beside a bare dictionary, exact words
and substrings.

Reads ``inflection/sentences.jsonl.gz`` (sentences with the noun lemmas that people marked in them) from the folder that
NEWS_TEST_DATA names. Every single-word noun lemma of three letters or more that stands in at least four sentences of its
language is a term, looked for in all sentences of the language.

*Recall* is the share of (term, sentence) pairs marked by people that are found; *precision* is the share of the pairs found
that are marked. What is found and not marked counts as wrong although it need not be: the same spelling as a verb or an
adjective (English "worked", "other"), or within a name (Güney Kore). Exact words show how much of that there is: their precision is
about as high as any way of expanding terms can reach without parsing the text.

``bare`` is simplemma's dictionary and nothing else: a word of the text and a term meet where their folded spellings are
equal or they have a lemma in common. Run: ``NEWS_TEST_DATA=… python -m tests.benchmarks.bench_inflection``.
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

from simplemma.strategies.dictionaries.dictionary_factory import DefaultDictionaryFactory

from monitor.dictionaries import Dictionary, default_folder, open_dictionary
from monitor.text.fold import fold
from monitor.text.forms import Mark, noun_by_capital, readings, stems
from monitor.text.words import words

#: A lemma marked in fewer sentences says more about who marked them.
LEAST_SENTENCES = 4
SHORTEST = 3


class Score(NamedTuple):
    recall: float
    precision: float


class Sentence(NamedTuple):
    folded: str
    words: frozenset[str]  # as written
    lemmas: frozenset[str]


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
    return sorted(
        lemma for lemma, count in counts.items() if count >= LEAST_SENTENCES and len(words(lemma)) == 1 and len(lemma) >= SHORTEST
    )


def split(rows: Iterable[tuple[str, frozenset[str]]]) -> Iterator[Sentence]:
    for text, lemmas in rows:
        yield Sentence(fold(text), frozenset(text[span.start : span.end] for span in words(text)), lemmas)


def score(rows: list[Sentence], wanted: list[str], finds: Callable[[str, Sentence], bool]) -> Score:
    found = right = held = 0
    for term in wanted:
        for row in rows:
            hit, true = finds(term, row), term in row.lemmas
            found, right, held = found + hit, right + (hit and true), held + true
    return Score(right / max(held, 1), right / max(found, 1))


def met(wanted: list[str], surfaces: Iterable[str], language: str, dictionary: Dictionary) -> dict[str, set[str]]:
    """Term -> the surfaces it finds, by our forms."""
    forms: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for term in wanted:
        for text, allows in stems(term, language, Mark.ANY_FORM, first=True, lookup=dictionary.lookup):
            forms[text].append((term, allows))
    found: dict[str, set[str]] = defaultdict(set)
    for surface in surfaces:
        for stem, bits in readings(fold(surface), forms):
            for term, allows in forms.get(stem, ()):
                if not bits & ~allows and (surface[0].isupper() or not noun_by_capital(term, language)):
                    found[term].add(surface)
    return found


def bare(wanted: list[str], surfaces: Iterable[str], language: str) -> dict[str, set[str]]:
    """Term -> the surfaces that have a lemma in common with it, going by simplemma's dictionary alone."""
    lemma_of = DefaultDictionaryFactory(cache_max_size=1).get_dictionary(language)

    def keys(word: str) -> set[str]:
        return {word, fold(word), lemma_of.get(word) or lemma_of.get(word.lower()) or word}

    by_key: dict[str, set[str]] = defaultdict(set)
    for surface in surfaces:
        for key in keys(surface):
            by_key[key].add(surface)
    return {term: set().union(*(by_key.get(key, set()) for key in keys(term))) for term in wanted}


def scores(rows: list[tuple[str, frozenset[str]]], language: str, dictionary: Dictionary) -> tuple[list[str], dict[str, Score]]:
    wanted, parted = terms(rows), list(split(rows))
    surfaces = {surface for row in parted for surface in row.words}
    ours, plain = met(wanted, surfaces, language, dictionary), bare(wanted, surfaces, language)
    exact = {term: {surface for surface in surfaces if fold(surface) == fold(term)} for term in wanted}
    key = {term: fold(term) for term in wanted}
    return wanted, {
        "ours": score(parted, wanted, lambda term, row: not ours[term].isdisjoint(row.words)),
        "bare": score(parted, wanted, lambda term, row: not plain[term].isdisjoint(row.words)),
        "exact words": score(parted, wanted, lambda term, row: not exact[term].isdisjoint(row.words)),
        "substring": score(parted, wanted, lambda term, row: key[term] in row.folded),
    }


def main() -> int:
    data = os.environ.get("NEWS_TEST_DATA")
    if not data:
        print("skipped: NEWS_TEST_DATA does not name the folder of test data")
        return 0
    by_language = sentences(Path(data))
    dictionary = open_dictionary(default_folder(os.environ), by_language)
    print("recall and precision of a citation form against the noun lemmas that people marked")
    for number, (language, rows) in enumerate(sorted(by_language.items())):
        wanted, found = scores(rows, language, dictionary)
        if not number:
            print(f"{'':4}{'terms':>6}" + "".join(f"   {name:^13}" for name in found))
        print(f"{language:4}{len(wanted):6}" + "".join(f"   {each.recall:6.3f} {each.precision:6.3f}" for each in found.values()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
