"""The whole path of one article as text for a terminal: the answer in one sentence, then how it came about, step by step.

Pure: the tree that ``store/why.py`` reads, and what explaining a watchlist added to it, in; lines out. Everything foreign is
made plain.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from monitor.model import JsonObject
from monitor.render.plain import plain, shortened

#: Characters of a passage, a title.
_PASSAGE: Final = 160
_TITLE: Final = 90
#: Passages shown of one decision.
_PASSAGES: Final = 20
#: Sources of a site that was never seen: in the answer, and below it.
_NAMED: Final = 5
_LISTED: Final = 20

#: Why something was told or not, as people say it.
REASONS: Final[Mapping[str, str]] = {
    "first_match": "the first match of its story",
    "new_evidence": "it says something the alert had not told",
    "stance_changed": "it is said in another way (stance)",
    "severity_raised": "it is graver",
    "new_language": "the first report in its language",
    "new_sources": "one more outlet reports it",
    "correction": "the article no longer says it",
    "already_told": "all it says had been told",
    "shadow": "the watchlist is in shadow: recorded, not sent",
    "stale": "the first poll of its source, and older than the freshness window",
    "silenced": "a silence mutes it",
    "held_back": "held back by a limit",
    "by_hand": "done by a person",
    "merged": "its story became part of another",
    "digest": "told in a digest",
    "silence_ended": "told when its silence ended",
}


def why_text(tree: JsonObject) -> Iterator[str]:
    yield answer(tree)
    if tree["found"] is None:
        yield from _covering(tree)
        return
    if tree.get("article"):
        yield ""
        yield from _article(tree["article"])
        yield from _fetched(tree)
    if tree.get("story"):
        yield from _story(tree["story"], tree["article"]["id"] if tree.get("article") else "")
    for one in tree["watchlists"]:
        yield from _watchlist(one, tree.get("in_force", {}))
    if not tree["watchlists"]:
        yield from _unmatched(tree)


# --------------------------------------------------------------------------------- in one sentence
def answer(tree: JsonObject) -> str:
    """What became of it."""
    article = tree.get("article")
    if tree["found"] is None:
        return _never_seen(tree)
    if article and article["failed"]:
        return f"not matched: the article could not be analysed ({plain(article['failed'])})"
    if not tree["watchlists"]:
        named = f"watchlist {tree['watchlist']}" if tree.get("watchlist") else "any watchlist"
        return f"not told: it did not match {named}"
    return "; ".join(_outcome(one, article) for one in tree["watchlists"])


def _never_seen(tree: JsonObject) -> str:
    if "://" not in tree["asked"]:
        return f"nothing in the record is called {plain(tree['asked'])}"
    host = _host(tree["asked"])
    if not tree["covering"] and tree.get("brought"):
        return f"never seen, though {_names(tree['brought'])} brought other articles of {host}"
    if not tree["covering"]:
        return f"never seen, and no source covers {host}"
    several = len(tree["covering"]) > 1
    return f"never seen, though {_names(tree['covering'])} cover{'' if several else 's'} {host}"


def _names(sources: Sequence[JsonObject]) -> str:
    """Of a site with a feed for each of its sections nobody reads all the names."""
    more = len(sources) - _NAMED
    return ", ".join(one["name"] for one in sources[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _outcome(one: JsonObject, article: JsonObject | None) -> str:
    told = [decision for decision in one["decisions"] if decision["notification"]]
    last = told[-1] if told else one["decisions"][-1]
    because = REASONS.get(last["reason"], last["reason"])
    if not told:
        by = f" ({plain(last['by'])})" if last["by"] else ""
        return f"{one['watchlist']}: matched, not told: {because}{by}"
    deliveries = last["notification"]["deliveries"]
    arrived = [each for each in deliveries if each["state"] == "delivered"]
    open_ = [each for each in deliveries if each["state"] != "delivered"]
    what = f"{last['notification']['kind']}: {because}"
    if not deliveries:
        return f"{one['watchlist']}: {what}; no route sends it anywhere"
    parts = []
    if arrived:
        parts.append(f"told to {', '.join(each['sink'] for each in arrived)}{_after(article, arrived)}")
    parts += [f"{each['sink']}: {_became(each)}" for each in open_]
    return f"{one['watchlist']}: {what}; {', '.join(parts)}"


def _became(delivery: JsonObject) -> str:
    """What a digest told of is "cancelled" in the record, and told all the same."""
    return f"told in digest {delivery['told_in'][:12]}" if delivery.get("told_in") else plain(delivery["state"])


def _after(article: JsonObject | None, arrived: Sequence[JsonObject]) -> str:
    since = (article or {}).get("published") or (article or {}).get("first_fetched")
    if not since:
        return ""
    seconds = (datetime.fromisoformat(arrived[0]["changed"]) - datetime.fromisoformat(since)).total_seconds()
    if seconds < 0:
        return ""
    word = "published" if (article or {}).get("published") else "read"
    return f" {_span(seconds)} after it was {word}"


def _span(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


# ------------------------------------------------------------------------------------- step by step
def _covering(tree: JsonObject) -> Iterator[str]:
    covering, brought = tree.get("covering", ()), tree.get("brought", ())
    for one in covering[:_LISTED]:
        yield f"  {one['name']}: {plain(one['location'])}; {_standing(one)}"
    for one in brought[: max(0, _LISTED - len(covering))]:
        articles = f"{one['articles']:,} article{'' if one['articles'] == 1 else 's'} of this site"
        yield f"  {one['name']}: {plain(one['address'] or one['location'] or one['kind'])}; {articles}; {_standing(one)}"
    if (more := len(covering) + len(brought) - _LISTED) > 0:
        yield f"  … and {more} more; --json lists all"
    if "://" in tree["asked"] and not tree.get("covering") and not tree.get("brought"):
        yield f"  monitor sources add {plain(tree['asked'])} finds the feed of its site"


def _standing(source: JsonObject) -> str:
    if source["paused"]:
        return f"paused {_time(source['paused'])} by {plain(source['paused_by'])}"
    if source["gone"]:
        return f"gone since {_time(source['gone'])} (its server answered 410)"
    if source["retired"]:
        return f"no longer configured since {_time(source['retired'])}"
    if source["failures"]:
        failed = f"failing ({source['failures']} in a row: {plain(source['error'])})"
        return f"{failed}, last success {_time(source['last_success'])}"
    return f"last polled {_time(source['last_poll'])}, last new article {_time(source['last_new'])}"


def _article(article: JsonObject) -> Iterator[str]:
    yield f"article  {article['id'][:12]}  {shortened(plain(article['title']), _TITLE) or '(no title)'}"
    if article["url"]:
        yield f"  address    {plain(article['url'])}"
    yield f"  published  {_time(article['published']) if article['published'] else 'it does not say'}, language {article['language']}"
    if article["notes"]:
        yield f"  text       {', '.join(map(plain, article['notes']))}"
    by_zone: dict[str, int] = {}
    for zone in article["zones"]:
        by_zone[zone["zone"]] = by_zone.get(zone["zone"], 0) + zone["end"] - zone["start"]
    if by_zone:
        yield "  zones      " + ", ".join(f"{name} {size}" for name, size in by_zone.items()) + " characters"
    if len(article["versions"]) > 1:
        yield f"  versions   {len(article['versions'])}; the last read {_time(article['fetched'])}"


def _fetched(tree: JsonObject) -> Iterator[str]:
    article, source = tree["article"], tree["source"]
    standing = f"; {_standing(source)}" if source else "; no longer in the record"
    yield f"  source     {plain(article['source'])}, read {_time(article['first_fetched'])}{standing}"
    others = [one for one in tree["sightings"] if one["source"] != article["source"]]
    for one in others:
        yield f"  seen also  {plain(one['source'])}, {_time(one['at'])}"
    if tree.get("sightings_left_out"):
        yield f"  seen also  {tree['sightings_left_out']:,} times before (--all names them)"


def _story(story: JsonObject, article: str) -> Iterator[str]:
    members = story["members"]
    because = f": {plain(story['because'])}" if story["because"] else ": its first article" if story["id"] == article else ""
    yield f"story    {story['id'][:12]}{because}"
    for one in members if len(members) > 1 else ():
        mark = "*" if one["article"] == article else " "
        yield f"  {mark} {_time(one['at'])}  {plain(one['outlet'])} ({one['language']})  {shortened(plain(one['title']), _TITLE)}"


def _watchlist(one: JsonObject, in_force: Mapping[str, JsonObject]) -> Iterator[str]:
    yield f"watchlist {one['watchlist']}"
    now = in_force.get(one["watchlist"])
    if one.get("left_out"):
        yield f"  {one['left_out']:,} earlier decisions (--all shows them)"
    for decision in one["decisions"]:
        version = f"version {decision['version'][:12]}"
        if now and now["version"] != decision["version"]:
            version += f" (since {_time(now['since'])} version {now['version'][:12]} is in force)"
        stances = ", ".join(decision["stances"])
        yield f"  {_time(decision['at'])}  matched by {version}: {decision['severity']}, {stances}"
        for passage in decision["evidence"][:_PASSAGES]:
            yield f"    held     {shortened(plain(passage['clause']), _PASSAGE)}"
            yield f"             “{shortened(plain(passage['quote']), _PASSAGE)}”"
        if len(decision["evidence"]) > _PASSAGES:
            yield f"    held     and in {len(decision['evidence']) - _PASSAGES:,} passages more (--json shows them)"
        by = f" ({plain(decision['by'])})" if decision["by"] else ""
        yield f"    decided  {decision['kind']}: {REASONS.get(decision['reason'], decision['reason'])}{by}"
        if decision["notification"]:
            yield from _deliveries(decision["notification"])
    if one["alert"]:
        yield from _alert(one["alert"])


def _deliveries(notification: JsonObject) -> Iterator[str]:
    if not notification["deliveries"]:
        yield "    sent     nowhere: no route takes it"
    for delivery in notification["deliveries"]:
        route = f" by {plain(delivery['route'])}" if delivery["route"] else ""
        reason = f" ({plain(delivery['reason'])})" if delivery["reason"] and not delivery.get("told_in") else ""
        yield f"    sent     to {delivery['sink']}{route}: {_became(delivery)}{reason}"
        for number in delivery["answers"]:
            status = f" {number['status']}" if number["status"] else ""
            detail = f": {plain(number['detail'])}" if number["detail"] else ""
            yield f"             {_time(number['finished'])}  attempt {number['number']}: {number['kind']}{status}{detail}"


def _alert(alert: JsonObject) -> Iterator[str]:
    disposition = f" as {alert['disposition'].replace('_', ' ')}" if alert["disposition"] else ""
    comment = f": {plain(alert['comment'])}" if alert["comment"] else ""
    told = f"raised {_time(alert['raised'])}, told {_times(alert['notifications'])}"
    yield f"  alert {alert['id'][:12]}, {alert['state']}{disposition}{comment}; {told}"
    if alert["merged_into"]:
        yield f"    it became part of {alert['merged_into'][:12]}"


def _unmatched(tree: JsonObject) -> Iterator[str]:
    wanted, found = tree.get("watchlist"), tree.get("explained")
    if found:
        yield f"watchlist {wanted}: not matched"
        yield f"  by version {found['version'][:12]}, in force when the article was read" + (
            "" if found["version"] == found["now"] else f"; version {found['now'][:12]} is in force now"
        )
        return
    lists = ", ".join(sorted(tree.get("in_force", {})))
    if not wanted and lists:
        yield f"watchlists in force: {lists}"
        yield f"  monitor why {tree['asked']} WATCHLIST says which clause failed"


def _host(address: str) -> str:
    return plain(address.partition("://")[2].partition("/")[0])


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _time(moment: str | None) -> str:
    return datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y-%m-%d %H:%M") if moment else "never"
