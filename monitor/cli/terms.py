"""``monitor terms``: what each term of a watchlist is looked for as, and why."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.options import Place, config_options, json_option, print_json
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.cli.lists import Lists
    from monitor.match.expansion import Expansion

#: What a term is headed by: its text with its mark, or a quoted phrase.
_HEADED = re.compile(r'\s*(?:"(?P<quoted>.+)"|(?P<text>\S.*?))\s*(?:\((?P<mark>[a-z-]+)\))?\s*', re.DOTALL)


@click.command(short_help="Show which forms a watchlist's terms are looked for as.")
@click.argument("watchlist", metavar="WATCHLIST")
@click.argument("term", required=False, metavar="[TERM]", default="")
@click.option("--watchlists", "folder", type=click.Path(path_type=Path), metavar="DIR", help="The folder of watchlists.")
@json_option
@config_options
def terms(watchlist: str, term: str, folder: Path | None, as_json: bool, place: Place) -> int:
    """Show every form that the terms of WATCHLIST expand to, and why each is there.

    A form is shown folded, as texts are compared, with what may be attached to it. Phrases quoted in the query and masks come after
    the terms of the groups. TERM shows one term alone, written as in the file or as it is headed here. With --json each term is one line.

    \b
    Example:
      monitor terms arms-transfer سلاح
      monitor terms arms-transfer --json
    """
    from monitor.cli.lists import dictionary, lists_folder, read_lists
    from monitor.match.expansion import expansions
    from monitor.watchlist import load
    from monitor.watchlist.file import file_name

    lists = read_lists(lists_folder(folder, place))
    if file_name(lists.files, watchlist) is None:
        raise UsageError(f"there is no watchlist {watchlist!r}", hint=_instead(watchlist, lists))
    found = load(watchlist, lists.files)
    shown = 0
    for expansion in _wanted(term, partial(expansions, found, dictionary([found]).lookup)):
        shown += 1
        if as_json:
            print_json(_as_json(expansion))
        else:
            click.echo(_as_text(expansion))
    if not shown:
        raise UsageError(f"the watchlist {watchlist} has no term {term!r}", hint=f"all of them: monitor terms {watchlist}")
    return 0


def _wanted(term: str, every: Callable[[str], Iterator[Expansion]]) -> Iterator[Expansion]:
    """The expansions of a term; of one that stands nowhere as it is given, those without the mark or the quotes of its heading."""
    from monitor.match.expansion import Kind

    known = False
    for expansion in every(term):
        known = True
        yield expansion
    headed = None if known else _HEADED.fullmatch(term)
    if headed:
        for expansion in every(headed["quoted"] or headed["text"]):
            if headed["mark"] in (None, expansion.term.mark.value) and (expansion.kind is Kind.QUOTED or not headed["quoted"]):
                yield expansion


def _instead(watchlist: str, lists: Lists) -> str:
    known = sorted({*(one.id for one in lists.loaded.watchlists), *lists.loaded.faults})
    near = get_close_matches(watchlist, known, 1)
    return f"did you mean {near[0]!r}?" if near else f"its file would be {lists.folder / watchlist}.yaml"


def _as_json(expansion: Expansion) -> dict[str, object]:
    from monitor.match.expansion import attachments
    from monitor.render.payload import entity_json

    term = expansion.term
    return {
        "kind": expansion.kind.value,
        "group": expansion.group,
        "term": term.text,
        "language": term.language,
        "mark": term.mark.value,
        "place": term.place,
        **({"entity": entity_json(term.entity)} if term.entity else {}),
        "words": [
            {"word": word, "forms": [{"form": f.text, "attached": list(attachments(f.allows)), "why": f.why} for f in forms]}
            for word, forms in expansion.words
        ],
    }


def _as_text(expansion: Expansion) -> str:
    from monitor.match.expansion import attachments
    from monitor.render.payload import entity_json
    from monitor.render.plain import plain
    from monitor.render.terminal import named_as

    term = expansion.term
    named = f"   = {named_as(entity_json(term.entity))}" if term.entity else ""
    mark = "" if term.mark.value == "any-form" else f" ({term.mark.value})"
    text = f'"{plain(term.text)}"' if expansion.kind.value == "quoted" else plain(term.text)
    why = "   words under it are no hit" if expansion.kind.value == "mask" else ""
    lines = [f"{expansion.group} · {term.language} · {text}{mark}   {term.place}{named}{why}"]
    for word, forms in expansion.words:
        if len(expansion.words) > 1:
            lines.append(f"  {plain(word)}")
        for form in forms:
            attached = " ".join(attachments(form.allows))
            lines.append(f"    {form.text:<14}  {form.why}" + (f"; may carry {attached}" if attached else ""))
    return "\n".join(lines)
