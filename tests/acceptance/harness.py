"""A place where the real program lives and dies: its configuration, its receiver, its clock, and whoever feeds it.

``Site`` keeps what outlives a life of the program (folders, the receiver, what was acknowledged); ``Life`` is one process.
Waiting is always for something that can be seen from outside, with a limit.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from tests.acceptance.corpus import DROPPED, LISTS, PUSHED, Article, wanted, watchlist
from tests.acceptance.ledger import LogVerdict, Request, Verdict, judge, judge_log
from tests.acceptance.nursery import ROOT, Nursery
from tests.service.harness import PATIENCE, eventually

TOKEN = "token-of-the-wire-service"

#: Articles in one push.
AT_ONCE = 500

#: A receiver's bad days: [weight, reply].
WELL = [[1.0, {}]]
TROUBLED = [
    [0.70, {}],
    [0.12, {"status": 503}],
    [0.04, {"status": 429, "headers": {"retry-after": "1"}}],
    [0.12, {"habit": "reset"}],
    [0.02, {"habit": "hang"}],
]


class ReceiverProcess:
    """tests/acceptance/receiver_main.py, told what to do over its standard input; it ends with us, whatever happens."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.acceptance.receiver_main", str(file)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = 0
        self._read = 0
        self._requests: list[Request] = []
        self.up()

    def up(self) -> None:
        self.port = self._tell(do="up")["port"]

    def down(self) -> None:
        self._tell(do="down")

    def mix(self, of: Sequence[Sequence[object]], *, sink: str = "desk", seed: int = 1) -> None:
        self._tell(do="mix", path=f"/{sink}", seed=seed, of=of)

    def url(self, sink: str) -> str:
        return f"http://127.0.0.1:{self.port}/{sink}"

    def requests(self) -> list[Request]:
        """All so far, whole lines."""
        with self.file.open("rb") as file:
            file.seek(self._read)
            fresh, _, _ = file.read().rpartition(b"\n")
        if fresh:
            self._read += len(fresh) + 1
            self._requests += [Request(**json.loads(line)) for line in fresh.split(b"\n")]
        return self._requests

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def _tell(self, **words: object) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


class Site:
    """``sinks`` are names of webhooks; beside them there is always the alert log. ``more_sinks`` and ``extra`` are more of the
    configuration; ``data`` is where the record is, if not here."""

    def __init__(
        self,
        folder: Path,
        nursery: Nursery,
        *,
        sinks: Sequence[str] = ("desk",),
        more_sinks: str = "",
        extra: str = "",
        data: Path | None = None,
    ) -> None:
        self._nursery = nursery
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.data = data or folder / "var"
        self.log = folder / "alerts.jsonl"
        self.config = folder / "monitor.yaml"
        self.clock = folder / "clock.json"
        self.sinks = tuple(sinks)
        self.lives: list[Life] = []
        self.articles: list[Article] = []
        self._owed: list[Article] = []
        self.receiver = ReceiverProcess(folder / "requests.jsonl")
        for made in ("articles", "watchlists"):
            (folder / made).mkdir()
        for name in LISTS:
            (folder / "watchlists" / f"{name}.yaml").write_text(watchlist(name))
        hooks = "".join(f"  {name}: {{type: webhook, url: '{self.receiver.url(name)}'}}\n" for name in self.sinks)
        self.config.write_text(
            f"data_dir: {self.data}\nwatchlists: ./watchlists\n"
            f"sources:\n  {PUSHED}: {{push: true, secret: {TOKEN}}}\n  {DROPPED}: {{folder: ./articles, every: 300ms}}\n"
            f"sinks:\n  log: {{type: alert_log, path: {self.log}}}\n{hooks}{more_sinks}"
            f"server: {{listen: 127.0.0.1:0}}\nlog: {{format: json}}\n{extra}"
        )
        self.config.chmod(0o600)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for life in self.lives:
            life.kill()
        self.receiver.close()

    # ------------------------------------------------------------------------------------------ lives
    def start(self, *, at: str = "", sink: str = "desk") -> Life:
        """A life of the program; it ends itself ``at`` a named point (tests/acceptance/program.py)."""
        options = [*(["--at", at, "--sink", sink] if at else []), *(["--clock", str(self.clock)] if self.clock.exists() else [])]
        life = Life(self, self._nursery, [*options, "--", "run", "--config", str(self.config)])
        self.lives.append(life)
        return life

    def run(self, *arguments: str, limit: float = 60.0) -> subprocess.CompletedProcess[str]:
        """One command to its end."""
        command = [sys.executable, "-m", "monitor", *arguments]
        return subprocess.run(command, cwd=self.folder, env=environment(), capture_output=True, text=True, timeout=limit, check=False)

    def pace(self, factor: float) -> None:
        """From now on time passes so many times as fast, for this life and those after it."""
        now = time.time()
        shown = self.shown() if self.clock.exists() else now
        fresh = self.clock.with_suffix(".new")
        fresh.write_text(json.dumps({"real": now, "shown": shown, "factor": factor}))
        fresh.replace(self.clock)

    def shown(self) -> float:
        """What the program's clock shows, in seconds since 1970."""
        said = json.loads(self.clock.read_text())
        return float(said["shown"] + (time.time() - said["real"]) * said["factor"])

    # ---------------------------------------------------------------------------------------- feeding
    def make(self, count: int, *, source: str = PUSHED) -> list[Article]:
        """Articles that nobody has seen; they are wanted from now on, and handed in by ``push`` or ``drop``."""
        made = [Article(len(self.articles) + n, source) for n in range(count)]
        self.articles += made
        return made

    def drop(self, count: int) -> None:
        for article in self.make(count, source=DROPPED):
            article.drop(self.folder / "articles")

    def push(self, life: Life, count: int) -> bool:
        """New ones, after those that were never acknowledged; whether they were. A sender keeps what was not."""
        self._owed += self.make(count)
        while self._owed and life.push(self._owed[:AT_ONCE]):
            del self._owed[:AT_ONCE]
        return not self._owed

    @property
    def owes(self) -> int:
        """Articles that were handed in and never acknowledged."""
        return len(self._owed)

    # ---------------------------------------------------------------------------------------- judging
    def all_told(self) -> bool:
        """Whether every sink, the log too, has everything."""
        needed = set(wanted(self.articles))
        requests = self.receiver.requests()
        for sink in self.sinks:
            if not needed <= {request.id for request in requests if request.path == f"/{sink}" and request.taken}:
                return False
        return not judge_log(wanted(self.articles), self.log).lost

    def verdict(self, sink: str = "desk") -> Verdict:
        return judge(wanted(self.articles), [request for request in self.receiver.requests() if request.path == f"/{sink}"], sink)

    def log_verdict(self) -> LogVerdict:
        return judge_log(wanted(self.articles), self.log)

    def sound(self) -> str:
        """What SQLite says of the record."""
        return str(self.ask("PRAGMA integrity_check")[0][0])

    def states(self) -> dict[str, int]:
        """State -> deliveries in it."""
        return dict(self.ask("SELECT state, count(*) FROM delivery GROUP BY state"))

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.data / 'monitor.db'}?mode=ro", uri=True)) as connection:
            return list(connection.execute(statement))


class Life:
    """One process; what it prints goes to files, so that no pipe can fill."""

    def __init__(self, site: Site, nursery: Nursery, arguments: list[str]) -> None:
        number = len(site.lives)
        self.out = site.folder / f"out-{number}.txt"
        self.err = site.folder / f"err-{number}.txt"
        self.out.touch()
        self.process = nursery.start(arguments, site.folder, self.out, self.err)
        self._address = ""

    @property
    def over(self) -> bool:
        return self.process.poll() is not None

    def address(self, limit: float = PATIENCE) -> str:
        """Where it answers; "" where it ended before."""

        def said() -> str | None:
            over = self.over
            with self.out.open() as out:
                found = next((line.split()[1] for line in out if line.startswith("Health:") and line.endswith("\n")), "")
            return found or ("over" if over else None)

        if not self._address:
            self._address = str(eventually(said, f"the program to be ready: {self.err}", limit))
        return "" if self._address == "over" else self._address

    @property
    def seen_ready(self) -> bool:
        """Whether anybody has waited for it and it was ready."""
        return self._address not in {"", "over"}

    def ready(self) -> Self:
        assert self.address(), self.err.read_text()[-2000:]
        return self

    def push(self, articles: Iterable[Article]) -> bool:
        """Whether it acknowledged them."""
        body = "".join(article.line() + "\n" for article in articles).encode()
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/x-ndjson"}
        try:
            status, _ = self._ask("POST", "/v1/articles", body, headers)
        except (OSError, http.client.HTTPException):
            return False
        return status == 200

    def health(self) -> tuple[int, dict[str, Any]]:
        status, body = self._ask("GET", "/healthz")
        return status, json.loads(body)

    def _ask(self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        address = self.address()
        if not address:
            raise ConnectionError("the program has ended")
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=PATIENCE)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def logged(self, event: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.err.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("event") == event]

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def stop(self, limit: float = PATIENCE) -> int:
        self.signal(signal.SIGTERM)
        return self.process.wait(limit)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE)

    def ended(self, limit: float = PATIENCE) -> int:
        return self.process.wait(limit)


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MONITOR_")}
    return kept | {"PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)}
