"""Building look-up files: a dictionary of simplemma (form -> lemma) inverted into groups of forms.

Costly, and so meant for a process of its own; any number of builders may race.

This module must not know who asks for a language.
"""

from __future__ import annotations

import subprocess
import sys
import zlib
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from simplemma.strategies.dictionaries.dictionary_factory import SUPPORTED_LANGUAGES, DefaultDictionaryFactory

from monitor.dictionaries.files import replace_file
from monitor.dictionaries.lookup_file import FOLDED, DictionaryError, content
from monitor.text.fold import fold

#: Languages whose writers leave out or exchange what the fold drops, so that a term may be spelled unlike the dictionary.
_FOLDED_KEYS: Final = frozenset({"ar", "fa", "ur"})
#: Builders at once: each wants a core and up to 300 MB.
_BUILDERS: Final = 2
#: The slowest dictionary takes about ten seconds on a slow core; beyond this the machine is not well.
_BUILD_LIMIT: Final = 120.0


class _Key(NamedTuple):
    word: bytes
    start: int  # where it is spelled among the words
    group: int


def path_for(language: str, folder: Path) -> Path:
    """The look-up file of a language for the simplemma that is installed."""
    return folder / f"{language}-simplemma-{version('simplemma')}.lookup"


def supported(language: str) -> bool:
    """Whether there is a dictionary; there is none for zh, ja, ko and ``any``."""
    return language in SUPPORTED_LANGUAGES


def build(language: str, folder: Path) -> Path:
    """Write the look-up file of a supported language; costly, meant for a process of its own."""
    target = path_for(language, folder)
    lemma_of = DefaultDictionaryFactory(cache_max_size=1).get_dictionary(language)
    replace_file(target, content_of(lemma_of, folded=language in _FOLDED_KEYS))
    return target


def content_of(lemma_of: Mapping[str, str], *, folded: bool) -> tuple[bytes, ...]:
    """The bytes of the look-up file of a dictionary (form -> lemma), with keys for folded spellings where they are wanted."""
    words, keys, group_starts = _grouped(lemma_of)
    if folded:
        _add_folded(words, keys)
    hashes = np.array([zlib.crc32(key.word) for key in keys], dtype=np.uint32)
    # Stable: of two groups that hold a word, the one it is filed under stays before the one it is the lemma of.
    order = np.argsort(hashes, kind="stable")
    bits = max(1, len(keys).bit_length() - 1)
    buckets = np.searchsorted(hashes[order] >> np.uint32(32 - bits), np.arange((1 << bits) + 1))
    spelled = np.array([key.start for key in keys], dtype=np.uint32)[order]
    groups = np.array([key.group for key in keys], dtype=np.uint32)[order]
    arrays = (buckets, spelled, groups, np.array(group_starts))
    body = (*(array.astype(np.uint32).tobytes() for array in arrays), bytes(words))
    return content(bits, len(keys), len(group_starts) - 1, body)


def _grouped(lemma_of: Mapping[str, str]) -> tuple[bytearray, list[_Key], list[int]]:
    """The groups written one behind the other, the keys of their words, and where each group begins."""
    groups: dict[str, list[str]] = {}
    for form, lemma in lemma_of.items():
        members = groups.setdefault(lemma, [lemma])
        if form != lemma:
            members.append(form)
    words, starts = bytearray(), [0]
    filed: list[_Key] = []
    lemmas_only: list[_Key] = []
    for number, (lemma, members) in enumerate(groups.items()):
        for word in members:
            key = _Key(word.encode(), len(words), number)
            (lemmas_only if word == lemma and lemma_of.get(lemma) != lemma else filed).append(key)
            words += key.word + b"\n"
        starts.append(len(words))
    return words, filed + lemmas_only, starts


def _add_folded(words: bytearray, keys: list[_Key]) -> None:
    """Add the folded keys, which lead to their group but are no form of it."""
    written = {key.word for key in keys}
    folded = ((fold(key.word.decode()).encode(), key.group) for key in keys)
    # A dictionary, not a set: the file's bytes are the same on every machine.
    for spelling, group in dict.fromkeys(pair for pair in folded if pair[0] not in written):
        keys.append(_Key(FOLDED + spelling, len(words), group))
        words += FOLDED + spelling + b"\n"


def build_apart(languages: Iterable[str], folder: Path) -> None:
    """Build several files, a few at a time, each in a process of its own."""
    waiting = list(languages)
    running: list[tuple[str, subprocess.Popen[bytes]]] = []
    try:
        while waiting or running:
            while waiting and len(running) < _BUILDERS:
                language = waiting.pop(0)
                command = [sys.executable, "-m", "monitor.dictionaries", language, str(folder)]
                running.append((language, subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)))
            language, process = running[0]
            try:
                _, errors = process.communicate(timeout=_BUILD_LIMIT)
            except subprocess.TimeoutExpired as error:
                raise DictionaryError(f"building the {language} dictionary in {folder} took over {_BUILD_LIMIT:.0f} s") from error
            running.pop(0)
            if process.returncode:
                raise DictionaryError(
                    f"cannot build the {language} dictionary in {folder}: {errors.decode(errors='replace')[-500:].strip()}"
                )
    finally:
        for _, process in running:
            process.kill()
            process.communicate()
