"""The watchlist file: text to Watchlist, with every fault of the file (and of what it uses) reported at once.

Everything comes in as a mapping of names to texts; this room opens no file. What was read is kept with the watchlist, by
name, so that a version can be loaded again when the folder has moved on.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from monitor.errors import Fault, WatchlistError
from monitor.model import Mode, Severity, Stance
from monitor.watchlist.advice import suggestion
from monitor.watchlist.grammar import parse_query
from monitor.watchlist.model import Escalation, InlineTest, Loaded, Term, TestKind, Vocabulary, Watchlist
from monitor.watchlist.names import Guessed, NameList
from monitor.watchlist.query import Group, Node, leaves
from monitor.watchlist.reader import FileReader
from monitor.watchlist.tokens import QueryError
from monitor.watchlist.vocabulary import STANCE_VOCABULARY, read_groups, read_languages, read_lists, read_vocabulary, shipped_text
from monitor.yamlmap import Path

_KEYS: Final = (
    "id",
    "title",
    "description",
    "owner",
    "severity",
    "labels",
    "mode",
    "max_alerts",
    "use",
    "groups",
    "mask",
    "when",
    "escalate",
    "tests",
)
_EXAMPLE: Final = "id: arms-transfer"
_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_RATE: Final = re.compile(r"(\d{1,6})\s*/\s*(\d{0,4})\s*([smhd])")
_SECONDS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
#: The longest time that ``max_alerts`` may count over.
_LONGEST: Final = 7 * 86400.0
_SEVERITIES: Final = tuple(s.value for s in Severity)


def file_name(files: Mapping[str, str], name: str) -> str | None:
    """The key of ``files`` that holds ``name`` (``arms-transfer`` or ``vocabulary/arms``)."""
    return next((f"{name}{suffix}" for suffix in (".yaml", ".yml") if f"{name}{suffix}" in files), None)


class _File:
    """One watchlist file while it is read."""

    def __init__(self, name: str, file: str, files: Mapping[str, str]) -> None:
        self.name, self.files = name, files
        self.reader = FileReader(file, files[file], _EXAMPLE)
        self.used: dict[str, str] = {file: files[file]}
        self.others: list[Fault] = []

    def read(self) -> Watchlist | None:
        reader = self.reader
        if not reader.readable:
            return None
        data = reader.data
        reader.known_keys((), data, _KEYS)
        self._id(data)
        vocabularies = self._use(data)
        shared = self._shared(vocabularies)
        own = read_groups(reader, ("groups",), data["groups"], shared) if "groups" in data else {}
        if "groups" not in data and "use" not in data:
            reader.fault((), "a watchlist needs groups: (or use:)", "groups: {deal: {en: [arms deal]}}")
        groups = {**shared, **own}
        names = self._names(data, vocabularies)
        when = self._when(data, groups)
        masks = read_languages(reader, ("mask",), data["mask"]) if "mask" in data else ()
        escalate = self._escalate(data, groups)
        tests = self._tests(data)
        cues = self._cues(vocabularies)
        severity = Severity(self._choice(data, "severity", _SEVERITIES, "medium"))
        mode = Mode(self._choice(data, "mode", tuple(m.value for m in Mode), "live"))
        texts = {key: reader.text_at((key,), data[key]) if key in data else "" for key in ("title", "description", "owner")}
        labels, rate = self._labels(data), self._rate(data)
        if when is None or any(not fault.warning for fault in self.faults):
            return None
        kept = _named(when, escalate) | own.keys()
        return Watchlist(
            id=self.name,
            version=_version(self.used),
            files=dict(self.used),
            groups={name: terms for name, terms in groups.items() if name in kept},
            when=when,
            names={name: lists for name, lists in names.items() if name in kept},
            title=texts["title"],
            description=texts["description"],
            owner=texts["owner"],
            severity=severity,
            labels=labels,
            mode=mode,
            max_alerts=rate,
            masks=masks,
            escalate=escalate,
            cues=cues,
            tests=tests,
        )

    @property
    def faults(self) -> list[Fault]:
        return self.reader.faults + self.others

    # ------------------------------------------------------------------ the keys, one by one
    def _choice(self, data: Mapping[str, Any], key: str, choices: tuple[str, ...], default: str) -> str:
        return self.reader.choice_at((key,), data[key], choices, default) if key in data else default

    def _id(self, data: Mapping[str, Any]) -> None:
        if "id" not in data:
            self.reader.fault((), "a watchlist needs an id:", f"write: id: {self.name}")
            return
        said = self.reader.text_at(("id",), data["id"]).strip()
        if said and not _ID.fullmatch(said):
            self.reader.fault(("id",), f"{said!r} cannot be an id", "use lower-case letters, digits, '-' and '_'")
        elif said and said != self.name:
            self.reader.fault(
                ("id",), f"the id {said!r} is not the file's name", f"write id: {self.name}, or rename the file to {said}.yaml"
            )

    def _use(self, data: Mapping[str, Any]) -> list[Vocabulary]:
        value = data.get("use", [])
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, list):
            self.reader.fault(("use",), "use: must be a list", "write: use: [vocabulary/arms]")
            return []
        found: list[Vocabulary] = []
        for index, item in enumerate(value):
            path: Path = ("use", index) if isinstance(data.get("use"), list) else ("use",)
            name = self.reader.text_at(path, item).strip().removesuffix(".yaml").removesuffix(".yml")
            if name:
                vocabulary = self._vocabulary(path, name)
                if vocabulary is not None:
                    found.append(vocabulary)
        return found

    def _vocabulary(self, path: Path, name: str) -> Vocabulary | None:
        file = file_name(self.files, name)
        text = self.files[file] if file else shipped_text(f"{name}.yaml") if name == STANCE_VOCABULARY else None
        if text is None:
            known = sorted({f.rpartition(".")[0] for f in self.files if f.startswith("vocabulary/")})
            self.reader.fault(path, f"there is no vocabulary {name!r}", suggestion(name, known))
            return None
        file = file or f"{name}.yaml"
        self.used[file] = text
        vocabulary, faults = read_vocabulary(name, file, text, self.files)
        self.others.extend(faults)
        return vocabulary

    def _shared(self, vocabularies: list[Vocabulary]) -> dict[str, tuple[Term, ...]]:
        shared: dict[str, tuple[Term, ...]] = {}
        homes: dict[str, str] = {}
        for vocabulary in vocabularies:
            for name, terms in vocabulary.groups.items():
                if name in shared:
                    message = f"the group {name!r} is in {homes[name]} and in {vocabulary.name}"
                    self.reader.fault(("use",), message, "rename one of them")
                shared[name] = terms
                homes[name] = vocabulary.name
        return shared

    def _cues(self, vocabularies: list[Vocabulary]) -> dict[Stance, tuple[Term, ...]]:
        """The cues of what the list uses; the shipped ones where it uses none."""
        cues: dict[Stance, tuple[Term, ...]] = {}
        for vocabulary in vocabularies:
            for stance, terms in vocabulary.cues.items():
                cues[stance] = tuple(dict.fromkeys(cues.get(stance, ()) + terms))
        if not cues:
            text = shipped_text(f"{STANCE_VOCABULARY}.yaml")
            if text is not None:
                cues = dict(read_vocabulary(STANCE_VOCABULARY, "stance.yaml", text)[0].cues)
        return cues

    def _when(self, data: Mapping[str, Any], groups: Mapping[str, tuple[Term, ...]]) -> Node | None:
        if "when" not in data:
            self.reader.fault((), "a watchlist needs when:, the query over its groups", "when: deal OR weapon NEAR/10 transfer")
            return None
        return self._query(("when",), data["when"], groups)

    def _query(self, path: Path, value: Any, groups: Mapping[str, tuple[Term, ...]]) -> Node | None:
        text = self.reader.text_at(path, value)
        if not text:
            return None
        try:
            node = parse_query(text)
        except QueryError as error:
            # A fault at the end of the text is shown behind its last character, not on the empty line below.
            at = min(error.at, len(text.rstrip()))
            self.reader.fault_in(path, at, error.length, error.message, error.hint)
            return None
        known = True
        for leaf in leaves(node):
            if isinstance(leaf, Group) and leaf.name not in groups:
                known = False
                hint = suggestion(leaf.name, list(groups)) or f'define it under groups:, or write "{leaf.name}" in quotes to find the word'
                self.reader.fault_in(path, leaf.at, leaf.length, f"unknown group {leaf.name!r}", hint)
        return node if known else None

    def _escalate(self, data: Mapping[str, Any], groups: Mapping[str, tuple[Term, ...]]) -> tuple[Escalation, ...]:
        if "escalate" not in data:
            return ()
        example = '- {to: critical, when: "title: deal"}'
        if not isinstance(data["escalate"], list):
            self.reader.fault(("escalate",), "escalate: must be a list", f"write: {example}")
            return ()
        out: list[Escalation] = []
        for index, item in enumerate(data["escalate"]):
            path: Path = ("escalate", index)
            step = self.reader.mapping_at(path, item, example)
            self.reader.known_keys(path, step, ("to", "when"))
            for key in ("to", "when"):
                if key not in step:
                    self.reader.fault(path, f"this step has no {key}:", f"write: {example}")
            if "to" in step and "when" in step:
                to = self.reader.choice_at((*path, "to"), step["to"], _SEVERITIES, "critical")
                when = self._query((*path, "when"), step["when"], groups)
                if when is not None:
                    out.append(Escalation(Severity(to), when))
        return tuple(out)

    def _labels(self, data: Mapping[str, Any]) -> dict[str, str]:
        if "labels" not in data:
            return {}
        labels = self.reader.mapping_at(("labels",), data["labels"], "labels: {topic: proliferation}")
        return {key: self.reader.text_at(("labels", key), value) for key, value in labels.items()}

    def _rate(self, data: Mapping[str, Any]) -> tuple[int, float] | None:
        if "max_alerts" not in data:
            return None
        found = _RATE.fullmatch(self.reader.text_at(("max_alerts",), data["max_alerts"]).strip())
        if not found or int(found[1]) == 0 or int(found[2] or 1) == 0:
            self.reader.fault(("max_alerts",), "max_alerts: must be a number of alerts in a time", "write, for example: 50/d or 10/h")
            return None
        seconds = float(found[2] or 1) * _SECONDS[found[3]]
        if seconds > _LONGEST:
            self.reader.fault(("max_alerts",), "max_alerts: what is beyond it would wait for more than 7 days", "write, for example: 50/d")
            return None
        return int(found[1]), seconds

    def _names(self, data: Mapping[str, Any], vocabularies: list[Vocabulary]) -> dict[str, tuple[NameList, ...]]:
        """The lists of names by group, those of vocabularies first; their files are used, and their faults are this file's."""
        found = read_lists(self.reader, ("groups",), data.get("groups"), self.files)
        names: dict[str, tuple[NameList, ...]] = {}
        for lists in (*(vocabulary.names for vocabulary in vocabularies), found):
            for group, more in lists.items():
                names[group] = tuple(dict.fromkeys(names.get(group, ()) + more))
        for each in dict.fromkeys(each for lists in names.values() for each in lists):
            self.used[each.file] = self.files[each.file]
            self.others.extend(each.faults)
            if isinstance(self.files, Guessed) and (guess := self.files.guess(each.file)):
                self.others.append(guess)
        return names

    def _tests(self, data: Mapping[str, Any]) -> tuple[InlineTest, ...]:
        if "tests" not in data:
            return ()
        if not isinstance(data["tests"], list):
            self.reader.fault(("tests",), "tests: must be a list", "write: - alert: a text that must alert")
            return ()
        found = (self._test(("tests", index), item) for index, item in enumerate(data["tests"]))
        return tuple(test for test in found if test is not None)

    def _test(self, path: Path, item: Any) -> InlineTest | None:
        reader = self.reader
        said = reader.mapping_at(path, item, "- alert: a text that must alert")
        if not said:
            return None
        kinds = ("alert", "quiet", "alert_file", "quiet_file")
        reader.known_keys(path, said, (*kinds, "evidence", "stance", "severity"))
        given = [kind for kind in kinds if kind in said]
        if len(given) != 1:
            reader.fault(path, "a test needs exactly one of alert:, quiet:, alert_file:, quiet_file:")
            return None
        kind = TestKind(given[0].partition("_")[0])
        text = reader.text_at((*path, given[0]), said[given[0]])
        evidence = said.get("evidence", [])
        wanted = [evidence] if isinstance(evidence, str) else evidence if isinstance(evidence, list) else []
        stances = tuple(s.value for s in Stance)
        stance = Stance(reader.choice_at((*path, "stance"), said["stance"], stances, "reported")) if "stance" in said else None
        severity = Severity(reader.choice_at((*path, "severity"), said["severity"], _SEVERITIES, "medium")) if "severity" in said else None
        if kind is TestKind.QUIET and (wanted or stance or severity):
            reader.fault(path, "a quiet test has no evidence, stance or severity")
        by_file = given[0].endswith("_file")
        place = reader.place((*path, given[0]))
        return InlineTest(kind, "" if by_file else text, text if by_file else "", tuple(map(str, wanted)), stance, severity, place)


def _named(when: Node, escalate: tuple[Escalation, ...]) -> set[str]:
    nodes = [when, *(step.when for step in escalate)]
    return {leaf.name for node in nodes for leaf in leaves(node) if isinstance(leaf, Group)}


def _version(used: Mapping[str, str]) -> str:
    """SHA-256 over the files by name. Line ends and blanks count: what the analyst saved is what is in force."""
    return hashlib.sha256(json.dumps(sorted(used.items()), ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()


def _read(name: str, files: Mapping[str, str]) -> tuple[Watchlist | None, list[Fault]]:
    file = file_name(files, name)
    if file is None:
        return None, [Fault(f"there is no watchlist {name!r}", hint=f"its file would be {name}.yaml")]
    reading = _File(name, file, files)
    try:
        watchlist = reading.read()
    except Exception as error:  # a fault of ours, not of the file's: it must not take the other lists with it
        return None, [Fault(f"this file could not be read: {type(error).__name__}: {error}", file)]
    # One fault reached by two ways (a vocabulary used twice) is told once; the list's own file first, each from top to bottom.
    faults = sorted(dict.fromkeys(reading.faults), key=lambda f: (f.file != file, f.file, f.line, f.column))
    return watchlist, faults


def load(name: str, files: Mapping[str, str]) -> Watchlist:
    """The watchlist ``name`` from ``files``; raises WatchlistError with every fault of its file and of what it uses."""
    watchlist, faults = _read(name, files)
    if watchlist is None:
        raise WatchlistError(fault for fault in faults if not fault.warning)
    return watchlist


def load_folder(files: Mapping[str, str], before: Loaded | None = None) -> Loaded:
    """Every watchlist of a folder: the ``.yaml`` files at its top. What was loaded ``before`` from the same texts is taken as it is."""
    known = {watchlist.id: watchlist for watchlist in before.watchlists} if before is not None else {}
    watchlists: list[Watchlist] = []
    faults: dict[str, tuple[Fault, ...]] = {}
    warnings: dict[str, tuple[Fault, ...]] = {}
    names = sorted({f.rpartition(".")[0] for f in files if "/" not in f and f.endswith((".yaml", ".yml"))})
    for name in names:
        watchlist, found = known.get(name), list(before.warnings.get(name, ())) if before is not None else []
        if watchlist is None or not _unchanged(watchlist, found, files):
            watchlist, found = _read(name, files)
        if watchlist is not None:
            watchlists.append(watchlist)
        else:
            faults[name] = tuple(fault for fault in found if not fault.warning)
        warned = tuple(fault for fault in found if fault.warning)
        if warned:
            warnings[name] = warned
    return Loaded(tuple(watchlists), faults, warnings)


def _unchanged(watchlist: Watchlist, warnings: list[Fault], files: Mapping[str, str]) -> bool:
    """Whether it would be read from the same files, each with the same text."""
    # What a list of names is warned of may be how its bytes were read, which its text does not tell.
    if watchlist.names and warnings:
        return False
    return all(_stands(file, text, files) for file, text in watchlist.files.items())


def _stands(file: str, text: str, files: Mapping[str, str]) -> bool:
    name, _, suffix = file.rpartition(".")
    if suffix in ("yaml", "yml"):
        # A .yaml is taken before a .yml, and a vocabulary of the folder before the shipped one of its name.
        found = file_name(files, name)
        if found is None:
            return name == STANCE_VOCABULARY and shipped_text(file) == text
        return found == file and files[found] == text
    try:
        return files[file] == text and not (isinstance(files, Guessed) and files.guess(file))
    except KeyError:
        return False
