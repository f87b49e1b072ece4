"""Decoding: bytes as they came in become the one text, once, at the border.

Feeds and files lie about their charset. UTF-8 is nearly self-checking, so it is believed before any declaration; then
text that plainly is Arabic in windows-1256, the charset most often declared as something else; then the declaration;
then a guess. Line ends stay as they are, and nothing here ever raises.

This room knows only bytes and str: it must not know where they came from.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from functools import cache
from typing import Final, NamedTuple

import charset_normalizer
import numpy as np
import numpy.typing as npt

#: Texts are cut at this size, in bytes of UTF-8: a long book is 1 MiB, no article comes near it.
MAX_BYTES: Final = 2 * 1024 * 1024
#: Guessing looks at this many bytes: enough for any statistics, and charset_normalizer takes seconds on megabytes.
_SAMPLE: Final = 32 * 1024
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
#: Bytes of UTF-8 that a character may take.
_WIDEST: Final = 4
_SURROGATES: Final = re.compile("[\ud800-\udfff]")

_BOMS: Final = (  # longest first: the mark of UTF-32 LE begins with that of UTF-16 LE
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

#: Charsets a declaration may name, by Python's name for them, and what they are read as (the WHATWG Encoding Standard
#: reads a subset as its superset). What is not here is not a charset of texts (``idna``, ``zip``) or is not worth trusting.
_READ_AS: Final = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
} | {
    name: name
    for name in (
        *(f"cp125{n}" for n in range(9)),
        *(f"iso8859-{n}" for n in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)),
        *("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"),
        *("koi8-r", "koi8-u", "mac-cyrillic", "cp866", "cp874", "cp932", "cp949", "gb18030", "big5hkscs", "hz"),
        *("euc_jp", "iso2022_jp", "iso2022_kr", "johab", "ptcp154"),
    )
}

_LABELS: Final = {"cp932": "shift_jis", "cp949": "euc-kr", "big5hkscs": "big5"}

#: C0 control bytes that no text holds: of UTF-16 read as bytes, every second byte is one of them.
_CONTROLS: Final = bytes(set(range(32)) - {9, 10, 12, 13, 27})
_ASCII: Final = bytes(range(0x80))
_CONTINUATIONS: Final = bytes(range(0x80, 0xC0))
_TURKISH: Final = "ğışĞİŞ".encode("cp1254")


class Decoded(NamedTuple):
    """A text, and what was done to it on the way (see ``Document.notes``): ``nul``, ``surrogates``, ``encoding:NAME``, ``cut``."""

    text: str
    notes: tuple[str, ...]


def decode(raw: bytes, declared: str = "", *, most: int = MAX_BYTES) -> Decoded:
    """The text of ``raw``, cut at ``most`` bytes. ``declared`` is the charset its source claims, in any spelling; it may be
    empty, unknown or a lie."""
    text, encoding = _read(raw, declared)
    cleaned = clean(text, most)
    return Decoded(cleaned.text, (*((f"encoding:{encoding}",) if encoding else ()), *cleaned.notes))


def as_utf8(raw: bytes, declared: str = "", *, most: int = MAX_BYTES) -> tuple[bytes, tuple[str, ...]]:
    """The same in UTF-8, with the notes: what is sound is encoded once."""
    text, encoding = _read(raw, declared)
    notes = (f"encoding:{encoding}",) if encoding else ()
    if "\0" not in text:
        try:
            encoded = text.encode()
        except UnicodeEncodeError:
            pass
        else:
            if len(encoded) <= most:
                return encoded, notes
    cleaned = clean(text, most)
    return cleaned.text.encode(), notes + cleaned.notes


def clean(text: str, most: int = MAX_BYTES) -> Decoded:
    """``text`` fit for the record: NUL and lone surrogates replaced one for one, and cut at ``most`` bytes of UTF-8.

    (SQLite refuses surrogates and stops counting at NUL.)
    """
    if len(text) * _WIDEST <= most and "\0" not in text and _encodes(text):
        return Decoded(text, ())
    notes: list[str] = []
    if "\0" in text:
        text = text.replace("\0", _REPLACEMENT)
        notes.append("nul")
    try:
        encoded = text.encode()
    except UnicodeEncodeError:
        text = _SURROGATES.sub(_REPLACEMENT, text)
        encoded = text.encode()
        notes.append("surrogates")
    if len(encoded) > most:
        text = text[: _safe_boundary(text, len(encoded[:most].decode(errors="ignore")))]
        notes.append("cut")
    return Decoded(text, tuple(notes))


def _encodes(text: str) -> bool:
    """Whether there is no lone surrogate: UTF-16 refuses what UTF-8 does, and is written in a quarter of the time."""
    try:
        text.encode("utf-16")
    except UnicodeEncodeError:
        return False
    return True


def _safe_boundary(text: str, limit: int) -> int:
    """Where to cut at or before ``limit``: after a blank if one is near, else between two letters with their marks."""
    for at in range(limit, max(limit - 1000, 0), -1):
        if text[at - 1].isspace() and text[at - 1 : at + 1] != "\r\n":
            return at
    for at in range(limit, max(limit - 100, 0), -1):
        joined = unicodedata.category(text[at])[0] == "M" or "\u200d" in text[at - 1 : at + 1]
        if not joined:
            return at
    return limit


def _read(raw: bytes, declared: str) -> tuple[str, str]:
    """The text, and the name of its encoding unless that is clean UTF-8."""
    for bom, encoding in _BOMS:
        if raw.startswith(bom):
            text = raw[len(bom) :].decode(encoding, errors="replace")
            return text, "" if encoding == "utf-8" and _is_utf8(raw) else encoding
    charset = _charset(declared)
    if encoding := _utf16_without_mark(raw):
        return raw.decode(encoding, errors="replace"), encoding
    if b"\x1b" in raw and charset.startswith("iso2022") and (text := _strictly(raw, charset)):
        return text, _label(charset)
    try:
        return raw.decode(), ""
    except UnicodeDecodeError:
        pass
    found = _high(raw)
    if _mostly_utf8(raw, found):
        return raw.decode(errors="replace"), "utf-8"
    return _read_legacy(raw, charset, found)


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _read_legacy(raw: bytes, charset: str, high: _High) -> tuple[str, str]:
    """What is not Unicode: Arabic by its letters, else as declared if that gives a text, else a guess."""
    arabic = next((name for name in ("cp1256", "iso8859-6") if _looks_arabic(high, name)), "")
    for name in (arabic, charset):
        if name and (text := _strictly(raw, name)) and not _implausible(text, name):
            return text, _label(name)
    if arabic:
        return raw.decode(arabic, errors="replace"), _label(arabic)
    name = _western(high)
    if not name:
        guess = charset_normalizer.from_bytes(raw[:_SAMPLE]).best()
        name = _READ_AS.get(_codec_name(guess.encoding), "") if guess is not None else ""
    name = name or charset or "cp1252"
    return raw.decode(name, errors="replace"), _label(name)


def _strictly(raw: bytes, name: str) -> str:
    """``raw`` in charset ``name``, or '' where it is not. One or two bytes cut off at the end are forgiven."""
    for length in (len(raw), len(raw) - 1, len(raw) - 2):
        try:
            return raw[: max(length, 0)].decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    return ""


def _implausible(text: str, name: str) -> bool:
    """Whether a Western single-byte reading is a lie: Western letters with accents are seldom neighbours, other scripts' always."""
    if name not in {"cp1252", "cp1250", "cp1254", "cp1257", "iso8859-15", "iso8859-2"}:
        return False
    sample = text[:_SAMPLE]
    letters = sum(map(str.isalpha, sample))
    return sum(c.isalpha() for c in sample if c > "\x7f") > 0.4 * max(letters, 1)


def _charset(declared: str) -> str:
    """Python's codec for a declared charset, read as browsers read it; '' where it says nothing (UTF-8 was tried already)."""
    return _READ_AS.get(_codec_name(declared.strip(" \t\r\n\"';").lower()), "")


def _codec_name(label: str) -> str:
    # Only plain labels reach the codec registry: it imports modules by the name it is given.
    if not re.fullmatch(r"[a-z0-9][a-z0-9_.:+-]{1,39}", label):
        return ""
    label = {"x-sjis": "shift_jis", "x-gbk": "gbk", "windows-31j": "cp932", "windows-949": "cp949", "windows-874": "cp874"}.get(
        label, label
    )
    try:
        return codecs.lookup(label).name
    except (LookupError, ValueError):
        return ""


def _label(name: str) -> str:
    """The name people know: ``windows-1256`` for ``cp1256``."""
    if name in _LABELS:
        return _LABELS[name]
    return re.sub(r"\Acp(?=125\d|874)", "windows-", name).replace("iso8859", "iso-8859").replace("_", "-")


def _utf16_without_mark(raw: bytes) -> str:
    """``utf-16-le`` or ``-be`` where the bytes are that without saying so, else ''. Such bytes are often valid UTF-8."""
    sample = raw[: _SAMPLE & ~1]
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    if controls * 5 < len(sample) or len(sample) < 4:
        return ""
    # The high byte of a unit is the script's page (0 for Latin, 6 for Arabic): few values, all of them control bytes.
    even, odd = sample[::2], sample[1::2]
    little = len(odd) - len(odd.translate(None, _CONTROLS))
    big = len(even) - len(even.translate(None, _CONTROLS))
    if max(little, big) < 0.7 * len(odd) or min(little, big) > 0.3 * max(little, big):
        return ""
    return "utf-16-le" if little > big else "utf-16-be"


def _mostly_utf8(raw: bytes, found: _High) -> bool:
    """Whether this is UTF-8 with a few bad bytes (a stray byte, a cut in the middle of a letter)."""
    if found.looked_at == len(raw):
        high, continuations = found.high, int(found.counts[0x80:0xC0].sum())
    else:
        above = raw.translate(None, _ASCII)
        high, continuations = len(above), _count(above, _CONTINUATIONS)
    # A good letter has a continuation byte at least and four bytes at most, a bad one three: so many must be bad.
    if high > 10 and 10 * (high - 4 * continuations) > 3 * continuations:
        return False
    text = raw.decode(errors="replace")
    bad = text.count(_REPLACEMENT)
    good = len(text) - len(text.encode("ascii", "ignore")) - bad
    return good >= 10 * bad or (bad == 1 and text.endswith(_REPLACEMENT) and good > 0)


class _High(NamedTuple):
    """The bytes beyond ASCII at the beginning of a text: how often each byte stands there, how many are high, of how many bytes, and
    in how many runs."""

    counts: npt.NDArray[np.intp]
    high: int
    looked_at: int
    runs: int

    def of(self, some: bytes) -> int:
        """How many there are of ``some`` bytes."""
        return int(self.counts[np.frombuffer(some, np.uint8)].sum())


def _high(raw: bytes) -> _High:
    sample = np.frombuffer(raw[:_SAMPLE], np.uint8)
    counts = np.bincount(sample, minlength=256)
    high = sample > 0x7F
    runs = int(np.count_nonzero(high[1:] > high[:-1])) + bool(high[:1].any())
    return _High(counts, int(counts[0x80:].sum()), len(sample), runs)


def _western(found: _High) -> str:
    """``cp1252`` or, by its letters, the Turkish ``cp1254`` where high bytes stand alone among ASCII letters, as accents do; else ''."""
    if found.high > 1.5 * found.runs or found.high > 0.35 * found.looked_at:
        return ""
    return "cp1254" if found.of(_TURKISH) > 0.3 * found.high else "cp1252"


def _looks_arabic(found: _High, name: str) -> bool:
    """Whether the high bytes, by their runs, are Arabic words in this charset.

    They must be Arabic letters, not the accented Latin ones that windows-1256 keeps among them (which Cyrillic, Greek and
    Hebrew charsets hit all the time), stand together in words, and hold the share of alef and lam that Arabic and
    Persian have (about 28 % and 16 %; KOI8-R, whose small letters fall on Arabic ones too, reaches 3 %).
    """
    # Isolated high bytes are accents in a Western text.
    if not found.high or found.high < 2 * found.runs:
        return False
    letters, latin, alef_lam = _arabic_bytes(name)
    arabic = found.of(letters)
    return arabic >= 0.85 * found.high and found.of(latin) <= 0.03 * found.high and found.of(alef_lam) >= 0.1 * arabic


@cache
def _arabic_bytes(name: str) -> tuple[bytes, bytes, bytes]:
    """The bytes of a charset that are Arabic letters, accented Latin ones, and alef and lam."""
    chars = {byte: bytes([byte]).decode(name, errors="replace") for byte in range(0x80, 0x100)}
    return (
        bytes(byte for byte, c in chars.items() if "\u0620" <= c <= "\u06d3"),
        bytes(byte for byte, c in chars.items() if c.isalpha() and c < "\u0250"),
        bytes(byte for byte, c in chars.items() if c in "ال"),
    )


def _count(raw: bytes, of: bytes) -> int:
    return len(raw) - len(raw.translate(None, of))
