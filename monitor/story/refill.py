"""The index made again at start, all articles at once: a tenth of the time of adding them one after the other.

It comes to hold what it would hold then: the same articles in the same stories, the same words in their centroids, and the
newest stories in the slots. Only what is rare is known from the beginning here, while an article that was added alone was
looked for by what was rare when it came. Plain arrays, a piece at a time; it must not know where the articles are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from monitor.story.index import Member, StoryIndex
from monitor.story.look import Slots
from monitor.story.loops import NAMED, POSTED, TOO_COMMON, band_places, term_places
from monitor.text.fingerprint import BANDS, BINS, TermKind, hashes_of, is_sound, marks_of, signature_of, taken_apart

Numbers = npt.NDArray[np.int64]

#: Articles in one piece: some 10 ms.
_PIECE: Final = 256
#: Parts in which the tables are written.
_SHARES: Final = 8


class Row(NamedTuple):
    """What ``StoryIndex.add`` takes."""

    article: str
    story: str
    at: datetime
    data: bytes
    copy: bool


class _Posts(NamedTuple):
    """Places of a table, and whose article is looked for there: by its place among all."""

    places: Slots
    articles: Slots


def refill(index: StoryIndex, rows: Sequence[Row]) -> Iterator[None]:
    """Puts the newest of ``rows`` (oldest first, each article once) into an empty index; yields now and then, for others to have
    a moment. Until it ends, nothing may be asked."""
    assert not len(index), "only an empty index is filled"
    kept = [row for row in rows if is_sound(row.data)][-index.capacity :]
    members: list[tuple[int, Member]] = []
    for start in range(0, len(kept), _PIECE):
        members += [index.enrol(*row) for row in kept[start : start + _PIECE]]
        for _, member in members[start:]:
            index.loops.count(index.counts, member.data, 1)
        yield
    terms: list[_Posts] = []
    bands: list[_Posts] = []
    for start in range(0, len(members), _PIECE):
        piece = [member for _, member in members[start : start + _PIECE]]
        terms.append(_by_terms(index, piece, start))
        bands.append(_by_bands(piece, start))
        yield
    stories = np.array([member.story for _, member in members], np.int64)
    numbers = np.array([number for number, _ in members], np.int64)
    for table, posts, written in ((index.by_term, terms, stories), (index.by_band, bands, numbers)):
        for share in range(_SHARES if posts else 0):
            _write(table, posts, share, stories, written)
            yield


def _by_terms(index: StoryIndex, piece: Sequence[Member], first: int) -> _Posts:
    """Where the piece's articles are looked for by their rarest terms, as ``rarest`` has it for one; and their words into their
    stories' centroids."""
    said = [hashes_of(member.data) for member in piece]
    lengths = np.array([len(own) for own in said], np.intp)
    starts = np.cumsum(lengths) - lengths
    of = np.arange(len(piece)).repeat(lengths)
    across = np.arange(len(of)) - starts.take(of)
    hashes = np.concatenate(said)
    kinds, weights = taken_apart(np.concatenate([marks_of(member.data) for member in piece]))
    for member in piece:
        index.count_in(member)
    idf = index.rarity().idf(hashes)
    value = idf * weights
    value[idf <= TOO_COMMON] = 0
    shape = (len(piece), max(1, int(lengths.max())))
    values, named, numbers = np.zeros(shape, np.float32), np.zeros(shape, np.bool_), np.zeros(shape, np.uint32)
    values[of, across], named[of, across], numbers[of, across] = value, (kinds != TermKind.WORD) & (value > 0), hashes
    order = (-values).argsort(axis=1, kind="stable")
    names = np.take_along_axis(named, order, 1)
    chosen = names & (np.cumsum(names, axis=1) <= NAMED)
    chosen[:, :POSTED] |= np.take_along_axis(values, order[:, :POSTED], 1) > 0
    places = term_places(np.take_along_axis(numbers, order, 1)[chosen])
    return _Posts(places, (chosen.nonzero()[0] + first).astype(np.uint32))


def _by_bands(piece: Sequence[Member], first: int) -> _Posts:
    signed = [place for place, member in enumerate(piece, first) if len(signature_of(member.data))]
    signatures = [signature_of(piece[place - first].data) for place in signed]
    places = band_places(np.concatenate(signatures).reshape(-1, BINS)) if signed else np.zeros(0, np.uint32)
    return _Posts(places.ravel(), np.array(signed, np.uint32).repeat(BANDS))


def _write(table: Slots, posts: Sequence[_Posts], share: int, stories: Numbers, written: Numbers) -> None:
    """Each place gets the newest stories posted there, one slot each, the newest first: what posting one after the other leaves. A
    share of the places at a time, because large arrays that are given back stay with the process."""
    chosen = [post.places % _SHARES == share for post in posts]
    places = np.concatenate([post.places[one] for post, one in zip(posts, chosen, strict=True)]).astype(np.int64)
    articles = np.concatenate([post.articles[one] for post, one in zip(posts, chosen, strict=True)])
    # Of one story at one place the last.
    told = stories.take(articles)
    order = ((places << 32) | told).argsort(kind="stable")
    places, told = places.take(order), told.take(order)
    last = np.ones(len(places), np.bool_)
    last[:-1] = (places[1:] != places[:-1]) | (told[1:] != told[:-1])
    came, places = order[last], places[last]
    # Of one place the newest stories.
    order = ((places << 32) | (len(articles) - came)).argsort(kind="stable")
    came, places = came.take(order), places.take(order)
    slots = np.arange(len(places)) - places.searchsorted(places)
    held = slots < table.shape[1]
    table[places[held], slots[held]] = written.take(articles.take(came[held]))
