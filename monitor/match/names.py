"""The names of one generation, sorted by key, and the walk along a text's words that finds them.

A name's key is its words written together (``text/names.py``), so that the text may part them otherwise: two words of the
name as one, one word as two. What begins a name is decided once for each surface and remembered; a common given name
begins thousands, so the walk narrows a range of the sorted keys, and looks at the two letters that follow before anything
else. Spellings of long lists are not objects: a spelling is a number from ``LISTED`` on, and becomes a pattern when it is hit.

This room is pure: it must not know files, clocks or where a text came from.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from operator import itemgetter
from typing import Final, NamedTuple

from monitor.model import Entity
from monitor.text.fold import fold
from monitor.text.forms_base import Reading
from monitor.text.name_cases import BARE, CONSONANT, END, REFUSED, SYLLABLE, VOWEL, Kind, agreed
from monitor.text.names import NameWord, continuations, enough, key_words, openings
from monitor.text.native import COMPILED
from monitor.text.onward import Onward
from monitor.text.words import pattern_for
from monitor.watchlist.names import NameList

#: Numbers of patterns from here on are spellings of name lists.
LISTED: Final = 1 << 40
#: A name of more words than this is no name; bounds the walk along one.
WORDS: Final = 12
#: Entities told of one spelling: more than these name nobody.
_NAMESAKES: Final = 20
#: A longer word, or words written together, is no name's; bounds the looking.
_LONGEST: Final = 64
#: Surfaces remembered before the memo starts anew: 6 MB at the worst. Only words that stand where a name may go on.
_MEMO: Final = 16_384
#: Words gone behind the beginnings of names before the memo starts anew, and names of which something is remembered: 3 MB at the worst.
_WALKED: Final = 4_096
#: The letters that follow a beginning are only kept where they are few enough to tell anything.
_FOLLOWED: Final = 3_000
#: A shorter key is found only where the text parts it as the list does: Anna is not An Na.
_SAME_WORDS: Final = 6
#: A piece of a word that the text writes apart, where the script has no capitals to show it is of a name.
_PIECE: Final = 3
#: Small-lettered words this long may be several words of a name written together; shorter ones are the language's own.
_JOINED: Final = 6
#: Words that a name's other words are written together with.
_PARTICLES: Final = frozenset(
    {"al", "el", "ul", "abd", "abu", "bin", "ibn", "ben", "de", "da", "di", "du", "la", "le", "van", "von", "аль", "эль"}
)
#: What may stand between the words of one name: blanks, hyphens, quotes, dots, brackets, marks of direction. A comma, a
#: slash or a spaced dash parts two names, unless the list writes it so.
_GAP: Final = re.compile(r"(?!.*\s[-–—])(?!.*[–—]\s)[\s\-‐‑–—'’‘ʼ\"“”„«»״־.·・•()\[\]\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*")
#: على is a preposition wherever the list does not write علي so itself, though folding takes both for one.
_PREPOSITION: Final = "على"
#: Scripts whose words are written apart: a key that begins otherwise is Han, kana or Hangul, where one character is a word's worth.
_LETTERS: Final = re.compile(r"[^\W\u1100-\u11ff\u2e80-\ud7ff\uf900-\ufaff\uff66-\uffdc\U00020000-\U0003ffff]+")
#: Letters by which most words that begin no name are told at once.
_EDGE: Final = 4
_TOP: Final = "\U0010ffff"
_NUL: Final = "\0"
#: Spellings folded at once: folding has a cost for each call, and its result stays small.
_BATCH: Final = 2_000


class _Open(NamedTuple):
    """The beginning of a name: its key, how its words are declined, and the range of entries it begins."""

    key: str
    kind: Kind
    low: int
    high: int


class _Start(NamedTuple):
    """A first word: what it opens, the names it is already, and the two letters that may come next (None: not worth knowing)."""

    open: _Open
    whole: tuple[int, ...]
    follow: frozenset[str] | None


class _Reached(NamedTuple):
    """Where a walk is behind some words: what of it goes on, the names that end there, and where each word met there leads."""

    open: tuple[_Open, ...]
    whole: tuple[int, ...]
    after: dict[str, _Reached]


class Names:
    """Add, then ``seal`` once, then ask."""

    def __init__(self) -> None:
        self.starts: list[_Start] = []
        self._lists: list[tuple[int, NameList]] = []
        self._listed: dict[int, range] = {}
        self._terms: dict[int, str] = {}
        # Sorted: key, NUL, number in hexadecimal. Strings alone take half the memory of keys and numbers apart.
        self._entries: list[str] = []
        # The first words of names and the later ones, by themselves.
        self._first: set[str] = set()
        self._later: set[str] = set()
        self._sorted_first: list[str] = []
        self._sorted_later: list[str] = []
        self._edges: set[str] = set()
        self._ends_of_first: list[str] = []
        self._numbers: dict[NameWord, int] = {}
        #: What tells most words that begin a name and are none, where it can.
        self.onward: Onward | None = None
        self._words = _Memo(continuations)
        self._seconds = _Memo(self._as_second)
        # (start, second word) -> where a walk is behind them; and how many words were gone in all of these.
        self._walks: dict[tuple[int, str], _Reached] = {}
        self._walked = 0
        # Name -> the words it has to be of in a text, 0 where any parting will do.
        self._parted: dict[int, int] = {}

    def __bool__(self) -> bool:
        return bool(self._entries)

    # ------------------------------------------------------------------ building
    def add(self, text: str, number: int) -> None:
        """One name by itself, under a number of the caller's below ``LISTED``."""
        self._terms[number] = text

    def add_list(self, names: NameList) -> range:
        """The numbers of a list's spellings; the same for a list added before."""
        known = self._listed.get(id(names))
        if known is None:
            base = self._lists[-1][0] + len(self._lists[-1][1]) if self._lists else LISTED
            known = self._listed[id(names)] = range(base, base + len(names))
            self._lists.append((base, names))
        return known

    def seal(self, *, native: bool = True) -> None:
        """``native``: what follows a first word is looked at by the loop in C where there is one."""
        self._enter(list(self._terms.values()), list(self._terms))
        for base, names in self._lists:
            for at in range(0, len(names), _BATCH):
                batch = names.spellings[at : at + _BATCH]
                self._enter(batch, range(base + at, base + at + len(batch)))
        self._entries.sort()
        self._sorted_first, self._sorted_later = sorted(self._first), sorted(self._later)
        self._edges = {word[:_EDGE] for word in self._first if len(word) >= _EDGE}
        self._ends_of_first = sorted(word[::-1] for word in self._first)
        if native and COMPILED and self._entries:
            self.onward = Onward(self._entries, [*self._sorted_first, *_PARTICLES])

    def _enter(self, texts: Sequence[str], numbers: Sequence[int]) -> None:
        add = self._entries.append
        first, later = self._first.add, self._later.update
        for folded, number in zip(_folded(texts), numbers, strict=True):
            words = key_words(folded)
            if words:
                first(words[0])
                if len(words) > 1:
                    later(words[1:])
                add(f"{''.join(words)}{_NUL}{number:x}")

    # ------------------------------------------------------------------ asking
    def opens(self, surface: str, folded: str, possible: Iterable[Reading]) -> tuple[int, ...]:
        """The ways a name may begin with this word of the text, given its readings, as indices into ``starts``."""
        words = (word for word in openings(surface, folded, possible) if self._may_open(surface, word))
        return tuple(dict.fromkeys(number for word in words if (number := self._start(word)) >= 0))

    def whole(self, start: int, surface: str) -> bool:
        """Whether this one word of a text, read as ``start``, is a name."""
        return any(self.stands(number, surface, ((0, len(surface)),)) for number in self.starts[start].whole)

    def goes_on(self, start: int, surface: str) -> bool:
        """Whether the beginning of a name goes on with this word."""
        opened, _, follow = self.starts[start]
        if follow is not None and not any(word.key[:2] in follow for word in self._words[surface]):
            return False
        return any(self._joined(opened, self._seconds[surface], follow))

    def walk(self, start: int, rest: Iterator[str]) -> Iterator[tuple[int, int]]:
        """(number, words) of every name that begins with a word read as ``start`` and goes on with the ``rest`` of them.

        No more of these are asked for than some name goes on with.
        """
        begun = self.starts[start]
        for number in begun.whole:
            yield number, 1
        second = next(rest, None)
        if second is None:
            return
        reached = self._walks.get((start, second))
        if reached is None:
            reached = self._reach((begun.open,), self._seconds[second], begun.follow, 2)
            self._walks[start, second] = reached
        size = 2
        while True:
            for number in reached.whole:
                yield number, size
            word = next(rest, None) if reached.open and size < WORDS else None
            if word is None:
                return
            size += 1
            on = reached.after.get(word)
            if on is None:
                on = reached.after[word] = self._reach(reached.open, self._words[word], None, size)
            reached = on

    def _reach(self, opened: Iterable[_Open], words: Sequence[NameWord], follow: frozenset[str] | None, size: int) -> _Reached:
        """Where a walk is that went on with one more word, the last of ``size``."""
        if self._walked >= _WALKED:
            self._walks.clear()
            self._walked = 0
        self._walked += 1
        longer = [each for one in opened for each in self._joined(one, words, follow)]
        whole = dict.fromkeys(number for each in longer for number in self._whole(each, size))
        on = tuple(each for each in longer if not self._entries[each.high - 1].startswith(each.key + _NUL))
        return _Reached(on, tuple(whole), {})

    def stands(self, number: int, text: str, spans: Sequence[tuple[int, int]]) -> bool:
        """Whether words found at ``spans`` are this name and not pieces of others, by what stands between and around them."""
        spelling = self.spelling(number)
        if len(spans) > 1:
            gaps = [text[end:start] for (_, end), (start, _) in pairwise(spans)]
            if not all(map(_GAP.fullmatch, gaps)) and all(_GAP.fullmatch(rest) for rest in pattern_for(spelling).split(spelling)):
                return False
            if _PREPOSITION not in spelling and any(text[start:end].endswith(_PREPOSITION) for start, end in spans):
                return False
        elif number >= LISTED and spelling[0].isupper() and text[spans[0][0]].islower():
            # The ship Hope is no hope.
            return False
        return self._parts(number, spelling) in (0, len(spans))

    def _parts(self, number: int, spelling: str) -> int:
        """The words that a name has to be of in a text, 0 where any parting will do."""
        known = self._parted.get(number)
        if known is None:
            if len(self._parted) >= _WALKED:
                self._parted.clear()
            words = key_words(fold(spelling))
            free = sum(map(len, words)) >= _SAME_WORDS or not _LETTERS.fullmatch(words[0])
            known = self._parted[number] = 0 if free else len(words)
        return known

    def spelling(self, number: int) -> str:
        if number < LISTED:
            return self._terms[number]
        base, names = self._list(number)
        return names.spellings[number - base]

    def language(self, number: int) -> str:
        """Of a listed name: ISO 639-1, or ``any``."""
        base, names = self._list(number)
        return names.language(number - base)

    def entity(self, number: int) -> Entity:
        """Of a listed name."""
        base, names = self._list(number)
        return names.entity(number - base)

    def _list(self, number: int) -> tuple[int, NameList]:
        return self._lists[bisect_right(self._lists, number, key=itemgetter(0)) - 1]

    # ------------------------------------------------------------------ beginnings
    def _may_open(self, surface: str, word: NameWord) -> bool:
        """Whether a name may begin so: with its own first word, or with what the text writes apart or together in its place."""
        key, kind = word
        if key in self._first:
            return True
        if not key or len(key) > _LONGEST or kind not in (BARE, CONSONANT, VOWEL, END, SYLLABLE):
            return False
        if not _LETTERS.match(key) or key in _PARTICLES:
            return True
        first = surface[0]
        if len(key) < (2 if first.isupper() else _JOINED if first.islower() else _PIECE):
            return False
        if len(key) < _EDGE or key[:_EDGE] in self._edges:
            return _begins(self._sorted_first, key) or self._together(key, self._first)
        # It begins like no first word that is longer than this: what is left is a short one with others written to it.
        return any(key[:size] in self._first for size in range(2, _EDGE)) and self._together(key, self._first)

    def _start(self, word: NameWord) -> int:
        """Its index in ``starts``; -1 where no name begins with it."""
        known = self._numbers.get(word)
        if known is not None:
            return known
        opened = next(self._joined(_Open("", BARE, 0, len(self._entries)), (word,), None), None)
        if opened is not None:
            all_whole = self._numbers_of(opened)
            whole = tuple(self._whole(opened, 1))
            after = range(opened.low + len(all_whole), opened.high)
            if whole or (after and word.kind not in (END, SYLLABLE)):
                number = self._numbers[word] = len(self.starts)
                self.starts.append(_Start(opened, whole, self._follow(len(opened.key), after)))
                if self.onward is not None:
                    self.onward.begin(opened.key)
                return number
        return -1

    def _follow(self, size: int, entries: range) -> frozenset[str] | None:
        if len(entries) > _FOLLOWED:
            return None
        rests = [self._entries[at][size : size + 2] for at in entries]
        return frozenset((*rests, *(rest[0] for rest in rests)))

    # ------------------------------------------------------------------ going on
    def _as_second(self, surface: str) -> tuple[NameWord, ...]:
        return tuple(word for word in self._words[surface] if self._may_follow(word.key))

    def _may_follow(self, key: str) -> bool:
        """Whether a second word may be this: later words of a name, one or together, or the piece of a word written apart."""
        if len(key) > _LONGEST:
            return False
        if not _LETTERS.match(key) or self._together(key, self._later):
            return True
        return _begins(self._sorted_later, key) or _begins(self._ends_of_first, key[::-1])

    def _together(self, key: str, beginning: set[str]) -> bool:
        """Whether this is words of names written together, the first of them one of ``beginning``."""
        size = len(key)
        reached = {end for end in range(1, size + 1) if key[:end] in beginning}
        for start in range(2, size - 1):
            if start in reached:
                reached.update(end for end in range(start + 2, size + 1) if key[start:end] in self._later)
        return size in reached

    def _joined(self, opened: _Open, words: Sequence[NameWord], follow: frozenset[str] | None) -> Iterator[_Open]:
        entries = self._entries
        for more, kind in words:
            if not more or (follow is not None and more[:2] not in follow):
                continue
            declined = agreed(opened.kind, kind)
            if declined == REFUSED:
                continue
            key = opened.key + more
            low = bisect_left(entries, key, opened.low, opened.high)
            if low < opened.high and entries[low].startswith(key):
                yield _Open(key, declined, low, bisect_left(entries, key + _TOP, low, opened.high))

    def _whole(self, opened: _Open, words: int) -> Iterator[int]:
        """The names that are complete; of equal spellings of one entity the first, and not all of too many entities."""
        if not enough(opened.key, opened.kind, words):
            return
        told: set[Entity] = set()
        for number in self._numbers_of(opened):
            if number >= LISTED:
                entity = self.entity(number)
                if entity in told or len(told) >= _NAMESAKES:
                    continue
                told.add(entity)
            yield number

    def _numbers_of(self, opened: _Open) -> list[int]:
        mark = opened.key + _NUL
        out = []
        for at in range(opened.low, opened.high):
            entry = self._entries[at]
            if not entry.startswith(mark):
                break
            out.append(int(entry[len(mark) :], 16))
        return sorted(out)


class _Memo(dict[str, tuple[NameWord, ...]]):
    """Surface -> how it may be read, remembered."""

    def __init__(self, read: Callable[[str], tuple[NameWord, ...]]) -> None:
        super().__init__()
        self.read = read

    def __missing__(self, surface: str) -> tuple[NameWord, ...]:
        if len(self) >= _MEMO:
            self.clear()
        found = self[surface] = self.read(surface)
        return found


def _begins(words: Sequence[str], key: str) -> bool:
    at = bisect_left(words, key)
    return at < len(words) and words[at].startswith(key)


def _folded(texts: Sequence[str]) -> list[str]:
    """Each text folded; many at once, since they share their letters."""
    folded = fold("\n".join(texts)).split("\n")
    return folded if len(folded) == len(texts) else [fold(text).replace("\n", " ") for text in texts]
