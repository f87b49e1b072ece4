"""``monitor sources``: what is read, how it does, and what is wrong with it. Changing the lists is in ``sources_edit``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.catch_up import catch_up_lines
from monitor.cli.options import Place, config_options, json_option, print_json, print_pretty, short_time
from monitor.cli.record import read_record
from monitor.errors import ConfigError, ExitStatus, StorageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from monitor.errors import Fault
    from monitor.model import JsonObject, SourceSpec, SourceState
    from monitor.store import SqlStore

#: Faults of broken lists that ``health`` names.
FAULTS = 5
#: Of ``health``: what is wrong stands first.
_GRAVEST = ("failing", "quarantined", "gone", "paused", "new", "ok")


@click.group(short_help="List the sources, see how they do, add and stop them.")
def sources() -> None:
    """Look at the sources and change them.

    Sources stand in the configuration, or in OPML and YAML files that its sources_from names; an edit of any of these
    files is in force within four seconds.
    """


@sources.command("list", short_help="List them: last poll, next poll, errors.")
@click.option("--failing", is_flag=True, help="Only those that fail, are quarantined, paused or gone.")
@click.option("--language", metavar="CODE", help="Only those said to write in this language.")
@json_option
@config_options
def list_(failing: bool, language: str | None, as_json: bool, place: Place) -> None:
    """List the configured sources with what the record knows of them: last poll, next poll, what went wrong.

    While a list of sources or the configuration has faults, those of before are listed, which a running daemon goes on polling.

    \b
    Example:
      monitor sources list --config deploy/monitor.yaml
    """
    from monitor.render.plain import plain
    from monitor.settings import mask_url

    specs = _in_force(place)
    states = _states(place)
    shown = 0
    for spec in specs:
        state = states.get(spec.name)
        word = state_word(state)
        if (failing and word in ("ok", "new")) or (language and spec.language != language):
            continue
        shown += 1
        found = _listed(spec, state, word)
        if as_json:
            print_json(found)
            continue
        where = plain(mask_url(spec.location) if spec.kind == "feed" else spec.location)
        often = f"every {found['every']}" if found["every"] else "at its own rhythm" if spec.kind == "feed" else ""
        click.echo("  ".join(part for part in (spec.name, spec.kind.value, where, often) if part))
        if spec.kind == "push":
            continue
        click.echo(f"    last read {short_time(state.last_success if state else None)}, next {_next(state, word)}")
        if state is not None:
            for line in _trouble(state, word):
                click.echo(f"    {plain(line)}")
    if not shown and not as_json:
        click.echo("no sources are configured" if not specs else "no source is like that")


def _listed(spec: SourceSpec, state: SourceState | None, word: str) -> JsonObject:
    from monitor.settings import format_duration, mask_url

    return {
        "name": spec.name,
        "kind": spec.kind.value,
        "location": mask_url(spec.location) if spec.kind == "feed" else spec.location,
        "origin": spec.origin,
        "every": format_duration(spec.every) if not spec.adaptive and spec.kind != "push" else None,
        "language": spec.language or None,
        "labels": dict(spec.labels),
        "important": spec.important,
        "state": word,
        "last_poll": _iso(state.last_poll if state else None),
        "last_success": _iso(state.last_success if state else None),
        "last_new": _iso(state.last_new if state else None),
        "next_due": _iso(state.next_due if state else None),
        "quarantined_until": _iso(state.next_due if state and word == "quarantined" else None),
        "failures": state.failures if state else 0,
        "error": state.error if state else "",
    }


def state_word(state: SourceState | None) -> str:
    """``ok``, ``failing``, ``quarantined`` (it ends who reads it), ``paused`` (by a person), ``gone`` (410) or ``new`` (never read)."""
    from monitor.flow.pace import DEATHS

    if state is None:
        return "new"
    if state.paused is not None:
        return "paused"
    if state.gone is not None:
        return "gone"
    if state.deaths >= DEATHS:
        return "quarantined"
    if state.failures or state.broken:
        return "failing"
    return "ok" if state.last_success else "new"


def _trouble(state: SourceState, word: str) -> list[str]:
    out = []
    if word == "paused":
        out.append(f"paused since {short_time(state.paused)} by {state.paused_by}")
    if word == "gone":
        out.append(f"gone since {short_time(state.gone)}: the server says it is no more (monitor sources resume {state.name})")
    if word == "quarantined":
        out.append(f"{_left_alone(state)} (monitor sources resume {state.name})")
    if state.error:
        often = "once" if state.failures == 1 else f"{state.failures} times in a row"
        out.append(f"failed {often}: {state.error}")
    return out


def _left_alone(state: SourceState) -> str:
    return f"left alone until {short_time(state.next_due)}, because it ended {state.deaths} worker processes in a row"


def _next(state: SourceState | None, word: str) -> str:
    """When it is polled next. What is due waits for its host's turn, or for a daemon: when that comes nobody knows."""
    from monitor.clock import SystemClock

    if state is None or word in ("paused", "gone"):
        return "-"
    return "waits its turn" if state.next_due <= SystemClock().now() else short_time(state.next_due)


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()


def _states(place: Place) -> dict[str, SourceState]:
    """What the record knows of each source; nothing where nothing was polled yet."""
    found: Sequence[SourceState] = _read(place, lambda store: store.source_states(), ())
    return {state.name: state for state in found}


def _read(place: Place, work: Callable[[SqlStore], Awaitable[Any]], without: Any) -> Any:
    from monitor.store.files import RECORD

    try:
        return read_record(place, work)
    except StorageError:
        if (place.data_dir() / RECORD).exists():
            raise
        return without


@sources.command("show", short_help="Everything about one.")
@click.argument("name")
@click.option("--catch-up", is_flag=True, help="Also list what matched at its first poll and was kept quiet, because it was old by then.")
@json_option
@config_options
def show(name: str, catch_up: bool, as_json: bool, place: Place) -> None:
    """Everything about one source: where it is configured, what it told of itself, its rhythm, its latest articles.

    \b
    Example:
      monitor sources show example-ar
    """
    from monitor.render.plain import plain

    spec = _spec(place, name)
    kept = _read(place, lambda store: store.source(name), None)
    quiet = _read(place, lambda store: store.quiet(name), ()) if catch_up else None
    state = _states(place).get(name)
    document = _listed(spec, state, state_word(state)) | {"rhythm_seconds": rhythm(state), "record": kept}
    if as_json:
        print_pretty(document if quiet is None else document | {"catch_up": list(quiet)})
        return
    polled = spec.kind != "push"
    rows = [("configured at", spec.origin or "-"), ("kind", spec.kind.value)]
    rows += [("location", str(document["location"]) or "-")] if polled else []
    rows += [("state", str(document["state"])), ("rhythm", _rhythm_words(state)), ("last read", short_time(document["last_success"]))]
    rows += [("last new", short_time(document["last_new"]))]
    rows += [("next", _next(state, str(document["state"])))] if polled else []
    if kept:
        rows += [("address", str(kept["address"]))] if kept["address"] else []
        others = f", and {kept['sighted']} that are articles of others or seen again" if kept["sighted"] else ""
        rows += [("articles", f"{kept['articles']}{others}")]
        rows += [("validators", ", ".join(sorted(kept["validators"])) or "none")] if polled else []
    width = max(len(key) for key, _ in rows)
    for key, value in rows:
        click.echo(f"{key:<{width}}  {plain(value)}")
    for line in _trouble(state, state_word(state)) if state else ():
        click.echo(plain(line))
    for row in kept["latest"] if kept else ():
        click.echo(f"  {short_time(row.get('published') or row.get('fetched'))}  {plain(str(row.get('title') or '(no title)'))}")
    if quiet is not None:
        for line in catch_up_lines(quiet, "Nothing was kept quiet."):
            click.echo(line)


def _spec(place: Place, name: str) -> SourceSpec:
    from monitor.settings.schema import closest

    specs = {spec.name: spec for spec in _in_force(place)}
    if name not in specs:
        meant = closest(name, specs)
        raise UsageError(
            f"there is no source named {name!r}", hint=f"did you mean {meant!r}?" if meant else "monitor sources list names them"
        )
    return specs[name]


def rhythm(state: SourceState | None) -> float | None:
    """The usual time between two arrivals, in seconds; None until four are known."""
    return median(state.gaps) if state is not None and len(state.gaps) >= 4 else None


def _rhythm_words(state: SourceState | None) -> str:
    usual = rhythm(state)
    return "not learnt yet" if usual is None else f"every {_about(usual)}"


def _about(seconds: float) -> str:
    """``14m``, ``3h``, ``2d``: a time as people say it."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds:.0f}s"


@sources.command("health", short_help="What is wrong with them, and the open alarms.")
@click.option("--all", "everything", is_flag=True, help="Every source, not only those that have something wrong.")
@json_option
@config_options
def health(everything: bool, as_json: bool, place: Place) -> int:
    """How the sources do: rhythm, last success, last new item, next poll, error; the languages; the alarms that stand.

    What is wrong stands first; sources that were never read yet are counted, and listed with --all and --json.
    While a list of sources is broken, what was in force before it broke is shown, and what is wrong with the list is said.

    Exit status 1 if a source fails, is quarantined or is gone, a list or the configuration is broken, or an alarm about sources stands.

    \b
    Example:
      monitor sources health
      monitor sources health --json | jq 'select(.state == "failing")'
    """
    from monitor.render.plain import plain

    specs, faults = _standing(place)
    _say_broken(faults)
    states = _states(place)
    pulses = _read(place, lambda store: store.languages(), {})
    operations = _read(place, lambda store: store.open_operations(), ())
    words = {spec.name: state_word(states.get(spec.name)) for spec in specs if spec.kind != "push"}
    wrong = any(word in ("failing", "quarantined", "gone") for word in words.values()) or bool(operations or faults or place.warned)
    rows = [spec for spec in specs if spec.name in words and (everything or as_json or words[spec.name] not in ("ok", "new"))]
    if as_json:
        for spec in rows:
            state = states.get(spec.name)
            print_json(_listed(spec, state, words[spec.name]) | {"rhythm_seconds": rhythm(state)})
        return int(ExitStatus.CHECK_FAILED if wrong else ExitStatus.DONE)
    well = sum(word == "ok" for word in words.values())
    click.echo(f"{len(words)} source{'' if len(words) == 1 else 's'} polled: {well} ok" + "".join(_counts(words)))
    for line in _table(rows, words, states):
        click.echo(line)
    new = sum(word == "new" for word in words.values())
    if new and not everything:
        click.echo(f"{new} new: not read yet; --all lists {'it' if new == 1 else 'them'}")
    if pulses:
        told = (f"{code} {short_time(pulse.last)} ({pulse.articles})" for code, pulse in sorted(pulses.items()))
        click.echo("languages, with their last new article: " + ", ".join(told))
    for operation in operations:
        click.echo(f"alarm since {short_time(operation.raised)}: {plain(operation.message)}")
    return int(ExitStatus.CHECK_FAILED if wrong else ExitStatus.DONE)


def _table(rows: Sequence[SourceSpec], words: dict[str, str], states: dict[str, SourceState]) -> Iterator[str]:
    """A line for each source, the gravest first."""
    from monitor.render.plain import plain

    if not rows:
        return
    width = max(len(spec.name) for spec in rows)
    wide = max(5, *(len(words[spec.name]) for spec in rows))
    yield f"{'':{width}}  {'state':<{wide}} {'rhythm':<16} {'last read':<17} {'last new':<17} {'next':<17}"
    for spec in sorted(rows, key=lambda spec: _GRAVEST.index(words[spec.name])):
        state, word = states.get(spec.name), words[spec.name]
        read, new = (state.last_success, state.last_new) if state else (None, None)
        times = f"{short_time(read):<18}{short_time(new):<18}{_next(state, word):<18}"
        error = plain(state.error) if state else ""
        why = f"{_left_alone(state)}: {error}" if state and word == "quarantined" else error
        yield f"{spec.name:{width}}  {word:<{wide}} {_rhythm_words(state):<16} {times}{why}".rstrip()


def _in_force(place: Place) -> list[SourceSpec]:
    """``_standing``, with what is wrong said."""
    specs, faults = _standing(place)
    _say_broken(faults)
    return specs


def _say_broken(faults: Sequence[Fault]) -> None:
    from monitor.render.plain import plain

    for fault in faults[:FAULTS]:
        click.echo(f"broken list: {plain(str(fault))}", err=True)
    if len(faults) > FAULTS:
        click.echo(f"and {len(faults) - FAULTS} faults more: monitor config show says all", err=True)


def _standing(place: Place) -> tuple[list[SourceSpec], Sequence[Fault]]:
    """The sources, and what is wrong with the lists of them. Where that is something, the sources are also those of the record,
    which a daemon goes on polling; where the configuration itself has faults, which is said, they are only these."""
    from monitor.model import SourceSpec
    from monitor.settings import source_specs

    try:
        return source_specs(place.load()), ()
    except ConfigError as error:
        faults = error.faults
    try:
        specs = {spec.name: spec for spec in source_specs(place.load(lists=False))}
    except ConfigError as error:
        place.data_dir_despite(error)
        specs, faults = {}, ()
    for kind, state in _read(place, lambda store: store.coverage(), ()):
        specs.setdefault(state.name, SourceSpec(state.name, kind, state.address, 0.0, adaptive=True))
    return [specs[name] for name in sorted(specs)], faults


def _counts(words: dict[str, str]) -> list[str]:
    others = [word for word in _GRAVEST if word != "ok"]
    return [f", {number} {word}" for word in others if (number := sum(each == word for each in words.values()))]


# -------------------------------------------------------------------------------- asked of the daemon
@sources.command("poll", short_help="Poll some now, whatever is due.")
@click.argument("names", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every source that is not paused or gone.")
@json_option
@config_options
def poll(names: tuple[str, ...], everything: bool, as_json: bool, place: Place) -> int:
    """Poll sources now, whatever is due; by the running daemon where there is one, else here. One that is paused is read this
    once, which is said, and stays paused.

    Exit status 1 if one of them failed. Without a daemon, alerts are committed and their deliveries wait for it.

    \b
    Example:
      monitor sources poll bbc-arabic
      monitor sources poll --all --json
    """
    from monitor.cli.control import command, perform
    from monitor.render.plain import plain

    if bool(names) == everything:
        raise UsageError("name the sources to poll, or say --all")
    asked = command("sources.poll", all=True) if everything else command("sources.poll", names=list(names))
    answered = perform(place, asked)["sources"]
    for row in answered:
        if as_json:
            print_json(row)
        elif row["error"]:
            click.echo(f"{row['name']}: {plain(row['error'])}")
        elif not (row["new"] or row["edited"] or row["known"]):
            click.echo(f"{row['name']}: nothing has changed")
        else:
            told = f", {row['alerts']} told" if row["alerts"] else ""
            click.echo(f"{row['name']}: {row['new']} new, {row['edited']} edited, {row['known']} known{told}")
        if not as_json and row.get("paused_by"):
            click.echo(f"    it is paused by {plain(row['paused_by'])}, and stays so: monitor sources resume {row['name']}")
    return int(ExitStatus.CHECK_FAILED if any(row["error"] for row in answered) else ExitStatus.DONE)


@sources.command("pause", short_help="Stop polling some until they are resumed.")
@click.argument("names", nargs=-1, required=True)
@click.option("-m", "--comment", metavar="TEXT", default="", help="Why, for whoever wonders later.")
@config_options
def pause(names: tuple[str, ...], comment: str, place: Place) -> None:
    """Stop polling sources until they are resumed. A pause survives restarts, and is no silence to be alarmed about.

    \b
    Example:
      monitor sources pause bbc-arabic -m "floods us since the redesign"
    """
    from monitor.cli.control import command, perform
    from monitor.render.plain import plain

    for row in perform(place, command("sources.pause", names=list(names), comment=comment))["sources"]:
        click.echo(f"paused: {row['name']} (by {plain(row['paused_by'])})")


@sources.command("resume", short_help="Poll again what was paused or gone.")
@click.argument("names", nargs=-1, required=True)
@config_options
def resume(names: tuple[str, ...], place: Place) -> None:
    """Poll sources again that were paused, that answered 410, or that were set aside for ending worker processes.

    \b
    Example:
      monitor sources resume bbc-arabic
    """
    from monitor.cli.control import command, perform

    answered = perform(place, command("sources.resume", names=list(names)))["sources"]
    pushed = {spec.name for spec in _standing(place)[0] if spec.kind == "push"}
    for row in answered:
        click.echo(f"resumed: {row['name']}" + ("" if row["name"] in pushed else "; it is due now"))
