"""Stories: how well articles are told to belong together, beside a plain threshold on shared words, and what it costs.

    python -m tests.benchmarks.bench_stories [--quick]

1. *Events*: 376 English articles that people sorted into stories, read as a stream in the order they were published. Two
   articles are a pair where they are in one story.
2. *Copies*: Arabic articles and one copy of each, with 8 % of its words cut and furniture added, published within two days. As
   near copies alone, and as whole stories: there two originals about one event count as wrong, for nobody sorted them.
3. *Cost* of one article (choosing a story and being held) with 10,000, 100,000 and 1,000,000 articles read before it. The
   index holds the newest of them; what is older is in the record only. In seconds of the processor: what others do meanwhile
   counts as little as can be.

The reference joins an article to the earlier one with which it has the largest share of words in common, from a threshold on;
and, which is less than a story, it calls each two articles a pair that reach a threshold. Of all thresholds it gets the best
for each set, which no program in use could know. Needs the folder NEWS_TEST_DATA.
"""

from __future__ import annotations

import gc
import gzip
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Final

import numpy as np

from monitor.model import Span
from monitor.story.cluster import choose
from monitor.story.index import CAPACITY, StoryIndex
from monitor.story.joined import JoinKind
from monitor.story.refill import Row, refill
from monitor.text.fingerprint import Fingerprint, fingerprint
from monitor.text.layout import lay_out
from tests.benchmarks.corpus import joined as texts_of
from tests.benchmarks.measure import FULL, data_folder, peak_memory, sizes, verdict

_CUT: Final = 0.08
_COPIES: Final = 1_200
_FURNITURE: Final = (
    "اقرأ أيضا",
    "شارك على فيسبوك",
    "جميع الحقوق محفوظة 2017",
    "تابعونا على تويتر",
    "أخبار ذات صلة : رئيس الحكومة يستقبل وزير الخارجية الجزائري",
    "التعليقات 12",
)
_WORD: Final = re.compile(r"\w+")
_THRESHOLDS: Final = tuple(n / 100 for n in range(6, 41, 1))
_COPY_KINDS: Final = (JoinKind.NEAR_COPY, JoinKind.SAME_TEXT)


@dataclass(frozen=True, slots=True)
class Item:
    id: str
    truth: str
    at: datetime
    title: str
    text: str

    def whole(self) -> str:
        return f"{self.title}\n\n{self.text}"

    def fingerprint(self) -> Fingerprint:
        text = self.whole()
        return fingerprint(text, lay_out(text, Span(0, len(self.title))))


# ------------------------------------------------------------------------------------------------- quality
def events(data: Path) -> list[Item]:
    rows = _rows(data / "stories" / "news_cluster.jsonl.gz")
    items = [
        Item(row["id"], row["story"], _time(row["published"]) or datetime(2000, 1, 1, tzinfo=UTC), row["title"], row["text"])
        for row in rows
    ]
    return sorted(items, key=lambda item: (item.at, item.id))


def copies(data: Path, number: int) -> list[Item]:
    chance = random.Random(8)
    rows = [row for row in _rows(data / "arabic-news" / "articles.jsonl.gz") if _time(row["published"]) and row["text"].strip()]
    items: list[Item] = []
    for row in chance.sample(rows, number):
        at = _time(row["published"])
        assert at is not None
        kept = [word for word in re.split(r"(?<= )", row["text"]) if chance.random() >= _CUT]
        copy = "\n".join((_FURNITURE[0], "".join(kept), *_FURNITURE[1:]))
        # The agency published some articles twice, word for word: these are copies too.
        truth = f"{row['title']} {row['text'][:80]}"
        items.append(Item(row["id"], truth, at, row["title"], row["text"]))
        items.append(Item(row["id"] + " copy", truth, at + timedelta(hours=48 * chance.random()), row["title"], copy))
    return sorted(items, key=lambda item: (item.at, item.id))


def ours(items: Sequence[Item], *, only_copies: bool = False) -> list[str]:
    """The story of each item, read one after the other."""
    index = StoryIndex()
    stories: list[str] = []
    for item in items:
        found = item.fingerprint()
        chosen = choose(index, found, item.at)
        if only_copies and chosen is not None and chosen.joined.kind not in _COPY_KINDS:
            chosen = None
        stories.append(chosen.story if chosen else item.id)
        index.add(item.id, stories[-1], item.at, found, copy=chosen is not None and chosen.joined.kind in _COPY_KINDS)
    return stories


def score(truth: Sequence[Hashable], found: Sequence[Hashable]) -> tuple[float, float, float]:
    """Precision, recall and F1 over all pairs of items."""
    right = _pairs(zip(truth, found, strict=True))
    return _rates(right, _pairs(found), _pairs(truth))


def _rates(right: int, found: int, true: int) -> tuple[float, float, float]:
    precision, recall = right / max(found, 1), right / max(true, 1)
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


def _pairs(groups: Iterable[Hashable]) -> int:
    return sum(count * (count - 1) // 2 for count in Counter(groups).values())


def _jaccard(items: Sequence[Item]) -> np.ndarray:
    """The share of words that each two items have in common."""
    numbers: dict[str, int] = {}
    words = [{numbers.setdefault(word, len(numbers)) for word in _WORD.findall(item.whole().lower())} for item in items]
    held = np.zeros((len(items), len(numbers)), np.float32)
    for row, own in enumerate(words):
        held[row, list(own)] = 1
    both = held @ held.T
    size = both.diagonal()
    shares: np.ndarray = both / np.maximum(size[:, None] + size[None, :] - both, 1)
    return shares


def plain(items: Sequence[Item]) -> tuple[tuple[float, tuple[float, float, float]], tuple[float, tuple[float, float, float]]]:
    """The best threshold and its rates, as stories and as pairs."""
    alike = _jaccard(items)
    truth = [item.truth for item in items]
    same = np.array([[one == other for other in truth] for one in truth])
    below = np.tril(np.ones_like(same), -1)
    best_story = best_pairs = (0.0, (0.0, 0.0, 0.0))
    for threshold in _THRESHOLDS:
        stories: list[int] = []
        for place in range(len(items)):
            nearest = int(alike[place, :place].argmax()) if place else 0
            stories.append(stories[nearest] if place and alike[place, nearest] >= threshold else place)
        best_story = max(best_story, (threshold, score(truth, stories)), key=lambda pair: pair[1][2])
        reached = (alike >= threshold) & below
        rates = _rates(int((reached & same).sum()), int(reached.sum()), int((same & below).sum()))
        best_pairs = max(best_pairs, (threshold, rates), key=lambda pair: pair[1][2])
    return best_story, best_pairs


def _show(name: str, rates: tuple[float, float, float], aim: float | None = None) -> None:
    precision, recall, f1 = rates
    note = "" if aim is None else f"   aim F1 ≥ {aim:.2f}: {verdict(f1, aim, least=True)}"
    print(f"  {name:<44} precision {precision:.3f}  recall {recall:.3f}  F1 {f1:.3f}{note}")


def quality(data: Path, number: int) -> None:
    stream = events(data)
    truth = [item.truth for item in stream]
    print(f"events: {len(stream)} English articles, {len(set(truth))} stories")
    _show("ours", score(truth, ours(stream)), 0.80)
    story, pairs = plain(stream)
    _show(f"words in common, nearest, from {story[0]:.2f} on", story[1])
    _show(f"words in common, pairs, from {pairs[0]:.2f} on", pairs[1])
    stream = copies(data, number)
    truth = [item.truth for item in stream]
    print(f"copies: {len(stream)} Arabic articles, half of them copies")
    _show("ours, near copies", score(truth, ours(stream, only_copies=True)), 0.98)
    _show("ours, whole stories", score(truth, ours(stream)))
    story, pairs = plain(stream)
    _show(f"words in common, nearest, from {story[0]:.2f} on", story[1])
    _show(f"words in common, pairs, from {pairs[0]:.2f} on", pairs[1])


# ---------------------------------------------------------------------------------------------------- cost
def cost(data: Path, stored: Sequence[int]) -> None:
    """Articles made of lines of real ones, one every eight seconds. What is stored before is held without asking for its story
    (a million questions take an hour and leave nothing behind but that); the last 1,500 are read as always."""
    items = copies(data, 1_000)
    texts = texts_of((item.whole() for item in items), 670)
    laid = [(text, lay_out(text)) for text in texts]
    made = min(_used(lambda: [fingerprint(*pair) for pair in laid]) for _ in range(7)) / len(laid)
    print(f"fingerprint of an article of 670 words   {made * 1e3:.2f} ms   aim ≤ 0.30 ms: {verdict(made, 0.0003)}")
    pool = [_print_of(text) for text in _varied([item.whole() for item in items], 20_000)]
    index = StoryIndex()
    begun = datetime(2026, 1, 1, tzinfo=UTC)
    first = 0.0
    read = 0
    for aim in stored:
        while read < aim:
            # Each a story of its own: as many stories as there can be.
            index.add(f"{read:032x}", f"{read:032x}", begun + timedelta(seconds=8 * read), pool[read * 7919 % len(pool)])
            read += 1
        gc.collect()
        rounds = []
        for _ in range(5):
            times = []
            for _ in range(300):
                times.append(_read(index, pool, read, begun))
                read += 1
            rounds.append((median(one for one, _ in times), median(other for _, other in times)))
        choosing, holding = min(one for one, _ in rounds), min(other for _, other in rounds)
        took = choosing + holding
        first = first or took
        ratio = f"{took / first:.2f} × the first"
        print(
            f"  {aim:>9,} articles read: {took * 1e3:.2f} ms an article (choosing {choosing * 1e3:.2f}, holding {holding * 1e3:.2f}),"
            f" {ratio} ({len(index):,} held, peak {peak_memory():.0f} MB)"
        )
    at = begun + timedelta(seconds=8 * read)
    new = [_print_of(text) for text in _varied([item.whole() for item in items], 300, seed=4)]
    deciding = median(_choosing(index, found, at) for found in new)
    print(f"deciding alone, for articles never seen   {deciding * 1e3:.2f} ms   aim ≤ 0.30 ms: {verdict(deciding, 0.0003)}")
    _stream("events in their order", events(data))
    _stream("Arabic news and copies in their order", items)
    for count in (CAPACITY, 40_000):
        _rebuilt([Row(f"{n:032x}", f"{n:032x}", begun + timedelta(seconds=8 * n), pool[n % len(pool)].data, False) for n in range(count)])


def _print_of(text: str) -> Fingerprint:
    return fingerprint(text, lay_out(text))


def _rebuilt(rows: Sequence[Row]) -> None:
    gc.collect()
    begin, used = perf_counter(), process_time()
    index = StoryIndex(len(rows))
    for _ in refill(index, rows):
        pass
    took, cost = perf_counter() - begin, process_time() - used
    print(f"the index of {len(rows):,} made again at start   {took:.1f} s, {cost:.1f} s of the processor")


def _stream(name: str, items: Sequence[Item]) -> None:
    """News as it comes: most of it joins nothing, or joins at once."""
    prints = [item.fingerprint() for item in items]

    def read() -> None:
        index = StoryIndex()
        for item, found in zip(items, prints, strict=True):
            chosen = choose(index, found, item.at)
            copy = bool(chosen and chosen.joined.kind in _COPY_KINDS)
            index.add(item.id, chosen.story if chosen else item.id, item.at, found, copy=copy)

    print(f"  {name}: {min(_used(read) for _ in range(3)) / len(items) * 1e3:.2f} ms an article, choosing and holding")


def _read(index: StoryIndex, pool: Sequence[Fingerprint], number: int, begun: datetime) -> tuple[float, float]:
    """Seconds of choosing and of holding."""
    found = pool[number * 7919 % len(pool)]
    at = begun + timedelta(seconds=8 * number)
    start = process_time()
    chosen = choose(index, found, at)
    between = process_time()
    index.add(
        f"{number:032x}", chosen.story if chosen else f"{number:032x}", at, found, copy=bool(chosen and chosen.joined.kind in _COPY_KINDS)
    )
    return between - start, process_time() - between


def _used(call: Callable[[], object]) -> float:
    begun = process_time()
    call()
    return process_time() - begun


def _choosing(index: StoryIndex, found: Fingerprint, at: datetime) -> float:
    return _used(lambda: choose(index, found, at))


def _varied(texts: Sequence[str], number: int, seed: int = 3) -> Iterator[str]:
    """Articles of sentences of others: many words in common, as news has them, and each its own subject."""
    chance = random.Random(seed)
    lines = [line for text in texts for line in text.split("\n") if len(line) > 60]
    for _ in range(number):
        yield "\n".join(chance.sample(lines, 12))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        yield from map(json.loads, stream)


def _time(written: str) -> datetime | None:
    parts = re.match(r"(\d\d)/(\d\d)/(\d{4})", written)
    try:
        found = datetime.fromisoformat("-".join(reversed(parts.groups())) if parts else written)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def main() -> None:
    chosen = sizes(__doc__)
    data = data_folder()
    if data is None:
        return
    full = chosen is FULL
    quality(data, _COPIES if full else 300)
    print(f"cost (the index holds {CAPACITY:,} articles)")
    cost(data, (10_000, 100_000, 1_000_000) if full else (2_000, 10_000, 40_000))


if __name__ == "__main__":
    main()
