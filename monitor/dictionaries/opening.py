"""Opening the look-up files of some languages as one dictionary; what is missing or damaged is built first.

This module must not know how files are laid out or made.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from monitor.dictionaries.build import build_apart, path_for, supported
from monitor.dictionaries.expansions import Expansions
from monitor.dictionaries.lookup_file import DictionaryError, LookupFile
from monitor.text.forms import Lookup


def default_folder(environment: Mapping[str, str]) -> Path:
    """Where look-up files live: the user's cache, or a temporary folder where that cannot be written."""
    cache = environment.get("XDG_CACHE_HOME", "")
    home = environment.get("HOME", "")
    candidates = [Path(cache) / "news-monitor"] if cache.startswith("/") else []
    if home:
        candidates.append(Path(home) / ".cache" / "news-monitor")
    for folder in candidates:
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            if os.access(folder, os.W_OK | os.X_OK):
                return folder
    owner = os.getuid()
    folder = Path(tempfile.gettempdir()) / f"news-monitor-{owner}"
    with contextlib.suppress(OSError):
        folder.mkdir(exist_ok=True, mode=0o700)
        # Anyone may make a folder of this name there; what others wrote is not read.
        if not folder.is_symlink() and folder.stat().st_uid == owner:
            return folder
    return Path(tempfile.mkdtemp(prefix="news-monitor-"))


class Dictionary:
    """The dictionaries of some languages, each opened when it is first asked; other languages know no word.

    ``expansions`` is what was worked out with them before. Look-ups raise DictionaryError where a damaged file cannot be
    built anew.
    """

    def __init__(self, folder: Path, languages: Iterable[str]) -> None:
        self._folder = folder
        self.languages = sorted(set(filter(supported, languages)))
        self._files: dict[str, LookupFile] = {}
        self.expansions = Expansions(folder)

    def lookup(self, language: str, word: str) -> frozenset[str]:
        """Every form that shares a lemma with the word, the word included; empty where it is unknown."""
        file = self._files.get(language) or self._open(language)
        return file.forms(word) if file is not None and word else frozenset()

    def citation(self, language: str, word: str) -> str:
        """The lemma the dictionary files the word under, or '' where it is unknown."""
        file = self._files.get(language) or self._open(language)
        return file.citation(word) if file is not None and word else ""

    def save(self) -> None:
        """Keep what is new in ``expansions`` and let go of the files until they are asked for again.

        A folder that cannot be written costs time at the next start, and no more.
        """
        with contextlib.suppress(OSError):
            self.expansions.save()
        for file in self._files.values():
            file.close()
        self._files.clear()

    def _open(self, language: str) -> LookupFile | None:
        if language not in self.languages:
            return None
        path = path_for(language, self._folder)
        try:
            file = LookupFile(path)
        except (OSError, DictionaryError):
            build_apart([language], self._folder)
            file = LookupFile(path)
        self._files[language] = file
        return file


def open_dictionary(folder: Path, languages: Iterable[str]) -> Dictionary:
    """A dictionary of these languages. Files that are missing are built at once, side by side; raises DictionaryError."""
    dictionary = Dictionary(folder, languages)
    build_apart((language for language in dictionary.languages if not path_for(language, folder).exists()), folder)
    return dictionary


def open_lookup(folder: Path, languages: Iterable[str]) -> Lookup:
    """The look-up of ``open_dictionary`` alone."""
    return open_dictionary(folder, languages).lookup
