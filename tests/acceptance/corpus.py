"""Articles of which it can be worked out beforehand what they raise.

Every article is an event of its own: its words are made up from its number, so that no two share rare words, names or
numbers and no two are taken for one story. What each is to raise follows from its number alone, and so do the ids of
everything that is told of it. This module must not ask the program anything.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from monitor.flow.decision import alert_id, article_id
from monitor.model import identity

#: The pushed source and the folder source that the articles come through.
PUSHED, DROPPED = "wire", "drop"

#: Watchlist -> (its severity, the one word it looks for).
LISTS = {"arms": ("high", "rocketsale"), "grave": ("critical", "gravesale")}

_SMALL = ("the", "of", "and", "to", "in", "a", "that", "for", "with", "on", "by", "from", "after", "near")
_ONSETS = ("b", "br", "d", "dr", "f", "g", "gr", "k", "kl", "l", "m", "n", "p", "pr", "r", "s", "st", "t", "tr", "v", "z", "sk")
_VOWELS = ("a", "e", "i", "o", "u", "ia", "au", "oi")
_CODAS = ("", "n", "r", "l", "m", "st", "k", "nd", "rt")


def watchlist(name: str) -> str:
    severity, word = LISTS[name]
    return f"id: {name}\ntitle: {name.title()}\nseverity: {severity}\ngroups:\n  deal: {{any: [{word} (exact)]}}\nwhen: deal\n"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One notification that must reach every sink."""

    notification: str
    alert: str
    severity: str
    key: str

    def webhook_id(self, sink: str) -> str:
        return f"msg_{self.notification}_{sink}"


@dataclass(frozen=True)
class Article:
    """The ``number``-th one. Every seventh is quiet, every seventh satisfies two watchlists; the rest raise one alert."""

    number: int
    source: str = PUSHED

    @property
    def key(self) -> str:
        return f"e{self.number}" if self.source == PUSHED else f"e{self.number}.txt"

    @property
    def lists(self) -> tuple[str, ...]:
        return {0: (), 1: ("arms", "grave"), 2: ("grave",), 3: ("grave",)}.get(self.number % 7, ("arms",))

    @cached_property
    def wanted(self) -> tuple[Wanted, ...]:
        about = article_id(self.source, self.key)
        alerts = [(alert_id(name, about), LISTS[name][0]) for name in self.lists]
        return tuple(Wanted(identity(alert, "0"), alert, severity, self.key) for alert, severity in alerts)

    @cached_property
    def text(self) -> str:
        return event(self.number, [LISTS[name][1] for name in self.lists])

    def line(self) -> str:
        """As it is pushed."""
        return json.dumps({"id": self.key, "text": self.text, "language": "en"})

    def drop(self, folder: Path) -> None:
        """As a file that appears whole."""
        hidden = folder / f".{self.key}"
        hidden.write_text(self.text)
        hidden.rename(folder / self.key)


def event(seed: int | str, words: Iterable[str]) -> str:
    """An article about something that no other seed has happen; each of ``words`` is said in a sentence of its own."""
    chance = random.Random(seed)
    made = [_word(chance) for _ in range(60)]
    title = " ".join(word.title() for word in made[:5])
    prose = [piece for one in made[5:] for piece in (one, chance.choice(_SMALL))]
    said = [f"Some {word} {chance.choice(_SMALL)} {_word(chance)} {chance.randrange(10_000, 10**7)}." for word in words]
    sentences = [" ".join(prose[at : at + 14]).capitalize() + "." for at in range(0, len(prose), 14)]
    return f"{title}\n\n{' '.join([sentences[0], *said, *sentences[1:]])}\n"


def wanted(articles: Iterable[Article]) -> dict[str, Wanted]:
    """Notification id -> what it is."""
    return {one.notification: one for article in articles for one in article.wanted}


def _word(chance: random.Random) -> str:
    return "".join(chance.choice(_ONSETS) + chance.choice(_VOWELS) + chance.choice(_CODAS) for _ in range(chance.randrange(3, 5)))
