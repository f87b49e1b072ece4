"""Vocabulary files: groups of terms and stance cues that several watchlists share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

from monitor.errors import Fault
from monitor.model import Stance
from monitor.watchlist.advice import suggestion
from monitor.watchlist.grammar import RESERVED, parse_query
from monitor.watchlist.model import Term, Vocabulary
from monitor.watchlist.names import NameList, read_names
from monitor.watchlist.query import Group
from monitor.watchlist.reader import FileReader
from monitor.watchlist.terms import is_language, read_terms
from monitor.watchlist.tokens import QueryError
from monitor.yamlmap import Path

_EXAMPLE: Final = "vocabulary: arms"
#: A group that takes names from a file; what it holds does not depend on the vocabulary's text alone.
_NAMES_FROM: Final = re.compile(r"\bfrom[\"']?\s*:")
NO_FILES: Final[Mapping[str, str]] = MappingProxyType({})
#: The name under which a watchlist uses the shipped stance cues, which also apply when it uses none.
STANCE_VOCABULARY: Final = "vocabulary/stance"


def read_vocabulary(name: str, file: str, text: str, files: Mapping[str, str] = NO_FILES) -> tuple[Vocabulary, tuple[Fault, ...]]:
    """The vocabulary and what is wrong with it; with faults it is what could be read. ``files`` are those that groups may take
    names from."""
    return _read(name, file, text, files) if _NAMES_FROM.search(text) else _read_once(name, file, text)


@lru_cache(maxsize=64)
def _read_once(name: str, file: str, text: str) -> tuple[Vocabulary, tuple[Fault, ...]]:
    """A vocabulary that hundreds of lists use is read once; nobody changes what comes out."""
    return _read(name, file, text, NO_FILES)


def _read(name: str, file: str, text: str, files: Mapping[str, str]) -> tuple[Vocabulary, tuple[Fault, ...]]:
    reader = FileReader(file, text, _EXAMPLE)
    if not reader.readable:
        return Vocabulary(name, {}, {}), tuple(reader.faults)
    data = reader.data
    reader.known_keys((), data, ("vocabulary", "groups", "stance"))
    said = reader.text_at(("vocabulary",), data.get("vocabulary"))
    if said and f"vocabulary/{said}" != name:
        reader.fault(("vocabulary",), f"vocabulary: says {said!r}, but the file is {file}", f"write: vocabulary: {name.rpartition('/')[2]}")
    groups = read_groups(reader, ("groups",), data.get("groups")) if "groups" in data else {}
    names = read_lists(reader, ("groups",), data.get("groups"), files)
    cues = read_cues(reader, ("stance",), data.get("stance")) if "stance" in data else {}
    return Vocabulary(name, groups, cues, names), tuple(reader.faults)


def read_cues(reader: FileReader, path: Path, value: Any) -> dict[Stance, tuple[Term, ...]]:
    out: dict[Stance, tuple[Term, ...]] = {}
    stances = [s.value for s in Stance if s is not Stance.REPORTED]
    for key, below in reader.mapping_at(path, value, "stance: {denied: {ar: [نفى], en: [denied]}}").items():
        if key not in stances:
            hint = "reported is what a passage is without a cue" if key == "reported" else f"stances: {', '.join(stances)}"
            reader.fault((*path, key), f"unknown stance {key!r}", hint, key=True)
            continue
        out[Stance(key)] = read_languages(reader, (*path, key), below)
    return out


def read_languages(reader: FileReader, path: Path, value: Any, skip: tuple[str, ...] = ()) -> tuple[Term, ...]:
    """The terms below a mapping of language -> terms; keys in ``skip`` are somebody else's."""
    terms: list[Term] = []
    for language, below in reader.mapping_at(path, value, "ar: [سلاح, ذخيرة]").items():
        if language in skip:
            continue
        if not is_language(language):
            hint = "use the two letters of ISO 639-1 (ar, en, ru …), or any"
            reader.fault((*path, language), f"{language!r} is not a language code", hint, key=True)
            continue
        terms.extend(read_terms(reader, (*path, language), below, language))
    return tuple(terms)


def read_groups(
    reader: FileReader, path: Path, value: Any, shared: Mapping[str, tuple[Term, ...]] | None = None
) -> dict[str, tuple[Term, ...]]:
    """The terms of groups by name. ``shared`` are the groups of the vocabularies in use, which ``add: true`` and ``drop:`` build on."""
    shared = shared or {}
    out: dict[str, tuple[Term, ...]] = {}
    for name, below in reader.mapping_at(path, value, "groups: {deal: {en: [arms deal]}}").items():
        here = (*path, name)
        before = len(reader.faults)
        if not _good_name(name):
            reader.fault(here, f"{name!r} cannot be a group's name", "use letters, digits, '-' and '_'; operators are taken", key=True)
            continue
        options = reader.mapping_at(here, below, "deal: {ar: [صفقة أسلحة], en: [arms deal]}")
        terms = read_languages(reader, here, options, skip=("add", "drop", "from", "weak"))
        out[name] = _combined(reader, here, options, terms, shared.get(name))
        if not out[name] and "from" not in options and all(fault.warning for fault in reader.faults[before:]):
            reader.fault(here, f"the group {name!r} has no terms", key=True)
    return out


def read_lists(reader: FileReader, path: Path, value: Any, files: Mapping[str, str]) -> dict[str, tuple[NameList, ...]]:
    """The lists of names that groups take ``from:`` files; what is wrong with a file stands in its list."""
    out: dict[str, tuple[NameList, ...]] = {}
    for name, options in value.items() if isinstance(value, Mapping) else ():
        if not isinstance(options, Mapping) or "from" not in options:
            continue
        here = (*path, name)
        file = reader.text_at((*here, "from"), options["from"]).strip()
        weak = "weak" in options and reader.choice_at((*here, "weak"), options["weak"], ("true", "false"), "false") == "true"
        try:
            if file:
                out[name] = (read_names(file, files[file], weak=weak),)
        except KeyError as error:
            if error.__cause__ is not None:
                reason = getattr(error.__cause__, "strerror", "") or error.__cause__
                reader.fault((*here, "from"), f"the file {file} cannot be read: {reason}")
                continue
            close = suggestion(file, [known for known in files if known.startswith("entities/")])
            hint = close or "paths are relative to that folder, and lists of names stand in its folder entities/"
            reader.fault((*here, "from"), f"the file {file} is not in the watchlists folder", hint)
    return out


def _combined(
    reader: FileReader, here: Path, options: Mapping[str, Any], terms: tuple[Term, ...], shared: tuple[Term, ...] | None
) -> tuple[Term, ...]:
    name = str(here[-1])
    add = "add" in options and reader.choice_at((*here, "add"), options["add"], ("true", "false"), "false") == "true"
    if shared is None:
        for key in ("add", "drop"):
            if key in options:
                reader.fault(
                    (*here, key), f"{key}: no vocabulary in use has a group {name!r}", "remove it, or add the vocabulary to use:", key=True
                )
        return terms
    if not add and "drop" not in options:
        hint = "write add: true to add to it, drop: to take terms away, or choose another name"
        reader.fault(here, f"a vocabulary in use already has a group {name!r}", hint, key=True)
        return terms
    dropped = _drops(reader, (*here, "drop"), options.get("drop")) if "drop" in options else set()
    missing = dropped - {term.text for term in shared}
    for text in sorted(missing):
        reader.fault((*here, "drop"), f"drop: the vocabulary's group {name!r} has no term {text!r}")
    kept = tuple(term for term in shared if term.text not in dropped)
    return kept + terms


def _drops(reader: FileReader, path: Path, value: Any) -> set[str]:
    if isinstance(value, Mapping):
        return {term.text for term in read_languages(reader, path, value)}
    return {term.text for term in read_terms(reader, path, value, "any")}


def _good_name(name: str) -> bool:
    """Whether a query can name it: no operator, of ours or of another tool."""
    # Joiners are spelling in Persian, and no part of what Python calls an identifier.
    if not re.sub("[-\u200c\u200d]", "_", name).isidentifier() or name.lower() in RESERVED:
        return False
    try:
        return parse_query(name) == Group(name)
    except QueryError:
        return False


@lru_cache(maxsize=16)
def shipped_text(name: str) -> str | None:
    """A file of the shipped watchlists folder, from the installed package or from the source tree beside it."""
    package = resources.files("monitor")
    for place in (package / "shipped" / "watchlists", package / ".." / "watchlists"):
        found = place.joinpath(*name.split("/"))
        if found.is_file():
            return found.read_text(encoding="utf-8")
    return None
