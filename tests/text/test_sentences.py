"""Where a sentence ends: one table of texts in which ``|`` stands where it should."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.text.sentences import closed, split

TABLE = [
    # Latin
    "He left. |She stayed.",
    "Mr. Kim met Dr. Lee and Gen. Park. |They talked.",
    "The U.S. said so. |The U.N. denied it.",
    "He works for the U.S. |He said so.",
    "The U.S. Navy and J. K. Rowling, George W. Bush and Lt. Col. North.",
    "It cost $3.5 billion, v2.3.1 of example.com. |Then it ended.",
    "No. 5 is on p. 7. |He said no. |No one heard.",
    "On Jan. 5 and in Feb. 2024 vs. none.",
    "Acme Inc. bought Foo Ltd. |The price was high.",
    "At 5 p.m. Monday he left. |At 6 a.m. |He came back.",
    "Why? |Because! |Really?! |Yes.",
    '"Why?" he asked. |"No." |"Go." |(He left.) |End',
    "Wait… |He came. |Well... he left... |Then came back.",
    "The whole thing . . . it is over. . . . |Then . . . |He came.",
    "He left. ”. |She stayed. ... |All. !!",
    "... he said. !! |No",
    "Le prix monte. |« Oui.\u00a0» |Il part.",
    "El Sr. Pérez y la Dra. López de EE. UU. llegaron. |¿Por qué? |¡No!",
    "1. First item. |2. Second item.",
    "Toplantı 5. Mayıs günü. |Prof. Dr. Kaya geldi.",
    "Tell me. |He did.",
    # Cyrillic
    "В 2019 г. договор с им. Ленина, ул. Мира подписан. |И т.д. |Это всё.",
    "А. С. Пушкин сказал. |Он ушёл.",
    # Arabic and its neighbours
    "قال د. أحمد م. حسن ذلك. |ثم رحل.",
    "وفي عام 2019 م. |وصل الوفد.",
    "لماذا؟ |لأن؛ الأمر واضح، جدا! |نعم.",
    "لماذا؟|لأنه قال.|ثم رحل.",
    "ذكرت أ.ف.ب. أن الصفقة، بقيمة 3.5 مليار، تمت.",
    "زيارة بوتين.. تصدرت البحث. |انتهى.",
    "وقال: “لا يوجد ما يكفي.” |وأضاف «نعم.» |ثم رحل.",
    "قال ذلك.\u200f |ثم رحل.",
    "این جمله است. |چرا؟ |خیر.",
    "یہ جملہ ہے۔ |وہ گیا۔",
    'ד"ר כהן אמר זאת. |למה? |כי כן.',
    # East Asian: no blank needed
    "他说了。|为什么？|“不。”|他走了！",
    "彼は言った。|「はい。」と述べた。|終わり。",
    "그는 말했다. |왜? |끝.",
    "版本3.5发布了。|完",
    # Line breaks
    "He met Mr.\nKim in the\nU.S.\n|Navy ships left.",
    "It ended.\n|it began again.",
    "قال الوزير\nإن الصفقة تمت.\n|ثم رحل.",
    "",
    "...",
    "؟",
]


@pytest.mark.parametrize("marked", TABLE)
def test_sentences(marked: str) -> None:
    text = marked.replace("|", "")
    expected = [piece.strip(" \n\u200f") for piece in marked.split("|") if piece.strip()]
    assert [text[start:end].rstrip("\u200f") for start, end in split(text, 0, len(text))] == expected


@pytest.mark.parametrize("marked", TABLE)
def test_offsets_are_into_the_whole_text(marked: str) -> None:
    text = marked.replace("|", "")
    alone = list(split(text, 0, len(text)))
    inside = list(split(f"قبل {text} after", 4, 4 + len(text)))
    assert [(start + 4, end + 4) for start, end in alone] == inside


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("He left.", True),
        ('"He left."', True),
        ("رحل.”", True),
        ("لماذا؟ ", True),
        ("走了。」", True),
        ("wait…", True),
        ("ends.\u200f", True),
        ("Background", False),
        ("المصدر:", False),
        ("نعم؛", False),
        ("", False),
        ("”", False),
    ],
)
def test_closed(line: str, expected: bool) -> None:
    assert closed(line) is expected


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=" \n.!?…؟。'\"”»()U.Sabاب٣1\u064b\u200f\u00a0,،", max_size=80), st.integers(0, 80), st.integers(0, 80))
def test_sentences_hold_all_but_blanks(text: str, start: int, end: int) -> None:
    end = min(end, len(text))
    start = min(start, end)
    at = start
    for first, last in split(text, start, end):
        assert at <= first < last <= end
        assert not text[at:first].strip("\u200f \n\u00a0")
        assert text[first:last] == text[first:last].strip()
        at = last
    assert not text[at:end].strip("\u200f \n\u00a0")
