"""An article as the index sees it: its terms, what each says at this moment, and where in the tables its story is looked for.

It must not know what else the index holds.
"""

from __future__ import annotations

from math import sqrt
from typing import Final

import numpy as np
import numpy.typing as npt

from monitor.text.fingerprint import Hashes, Marks, TermKind, Terms

Weights = npt.NDArray[np.float32]
Halves = npt.NDArray[np.float16]
Counts = npt.NDArray[np.int32]
Places = npt.NDArray[np.intp]
Slots = npt.NDArray[np.uint32]
Found = npt.NDArray[np.bool_]

# Arrays of no dimension: numpy takes a third of the time over them that it takes over a number.
WORD: Final = np.array(TermKind.WORD, np.uint8)
#: Ways to take 16 of a number's 32 bits: one of them tells nearly every article's terms apart.
_CUTS: Final = tuple(np.array(cut, np.uint32) for cut in (0, 16, 8, 4, 12, 2, 6, 10, 14))


class Look:
    """What is asked of an article when its story is chosen, and again when it is held. ``idf`` says how much each term says,
    ``posted`` are the places of the table of terms and ``bands`` those of the table of bands where it is looked for."""

    def __init__(self, data: bytes, terms: Terms, idf: Weights, posted: Places, bands: Places) -> None:
        self.data, self.terms = data, terms
        self.idf, self.posted, self.bands = idf, posted, bands
        #: What each term weighs, and how long all of them are together.
        self.mine: Weights = terms.weights * idf
        self.length = sqrt(np.add.reduce(self.mine * self.mine, dtype=np.float64))
        #: Which terms are numbers and names, and how many.
        self.named: Found = terms.kinds != WORD
        self.names = int(np.count_nonzero(self.named))
        self._cut: npt.NDArray[np.uint32] | None = None
        self._table: Marks | None = None

    def among(self, hashes: Hashes) -> tuple[Found, Places]:
        """Which of ``hashes`` are terms of the article, and which ones. A look into a table costs a tenth of a search."""
        own = self.terms.hashes
        if not len(own):
            return np.zeros(len(hashes), np.bool_), np.zeros(len(hashes), np.intp)
        table = self._begun() if self._table is None else self._table
        cut = self._cut
        places = own.searchsorted(hashes) if cut is None else table.take((hashes >> cut).astype(np.uint16)).astype(np.intp)
        np.minimum(places, len(own) - 1, out=places)
        return own.take(places) == hashes, places

    def _begun(self) -> Marks:
        # What stood there before is no matter: whatever is found is compared.
        table = self._table = np.empty(1 << 16, np.uint8)
        order = np.arange(len(self.terms.hashes), dtype=np.uint8)
        for cut in _CUTS:
            places = (self.terms.hashes >> cut).astype(np.uint16)
            table[places] = order
            if (table.take(places) == order).all():
                self._cut = cut
                break
        return table
