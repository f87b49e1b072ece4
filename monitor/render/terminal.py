"""An alert as a person reads it on a terminal: who watches, how grave, which article, and the sentences that say so.

Articles are written by strangers, and a terminal obeys what it is sent: control characters, escapes and bidi overrides are
taken out before anything is laid out, so that an article can neither colour, move nor reorder what stands around it. Each
line of right-to-left text is wrapped in isolates of its own, because a terminal orders every line by itself.

Pure: the document in, text out. It must not know whether a terminal is there; colour and width are told.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from monitor.model import JsonObject
from monitor.render.message import of
from monitor.render.plain import excerpt, has_rtl, is_rtl, isolate, plain, shortened
from monitor.render.said import news

PASSAGES: Final = 3
#: One spelling may name twenty of a list, and an article many.
ENTITIES: Final = 8
#: A clause is there to be recognised, not read: the query stands in the watchlist.
LONGEST_CLAUSE: Final = 120
NARROWEST: Final = 40
INDENT: Final = "  "

_RESET: Final = "\x1b[0m"
_BOLD, _DIM, _HIT = "\x1b[1m", "\x1b[2m", "\x1b[1;33m"
_SEVERITY: Final = {
    "critical": "\x1b[1;97;41m",
    "high": "\x1b[1;31m",
    "medium": "\x1b[1;33m",
    "low": "\x1b[1;36m",
    "info": "\x1b[1;34m",
}
#: The first of all kinds of notification is the ordinary one, and goes without saying.
_KINDS: Final = {"updated": "update", "corrected": "correction", "closed": "closed", "reopened": "reopened"}


def alert_text(document: JsonObject, *, color: bool, width: int) -> str:
    """One alert (or operation) as lines that end in a newline; ``width`` in terminal cells. Hits stand in brackets where there
    is no colour."""
    pen = _Pen(color, max(width, NARROWEST))
    data = document["data"]
    if "operation" in data:
        return _operation(document, data["operation"], pen)
    lines = [_headline(document, data, pen)]
    lines += pen.paragraph([_Piece(shortened((data.get("correction") or data["article"])["title"]) or "(no title)", _BOLD)])
    for fact in _news(document):
        lines += pen.paragraph([_Piece(fact)])
    lines += pen.paragraph([_Piece(_origin(data["article"]), _DIM)])
    if data["article"]["url"]:
        # Never wrapped: a terminal makes a link only of what it finds in one piece.
        lines.append(INDENT + pen.isolated(plain(data["article"]["url"]).replace(" ", "%20"), _DIM))
    for fact in _story(data):
        lines += pen.paragraph([_Piece(fact, _DIM)])
    lines += _passages(*_ordered(data), PASSAGES, pen)
    lines += _entities(data["evidence"], pen)
    return "\n".join(lines) + "\n"


def match_text(match: JsonObject, title: str, *, color: bool, width: int) -> str:
    """What one watchlist of this title found in a text, with all its evidence: what ``monitor match`` shows where there is no alert."""
    pen = _Pen(color, max(width, NARROWEST))
    lines = [f"{_severity(match['severity'], pen)} {pen.isolated(plain(title), _BOLD)}"]
    lines += _passages(match["evidence"], [""] * len(match["evidence"]), len(match["evidence"]), pen)
    lines += _entities(match["evidence"], pen)
    return "\n".join(lines) + "\n"


def titled(title: str, *, color: bool, width: int) -> str:
    """An article's title, indented, or nothing where it has none."""
    words = shortened(title)
    return "\n".join(_Pen(color, max(width, NARROWEST)).paragraph([_Piece(words, _BOLD)])) + "\n" if words else ""


# ----------------------------------------------------------------------------------------- what is said
def _operation(document: JsonObject, operation: JsonObject, pen: _Pen) -> str:
    """An alarm about the daemon itself: its key and its message; of one that is over, since when it is, and what it was."""
    kind = _KINDS.get(str(document["type"]).rpartition(".")[2])
    told = f" ({kind})" if kind else ""
    message = of(document)
    head = f"{_severity(message.graded.lower(), pen)} operation: {pen.isolated(plain(operation['key']), _BOLD)}{told}"
    said = message.text if message.event == "closed" else plain(operation["message"])
    return "\n".join([head, *pen.paragraph([_Piece(said)])]) + "\n"


def _headline(document: JsonObject, data: JsonObject, pen: _Pen) -> str:
    kind = _KINDS.get(str(document["type"]).rpartition(".")[2])
    label = _severity(data["alert"]["severity"], pen)
    title = pen.isolated(plain(data["watchlist"]["title"] or data["watchlist"]["id"]), _BOLD)
    reason = plain(data["reason"]).replace("_", " ")
    found = plain(data["alert"].get("disposition") or "").replace("_", " ") if kind == "closed" else ""
    kind = f"{kind} as {found}" if found else kind
    told = f" ({kind}: {reason})" if kind and reason not in {kind, "by hand"} else f" ({kind})" if kind else ""
    alert = pen.style(f"alert {plain(data['alert']['id'])[:12]}", _DIM)
    return f"{label} {title}{told}  {alert}"


def _news(document: JsonObject) -> Iterator[str]:
    """What is new, what is withdrawn, or who did what, as messages say it."""
    try:
        label, lines = news(of(document))
    except ValueError:  # of another version: the rest is shown
        return
    # Without the isolates of a message: each line here has its own, and a name may be broken over two.
    yield from (plain(line) if number else f"{label}{plain(line)}" for number, line in enumerate(lines))


def _story(data: JsonObject) -> Iterator[str]:
    """How large the story is by now, and why the article is in it; documents of before say none of this."""
    story = data.get("story") or {}
    articles, outlets = story.get("articles", 0), story.get("outlet_count", 0)
    if articles > 1:
        yield f"story: {articles} articles of {outlets} outlet{'' if outlets == 1 else 's'}"
    if story.get("joined"):
        yield plain(story["joined"]["explain"])


def _severity(severity: str, pen: _Pen) -> str:
    word = plain(severity)
    return pen.style(f" {word.upper()} ", _SEVERITY.get(word, _BOLD)) if pen.color else f"[{word.upper()}]"


def _ordered(data: JsonObject) -> tuple[list[JsonObject], list[str]]:
    """The passages, what is new before the rest, and what each is marked with."""
    evidence = data["evidence"]
    new = frozenset((data.get("change") or {}).get("new", {}).get("passages") or ())
    order = sorted(range(len(evidence)), key=lambda number: number not in new)
    return [evidence[n] for n in order], ["withdrawn, " if "correction" in data else "new, " if n in new else "" for n in order]


def _passages(evidence: Sequence[JsonObject], marks: Sequence[str], most: int, pen: _Pen) -> list[str]:
    lines: list[str] = []
    for passage, mark in zip(evidence[:most], marks[:most], strict=True):
        lines += pen.paragraph([*([_Piece(mark, _BOLD)] if mark else ()), *_passage_head(passage)])
        lines += pen.paragraph(_passage(passage), depth=2)
    if len(evidence) > most:
        more = len(evidence) - most
        lines += pen.paragraph([_Piece(f"and {more} more passage{'s' if more > 1 else ''}", _DIM)])
    return lines


def _entities(evidence: Iterable[JsonObject], pen: _Pen) -> list[str]:
    """Who is named, each once, as the list has them: the text may spell them otherwise."""
    named = dict.fromkeys(named_as(hit["entity"]) for passage in evidence for hit in passage["hits"] if "entity" in hit)
    told = [*list(named)[:ENTITIES], *([f"{len(named) - ENTITIES} more"] if len(named) > ENTITIES else ())]
    # One a line: names of two directions in one line would trade places.
    return [line for each in told for line in pen.paragraph([_Piece("named: ", _DIM), _Piece(each)])]


def named_as(entity: JsonObject) -> str:
    """An entity as it is called on a terminal: name, id and list, the name alone where it is the id as well."""
    name, id_, source = (plain(entity[key]) for key in ("name", "id", "list"))
    return f"{name} ({source})" if id_ == name else f"{name} ({id_}, {source})"


def _origin(article: JsonObject) -> str:
    when = article["published"] or article["fetched"]
    said = [article["source"], plain(when).replace("T", " ")[:16] + " UTC" + ("" if article["published"] else " (fetched)")]
    if article["language"] not in {"", "und"}:
        said.append(article["language"])
    return " · ".join(plain(part) for part in said)


def _passage_head(passage: JsonObject) -> list[_Piece]:
    where = "" if passage["zone"] == "body" else f" in the {plain(passage['zone'])}"
    return [_Piece(plain(passage["stance"]), _BOLD), _Piece(f"{where}: {_recognisable(plain(passage['clause']))}", _DIM)]


def _recognisable(clause: str) -> str:
    """Its beginning: up to a whole clause of several where that is not little, else up to a word."""
    if len(clause) <= LONGEST_CLAUSE:
        return clause
    depth, quoted, word, whole = 0, False, 0, 0
    for at, char in enumerate(clause[: LONGEST_CLAUSE + 1]):
        quoted ^= char == '"'
        if not quoted:
            depth += (char == "(") - (char == ")")
            word = at if char == " " else word
            whole = at if char == " " and depth == 0 and clause.startswith(" OR ", at) else whole
    return clause[: whole if whole > LONGEST_CLAUSE // 2 else word or LONGEST_CLAUSE] + " …"


def _passage(passage: JsonObject) -> list[_Piece]:
    return [_Piece(piece.text, _HIT if piece.hit else "", marked=piece.hit) for piece in excerpt(passage)]


# ------------------------------------------------------------------------------------------ how it is laid
@dataclass(frozen=True, slots=True)
class _Piece:
    text: str
    style: str = ""
    marked: bool = False


@dataclass(frozen=True, slots=True)
class _Pen:
    color: bool
    width: int

    def style(self, text: str, style: str) -> str:
        return f"{style}{text}{_RESET}" if self.color and style and text else text

    def isolated(self, text: str, style: str = "") -> str:
        """One run of foreign text within a line of ours; isolates only where something reads from right to left."""
        return isolate(self.style(text, style), is_rtl(text), bare=not has_rtl(text))

    def paragraph(self, pieces: Sequence[_Piece], depth: int = 1) -> list[str]:
        """``pieces`` wrapped to the width; the direction of the whole is that of its first letter, on every line."""
        whole = "".join(piece.text for piece in pieces)
        indent = INDENT * depth
        lines = _wrap(self._marks(pieces), self.width - len(indent))
        rtl, bare = is_rtl(whole), not has_rtl(whole)
        return [indent + isolate("".join(self._run(line)), rtl, bare=bare) for line in lines]

    def _marks(self, pieces: Sequence[_Piece]) -> Iterator[_Piece]:
        for piece in pieces:
            yield _Piece(f"[{piece.text}]", piece.style) if piece.marked and not self.color else piece

    def _run(self, line: Sequence[tuple[str, str]]) -> Iterator[str]:
        """Characters of one style in a row together, so that escapes do not stand between letters that join."""
        run, style = "", ""
        for text, its_style in line:
            if its_style != style:
                yield self.style(run, style)
                run, style = "", its_style
            run += text
        yield self.style(run, style)


def _wrap(pieces: Iterable[_Piece], width: int) -> list[list[tuple[str, str]]]:
    """Lines of (text, style). Breaks at white space and, where a word alone is too wide (or a script has no spaces), inside."""
    lines: list[list[tuple[str, str]]] = []
    line: list[tuple[str, str]] = []
    used = 0
    for word in _words(pieces):
        cells = sum(_cells(c) for c, _ in word)
        if line and used + 1 + cells <= width:
            gap_style = line[-1][1] if line[-1][1] == word[0][1] else ""
            line += [(" ", gap_style), *word]
            used += 1 + cells
            continue
        if line:
            lines.append(line)
        line, used = [], 0
        for character in word:
            wide = _cells(character[0])
            if used + wide > width:
                lines.append(line)
                line, used = [], 0
            line.append(character)
            used += wide
    if line:
        lines.append(line)
    return lines


def _words(pieces: Iterable[_Piece]) -> Iterator[list[tuple[str, str]]]:
    word: list[tuple[str, str]] = []
    for piece in pieces:
        for character in piece.text:
            if not character.isspace():
                word.append((character, piece.style))
            elif word:
                yield word
                word = []
    if word:
        yield word


def _cells(character: str) -> int:
    """Terminal cells that one character takes."""
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
