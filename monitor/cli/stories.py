"""``monitor stories``: what was taken for one event, and why; merged and split by people where that was wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from monitor.cli.alerts_change import part_of_closed
from monitor.cli.options import Place, config_options, json_option, print_json, print_pretty, short_time, since_option
from monitor.cli.record import read_record
from monitor.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.model import JsonObject
    from monitor.store import SqlStore

_MESSAGE = click.option("-m", "--comment", metavar="TEXT", default="", help="Why; kept in the trail.")


@click.group(short_help="List and show stories; merge and split them.")
def stories() -> None:
    """Articles that tell one event are one story, and a story raises one alert a watchlist.

    Every article keeps why it joined: a near copy, or the rare words, names and numbers that both have. Where that was wrong,
    merge or split: the program then tells what this makes news.
    """


@stories.command("list", short_help="List the stories in which something matched, the latest first.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most so many.")
@click.option("--watchlist", metavar="ID", help="Only those in which this watchlist matched.")
@since_option("Only those with an article from then on: 2h or 7d (ago), a day, or a time with its zone.")
@click.option("--large", is_flag=True, help="The largest of them first.")
@json_option
@config_options
def list_(limit: int, watchlist: str | None, since: datetime | None, *, large: bool, as_json: bool, place: Place) -> None:
    """List the stories in which something matched, those with the latest articles first.

    \b
    Example:
      monitor stories list --watchlist arms-transfer --since 2026-03-01
    """
    found = list(read_record(place, lambda record: record.stories(limit=limit, since=since, watchlist=watchlist)))
    if not found and watchlist:
        from monitor.cli.known import note_unknown

        note_unknown(place, watchlist=[watchlist])
    if large:
        found.sort(key=lambda story: -int(story["articles"]))
    if as_json:
        for story in found:
            print_json(story)
        return
    if not found:
        click.echo("no stories")
    for story in found:
        click.echo(_line(story))


def _line(story: JsonObject) -> str:
    from monitor.render.plain import plain

    count, outlets = story["articles"], story["outlet_count"]
    size = f"{count} article{'' if count == 1 else 's'} of {outlets} outlet{'' if outlets == 1 else 's'}"
    lists = ", ".join(f"{plain(alert['watchlist'])} ({_state(alert)})" for alert in story["alerts"]) or "no alert"
    head = f"{story['id'][:12]}  {short_time(story['latest'])}  {size}  {lists}"
    return f"{head}\n    {plain(story['title']) or '(no title)'}"


def _state(alert: JsonObject) -> str:
    return f"merged into {alert['merged_into'][:12]}" if alert.get("merged_into") else str(alert["state"])


@stories.command(short_help="Show a story's articles and why each is in it.")
@click.argument("story", metavar="ID")
@json_option
@config_options
def show(story: str, as_json: bool, place: Place) -> None:
    """Show one story: its articles in the order they came, why each joined, and its alerts. The beginning of its ID is enough, or of
    that of one of its alerts. Of a story that was merged into another, it is the one that it is part of now.

    \b
    Example:
      monitor stories show 3f2a90c1
    """
    found = read_record(place, lambda record: record.story(story)) or read_record(place, lambda record: _of_alert(record, story))
    if found is None:
        raise UsageError(f"there is no story whose id begins with {story!r}", hint="see: monitor stories list")
    if as_json:
        print_pretty(found)
        return
    from monitor.render.plain import plain

    languages = ", ".join(found["languages"])
    click.echo(f"story {found['id']}: {found['articles']} articles, {found['outlet_count']} outlets, {languages}")
    for merged in found["merged"]:
        click.echo(f"  story {merged[:12]} became part of it")
    for alert in found["alerts"]:
        click.echo(f"  alert {alert['id'][:12]}  {plain(alert['watchlist'])}  {alert['severity']}  {_state(alert)}")
    for member in found["members"]:
        click.echo(f"{member['id'][:12]}  {short_time(member['at'])}  {plain(member['outlet'])} ({member['language']})")
        click.echo(f"    {plain(member['title']) or '(no title)'}")
        why = member["joined"]["explain"] if member["joined"] else "the first"
        click.echo(f"    {plain(why)}")


@stories.command(short_help="Make two stories one.")
@click.argument("story", metavar="STORY")
@click.argument("into", metavar="INTO")
@_MESSAGE
@json_option
@config_options
def merge(story: str, into: str, comment: str, as_json: bool, place: Place) -> None:
    """Make STORY part of INTO: two stories that tell one event.

    The alert of INTO goes on and counts as told what either has told. STORY's own alert of the same watchlist is closed as its
    duplicate, which is told where it was told; alerts of other watchlists go along. Where the alert of INTO is closed, what was open
    is so no longer: that is said, with the command that opens it again. `monitor stories split` undoes it.

    \b
    Example:
      monitor stories merge 3f2a90c1 77b01c2d -m "the same cargo"
    """
    done = _perform(place, "stories.merge", as_json, story=_meant(place, story), into=_meant(place, into), comment=comment)
    if done is not None:
        count = done["articles"]
        click.echo(f"{count} article{'' if count == 1 else 's'} went into story {done['story'][:12]}")
        _tell(done)


@stories.command(short_help="Part a story in two.")
@click.argument("story", metavar="STORY")
@click.argument("articles", metavar="ARTICLE...", nargs=-1, required=True)
@_MESSAGE
@json_option
@config_options
def split(story: str, articles: tuple[str, ...], comment: str, as_json: bool, place: Place) -> None:
    """Take ARTICLEs out of STORY: they tell another event, and become a story of their own.

    An alert goes with the article that raised it. Where the other part matches too it raises an alert of its own, so that what was
    hidden by the wrong story is told now.

    \b
    Example:
      monitor stories split 3f2a90c1 91c0aa02 0d4e77f1 -m "another ship"
    """
    done = _perform(place, "stories.split", as_json, story=_meant(place, story), articles=list(articles), comment=comment)
    if done is not None:
        count = done["articles"]
        click.echo(f"{count} article{'' if count == 1 else 's'} became story {done['story'][:12]}")
        _tell(done)


async def _of_alert(record: SqlStore, wanted: str) -> JsonObject | None:
    """Messages name alerts: the story of the one that is meant."""
    alert = await record.alert(wanted, 0)
    return await record.story(alert["story"]) if alert else None


def _meant(place: Place, wanted: str) -> str:
    """The story that is meant by the beginning of its id, or of an alert's; what neither is, the command says."""
    try:
        if read_record(place, lambda record: record.story(wanted)) is not None:
            return wanted
        found = read_record(place, lambda record: _of_alert(record, wanted))
    except UsageError:
        return wanted
    return wanted if found is None else str(found["id"])


def _perform(place: Place, name: str, as_json: bool, **arguments: Any) -> JsonObject | None:
    """None where the answer was printed as JSON."""
    from monitor.cli.control import command, perform

    done = perform(place, command(name, **arguments))
    if as_json:
        print_json(done)
        return None
    return done


def _tell(done: JsonObject) -> None:
    for alert in done["alerts"]:
        if alert.get("merged_into"):
            what = f"closed, part of {alert['merged_into'][:12]}"
        else:
            what = "raised" if alert.get("raised") else f"{alert['state']} again"
        click.echo(f"  alert {alert['id'][:12]} ({alert['watchlist']}): {what}")
        for line in part_of_closed(alert):
            click.echo(f"    {line}")
