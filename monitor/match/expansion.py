"""What each term expands to, and why each form is there: ``monitor terms`` and the lint of terms that find too much."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from monitor.match.patterns import split_term
from monitor.text.fold import fold
from monitor.text.forms import Attach, Form, Lookup, Mark, expand
from monitor.watchlist import Term, Watchlist

#: How an attachment is called in front of a person, in the order they are said.
_SAID: dict[Attach, str] = {
    Attach.WAW: "و",
    Attach.FA: "ف",
    Attach.BA: "ب",
    Attach.LAM: "ل",
    Attach.KAF: "ك",
    Attach.ARTICLE: "ال",
    Attach.FUTURE: "س",
    Attach.HE: "-ه",
    Attach.PRONOUN: "-ها -هم -نا",
    Attach.PRONOUN_I: "-ني -ك",
    Attach.HEBREW: "ו ה ב ל כ מ ש",
    Attach.PERSIAN_PLURAL: "-ها",
    Attach.PERSIAN_ENDING: "-ی",
    Attach.APOSTROPHE: "'…",
}


@dataclass(frozen=True, slots=True)
class Expansion:
    """One term of one group: for each of its words the forms it is looked for in. A name and a wildcard have none."""

    group: str
    term: Term
    words: tuple[tuple[str, tuple[Form, ...]], ...]


def attachments(allows: Attach) -> str:
    """What may be attached to a form, for people: ``و ف ب … -ها``."""
    return " ".join(said for flag, said in _SAID.items() if flag in allows)


def expansions(watchlist: Watchlist, lookup: Lookup, wanted: str = "") -> Iterator[Expansion]:
    """Every term of the watchlist's groups with its forms; only terms that fold to ``wanted`` where it is given."""
    key = fold(wanted)
    for group, terms in watchlist.groups.items():
        for term in terms:
            if not key or fold(term.text) == key:
                yield Expansion(group, term, tuple(_words(term, lookup)))


def _words(term: Term, lookup: Lookup) -> Iterator[tuple[str, tuple[Form, ...]]]:
    for index, word in enumerate(split_term(term.text)):
        if term.mark is Mark.NAME or "*" in word:
            yield word, ()
        else:
            yield word, expand(word, term.language, term.mark, first=index == 0, lookup=lookup)
