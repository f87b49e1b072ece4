"""What runs inside a worker process: its limits, and its tasks (read feeds, a page, a file; report on a generation; analyse).

Functions here are called by name in a process forked for it; they take and return plain values. A process lives under
one generation of watchlists for as long as it lives: an edit starts new processes beside the old ones.
"""

from __future__ import annotations

import fcntl
import gc
import multiprocessing
import os
import re
import resource
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path

from monitor.analysis import AnalysisInput, analyse_documents
from monitor.dictionaries import open_dictionary
from monitor.dictionaries.expansions import fingerprint
from monitor.errors import FetchError, WatchlistError
from monitor.match import Engine, compile_engine, languages_of, run_tests
from monitor.model import Analysis, AnalysisFailed, Document, SourceSpec
from monitor.ports import FeedRead, Fetched, Generation, PageRead, StoredVersion, WarmReport
from monitor.scheduling import stand_back
from monitor.sources.feedread import read_feed
from monitor.sources.file import read_document
from monitor.sources.page import read_page
from monitor.watchlist import InlineTest, Watchlist, load
from monitor.workers.beside import both, die_with_parent, possible
from monitor.workers.packing import Analyses, Packed, packed

Tests = tuple[InlineTest, ...]

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)

#: When the collector looks for cycles, in objects made (Python's own: 700, 10, 10). A task makes thousands that reference counting
#: frees by itself, and all of them stand until it ends.
_COLLECT = (20_000, 20, 10)

#: Fewer tests than these are done before half of them would be (a copy of the process takes a hundredth of a second).
_WORTH_HALVING = 100


# ------------------------------------------------------------------------------------------ at its start
def begin(memory: int = 0) -> None:
    """Every worker's first act. ``memory`` is a limit on its address space in bytes, 0 for none."""
    # The service decides when a worker ends: it drains first. A worker in the way is killed, never asked.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    die_with_service()
    stand_back()
    if memory:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def die_with_service() -> None:
    """Be killed when the service ends, even by kill -9: no worker is left computing for nobody.

    A worker at rest notices that its pipe is closed; one that loops in compiled code runs no Python to notice anything.
    So the kernel is asked to send SIGKILL itself: when the pipe whose other end only the service holds is closed, and
    when the fork server ends."""
    service = multiprocessing.parent_process()
    if service is None or not sys.platform.startswith("linux"):
        return
    sentinel = int(service.sentinel)
    fcntl.fcntl(sentinel, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(sentinel, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(sentinel, fcntl.F_SETFL, fcntl.fcntl(sentinel, fcntl.F_GETFL) | os.O_ASYNC)
    die_with_parent()
    if not service.is_alive() or os.getppid() == 1:
        os._exit(1)  # it ended before the lines above


# ------------------------------------------------------------------------------------------- the parse pool
@dataclass(frozen=True, slots=True)
class FeedTask:
    """One body to read: see ``ports.Workers.parse_feed``."""

    fetched: Fetched
    spec: SourceSpec
    now: datetime
    known: bytes = b""
    skip: int = 0


def begin_parse(memory: int) -> None:
    begin(memory)
    # What was imported lives as long as the process: the collector need not walk it.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT)


def read_feeds_task(tasks: Sequence[FeedTask]) -> list[tuple[FeedRead, list[Packed]] | FetchError]:
    """Each feed without its documents, and these packed. MemoryError at the process's limit."""
    return [_apart(_read_feed(task)) for task in tasks]


def _apart(read: FeedRead | FetchError) -> tuple[FeedRead, list[Packed]] | FetchError:
    return read if isinstance(read, FetchError) else (replace(read, documents=()), packed(read.documents))


def _read_feed(task: FeedTask) -> FeedRead | FetchError:
    spec, fetched = task.spec, task.fetched
    try:
        return read_feed(
            fetched.body,
            fetched.headers,
            fetched.url,
            source=spec.name,
            now=task.now,
            language=spec.language,
            labels=spec.labels,
            known=task.known,
            skip=task.skip,
        )
    except FetchError as error:
        return error


def read_page_task(fetched: Fetched, title: str) -> PageRead:
    """Raises FetchError; MemoryError at the process's limit."""
    found = _CHARSET.search(fetched.headers.get("content-type", ""))
    page = read_page(fetched.body, found[1] if found else "", fetched.url)
    return PageRead(page.text, page.title, page.notes)


@dataclass(frozen=True, slots=True)
class FileTask:
    """One file to read: see ``ports.Workers.parse_file``."""

    raw: bytes
    name: str
    key: str
    cut: bool
    spec: SourceSpec
    now: datetime


def read_file_task(task: FileTask) -> Document:
    """Raises DocumentError; MemoryError at the process's limit."""
    spec = task.spec
    return read_document(
        task.raw, task.name, source=spec.name, key=task.key, language=spec.language, labels=spec.labels, cut=task.cut, now=task.now
    )


# ------------------------------------------------------------------------------------------- the match pool
@dataclass(slots=True)
class _State:
    """What this process holds: the engine of its generation, or why there is none."""

    engine: Engine | None = None
    error: str = ""
    watchlists: list[Watchlist] = field(default_factory=list)
    files: dict[str, Mapping[str, str]] = field(default_factory=dict)
    tested: frozenset[str] = frozenset()
    faults: dict[str, tuple[str, ...]] = field(default_factory=dict)


_state = _State()


def make_ready() -> None:
    """What the first article of each process would wait for and every process has the same: in the process that they are forked
    from it is done once, and its memory is theirs too."""
    watchlist = load("ready", {"ready.yaml": 'id: ready\ngroups: {one: {en: [one], ar: [واحد]}}\nwhen: one NEAR "two"\n'})
    engine = compile_engine([watchlist], lambda language, word: frozenset())
    analyse_documents([Document("", "", "One and two\n\nThis is one of two. هذا واحد من اثنين\n\nAnd this is all.\n")], engine)
    fingerprint()


def begin_match(generation: Generation, dictionaries: str) -> None:
    """Compile the generation once; a failure is kept for whoever asks, since an initialiser that raises breaks the pool."""
    begin()
    # All but a little of what is made here lives as long as the process. The collector would walk it again and again while it
    # grows, for a third of the time, and find nothing.
    gc.disable()
    try:
        _build(generation, dictionaries)
    except Exception as error:  # whatever it is, the service must hear of it
        _state.error = f"{type(error).__name__}: {error}"
    gc.freeze()
    gc.set_threshold(*_COLLECT)
    gc.enable()


def _build(generation: Generation, dictionaries: str) -> None:
    loaded = [(version, watchlist) for version in generation.versions if (watchlist := _load(version)) is not None]
    watchlists = [watchlist for _, watchlist in loaded]
    dictionary = open_dictionary(Path(dictionaries), languages_of(watchlists))
    try:
        _state.engine = compile_engine(watchlists, dictionary.lookup, dictionary.expansions)
    except Exception:  # one of them cannot be compiled: find it, so that the others run
        sound = []
        for watchlist in watchlists:
            try:
                compile_engine([watchlist], dictionary.lookup, dictionary.expansions)
                sound.append(watchlist)
            except Exception as error:  # its name and reason go to whoever edits it
                _state.faults[watchlist.id] = (f"{watchlist.id} cannot be compiled: {error}",)
        watchlists = sound
        _state.engine = compile_engine(watchlists, dictionary.lookup, dictionary.expansions)
    dictionary.save()
    _state.watchlists = watchlists
    _state.files = {version.watchlist: version.files for version in generation.versions}
    _state.tested = frozenset(version.watchlist for version in generation.versions if version.tested)


def _load(version: StoredVersion) -> Watchlist | None:
    if version.read is not None:
        return version.read
    try:
        return load(version.watchlist, version.files)
    except WatchlistError as error:
        _state.faults[version.watchlist] = tuple(str(fault) for fault in error.faults)
    except Exception as error:  # a fault of the reader's own must not keep the other lists from loading
        _state.faults[version.watchlist] = (f"{version.watchlist} cannot be read: {type(error).__name__}: {error}",)
    return None


def report_task() -> WarmReport:
    """The facts, faults and test failures of this process's generation. A test whose article is missing is passed over."""
    engine = _engine()
    tests = {watchlist.id: _present(watchlist) for watchlist in _state.watchlists if watchlist.id not in _state.tested}
    if sum(map(len, tests.values())) >= _WORTH_HALVING and possible():
        one = {name: each[: len(each) // 2] for name, each in tests.items()}
        other = {name: each[len(each) // 2 :] for name, each in tests.items()}
        halves = both(partial(_failed, engine, one), partial(_failed, engine, other))
    else:
        halves = _failed(engine, tests), {}
    # What kept both halves from being run is said once.
    failures = {name: tuple(dict.fromkeys(chain(*(half.get(name, ()) for half in halves)))) for name in tests}
    failures = {name: failed for name, failed in failures.items() if failed}
    return WarmReport({watchlist.id: watchlist.facts for watchlist in _state.watchlists}, failures, _state.faults)


def _present(watchlist: Watchlist) -> Tests:
    files = _state.files[watchlist.id]
    return tuple(test for test in watchlist.tests if not test.file or f"seeds/{test.file}" in files)


def _failed(engine: Engine, tests: Mapping[str, Tests]) -> dict[str, tuple[str, ...]]:
    failures = {}
    for watchlist in _state.watchlists:
        try:
            failed = run_tests(replace(watchlist, tests=tests.get(watchlist.id, ())), engine, _state.files[watchlist.id])
        except Exception as error:  # as a failed test: the list is refused and named, the others go on
            failed = (f"the tests could not be run: {type(error).__name__}: {error}",)
        if failed:
            failures[watchlist.id] = failed
    return failures


def analyse_task(documents: Sequence[Document | AnalysisInput]) -> list[Analysis | AnalysisFailed]:
    """One document that trips the analysis is answered as such; the others go on."""
    return Analyses(analyse_documents(documents, _engine()))


def _engine() -> Engine:
    if _state.engine is None:
        raise RuntimeError(_state.error or "no watchlists were compiled")
    return _state.engine
