"""Texts that are put aside: the parser sees the same feed without them, and each comes back as the parser would have told it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.sources import quickread
from monitor.sources.aside import MARK, put_aside
from monitor.sources.native import COMPILED, kernel
from monitor.sources.quickread import NotQuick, tree

NOW = datetime(2025, 5, 1, 12, 0, tzinfo=UTC)
LONG = "نص طويل من الأخبار " * 20

compiled = pytest.mark.skipif(not COMPILED, reason="there was no compiler")

TEXTS = [LONG, "x" * 220, "&amp;", "&quot;p&gt;", "&nbsp;", "&#39;", "&", "\r\n", "\n", " ", "]]", "]]>", ">", "\ufffe", MARK, "é"]
TAGS = ["<description>", "</description>", "<content:encoded>", "</content:encoded>", "<description a='1'>", "<b>", "</b>", "<b/>"]
HIDDEN = ["<![CDATA[", "]]>", "<!--", "-->", "<?x", "?>", "<!DOCTYPE x>", "<"]
WHOLE = st.lists(st.sampled_from(TEXTS * 2 + HIDDEN), max_size=4).map("".join)
ELEMENTS = st.builds(
    "<{0}>{1}{2}{3}</{0}>".format, st.sampled_from(["description", "content:encoded", "title"]), WHOLE, st.just(LONG), WHOLE
)
SECTIONS = st.builds("<description><![CDATA[{}{}]]></description>".format, WHOLE, st.just(LONG))
PIECES = st.lists(ELEMENTS | SECTIONS | st.sampled_from(TAGS + TEXTS + HIDDEN), max_size=6).map("".join)


def told(body: bytes, texts: list[str]) -> list[Any] | None:
    """All that the parser says of it, with ``texts`` in their places; None where it refuses."""
    try:
        root = tree(body)
    except NotQuick:
        return None
    found = []
    for element in root.iter():
        text = element.text or ""
        found.append((element.tag, dict(element.attrib), texts[int(text[1:])] if texts and text.startswith(MARK) else text, element.tail))
    return found


@settings(max_examples=800)
@given(PIECES)
@example(f"<description>{LONG}</description>")
@example(f"<description>{LONG}&lt;b&gt;</description><content:encoded><![CDATA[<p>{LONG}]]></content:encoded>")
@example(f"<!-- <![CDATA[ --><description>{LONG}</description><!-- ]]> -->")
@example(f"<![CDATA[<description>{LONG}</description>]]>")
@example(f"<description>{LONG}]]></description>")
@example(f"<description>{LONG}\ufffe</description>")
@example(f"<description><![CDATA[{LONG}]]>{LONG}</description>")
def test_the_parser_sees_the_same(pieces: str) -> None:
    body = f'<r xmlns:content="urn:c">{pieces}</r>'.encode()
    assert told(*put_aside(body)) == told(body, [])


@compiled
def test_long_texts_are_put_aside() -> None:
    body = f"<i><title>t</title><description>{LONG}&lt;p&gt;</description><content:encoded><![CDATA[<p>{LONG}]]></content:encoded></i>"
    kept, texts = put_aside(body.encode())
    assert kept.decode() == f"<i><title>t</title><description>{MARK}0</description><content:encoded>{MARK}1</content:encoded></i>"
    assert texts == [f"{LONG}<p>", f"<p>{LONG}"]


@pytest.mark.parametrize("mark", ["&#xF8FF;0", "&#63743;0", "&#x00f8Ff;0", f"{MARK}0"])
def test_no_feed_can_name_a_text_of_another_item(mark: str) -> None:
    """Nothing is put aside in one that says what the mark is: its items are what they would be without it."""
    body = f"<rss><channel><item><description>{LONG}</description></item><item><title>{mark}</title></item></channel></rss>"
    first, second = quickread.items(body.encode(), NOW)
    assert (first.body, second.title) == (" ".join(LONG.split()), f"{MARK}0")


def test_the_mark_in_markup_is_a_character_like_others() -> None:
    body = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><content type="xhtml">'
        f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{MARK}0 {LONG}</p></div></content></entry></feed>'
    )
    (item,) = quickread.items(body.encode(), NOW)
    assert f"{MARK}0" in item.body


@compiled
@given(
    st.lists(
        st.sampled_from(["&amp;", "&lt;", "&gt;", "&quot;", "&apos;", "&a", "&", ";", "]", "]>", "]]>", "\r", "ا", "x"]) | st.characters()
    )
)
def test_text_of_an_element_as_a_parser_tells_it(pieces: list[str]) -> None:
    raw = "".join(pieces).encode("utf-8", "surrogatepass")
    try:
        found = kernel.unescaped(raw)
    except UnicodeDecodeError:
        return
    if (
        found is not None
        and b"<" not in raw
        and "\ufffe" not in found
        and "\uffff" not in found
        and raw == raw.translate(quickread._NO_CONTROLS)
    ):
        assert (tree(b"<r>%b</r>" % raw).text or "") == found
