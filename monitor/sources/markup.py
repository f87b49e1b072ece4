"""HTML fragments to plain text: paragraphs kept apart, scripts and styles dropped, entities resolved.

For the bodies and titles of feed items, and for pages from which no article could be extracted. It must not know where
the HTML came from. Bounded: nesting that would make the HTML parser quadratic is answered with a plain removal of tags.
Plain fragments are read in one pass in C (``_markup.c``), where it was compiled; tests hold it to the answers given here.
"""

from __future__ import annotations

import html
import html.entities
import re
from array import array
from collections.abc import Iterable
from itertools import chain
from typing import Final

from selectolax.lexbor import LexborHTMLParser

from monitor.sources.native import COMPILED, kernel

#: Deeper than any page met in practice (browsers stop at 512); lexbor needs 0.02 s for 2,000 levels, 24 s for 100,000.
MAX_DEPTH = 2_000

# Marks put into the tree where a paragraph or a line ends; control characters are gone from the input by then.
_PARAGRAPH, _LINE = "\x1e", "\x1f"
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_BLANKS = "\t\r\n\f\xa0"
_EMPTY_LINES = re.compile(r"\n{2,}")
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_ANY_TAG = re.compile(r"<[/!?a-zA-Z][^<>]*>")
_DROPPED = ("script", "style", "noscript", "template", "iframe", "svg", "object", "math", "head > title", "textarea", "select")
_BLOCKS = (
    "address article aside blockquote center dd details dialog div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 "
    "header hr li main nav ol p pre section summary table tbody tfoot thead tr ul caption"
).replace(" ", ",")
# Elements that do not nest when left open: void ones, and those that the next of their kind closes.
_FLAT_NAMES = "area base br col embed hr img input link meta param source track wbr p li dt dd tr td th option thead tbody tfoot colgroup"
_FLAT = frozenset(_FLAT_NAMES.split())

# What nearly every feed item is made of, and what an HTML parser makes of it without surprises. The quick path takes a
# fragment of these alone, well nested; ``tests/sources/test_markup.py`` holds it to the parser's answer.
_INLINE_NAMES = "a abbr b bdi bdo big cite code del em font i img ins kbd mark q s samp small span strike strong sub sup time tt u"
_INLINE = frozenset(_INLINE_NAMES.split())
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_PLAIN_BLOCK_NAMES = "article aside blockquote div figcaption figure footer header ol section ul"
_PLAIN_BLOCKS = frozenset(_PLAIN_BLOCK_NAMES.split())
#: A tag without its angle brackets.
_QUICK_TAG = re.compile(r"(/?)([a-zA-Z][a-zA-Z0-9]*)(?:[\s/].*)?", re.DOTALL)
#: References that HTML reads in a way of its own: to controls and to what windows-1252 has there, too long, unfinished.
_ODD_REFERENCE = re.compile(
    r"&#(?!(?:3[2-9]|[4-9]\d|1[01]\d|12[0-6]|1[6-9]\d|[2-9]\d\d|[1-9]\d{3}|[1-4]\d{4});|x(?:[2-7][0-9a-eA-E]|[1-9a-cA-C][0-9a-fA-F]{3});)"
)
_MOST_QUICK_TAGS = 5_000
#: Tags that are remembered: no longer than this, and so many.
_SHORT_TAG = 12
_REMEMBERED = 1_024

_REFERENCE = re.compile(r"&#?\w+;")
_NAMED = re.compile(r"&(\w+);")


def _table(meanings: Iterable[tuple[str, int]]) -> bytes:
    """Names and what they stand for, as the loop in C looks them up: in order, names as numbers, longer ones left out."""
    pairs = sorted((int.from_bytes(name.encode(), "big"), meaning) for name, meaning in meanings if len(name) <= 8)
    return array("Q", chain.from_iterable(pairs)).tobytes()


_INLINE_KIND, _LINE_KIND, _PARAGRAPH_KIND, _HEADING_KIND, _ITEM_KIND, _LIST_KIND, _BLOCK_KIND = range(1, 8)
_ELEMENTS: Final = _table(
    [
        *((name, _INLINE_KIND) for name in _INLINE),
        ("br", _LINE_KIND),
        ("p", _PARAGRAPH_KIND),
        *((name, _HEADING_KIND) for name in _HEADINGS),
        ("li", _ITEM_KIND),
        *((name, _LIST_KIND if name in ("ul", "ol") else _BLOCK_KIND) for name in _PLAIN_BLOCKS),
    ]
)
_NAMED_CHARACTERS: Final = _table(
    (name[:-1], ord(char)) for name, char in html.entities.html5.items() if name.endswith(";") and len(char) == 1
)


def html_to_text(markup: str) -> str:
    """Plain text of an HTML fragment or page: blocks become paragraphs (a blank line between), ``<br>`` a line break."""
    plain = kernel.plain(markup, _ELEMENTS, _NAMED_CHARACTERS) if COMPILED else None
    return _in_python(markup) if plain is None else plain


def _in_python(markup: str) -> str:
    markup = _without_controls(markup)
    if "<" not in markup:
        return _paragraphs(html.unescape(markup))
    quick = _quick(markup)
    return _parsed(markup) if quick is None else quick


def _without_controls(markup: str) -> str:
    # That nearly all is printable, a few blanks aside, is told in a third of the time.
    if markup.isprintable() or markup.replace("\n", " ").replace("\xa0", " ").isprintable():
        return markup
    return _CONTROLS.sub(" ", markup)


def part_to_text(value: str, kind: str) -> str:
    """One part of a feed item: ``kind`` is its media type in lower case, "" for what is not said. Not text: ""."""
    if kind == "text/plain" and "<" not in value and not _escaped_twice(value):
        return "\n".join(line.rstrip() for line in value.strip().splitlines())
    if kind == "application/xhtml+xml":
        value = value.replace("</br>", "")  # serialised from XML: HTML reads it as a second line break
    if not kind or kind.startswith("text/") or kind.endswith(("html", "+xml", "/xml")):
        return html_to_text(value)
    return ""


def _escaped_twice(value: str) -> bool:
    """Whether plain text was written as HTML all the same: it holds references, and all their names are HTML's."""
    return (
        "&" in value
        and _REFERENCE.search(value) is not None
        and all(name in html.entities.name2codepoint for name in _NAMED.findall(value))
    )


def _quick(markup: str) -> str | None:
    """The answer of ``_parsed`` without a parser, for plain fragments; None for all others."""
    if markup.count("<") > _MOST_QUICK_TAGS or _ODD_REFERENCE.search(markup):
        return None
    first, *rest = markup.split("<")
    pieces, stack = [first], [""]
    for piece in rest:
        tag, closed, text = piece.partition(">")
        name, mark, end = _TAGS[tag]
        if not (name and closed and (mark is not _PARAGRAPH or _nests(stack, name, end))):
            return None
        pieces += mark, text
    return _paragraphs(html.unescape("".join(pieces)))


class _Tags(dict[str, tuple[str, str, bool]]):
    """Of a tag, without its brackets: its name ("" where a parser must read it), the mark that takes its place, and whether it ends
    an element. Most tags are one of a handful; those with attributes are not remembered."""

    def __missing__(self, tag: str) -> tuple[str, str, bool]:
        read = _read_tag(tag)
        if len(tag) <= _SHORT_TAG and len(self) < _REMEMBERED:
            self[tag] = read
        return read


def _read_tag(tag: str) -> tuple[str, str, bool]:
    found = _QUICK_TAG.fullmatch(tag)
    # A quote left open holds the tag's own end.
    if found is None or (tag.count('"') | tag.count("'")) & 1:
        return "", "", False
    name, end = found[2].lower(), bool(found[1])
    if name == "br":
        return ("" if end else name), _LINE, end
    return name, "" if name in _INLINE else _PARAGRAPH, end


def _nests(stack: list[str], name: str, end: bool) -> bool:
    """Opens or closes a block on ``stack``; False where an HTML parser would have to mend something."""
    top = stack[-1]
    if name == "p":
        if end:
            if top == "p":
                stack.pop()
            return top == "p" or "p" not in stack
        if top != "p":
            stack.append("p")
        return True
    if top == "p":  # a paragraph ends where another block begins, or the block around it ends
        stack.pop()
        top = stack[-1]
    if end:
        if top == "li" and name in ("ul", "ol"):
            stack.pop()
            top = stack[-1]
        if top != name:
            return False
        stack.pop()
        return True
    if name == "li":
        if top == "li":
            return True
        if top not in ("ul", "ol"):
            return False
    elif name in _HEADINGS:
        if top in _HEADINGS:
            return False
    elif name not in _PLAIN_BLOCKS:
        return False
    stack.append(name)
    return True


def _parsed(markup: str) -> str:
    if too_deep(markup):
        return _paragraphs(html.unescape(_ANY_TAG.sub(_PARAGRAPH, markup)))
    tree = LexborHTMLParser(markup)
    for selector in _DROPPED:
        for node in tree.css(selector):
            node.decompose()
    for node in tree.css(_BLOCKS):
        node.insert_before(_PARAGRAPH)
        node.insert_after(_PARAGRAPH)
    for node in tree.css("br"):
        node.insert_before(_LINE)
    for node in tree.css("td,th"):
        node.insert_after(" ")
    body = tree.body
    return _paragraphs(body.text()) if body is not None else ""


def one_line(markup: str) -> str:
    """A title: tags dropped, entities resolved, white space to single spaces."""
    text = html_to_text(markup) if "<" in markup else html.unescape(_without_controls(markup))
    return " ".join(text.split())


_TAGS = _Tags()


def too_deep(markup: str) -> bool:
    """Whether elements nest deeper than ``MAX_DEPTH`` (an estimate from the tags alone)."""
    if markup.count("<") <= MAX_DEPTH:
        return False
    depth = 0
    for tag in _TAG.finditer(markup):
        if tag[2].lower() in _FLAT:
            continue
        depth = max(0, depth - 1) if tag[1] else depth + 1
        if depth > MAX_DEPTH:
            return True
    return False


def _paragraphs(text: str) -> str:
    # Replacing is many times quicker than a pattern: nearly every blank of a text is a single space.
    for blank in _BLANKS:
        text = text.replace(blank, " ")
    while "  " in text:
        text = text.replace("  ", " ")
    return "\n\n".join(filter(None, map(_paragraph, text.split(_PARAGRAPH))))


def _paragraph(text: str) -> str:
    if _LINE not in text:
        return text.strip()
    lines = "\n".join(line.strip() for line in text.split(_LINE)).strip("\n")
    # Two line breaks in a row are how many sites write a paragraph.
    return _EMPTY_LINES.sub("\n\n", lines)
