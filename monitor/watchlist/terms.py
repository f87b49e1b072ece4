"""Terms as they are written in a group: one a line in a block, or a YAML list; marks in parentheses, comments after a hash sign."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from monitor.text.forms import Mark
from monitor.text.scripts import scripts_of
from monitor.text.words import is_cjk, words
from monitor.watchlist.marks import MARKS, parse_mark, split_mark
from monitor.watchlist.model import Term
from monitor.watchlist.reader import FileReader
from monitor.yamlmap import Path

#: Language keys a group may have: two letters of ISO 639-1, or ``any``.
_LANGUAGE = re.compile(r"[a-z]{2}")
ANY = "any"
_INSIDE = re.compile(r"\(([^()]*)\)")
#: Operators of ours and of other tools between the words of a term. Small letters are words: bread and butter.
_OPERATOR = re.compile(r"(?<=\s)(?:AND(?:\s+NOT)?|OR|NOT|NEAR(?:/\d+)?|THEN/\d+|(?:w|pre|W|PRE)/\d+|(?:adj|near|ADJ)\d+|&&|\|\|)(?=\s)")
#: What other tools write for a wildcard; a name may end in an exclamation mark, so that this is a warning.
_FOREIGN_STAR = re.compile(r"[^\W\d]\w*[?#][^\W\d]\w*|[^\W\d]\w+[!$](?=\s|$)")
#: Letters of one script each, none of which could be taken for another's; every character of the last is a word by itself.
_LETTERS = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017e",
    "\u0410-\u044f\u0401\u0451\u0404\u0406\u0407\u0454\u0456\u0457\u0490\u0491",
    "\u0621-\u063a\u0641-\u064a\u067e\u0686\u0698\u06a9\u06af\u06cc",
    "\u05d0-\u05ea",
    "\uac00-\ud7a3",
    "\u3041-\u3096\u30a1-\u30fa\u30fc\u4e00-\u9fff",
)
#: Words and perhaps a mark, as most terms are: there is nothing to find fault with, unless one of the words is an operator.
_PLAIN = re.compile(rf"({'|'.join(f'[{each}]+(?:[ -][{each}]+)*' for each in _LETTERS)})(?: \(({'|'.join(Mark)})\))?")


def is_language(key: str) -> bool:
    return key == ANY or bool(_LANGUAGE.fullmatch(key))


def read_terms(reader: FileReader, path: Path, value: Any, language: str) -> Iterator[Term]:
    """The terms at ``path``: a block of lines or a list. Faults go to the reader; what is wrong is left out."""
    if isinstance(value, str):
        offset = 0
        for row, line in enumerate(value.split("\n")):
            if plain := _plain(line):
                yield Term(plain[0], language, plain[1], place=reader.place_in(path, row, offset))
            else:
                yield from _line(reader, path, line, offset, language)
            offset += len(line) + 1
    elif isinstance(value, list):
        for index, item in enumerate(value):
            below = (*path, index)
            if isinstance(item, str):
                yield from _line(reader, below, item, 0, language)
            else:
                reader.fault(below, "a term must be text", "write one word or phrase")
    elif value is None:
        reader.fault(path, f"{path[-1]!s}: has no terms", key=True)
    else:
        reader.fault(path, f"{path[-1]!s}: must be a block of lines or a list of terms")


def _plain(line: str) -> tuple[str, Mark] | None:
    """The term and mark of a line that ``_line`` would say nothing of, in a tenth of its time; None where it must be asked."""
    found = _PLAIN.fullmatch(line)
    if found is None or (" " in line and _OPERATOR.search(line)):
        return None
    return found[1], Mark(found[2]) if found[2] else Mark.ANY_FORM


def _line(reader: FileReader, path: Path, line: str, offset: int, language: str) -> Iterator[Term]:
    text = re.split(r"(?:^|\s)#", line, maxsplit=1)[0]
    stripped = text.strip().strip("\u200e\u200f\u061c\ufeff")
    if not stripped:
        return
    at = offset + text.index(stripped)
    if isinstance(path[-1], int) and ("،" in stripped or "؛" in stripped):
        # YAML's comma is the Latin one: [سلاح، ذخيرة] is a list of one.
        comma = next(i for i, c in enumerate(stripped) if c in "،؛")
        reader.fault_in(
            path, at + comma, 1, "an Arabic comma does not separate the items of a list", "use the Latin comma , or one term a line"
        )
        return
    body, mark = split_mark(stripped)
    if mark is not None and not isinstance(mark, Mark):
        reader.fault_in(
            path,
            at + len(body),
            len(stripped) - len(body),
            f"({mark}) is not a mark",
            f"marks: {MARKS}; other parentheses mean nothing in a term: leave them out",
        )
        return
    inside = next((found for found in _INSIDE.finditer(body) if parse_mark(found[1]) is not None), None)
    if inside is not None:
        reader.fault_in(path, at + inside.start(), len(inside[0]), "a mark stands behind its term", f"write: … {inside[0]} at the end")
        return
    if not words(body.replace("*", "")):
        reader.fault_in(path, at, len(stripped), "a term needs at least one letter or digit")
        return
    if not _check_wildcard(reader, path, at, body, mark):
        return
    _warn_mixed(reader, path, at, body)
    _warn_foreign(reader, path, at, body)
    yield Term(body, language, mark or Mark.ANY_FORM, place=reader.place(path, at))


def _check_wildcard(reader: FileReader, path: Path, at: int, body: str, mark: Mark | None) -> bool:
    if "*" not in body:
        return True
    star = body.index("*")
    if mark not in (None, Mark.ANY_FORM):
        reader.fault_in(path, at + star, 1, f"a wildcard cannot also be ({mark.value})", "remove the mark or the *")
        return False
    for word in body.split():
        if "*" in word and any(map(is_cjk, word)):
            message = "a wildcard means nothing in a script without blanks: the characters are found wherever they stand"
            reader.fault_in(path, at + star, 1, message, f"write: {body.replace('*', '')}")
            return False
        if "*" in word and len(word.replace("*", "")) < 2:
            reader.fault_in(path, at + star, 1, "a wildcard needs at least two letters beside it", "write more of the word")
            return False
    return True


def _warn_foreign(reader: FileReader, path: Path, at: int, body: str) -> None:
    """What is written for another tool: it would be read as the words it is made of, or as none."""
    found = _OPERATOR.search(body)
    if found:
        message = f"{found[0]!r} is no operator here: a term is one word or phrase, and is looked for as its words stand"
        hint = "write the parts as terms, and the operator in when:"
        reader.fault_in(path, at + found.start(), len(found[0]), message, hint, warning=True)
    found = _FOREIGN_STAR.search(body)
    if found:
        hint = f"write: {re.sub(r'[!?$#]+', '*', found[0])}"
        reader.fault_in(path, at + found.start(), len(found[0]), f"{found[0]!r} is no wildcard here", hint, warning=True)


def _warn_mixed(reader: FileReader, path: Path, at: int, body: str) -> None:
    for span in words(body):
        word = body[span.start : span.end]
        scripts = scripts_of(word)
        if len(scripts) > 1:
            message = f"the word {word!r} mixes scripts ({', '.join(sorted(scripts))})"
            hint = "a look-alike letter never matches: type it again in one script"
            reader.fault_in(path, at + span.start, len(word), message, hint, warning=True)
