"""HTML fragments to plain text: paragraphs kept apart, scripts and styles dropped, entities resolved.

For the bodies and titles of feed items, and for pages from which no article could be extracted. It must not know where
the HTML came from. Bounded: nesting that would make the HTML parser quadratic is answered with a plain removal of tags.
"""

from __future__ import annotations

import html
import re

from selectolax.lexbor import LexborHTMLParser

#: Deeper than any page met in practice (browsers stop at 512); lexbor needs 0.02 s for 2,000 levels, 24 s for 100,000.
MAX_DEPTH = 2_000

# Marks put into the tree where a paragraph or a line ends; control characters are gone from the input by then.
_PARAGRAPH, _LINE = "\x1e", "\x1f"
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_SPACES = re.compile(r"[ \t\r\n\f\xa0]+")
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


def html_to_text(markup: str) -> str:
    """Plain text of an HTML fragment or page: blocks become paragraphs (a blank line between), ``<br>`` a line break."""
    markup = _CONTROLS.sub(" ", markup)
    if "<" not in markup:
        return _paragraphs(html.unescape(markup))
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
    text = html_to_text(markup) if "<" in markup else html.unescape(_CONTROLS.sub(" ", markup))
    return " ".join(text.split())


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
    flat = _SPACES.sub(" ", text)
    paragraphs = []
    for paragraph in flat.split(_PARAGRAPH):
        lines = [line.strip() for line in paragraph.split(_LINE)]
        # Two line breaks in a row are how many sites write a paragraph.
        joined = "\n".join(lines).strip("\n")
        if joined:
            paragraphs.append(re.sub(r"\n{2,}", "\n\n", joined))
    return "\n\n".join(paragraphs)
