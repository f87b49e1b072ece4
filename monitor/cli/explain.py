"""``monitor explain``: why a watchlist fired on a text, or why it did not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.options import Place, config_options, json_option, print_json, wants_color
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.match.explain import Explained, Explanation, Spoken, Told
    from monitor.model import Zone

_HELD, _FAILED, _NEAR = "\x1b[32m", "\x1b[31m", "\x1b[33m"
_OFF = "\x1b[0m"
#: Characters shown of a zone's beginning; hits listed that did not count.
LONGEST = 60
LONGEST_QUERY = 120
LISTED = 12


@click.command(short_help="Show which clauses of a query held on a text, and which failed.")
@click.argument("file", metavar="FILE")
@click.option("--watchlist", "chosen", multiple=True, metavar="ID", help="Only this watchlist; may be given more than once.")
@click.option("--watchlists", "folder", type=click.Path(path_type=Path), metavar="DIR", help="The folder of watchlists.")
@click.option("--all", "every", is_flag=True, help="Show also the clauses of an OR of which nothing was found.")
@json_option
@config_options
def explain(file: str, chosen: Sequence[str], folder: Path | None, *, every: bool, as_json: bool, place: Place) -> int:
    """Show, for one text, how each part of a watchlist's query fared: held or failed, why, and what was found below it.

    The zones of the text come first, then each query as a tree: + held, - failed, ~ failed by one part alone, with the
    zone of each hit and whom it names; below it how each passage of the evidence speaks, with the cue that decided it, what a
    mask took, and what stands in furniture, where nothing is matched.
    Parts of a passage or behind a prefix are told of that passage or field. Of the clauses of an OR those of which nothing
    was found are only counted, unless --all is given. FILE may be - for standard input. With
    --json each watchlist is one line.

    \b
    Example:
      monitor explain seeds/003_4034633c38a59b81.txt --watchlist sanctions-violation
    """
    from monitor.analysis import explain_document
    from monitor.cli.lists import compiled, dictionary, lists_folder, read_lists
    from monitor.cli.match import read_file

    lists = read_lists(lists_folder(folder, place))
    known = {watchlist.id: watchlist for watchlist in lists.live}
    unknown = [name for name in chosen if name not in known]
    if unknown:
        raise UsageError(f"there is no watchlist {unknown[0]!r}", hint=f"there are: {', '.join(known)}")
    wanted = [known[name] for name in chosen] or list(known.values())
    engine = compiled(wanted, dictionary(wanted))
    document, _ = read_file(file)
    for number, watchlist in enumerate(wanted):
        explanation = explain_document(document, engine, watchlist.id)
        if as_json:
            print_json({"file": file, **explanation_json(explanation)})
            continue
        if number == 0:
            click.echo("\n".join(_zones(explanation.zones, document.text)) + "\n")
        click.echo("\n".join(explanation_text(explanation, wants_color(), every=every)) + "\n")
    return 0


def explanation_json(explanation: Explanation) -> dict[str, object]:
    return {
        "watchlist": explanation.watchlist,
        "matched": explanation.match is not None,
        "severity": explanation.match.severity.value if explanation.match else None,
        "query": _node(explanation.root),
        "escalate": [{"to": to.value, "query": _node(node)} for to, node in explanation.escalate],
        "zones": [{"zone": zone.kind.value, "start": zone.start, "end": zone.end} for zone in explanation.zones],
        "masked": [{**_hit(told), "mask": told.mask} for told in explanation.masked],
        "furniture": [_hit(told) for told in explanation.furniture],
        "with_furniture": explanation.with_furniture,
        "passages": [_passage(spoken) for spoken in explanation.spoken],
    }


def _node(node: Explained) -> dict[str, object]:
    return {
        "query": node.query,
        "held": node.held,
        "near_miss": node.near_miss,
        "why": node.note,
        "found": node.found,
        "hits": [_hit(told) for told in node.hits],
        "parts": [_node(part) for part in node.parts],
    }


def _passage(spoken: Spoken) -> dict[str, object]:
    cue = {"text": spoken.cue, "start": spoken.place.start, "end": spoken.place.end} if spoken.place else None
    return {"quote": spoken.quote, "zone": spoken.zone.value, "stance": spoken.stance.value, "cue": cue}


def _hit(told: Told) -> dict[str, object]:
    from monitor.render.payload import hit_json

    return {**hit_json(told.hit), "zone": told.zone.value, "language": told.language}


# ------------------------------------------------------------------------------------------------ as text
def _zones(zones: Sequence[Zone], text: str) -> Iterator[str]:
    """What the text is made of: a line for each kind of zone, furniture by its lines."""
    if not zones:
        yield "an empty text"
    by_kind: dict[str, list[Zone]] = {}
    for zone in zones:
        by_kind.setdefault(zone.kind.value, []).append(zone)
    for kind, found in by_kind.items():
        size = sum(zone.end - zone.start for zone in found)
        where = (
            f"from {found[0].start} to {found[-1].end}"
            if kind != "furniture"
            else f"in {len(found)} pieces"
            if len(found) > 1
            else "in one piece"
        )
        first = _shown(text[found[0].start : min(found[0].end, found[0].start + 4 * LONGEST)])
        yield f"{kind}: {size} characters {where}: {first[:LONGEST]}{'…' if len(first) > LONGEST else ''}"


def explanation_text(explanation: Explanation, color: bool, *, every: bool = False) -> Iterator[str]:
    """The query as a tree and what did not count; with the clauses of an OR of which nothing was found where ``every``."""
    tree = _Tree(color, every)
    severity = f" ({explanation.match.severity.value})" if explanation.match else ""
    yield f"{explanation.watchlist}: {'matched' if explanation.match else 'not matched'}{severity}"
    yield from tree.lines(explanation.root, "  ")
    for to, node in explanation.escalate:
        yield f"  escalate to {to.value}:"
        yield from tree.lines(node, "    ")
    for spoken in explanation.spoken[:LISTED]:
        yield f"  {spoken.stance.value}{f' (cue: {_shown(spoken.cue)})' if spoken.place else ''}: {_cut(_shown(spoken.quote))}"
    if len(explanation.spoken) > LISTED:
        yield f"  and {len(explanation.spoken) - LISTED} more passages"
    if explanation.masked:
        told = (f"{_shown(each.hit.text)} ({each.hit.group}) by {each.mask}" for each in explanation.masked)
        yield f"  taken by a mask: {_listed(told)}"
    if explanation.furniture:
        would = "; with it the query would have held" if explanation.with_furniture else ""
        told = (f"{_shown(each.hit.text)} ({each.hit.group})" for each in explanation.furniture)
        yield f"  in furniture, where nothing is matched{would}: {_listed(told)}"


def _cut(quote: str) -> str:
    return f"{quote[:LONGEST]}…" if len(quote) > LONGEST else quote


def _listed(told: Iterable[str]) -> str:
    each = list(dict.fromkeys(told))
    return ", ".join(each[:LISTED]) + (f" and {len(each) - LISTED} more" if len(each) > LISTED else "")


@dataclass(frozen=True, slots=True)
class _Tree:
    """Draws a query's tree; ``every``: with the clauses of an OR of which nothing was found."""

    color: bool
    every: bool

    def lines(self, node: Explained, indent: str, languages: bool = False) -> Iterator[str]:
        """A node and what stands below it; ``languages``: with those of the hits, since they are why it failed."""
        languages = languages or node.languages
        yield f"{indent}{self._line(node, languages)}"
        # What held because nothing is there, as a NOT does, has nothing below it to tell.
        shown = node.parts if (node.anywhere or self.every) and (node.held or _anything(node)) else ()
        told = [part for part in shown if part.held or part.anywhere] if node.either and not self.every else shown
        idle = len(shown) - len(told)
        # One of them is told as shortly as counted.
        for part in told if idle > 1 else shown:
            yield from self.lines(part, indent + "  ", languages)
        if idle > 1:
            yield f"{indent}  - {idle} more clauses found nothing"

    def _line(self, node: Explained, languages: bool) -> str:
        sign = "+" if node.held else "~" if node.near_miss else "-"
        if self.color:
            sign = f"{ {'+': _HELD, '~': _NEAR, '-': _FAILED}[sign] }{sign}{_OFF}"
        note = f"   ({node.note})" if node.note else ""
        found = f"   {', '.join(dict.fromkeys(_found(told, languages) for told in node.hits))}" if node.hits else ""
        more = f" and {node.found - len(node.hits)} more" if node.found > len(node.hits) else ""
        query = _shown(node.query)
        # What has parts is told by them.
        cut = f"{query[:LONGEST_QUERY]}…" if node.parts and len(query) > LONGEST_QUERY else query
        return f"{sign} {cut}{note}{found}{more}"


def _anything(node: Explained) -> bool:
    """Whether anything was found, or held, below a node: else it is told in one line."""
    return bool(node.hits) or any(part.held or _anything(part) for part in node.parts)


def _found(told: Told, language: bool) -> str:
    """A hit as it stands in the text, with its zone, the language where that is asked for, and whom it names where the text
    may spell it otherwise."""
    entity = told.hit.entity
    zone = "" if told.zone.value == "body" else told.zone.value
    named = f"{_shown(entity.name)}, {_shown(entity.id)}" if entity else ""
    about = "; ".join(filter(None, (zone, told.language if language else "", named)))
    return f"{_shown(told.hit.text)} ({about})" if about else _shown(told.hit.text)


def _shown(text: str) -> str:
    from monitor.render.plain import plain

    return plain(text)
