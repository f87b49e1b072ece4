"""The long version of the proof (docs/proof.md): kills by the hundred, outages of days, and the faults that need a machine.

    make soak                              all of it, some forty minutes
    python -m tests.soak kills 100 20      one part: 100 kills, or as many as 20 minutes hold

The parts are kills, outages, neighbours, full, writes, flips and upgrade.

Each part prints what it did and found, a line each, and the whole ends with status 1 where something was lost, made up,
told out of order, told twice without a reason, or not noticed.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.acceptance.corpus import wanted
from tests.acceptance.harness import TROUBLED, WELL, Life, Site, environment
from tests.acceptance.ledger import peak
from tests.acceptance.nursery import Nursery
from tests.acceptance.program import POINTS
from tests.service.harness import eventually
from tests.store import eio
from tests.store.lives import record_of

HOUR, DAY = 3600.0, 86400.0
#: How many times as fast time passes while the program is killed again and again: waits of a minute are three seconds.
HASTE = 20.0
#: After an outage: what is drained in ten minutes is drained in five. Faster, and a busy machine would be measured, not the program.
CATCH_UP = 2.0
#: The sinks beside the one that is slow.
HEALTHY = ("a", "b", "c", "d")


#: How long the receiver is away, how many times as fast time passes meanwhile, and the articles of that time.
AWAY = (("8 h", 8 * HOUR, 600.0, 10_000), ("72 h", 72 * HOUR, 3600.0, 10_000), ("8 d", 8 * DAY, 7200.0, 1_000))


class Soak:
    """Where the parts run, and whether all was well."""

    def __init__(self, folder: Path, nursery: Nursery) -> None:
        self._folder = folder
        self._nursery = nursery
        self.well = True

    def site(self, name: str, **options: object) -> Site:
        return Site(self._folder / name, self._nursery, **options)  # type: ignore[arg-type]

    def say(self, text: str) -> None:
        print(text, flush=True)

    def check(self, holds: bool, what: str) -> None:
        if not holds:
            self.well = False
            self.say(f"    MISSED: {what}")

    def judge(self, site: Site, *, duplicates: int = 0, sink: str = "desk") -> None:
        """The ledger of a site: what may be there twice is said by the caller, besides what the receiver cut."""
        verdict, log = site.verdict(sink), site.log_verdict()
        self.say(f"  {sink}: {verdict}\n  log:  {log}")
        self.check(verdict.clean, "lost, unexpected, changed and disordered must be 0")
        self.check(verdict.duplicated <= verdict.ack_lost + duplicates, "duplicates are at most ack-lost + kills")
        self.check(log.clean, "the alert log must hold each wanted alert once")
        self.check(site.sound() == "ok", "the record must be sound")


# ------------------------------------------------------------------------------------------------- kills
def kills(soak: Soak, count: int = 500, minutes: int = 600) -> None:
    """Half at random moments (of the start, too), half at named points, the receiver troubled all the while.

    After ``minutes`` it is enough, however many there were.
    """
    chance = random.Random(20250501)
    points: Counter[str] = Counter()
    began = time.monotonic()
    with soak.site("kills") as site:
        site.receiver.mix(TROUBLED)
        site.pace(HASTE)
        for number in range(1, count + 1):
            if time.monotonic() - began > minutes * 60:
                count = number - 1
                break
            at = "" if number % 2 else f"{POINTS[number // 2 % len(POINTS)]}:{chance.randrange(1, 12)}"
            life = site.start(at=at)
            _work(site, life, chance, until_ended=bool(at))
            points[at.partition(":")[0] if at and life.over else "random"] += 1
            life.kill()
            soak.check(life.process.wait(0) == -9, f"it ended by itself: {life.err.read_text()[-500:]}")
            _tidy(life)
            if number % 25 == 0:
                told = len({request.id for request in site.receiver.requests() if request.taken})
                seconds = time.monotonic() - began
                soak.say(f"  {number:>4} kills, {len(wanted(site.articles)):,} wanted, {told:,} told, {seconds:,.0f} s")
        site.receiver.mix(WELL)
        life = site.start().ready()
        ready, shown = time.monotonic(), site.shown()
        eventually(lambda: site.push(life, 0), "what was not acknowledged")
        eventually(site.all_told, "every alert", limit=900)
        soak.say(f"  caught up {time.monotonic() - ready:.1f} s after the last start ({site.shown() - shown:,.0f} s of its clock)")
        soak.check(life.stop() == 0, "the last life must end in order")
        soak.say(f"  {count} kills: " + ", ".join(f"{name} {number}" for name, number in points.most_common()))
        soak.say(f"  states: {site.states()}")
        soak.check(set(site.states()) == {"delivered"}, "every delivery must be delivered")
        soak.judge(site, duplicates=count)


def _work(site: Site, life: Life, chance: random.Random, *, until_ended: bool) -> None:
    """Feed a life until it ends itself, or for a random while; some are killed before they are ready."""
    if not until_ended and chance.random() < 0.15:
        time.sleep(chance.uniform(0.0, 1.0))
        return
    if not life.address():
        return
    end = time.monotonic() + (3.0 if until_ended else chance.uniform(0.05, 0.8))
    while time.monotonic() < end and not life.over:
        site.push(life, chance.randrange(1, 6))
        if chance.random() < 0.2:
            site.drop(1)
        time.sleep(0.05)


def _tidy(life: Life) -> None:
    for file in (life.out, life.err):
        file.unlink(missing_ok=True)


# ----------------------------------------------------------------------------------------------- outages
def outages(soak: Soak, alerts: int = 10_000) -> None:
    """Rows 16 and 17: the receiver is away for 8 h, 72 h and 8 days of the program's clock."""
    for name, seconds, factor, count in AWAY:
        with soak.site(f"outage-{name.replace(' ', '')}") as site:
            soak.say(f"  -- {name} --")
            _outage(soak, site, seconds, factor, count * alerts // 10_000)


def _outage(soak: Soak, site: Site, seconds: float, factor: float, count: int) -> None:
    site.pace(1)
    site.receiver.down()
    life = site.start().ready()
    began = site.shown()
    early = count // 2
    # Handed in at the ordinary pace: what a busy machine needs for it is not to count as hours.
    _push_all(site, life, early)
    shut = site.shown()  # what was raised until here is older than a week after eight days
    _let_pass(site, began + seconds - (0.5 * DAY if seconds > 7 * DAY else HOUR), factor)
    _push_all(site, life, count - early)
    _let_pass(site, began + seconds, factor)
    site.pace(CATCH_UP)
    _probes(soak, site, began)
    late = wanted(site.articles[:early]) if site.shown() - shut > 7 * DAY else {}
    site.receiver.up()
    back = site.shown()
    soak.say(f"  away for {(back - began) / HOUR:.1f} h, {len(wanted(site.articles)):,} wanted, states {_desk(site)}")
    due = set(wanted(site.articles)) - set(late)
    eventually(lambda: due <= _taken(site), "what is younger than a week", limit=900)
    soak.say(f"  caught up in {(site.shown() - back) / 60:.1f} min of its clock")
    soak.check(site.shown() - back <= 660, "the backlog is drained within ten minutes of the first probe")
    if late:
        expired = _desk(site).get("expired", 0)
        soak.say(f"  expired {expired:,}, expected {len(late):,}")
        soak.check(expired == len(late), "what is older than a week, and nothing else, expires")
        soak.check(set(late).isdisjoint(_taken(site)), "what has expired is not sent by itself")
        replayed = site.run("deliveries", "replay", "--sink", "desk", "--state", "expired", "--yes", "--config", str(site.config))
        soak.check(replayed.returncode == 0, f"deliveries replay: {replayed.stderr.strip()}")
        if not replayed.returncode:
            eventually(site.all_told, "what was replayed", limit=600)
    soak.check(life.stop() == 0, "the program must end in order")
    tried = Counter(number for (number,) in site.ask("SELECT attempts FROM delivery WHERE sink = 'desk'"))
    mean = sum(number * alerts for number, alerts in tried.items()) / max(1, tried.total())
    most = ", ".join(f"{number}×{alerts:,}" for number, alerts in sorted(tried.items())[:4])
    soak.say(f"  attempts an alert: mean {mean:.2f}, {most}{' …' if len(tried) > 4 else ''}, most {max(tried)}")
    found = [request.at for request in site.receiver.requests()]
    soak.say(f"  peak {peak(found) / CATCH_UP:.1f} requests in a second of its clock")
    # Of a sink whose deliveries were replayed the old ones come after the new ones, as an operator asked.
    if not late:
        soak.judge(site)


def _let_pass(site: Site, until: float, factor: float) -> None:
    site.pace(factor)
    while site.shown() < until:
        time.sleep(0.01)
    site.pace(1)


def _push_all(site: Site, life: Life, count: int) -> None:
    for first in range(0, count, 200):
        site.push(life, min(200, count - first))
        _paid(site, life)


def _paid(site: Site, life: Life) -> None:
    """What was handed in is acknowledged."""
    eventually(lambda: site.push(life, 0), "an acknowledgement")


def _probes(soak: Soak, site: Site, began: float) -> None:
    """While the receiver was away: how often was it tried, once the first minutes were over?"""
    started = [micro / 1e6 for (micro,) in site.ask("SELECT started FROM attempt WHERE sink = 'desk' ORDER BY started")]
    later = [at for at in started if at > began + 600]
    most = peak(later, 60.0)
    soak.say(f"  tried {len(started):,} times while it was away; at most {most} within a minute after the first ten")
    soak.check(most <= 2, "at most one probe a minute (two in a minute counted from the first)")


def _taken(site: Site) -> set[str]:
    return {request.id for request in site.receiver.requests() if request.taken}


def _desk(site: Site) -> dict[str, int]:
    return dict(site.ask("SELECT state, count(*) FROM delivery WHERE sink = 'desk' GROUP BY state"))


# -------------------------------------------------------------------------------------------- neighbours
def neighbours(soak: Soak, count: int = 400) -> None:
    """Rows 27 and 28: five sinks, one of which is slow, and one whose name does not resolve: what do the others notice?"""
    gone = "  gone: {type: webhook, url: 'http://receiver.invalid/hook'}\n"
    figures = {}
    for label, mix, extra in (("all well", WELL, ""), ("one slow", [[1.0, {"delay": 3.0}]], ""), ("one unresolved", WELL, gone)):
        with soak.site(f"neighbours-{label.replace(' ', '-')}", sinks=(*HEALTHY, "slow"), more_sinks=extra) as site:
            site.receiver.mix(mix, sink="slow")
            times = _latencies(site, count)
        figures[label] = times[int(len(times) * 0.99)] * 1e3
        soak.say(f"  {label:15} p50 {times[len(times) // 2] * 1e3:6.1f} ms, p99 {figures[label]:6.1f} ms after the acknowledgement")
    for label in ("one slow", "one unresolved"):
        ratio = figures[label] / figures["all well"]
        soak.say(f"  p99 of the healthy, {label} / all well: {ratio:.2f}")
        # 50 ms is what a machine that is shared does to anybody.
        soak.check(ratio < 1.5 or figures[label] - figures["all well"] < 50, "a bad neighbour delays nobody")


def _latencies(site: Site, count: int) -> list[float]:
    """From the acknowledgement of an article to its alerts at each healthy receiver (seconds), sorted."""
    life = site.start().ready()
    handed: dict[str, float] = {}
    for _ in range(count // 4):
        before = len(site.articles)
        site.push(life, 4)
        _paid(site, life)
        handed |= dict.fromkeys(wanted(site.articles[before:]), time.monotonic())
        time.sleep(0.1)

    def told() -> list[float]:
        found = [request for request in site.receiver.requests() if request.path.strip("/") in HEALTHY]
        return sorted(max(0.0, request.at - handed[request.id]) for request in found if request.id in handed)

    eventually(lambda: len(told()) >= len(handed) * len(HEALTHY), "the healthy", limit=120)
    life.kill()
    return told()


# ------------------------------------------------------------------------------------------------- a full disk
def full(soak: Soak, megabytes: int = 24) -> None:
    """Row 5: the record on a file system of its own (tmpfs) that fills up; it must not crash, must say so, and must resume."""
    with tempfile.TemporaryDirectory() as small, ExitStack() as held:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", small]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            soak.say("  skipped: a file system can be mounted by root only")
            return
        held.callback(subprocess.run, ["umount", "-l", small], check=False)
        site = held.enter_context(soak.site("full", data=Path(small) / "var"))
        life = site.start().ready()
        refused = 0
        while refused < 10 and len(site.articles) < 200_000:
            refused += not site.push(life, 0 if site.owes > 500 else 250)
        soak.check(refused >= 10, "a full disk is said to whoever pushes")
        soak.check(not life.over, "a full disk ends nothing")
        status, said = life.health()
        soak.say(f"  full after {len(site.articles) - site.owes:,} articles; /healthz {status}: {said['storage']}")
        soak.check(status == 503, "/healthz says that storage fails")
        soak.say(f"  storage_full logged {len(life.logged('storage_full'))} times, starts of the program: {len(site.lives)}")
        subprocess.run(["mount", "-o", f"remount,size={megabytes * 8}m", small], check=True)
        eventually(lambda: site.push(life, 0), "room again", limit=60)
        eventually(site.all_told, "every alert", limit=300)
        eventually(lambda: life.health()[0] == 200, "/healthz to be well again")
        soak.check(life.stop() == 0, "the program must end in order")
        soak.judge(site)


# ------------------------------------------------------------------------------------------------ writes
def writes(soak: Soak, count: int = 200) -> None:
    """Row 7: the k-th write or sync of the record fails, for every k; each request is there whole, or not at all."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            seen = eio.run(Path(folder), range(1, count + 1))
        except FileNotFoundError as error:
            soak.say(f"  skipped: {error}")
            return
    passed = sum((one["integrity"], one["lost"], one["answers_lost"], one["whole"]) == ("ok", [], 0, True) for one in seen)
    soak.say(f"  passed {passed} of {len(seen)}, of which {sum(one['reached'] for one in seen)} came so far")
    soak.check(passed == len(seen) == count, "every k")


# ------------------------------------------------------------------------------------------------ damage
def flips(soak: Soak, count: int = 200) -> None:
    """Row 9: 200 bytes of the file overwritten at a random place; the program must notice, or not have been hurt."""
    chance = random.Random(7)
    with soak.site("flips") as site:
        life = site.start().ready()
        for _ in range(10):
            site.push(life, 100)
        eventually(site.all_told, "every alert")
        life.stop()
        kept = site.folder / "kept"
        shutil.copytree(site.data, kept)
        ends: Counter[str] = Counter()
        for _ in range(count):
            shutil.rmtree(site.data)
            shutil.copytree(kept, site.data)
            _flip(site.data / "monitor.db", chance)
            life = site.start()
            ends[_end_of(site, life)] += 1
            _tidy(life)
        soak.say("  " + ", ".join(f"{name} {number}" for name, number in ends.most_common()))
        soak.check(set(ends) <= set(ENDS), "damage is found at the start, or by db check, or hurts nothing that either knows of")


def _flip(file: Path, chance: random.Random) -> None:
    with file.open("r+b") as opened:
        opened.seek(chance.randrange(file.stat().st_size - 200))
        opened.write(chance.randbytes(200))


#: What may come of 200 bytes: at the start (status 3), by ``db check``, or in free space and in rows without a hash.
ENDS = ("found at the start", "found by db check", "not found")


def _end_of(site: Site, life: Life) -> str:
    if not life.address():
        return ENDS[0] if life.ended() == 3 else f"status {life.ended()}: {life.err.read_text()[-300:]}"
    life.kill()
    return ENDS[1] if site.run("db", "check", "--config", str(site.config)).returncode else ENDS[2]


# ----------------------------------------------------------------------------------------------- upgrade
def upgrade(soak: Soak, step: int = 7) -> None:
    """Row 14: a record of every older revision, brought up to date by a program that is killed before every seventh statement of it."""
    for revision in ("0001", "0002", "0003", "0004", "0005"):
        with soak.site(f"upgrade-{revision}") as site:
            old = site.folder / "old"
            try:
                record_of(old, revision)
            except Exception as error:  # a revision that this version does not have
                soak.say(f"  {revision}: {error}")
                continue
            killed = 0
            for statement in range(1, 2_000, step):
                shutil.rmtree(site.data, ignore_errors=True)
                shutil.copytree(old, site.data)
                life = site.start(at=f"statement:{statement}")
                if life.address():
                    life.kill()
                    break
                killed += 1
                soak.check(life.ended() == -9, f"{revision}, statement {statement}: {life.err.read_text()[-300:]}")
                soak.check(site.sound() == "ok", f"{revision}, statement {statement}: the record is unsound")
                _tidy(life)
            again = site.start().ready()
            soak.check(again.stop() == 0, f"{revision}: it must start after all")
            soak.say(f"  {revision}: killed at {killed} places of the opening")


PARTS: dict[str, Callable[..., None]] = {
    "kills": kills,
    "outages": outages,
    "neighbours": neighbours,
    "full": full,
    "writes": writes,
    "flips": flips,
    "upgrade": upgrade,
}


def main(arguments: Sequence[str]) -> int:
    chosen = {arguments[0]: [int(argument) for argument in arguments[1:]]} if arguments else {name: [] for name in PARTS}
    nursery = Nursery(environment())
    try:
        with tempfile.TemporaryDirectory(prefix="soak-") as folder:
            soak = Soak(Path(folder), nursery)
            for name, numbers in chosen.items():
                soak.say(f"{name}: {(PARTS[name].__doc__ or '').splitlines()[0]}")
                PARTS[name](soak, *numbers)
    finally:
        nursery.close()
    print("all well" if soak.well else "NOT all well")
    return int(not soak.well)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
