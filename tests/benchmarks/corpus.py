"""The texts and terms that matching is measured on, the same in every run.

Articles are made to one length by joining or cutting news articles, so that a time per article means something; some
are kept back, for measuring text that an engine has never seen. Terms are drawn from the words of the whole corpus:
*dense* ones from its frequent words, *sparse* ones from the rare phrases, and the words that are rare in all their forms,
of the articles that are not measured: a watchlist is written before the article that it waits for.
Needs the folder NEWS_TEST_DATA.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from monitor.text.fold import fold
from monitor.text.forms import Lookup
from tests.benchmarks.measure import Sizes

#: Words of the article that the aims speak of.
ARTICLE: Final = 670
#: The most frequent words are the language's glue; nobody writes them into a watchlist.
_GLUE: Final = 200
#: A word that stands in at most so many places, in whatever form, is rare; a phrase that stands in one.
_RARE: Final = 2
_LETTERS: Final = re.compile(r"[^\W\d_]{3,}")
_PAIR: Final = re.compile(r"[^\W\d_]{4,} [^\W\d_]{4,}")
#: Of the terms, the share that is English; the rest is Arabic.
_ENGLISH_SHARE: Final = 0.25


@dataclass(frozen=True, slots=True)
class Drawn:
    """One term as it would be written in a watchlist."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """``articles`` by language; ``unseen`` are Arabic articles that stand in none of them. Of the whole corpus, by language:
    its words, the most frequent first and without those of every text; of what is not measured, the rare words and phrases."""

    articles: dict[str, list[str]]
    unseen: list[str]
    frequent: dict[str, list[str]]
    rare: dict[str, list[str]]
    phrases: dict[str, list[str]]


def read(data: Path, sizes: Sizes, lookup: Lookup) -> Corpus:
    arabic = joined(_arabic(data), ARTICLE)
    english = [*joined(_stories(data), ARTICLE), *joined(_sentences(data), ARTICLE)]
    shuffle = random.Random(7)
    shuffle.shuffle(arabic)
    shuffle.shuffle(english)
    unseen = arabic[sizes.articles :]
    texts = {"ar": arabic, "en": english}
    found = Corpus({"ar": arabic[: sizes.articles], "en": english[: sizes.articles // 2]}, unseen, {}, {}, {})
    for language, all_texts in texts.items():
        words, _ = _count(all_texts)
        found.frequent[language] = [word for word, _ in words.most_common()][_GLUE:]
        others, phrases = _count(all_texts[len(found.articles[language]) :])
        found.rare[language] = _rare(others, language, lookup)
        found.phrases[language] = phrases
    return found


def _rare(words: Counter[str], language: str, lookup: Lookup) -> list[str]:
    folded: Counter[str] = Counter()
    for word, count in words.items():
        folded[fold(word).removeprefix("ال")] += count
    return [
        word
        for word, count in words.items()
        if count <= _RARE
        and sum(folded[form] for form in {fold(form).removeprefix("ال") for form in (word, *lookup(language, word))}) <= _RARE
    ]


def joined(texts: Iterable[str], size: int) -> list[str]:
    """Texts of ``size`` words (as blanks part them), each made of as many of ``texts`` as it takes, lines and paragraphs kept."""
    out: list[str] = []
    parts: list[str] = []
    missing = size
    for text in texts:
        rest = text.strip()
        while rest:
            ends = [match.end() for _, match in zip(range(missing), re.finditer(r"\S+", rest), strict=False)]
            parts.append(rest[: ends[-1]])
            rest = rest[ends[-1] :].strip()
            missing -= len(ends)
            if not missing:
                out.append("\n\n".join(parts))
                parts, missing = [], size
    return out


def draw(corpus: Corpus, number: int, *, dense: bool) -> list[Drawn]:
    """``number`` different terms, about a quarter of them English; fewer where the corpus has no more."""
    out: list[Drawn] = []
    for language, wanted in (("en", round(number * _ENGLISH_SHARE)), ("ar", number)):
        missing = wanted - len(out)
        pool = _dense(corpus, language, missing) if dense else _sparse(corpus, language, missing)
        chosen = random.Random(f"{language} {number} {dense}").sample(pool, min(missing, len(pool)))
        out += (Drawn(text, language) for text in chosen)
    return out


def _dense(corpus: Corpus, language: str, wanted: int) -> list[str]:
    """The frequent words: twice as many as are wanted, so that the frequency falls as the number grows."""
    return corpus.frequent[language][: max(2 * wanted, 1_000)]


def _sparse(corpus: Corpus, language: str, wanted: int) -> list[str]:
    """Rare words and rare phrases, half and half; more phrases where the words do not suffice."""
    chooser = random.Random(language)
    words = chooser.sample(corpus.rare[language], min(len(corpus.rare[language]), wanted // 2))
    return words + chooser.sample(corpus.phrases[language], min(len(corpus.phrases[language]), wanted - len(words)))


def _count(texts: Iterable[str]) -> tuple[Counter[str], list[str]]:
    """How often each word stands in the texts, and the pairs of words that stand there once."""
    words: Counter[str] = Counter()
    pairs: Counter[str] = Counter()
    for text in texts:
        for line in text.split("\n"):
            words.update(_LETTERS.findall(line.lower()))
            pairs.update(_PAIR.findall(line.lower()))
    return words, sorted(pair for pair, count in pairs.items() if count == 1)


def _arabic(data: Path) -> Iterator[str]:
    with gzip.open(data / "arabic-news" / "articles.jsonl.gz", "rt", encoding="utf-8") as stream:
        for row in map(json.loads, stream):
            yield f"{row['title']}\n\n{row['text']}"


def _stories(data: Path) -> Iterator[str]:
    with gzip.open(data / "stories" / "news_cluster.jsonl.gz", "rt", encoding="utf-8") as stream:
        for row in map(json.loads, stream):
            yield str(row["text"])


def _sentences(data: Path) -> Iterator[str]:
    for line in (data / "english-dev" / "sentences.jsonl").read_text(encoding="utf-8").splitlines():
        yield str(json.loads(line)["text"])
