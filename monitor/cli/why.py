"""``monitor why``: for any article and watchlist the whole path: read, matched or not, threaded, decided, sent, answered."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.options import Place, config_options, json_option, print_pretty, wants_color
from monitor.cli.record import read_record
from monitor.errors import ExitStatus, UsageError

if TYPE_CHECKING:
    from monitor.match.explain import Explanation
    from monitor.model import Document, JsonObject
    from monitor.ports import StoredVersion
    from monitor.store import SqlStore


#: As many as an SQL integer counts.
_ALL = 2**62


@click.command(short_help="Say why an article was told, or why not.")
@click.argument("asked", metavar="ARTICLE|URL|ALERT")
@click.argument("watchlist", required=False)
@click.option("--all", "everything", is_flag=True, help="Every decision about an article that was edited often; without it the newest 20.")
@json_option
@config_options
def why(asked: str, watchlist: str | None, everything: bool, as_json: bool, place: Place) -> int:
    """Say why an article was told, or why it was not: the whole path, in one answer.

    Name the article by its address, by the beginning of its id or of its alert's id, or by its key (a folder's file name). The first
    line is the answer; below it stand the source and when it was read, the zones of its text, the story and why it is in it, and for
    each watchlist that matched the clauses that held, the decision and its reason, the routes, and each attempt to deliver with its
    answer. With WATCHLIST also why that one did not match: its query as a tree, by the version that was in force when the article
    was read. For an address never seen: which source covers its site, and how it stands.

    The record is only read; a running daemon is not disturbed. Exit status 1 where nothing is known of it.

    \b
    Example:
      monitor why https://example.org/news/17 arms-transfer
    """
    from monitor.render.why import why_text

    tree, version = read_record(place, lambda store: _read(store, asked, watchlist, everything=everything))
    explanation = None
    if version is not None:
        explanation = _explained(tree["article"], version)
        tree["explained"] = {"version": version.version, "now": _now(tree, version.watchlist)}
    if as_json:
        from monitor.cli.explain import explanation_json

        print_pretty(tree | ({} if explanation is None else {"explained": {**tree["explained"], **explanation_json(explanation)}}))
    else:
        click.echo("\n".join(why_text(tree)))
        if explanation is not None:
            from monitor.cli.explain import explanation_text

            click.echo("\n".join(explanation_text(explanation, wants_color())))
    return int(ExitStatus.DONE if tree["found"] else ExitStatus.CHECK_FAILED)


async def _read(store: SqlStore, asked: str, watchlist: str | None, *, everything: bool) -> tuple[JsonObject, StoredVersion | None]:
    """The path, and the version of the watchlist to explain: of one that was named and did not match."""
    tree = await (store.why(asked, watchlist, limit=_ALL) if everything else store.why(asked, watchlist))
    if watchlist is None or tree["article"] is None or tree["watchlists"] or tree["article"]["text"] is None:
        return tree, None
    version = await store.version_at(watchlist, datetime.fromisoformat(tree["article"]["fetched"]))
    if version is None:
        known = ", ".join(sorted(tree["in_force"])) or "none yet"
        raise UsageError(f"no watchlist {watchlist!r} was ever in force", hint=f"there is {known}")
    return tree, version


def _now(tree: JsonObject, watchlist: str) -> str:
    return str(tree["in_force"].get(watchlist, {}).get("version", "none"))


def _explained(article: JsonObject, version: StoredVersion) -> Explanation:
    from monitor.analysis import explain_document
    from monitor.cli.lists import compiled, dictionary
    from monitor.watchlist import load_folder

    loaded = load_folder(version.files)
    lists = [one for one in loaded.watchlists if one.id == version.watchlist]
    if not lists:
        raise UsageError(f"version {version.version[:12]} of {version.watchlist} can no longer be read by this program")
    return explain_document(_document(article), compiled(lists, dictionary(lists)), version.watchlist)


def _document(article: JsonObject) -> Document:
    """As it was analysed: its title where its zones say so, and those learnt lines that were furniture then."""
    from monitor.model import Document, Span
    from monitor.text.phrases import key

    text: str = article["text"]
    zones: list[dict[str, Any]] = article["zones"]
    title = next((Span(zone["start"], zone["end"]) for zone in zones if zone["zone"] == "title"), None)
    lines = {key(line) for zone in zones if zone["zone"] == "furniture" for line in text[zone["start"] : zone["end"]].splitlines()}
    return Document(
        article["source"],
        article["key"],
        text,
        title,
        url=article["url"],
        language_hint=article["language"] if article["language"] != "und" else "",
        labels=article["labels"],
        learnt=tuple(sorted(lines & set(article["learnt"]))),
    )
