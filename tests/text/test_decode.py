"""Decoding: whatever the bytes and whatever is said of them, the right text; and never an exception."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.text.decode import MAX_BYTES, as_utf8, clean, decode

ARABIC = "أعلن الكرملين أن الرئيس الروسي سيبدأ زيارة دولة، وقال إن الصفقة تمت؟\r\nونفت موسكو ذلك.\n"
PERSIAN = "رئيس جمهور گفت که تحريم ها نقض شده است و پاسخ چنين کارهايي داده خواهد شد"
RUSSIAN = "Президент России заявил, что санкции против Кореи нарушены, и поставки оружия продолжаются."
FRENCH = "Le président a déclaré que les sanctions avaient été violées à Paris."
TURKISH = "Rusya yaptırımları ihlal etti ve silah sevkiyatı yaptığını açıkladı."
HEBREW = "צפון קוריאה סיפקה נשק לרוסיה אתמול"
JAPANESE = "北朝鮮はロシアに武器を供与したと国連が発表しました。"
CHINESE = "联合国专家小组周一表示，朝鲜向俄罗斯提供了武器，违反了制裁决议。"
KOREAN = "북한은 러시아에 무기를 공급했다고 유엔이 밝혔다. 제재 위반이다."

DECLARATIONS = [
    "",
    "utf-8",
    "windows-1256",
    "iso-8859-1",
    "us-ascii",
    "windows-1251",
    "nonsense",
    "UTF8",
    "idna",
    "zip",
    "\0",
    "é",
    '"utf-8"',
    "utf-16",
    "x" * 500,
]


@pytest.mark.parametrize("declared", DECLARATIONS)
@pytest.mark.parametrize("text", [ARABIC, RUSSIAN, JAPANESE, KOREAN, "plain ascii\r\n", ""])
def test_utf8_is_read_as_utf8_whatever_is_declared(text: str, declared: str) -> None:
    assert decode(text.encode(), declared) == (text, ())


@pytest.mark.parametrize("declared", DECLARATIONS)
@pytest.mark.parametrize("text", [ARABIC, PERSIAN, ARABIC * 2000, f"<p>Breaking</p> {ARABIC}"])
def test_windows_1256_is_read_as_that_whatever_is_declared(text: str, declared: str) -> None:
    assert decode(text.encode("cp1256"), declared) == (text, ("encoding:windows-1256",))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("text", [ARABIC, "plain text, some words\n"])
def test_marks_decide(text: str, encoding: str) -> None:
    mark = {
        "utf-16-le": codecs.BOM_UTF16_LE,
        "utf-16-be": codecs.BOM_UTF16_BE,
        "utf-32-le": codecs.BOM_UTF32_LE,
        "utf-32-be": codecs.BOM_UTF32_BE,
    }
    assert decode(mark[encoding] + text.encode(encoding), "utf-8") == (text, (f"encoding:{encoding}",))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", [ARABIC, "plain text, some words\n", RUSSIAN])
def test_utf16_without_a_mark(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == (text, (f"encoding:{encoding}",))


def test_the_byte_order_mark_is_dropped() -> None:
    assert decode("\ufeffنص\r\n".encode()) == ("نص\r\n", ())
    assert decode(codecs.BOM_UTF8) == ("", ())


@pytest.mark.parametrize(
    ("text", "encoding", "declared", "note"),
    [
        (RUSSIAN, "cp1251", "windows-1251", "windows-1251"),
        (RUSSIAN, "cp1251", "utf-8", "windows-1251"),
        (RUSSIAN, "koi8-r", "koi8-r", "koi8-r"),
        (FRENCH, "latin-1", "", "windows-1252"),
        (FRENCH, "latin-1", "iso-8859-1", "windows-1252"),
        (TURKISH, "cp1254", "", "windows-1254"),
        (TURKISH, "cp1254", "utf-8", "windows-1254"),
        (HEBREW, "cp1255", "windows-1255", "windows-1255"),
        (JAPANESE, "shift_jis", "Shift_JIS", "shift_jis"),
        (JAPANESE, "euc_jp", "euc-jp", "euc-jp"),
        (JAPANESE, "iso2022_jp", "iso-2022-jp", "iso2022-jp"),
        (CHINESE, "gbk", "gb2312", "gb18030"),
        (CHINESE, "gbk", "utf-8", "gb18030"),
        (KOREAN, "euc_kr", "ks_c_5601-1987", "euc-kr"),
        (ARABIC, "iso8859-6", "iso-8859-6", "iso-8859-6"),
        (ARABIC, "iso8859-6", "utf-8", "iso-8859-6"),
    ],
)
def test_other_charsets(text: str, encoding: str, declared: str, note: str) -> None:
    assert decode(text.encode(encoding), declared) == (text, (f"encoding:{note}",))


def test_utf8_with_a_bad_byte_stays_utf8() -> None:
    raw = ARABIC.encode()
    assert decode(raw[:-1] + b"\xff", "windows-1256") == (ARABIC[:-1] + "\ufffd", ("encoding:utf-8",))
    assert decode("أب".encode()[:-1]) == ("أ\ufffd", ("encoding:utf-8",))  # cut in the middle of a letter


def test_nul_and_surrogates_are_replaced_one_for_one() -> None:
    assert clean("a\0b\ud800\udc00c") == ("a\ufffdb\ufffd\ufffdc", ("nul", "surrogates"))
    assert decode(b"a\0b, and so on") == ("a\ufffdb, and so on", ("nul",))
    assert clean("نص\r\n") == ("نص\r\n", ())


@pytest.mark.parametrize(
    "text",
    [
        "كلمة " * 500_000,
        "x" * (MAX_BYTES + 1),
        "ب" * MAX_BYTES,
        "😀" * MAX_BYTES,
        "e\u0301" * MAX_BYTES,
        "line\r\n" * 500_000,
        "\0" * MAX_BYTES,
    ],
    ids=["words", "ascii", "letters", "emoji", "marks", "lines", "nul"],
)
def test_long_texts_are_cut_where_it_is_safe(text: str) -> None:
    cut, notes = clean(text)
    assert notes[-1] == "cut"
    assert MAX_BYTES - 5000 < len(cut.encode()) <= MAX_BYTES
    if "\0" not in text:
        assert text.startswith(cut)
        assert text[len(cut)] != "\u0301"
        assert not (cut.endswith("\r") and text[len(cut)] == "\n")


def test_a_text_of_the_limit_is_whole() -> None:
    assert clean("x" * MAX_BYTES) == ("x" * MAX_BYTES, ())


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(DECLARATIONS) | st.text(max_size=12))
def test_never_raises(raw: bytes, declared: str) -> None:
    text, _ = decode(raw, declared)
    assert "\0" not in text
    text.encode()


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(codec=None, categories=None), max_size=100))
def test_clean_keeps_every_offset(text: str) -> None:
    cleaned = clean(text).text
    assert len(cleaned) == len(text)
    assert all(a == b or (b == "\ufffd" and (a == "\0" or "\ud800" <= a <= "\udfff")) for a, b in zip(text, cleaned, strict=True))


_CHARSETS = st.sampled_from(["utf-8", "windows-1256", "iso-8859-6", "windows-1254", "windows-1252", "koi8-r", "utf-16", "", "no charset"])
_LETTERS = st.text(st.sampled_from("قال وزير الدفاع إن القوات ğışé один two <p>\n\0\ud800…"), max_size=60)


@given(_LETTERS, _CHARSETS, _CHARSETS, st.sampled_from([10, MAX_BYTES]))
def test_in_utf8_it_is_what_it_is_as_a_text(text: str, written: str, declared: str, most: int) -> None:
    raw = text.encode(written if written not in ("", "no charset") else "utf-8", "replace")
    decoded = decode(raw, declared, most=most)
    assert as_utf8(raw, declared, most=most) == (decoded.text.encode(), decoded.notes)


@given(st.binary(max_size=80), _CHARSETS)
def test_of_any_bytes_the_utf8_is_that_of_the_text(raw: bytes, declared: str) -> None:
    decoded = decode(raw, declared)
    assert as_utf8(raw, declared) == (decoded.text.encode(), decoded.notes)
