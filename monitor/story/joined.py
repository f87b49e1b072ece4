"""Why an article joined its story: kept with the article, and shown to whoever asks, in words. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

JsonObject = dict[str, Any]


class JoinKind(StrEnum):
    SAME_TEXT = "same_text"
    NEAR_COPY = "near_copy"
    REWRITE = "rewrite"
    TRANSLATION = "translation"  # in another language or script, by names and numbers written alike in both
    MERGED = "merged"  # by hand
    SPLIT = "split"  # by hand


@dataclass(frozen=True, slots=True)
class Joined:
    """``article`` is the member it is most like. ``score`` is how alike the article and its story are, 0 to 1; ``share`` how many
    per cent of the shorter article's words both have. ``words`` and ``numbers`` are what both say and few others do, that which
    says most first. ``hours`` lie between the two articles. By hand, only ``kind`` and ``article`` say something."""

    kind: JoinKind
    article: str
    score: float = 0.0
    share: int = 0
    words: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    hours: float = 0.0

    def explain(self, title: str = "") -> str:
        """One line for people. ``title`` is that of the article it is most like; without it stands the id."""
        other = f"“{title}”" if title else self.article
        if self.kind is JoinKind.MERGED:
            return "merged by hand"
        if self.kind is JoinKind.SPLIT:
            return "split off by hand"
        if self.kind is JoinKind.SAME_TEXT:
            return f"same text as {other}; {self._apart()}"
        if self.kind is JoinKind.NEAR_COPY:
            return f"near copy of {other} ({self.share} % of its words); {self._apart()}"
        shared = []
        if self.words:
            shared.append("rare words: " + ", ".join(self.words))
        if self.numbers:
            shared.append("numbers: " + ", ".join(self.numbers))
        what = "; ".join(shared) if shared else f"{self.share} % of the words"
        across = "in another language, " if self.kind is JoinKind.TRANSLATION else ""
        return f"{across}shares with {other} {what}; {self._apart()}"

    def _apart(self) -> str:
        if self.hours < 1:
            return "published within the hour"
        return f"published {self.hours:.0f} h apart" if self.hours < 72 else f"published {self.hours / 24:.0f} days apart"

    def to_json(self) -> JsonObject:
        return {
            "kind": str(self.kind),
            "article": self.article,
            "score": self.score,
            "share": self.share,
            "words": list(self.words),
            "numbers": list(self.numbers),
            "hours": self.hours,
        }

    @classmethod
    def from_json(cls, row: JsonObject) -> Joined:
        """Reads what ``to_json`` wrote; keys that are not known are passed over, missing ones have their defaults."""
        return cls(
            JoinKind(row["kind"]),
            row["article"],
            float(row.get("score", 0.0)),
            int(row.get("share", 0)),
            tuple(row.get("words", ())),
            tuple(row.get("numbers", ())),
            float(row.get("hours", 0.0)),
        )
