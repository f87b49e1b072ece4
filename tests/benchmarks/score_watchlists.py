"""How well the shipped watchlists judge: precision, recall and F1 on labelled articles and sentences, and alarms on ordinary news.

Reads the folder that NEWS_TEST_DATA names: ``arabic-dev`` (articles, each weighted by how many of its kind it stands for),
``english-dev`` (sentences), and, for false alarms, ``arabic-news`` and ``arabic-negatives``. Labels ``weak`` are not
scored. Run: ``NEWS_TEST_DATA=… python -m tests.benchmarks.score_watchlists [--all] [--show NAME]``.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.dictionaries import default_folder, open_lookup
from monitor.match import Engine, compile_engine
from monitor.model import Facts, Match
from monitor.text.language import identify
from monitor.text.layout import lay_out
from monitor.watchlist import load_folder

ROOT = Path(__file__).parents[2]
LISTS = ("arms-transfer", "sanctions-measures", "sanctions-violation")


@dataclass
class Score:
    """Weighted counts of one watchlist on one set."""

    right: float = 0.0
    false: float = 0.0
    missed: float = 0.0

    def add(self, label: object, alerted: bool, weight: float) -> None:
        if label == 1:
            self.right += weight * alerted
            self.missed += weight * (not alerted)
        elif label == 0:
            self.false += weight * alerted

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.false) if self.right else 0.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right else 0.0

    @property
    def f1(self) -> float:
        return 2 * self.right / (2 * self.right + self.false + self.missed) if self.right else 0.0


@dataclass(frozen=True)
class Sample:
    id: str
    text: str
    labels: dict[str, Any]
    weight: float = 1.0
    all_body: bool = False


def shipped_engine() -> Engine:
    folder = ROOT / "watchlists"
    files = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.yaml"))}
    loaded = load_folder(files)
    for name, faults in loaded.faults.items():
        sys.exit("\n".join([f"{name} cannot be loaded", *map(str, faults)]))
    return compile_engine(loaded.watchlists, open_lookup(default_folder(os.environ), ["ar", "en"]))


def arabic_dev(data: Path) -> Iterator[Sample]:
    lines = (data / "arabic-dev" / "labels.jsonl").read_text(encoding="utf-8").splitlines()
    labels = {row["id"]: row for row in map(json.loads, lines)}
    with gzip.open(data / "arabic-dev" / "articles.jsonl.gz", "rt", encoding="utf-8") as stream:
        for row in map(json.loads, stream):
            label = labels[row["id"]]
            yield Sample(row["id"], row["text"], label, label["weight"])


def english_dev(data: Path) -> Iterator[Sample]:
    for line in (data / "english-dev" / "sentences.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield Sample(row["id"], row["text"], row, all_body=True)


def arabic_news(data: Path) -> Iterator[Sample]:
    with gzip.open(data / "arabic-news" / "articles.jsonl.gz", "rt", encoding="utf-8") as stream:
        for row in map(json.loads, stream):
            yield Sample(row["id"], row["title"] + "\n\n" + row["text"], {"topic": row["topic"], "day": row["published"][:10]})


def arabic_negatives(data: Path) -> Iterator[Sample]:
    for path in sorted((data / "arabic-negatives").glob("*.csv.gz")):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                yield Sample(row["id"], row["text"], {"topic": row["event_type"], "day": ""}, all_body=True)


def found(engine: Engine, sample: Sample) -> dict[str, Match]:
    layout = lay_out(sample.text, all_body=sample.all_body)
    return {match.watchlist: match for match in engine.match(sample.text, layout, Facts(identify(sample.text)))}


def judge(name: str, samples: Iterator[Sample], engine: Engine, show: str) -> None:
    scores = {watchlist: Score() for watchlist in LISTS}
    for sample in samples:
        matches = found(engine, sample)
        for watchlist, score in scores.items():
            label = sample.labels.get(watchlist.replace("-", "_"))
            score.add(label, watchlist in matches, sample.weight)
            if watchlist == show and label in (0, 1) and (label == 1) != (watchlist in matches):
                explain("FALSE" if label == 0 else "MISSED", sample, matches.get(watchlist))
    for watchlist, score in scores.items():
        if score.right + score.false + score.missed:
            print(f"{name:12} {watchlist:20} precision {score.precision:.2f}  recall {score.recall:.2f}  F1 {score.f1:.2f}")


def count_alarms(name: str, samples: Iterator[Sample], engine: Engine, show: str) -> None:
    topics: Counter[str] = Counter()
    alarms = {watchlist: Counter[str]() for watchlist in LISTS}
    days = set()
    for sample in samples:
        topics[sample.labels["topic"]] += 1
        days.add(sample.labels["day"])
        for watchlist, match in found(engine, sample).items():
            if watchlist in alarms:
                alarms[watchlist][sample.labels["topic"]] += 1
            if watchlist == show:
                explain(sample.labels["topic"], sample, match)
    print(f"{name}: {topics.total()} texts of {len(days)} days")
    for watchlist, counts in alarms.items():
        listed = ", ".join(f"{topic} {count}/{topics[topic]}" for topic, count in counts.most_common())
        print(f"  {watchlist:20} {counts.total():5}  {listed}")


def explain(verdict: str, sample: Sample, match: Match | None) -> None:
    print(f"--- {verdict} {sample.id}: {' '.join(sample.text[:110].split())}")
    for evidence in match.evidence[:6] if match else ():
        hits = " + ".join(f"{hit.text} [{hit.group}]" for hit in evidence.hits)
        print(f"      {evidence.stance} {hits}: {' '.join(evidence.quote[:260].split())}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="count alarms on ordinary news and sentences too")
    parser.add_argument("--show", default="", metavar="WATCHLIST", help="print each error of this watchlist")
    options = parser.parse_args()
    named = os.environ.get("NEWS_TEST_DATA")
    if not named:
        print("skipped: NEWS_TEST_DATA does not name the folder of test data")
        return 0
    data, engine = Path(named), shipped_engine()
    judge("arabic-dev", arabic_dev(data), engine, options.show)
    judge("english-dev", english_dev(data), engine, options.show)
    if options.all:
        count_alarms("arabic-news", arabic_news(data), engine, options.show)
        count_alarms("arabic-negatives", arabic_negatives(data), engine, options.show)
    return 0


if __name__ == "__main__":
    sys.exit(main())
