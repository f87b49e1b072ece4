"""``monitor explain``: why a watchlist fired on a text, or why it did not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.options import Place, config_options, json_option, print_json, wants_color
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.match.explain import Explained, Explanation
    from monitor.model import Hit

_HELD, _FAILED, _NEAR = "\x1b[32m", "\x1b[31m", "\x1b[33m"
_OFF = "\x1b[0m"


@click.command(short_help="Show which clauses of a query held on a text, and which failed.")
@click.argument("file", metavar="FILE")
@click.option("--watchlist", "chosen", multiple=True, metavar="ID", help="Only this watchlist; may be given more than once.")
@click.option("--watchlists", "folder", type=click.Path(path_type=Path), metavar="DIR", help="The folder of watchlists.")
@json_option
@config_options
def explain(file: str, chosen: Sequence[str], folder: Path | None, as_json: bool, place: Place) -> int:
    """Show, for one text, how each part of a watchlist's query fared: held or failed, why, and what was found below it.

    Near misses (all parts but one held) are marked, and so are hits that a mask took and what stands in furniture, where
    nothing is matched. FILE may be - for standard input. With --json each watchlist is one line.

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
    for watchlist in wanted:
        explanation = explain_document(document, engine, watchlist.id)
        if as_json:
            print_json({"file": file, **_as_json(explanation)})
        else:
            click.echo("\n".join(_as_text(explanation, wants_color())) + "\n")
    return 0


def _as_json(explanation: Explanation) -> dict[str, object]:
    return {
        "watchlist": explanation.watchlist,
        "matched": explanation.match is not None,
        "query": _node(explanation.root),
        "masked": [_hit(hit) for hit in explanation.masked],
        "furniture": [_hit(hit) for hit in explanation.furniture],
    }


def _node(node: Explained) -> dict[str, object]:
    return {
        "query": node.query,
        "held": node.held,
        "near_miss": node.near_miss,
        "why": node.note,
        "found": node.found,
        "hits": [_hit(hit) for hit in node.hits],
        "parts": [_node(part) for part in node.parts],
    }


def _hit(hit: Hit) -> dict[str, object]:
    from monitor.render.payload import hit_json

    return hit_json(hit)


def _as_text(explanation: Explanation, color: bool) -> Iterator[str]:
    yield f"{explanation.watchlist}: {'matched' if explanation.match else 'not matched'}"
    yield from _tree(explanation.root, "  ", color)
    for title, hits in (("taken by a mask", explanation.masked), ("in furniture, where nothing is matched", explanation.furniture)):
        if hits:
            yield f"  {title}: " + ", ".join(dict.fromkeys(f"{_shown(hit.text)} ({hit.group})" for hit in hits))


def _tree(node: Explained, indent: str, color: bool) -> Iterator[str]:
    sign = "+" if node.held else "~" if node.near_miss else "-"
    if color:
        sign = f"{ {'+': _HELD, '~': _NEAR, '-': _FAILED}[sign] }{sign}{_OFF}"
    note = f"   ({node.note})" if node.note else ""
    found = f"   {', '.join(dict.fromkeys(_shown(hit.text) for hit in node.hits))}" if node.hits else ""
    more = f" and {node.found - len(node.hits)} more" if node.found > len(node.hits) else ""
    yield f"{indent}{sign} {node.query}{note}{found}{more}"
    for part in node.parts:
        yield from _tree(part, indent + "  ", color)


def _shown(text: str) -> str:
    from monitor.render.terminal import plain

    return plain(text)
