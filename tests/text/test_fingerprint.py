"""Fingerprints: the same everywhere, small, blind to furniture, alike where the wording or the subject is."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model import Span
from monitor.text.fingerprint import (
    BANDS,
    MOST_TERMS,
    MOST_WORDS,
    Fingerprint,
    TermKind,
    _looked_up,
    _one_by_one,
    _packed,
    agreement,
    bands,
    fingerprint,
    hashes_of,
)
from monitor.text.layout import lay_out

LARGEST = 3 + 2 * 64 + 5 * MOST_TERMS
WORDS = st.lists(st.sampled_from([f"слово{n}" for n in range(90)] + [f"word{chr(97 + n)}xyz" for n in range(26)]), min_size=1, max_size=200)


def of(text: str, title: str = "") -> Fingerprint:
    whole = f"{title}\n\n{text}" if title else text
    return fingerprint(whole, lay_out(whole, Span(0, len(title)) if title else None, all_body=not title))


def hashes(text: str) -> set[int]:
    terms = of(text).read()
    assert terms is not None
    return set(terms.hashes.tolist())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Kolchugas", "KOLCHUGA'S"),
        ("Кольчуга", "Кольчуги"),
        ("والصواريخ", "صواريخ"),
        ("صفقة", "الصفقه"),
        ("10,000", "10000"),
        ("٣٤", "34"),
        ("북한이", "북한은 북한이"),
    ],
)
def test_spellings_and_endings_of_one_word_are_one_term(one: str, other: str) -> None:
    assert hashes(one) & hashes(other)


@pytest.mark.parametrize("text", ["the of and", "قال إن في", "что он был", "", "7", "的了", "\ud800"])
def test_what_says_nothing_has_no_terms(text: str) -> None:
    assert hashes(text) == set()


def test_chinese_is_told_by_pairs_of_characters() -> None:
    assert len(hashes("数控机床") & hashes("出口机床四台")) == 1
    assert of("机床").words == ("机床",)


def test_numbers_and_names_are_known_as_such() -> None:
    found = of("The Kolchuga radar: a radar by Topaz, and topaz is a stone; 34 of them.")
    terms = found.read()
    assert terms is not None
    kinds = {word: TermKind(kind) for word, kind in zip(found.words, terms.kinds.tolist(), strict=True)}
    assert kinds["Kolchuga"] is TermKind.NAME
    assert kinds["34"] is TermKind.NUMBER
    assert kinds["radar"] is TermKind.WORD
    assert kinds["Topaz"] is TermKind.WORD  # it is written small too


def test_furniture_is_left_out() -> None:
    body = "The Kolchuga radars were loaded in Odesa on Friday, said the customs officer Petro Lysenko, and left for Lattakia."
    menu = "\n".join(["Home", "Sports", "Weather", "Obituaries"])
    title = "Radars leave Odesa"
    assert of(f"{menu}\n\n{body}", title).data == of(body, title).data


def test_the_title_counts_more() -> None:
    found = of("Radars and boats, officers say radars.", "Boats")
    terms = found.read()
    assert terms is not None
    weight = dict(zip((word.lower() for word in found.words), terms.weights.tolist(), strict=True))
    assert weight["boats"] > weight["radars"]


def test_it_is_the_same_in_another_process() -> None:
    text = "Kolchuga radars for Zarechny; 34 of them. Кольчуга, صواريخ, 机床."
    code = (
        "from monitor.text.fingerprint import fingerprint; from monitor.text.layout import lay_out;"
        f"t={text!r}; print(fingerprint(t, lay_out(t, all_body=True)).data.hex())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "99"})
    assert done.stdout.strip() == of(text).data.hex()


PIECES = st.sampled_from(
    [
        "l'embargo",
        "d’armes",
        "'quoted'",
        '"radar',
        "MD550",
        "10,000",
        "a,b",
        "Kolchuga",
        "the",
        "٣٤",
        'אמל"ח',
        "x" * 50,
        "'",
        "é́",
        "\n",
        "—",
    ]
)


@given(st.lists(PIECES, max_size=40), st.lists(PIECES | st.text("ab'é\"1,٬ \n\u0301", max_size=9), max_size=60))
def test_looked_up_at_once_words_are_those_found_one_by_one(title: list[str], body: list[str]) -> None:
    one, other = _looked_up(" ".join(title), " ".join(body)), _one_by_one(" ".join(title), " ".join(body))
    assert one is not None
    assert one.titled == other.titled
    assert (one.codes.astype(np.uint32) == other.codes.astype(np.uint32)).all()
    places = np.arange(len(one.codes))
    assert one.written(places) == other.written(places)
    assert _packed(np.zeros(0, np.uint16), one) == _packed(np.zeros(0, np.uint16), other)


def test_as_many_words_are_read_of_title_and_body_one_way_as_the_other() -> None:
    long = "l'embargo radar " * MOST_WORDS
    one, other = _looked_up(long, long), _one_by_one(long, long)
    assert one is not None
    assert one.titled == other.titled == MOST_WORDS
    assert (one.codes.astype(np.uint32) == other.codes.astype(np.uint32)).all()
    assert one.written(np.arange(2 * MOST_WORDS)) == other.written(np.arange(2 * MOST_WORDS))


@given(st.text(max_size=400))
def test_any_text_has_a_small_fingerprint_that_can_be_read(text: str) -> None:
    found = of(text)
    terms = found.read()
    assert terms is not None
    assert len(found.data) <= LARGEST
    assert len(found.words) == len(terms.hashes) == len(terms.weights)
    assert (np.diff(terms.hashes.astype(np.int64)) > 0).all()
    assert (terms.weights >= 1).all()


def test_a_long_text_is_bounded() -> None:
    found = of(" ".join(f"слово{n}х" if n % 2 else f"{n}99" for n in range(60_000)))
    assert len(found.words) == MOST_TERMS
    assert len(found.data) <= LARGEST


@given(st.binary(max_size=200))
def test_damaged_data_is_no_fingerprint(data: bytes) -> None:
    found = Fingerprint(b"\xff" + data)
    assert found.read() is None
    whole = of("Kolchuga radars left Odesa").data
    assert Fingerprint(whole[:-1]).read() is None
    assert Fingerprint(whole + b"x").read() is None


@given(WORDS)
def test_agreeing_bins_estimate_the_wording_in_common(words: list[str]) -> None:
    one, other = of(" ".join(words)).read(), of(" ".join([*words, "entirely", "different", "ending"])).read()
    assert one is not None
    assert other is not None
    if len(set(words)) > 60:
        assert float((one.signature == other.signature).mean()) > 0.7
    assert len(bands(one.signature)) in (0, BANDS)
    assert (bands(one.signature) == bands(of(" ".join(words)).read().signature)).all()  # type: ignore[union-attr]


def test_agreement_with_many_at_once() -> None:
    texts = ["Kolchuga radars left Odesa on Friday", "boats", "Kolchuga radars left Odesa on Monday"]
    one = of(texts[0]).read()
    assert one is not None
    shares = agreement(one.signature, [of(text).data for text in texts])
    assert shares[:2] == [1.0, 0.0]
    assert 0 < shares[2] < 1
    assert agreement(one.signature[:0], [of(texts[0]).data]) == [0.0]
    assert agreement(one.signature, []) == []
    assert (hashes_of(of(texts[0]).data) == one.hashes).all()


def test_what_has_no_wording_in_common_agrees_in_nothing() -> None:
    one = of(" ".join(f"{chr(97 + n % 26)}{chr(97 + n // 26)}alpha" for n in range(200))).read()
    other = of(" ".join(f"{chr(97 + n % 26)}{chr(97 + n // 26)}beta" for n in range(200))).read()
    assert one is not None
    assert other is not None
    assert float((one.signature == other.signature).mean()) < 0.1
    assert not set(bands(one.signature).tolist()) & set(bands(other.signature).tolist())
