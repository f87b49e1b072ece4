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
    """The dictionaries of some languages. Other languages know no word."""

    def __init__(self, files: Mapping[str, LookupFile]) -> None:
        self._files = files

    def lookup(self, language: str, word: str) -> frozenset[str]:
        """Every form that shares a lemma with the word, the word included; empty where it is unknown."""
        file = self._files.get(language)
        return file.forms(word) if file is not None and word else frozenset()

    def citation(self, language: str, word: str) -> str:
        """The lemma the dictionary files the word under, or '' where it is unknown."""
        file = self._files.get(language)
        return file.citation(word) if file is not None and word else ""


def open_dictionary(folder: Path, languages: Iterable[str]) -> Dictionary:
    """A dictionary of these languages; raises DictionaryError where a file cannot be built."""
    wanted = sorted({language for language in languages if supported(language)})
    opened = {language: file for language in wanted if (file := _try_open(language, folder)) is not None}
    missing = [language for language in wanted if language not in opened]
    if missing:
        build_apart(missing, folder)
        opened |= {language: LookupFile(path_for(language, folder)) for language in missing}
    return Dictionary(opened)


def open_lookup(folder: Path, languages: Iterable[str]) -> Lookup:
    """The look-up of ``open_dictionary`` alone."""
    return open_dictionary(folder, languages).lookup


def _try_open(language: str, folder: Path) -> LookupFile | None:
    try:
        return LookupFile(path_for(language, folder))
    except (OSError, DictionaryError):
        return None
