"""HTML fragments to text."""

from __future__ import annotations

import os
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.sources.markup import (
    _ELEMENTS,
    _NAMED_CHARACTERS,
    _in_python,
    _parsed,
    _quick,
    html_to_text,
    one_line,
    part_to_text,
    too_deep,
)
from monitor.sources.native import COMPILED, kernel
from tests.sources.corpora import ARCHIVES, files, needs_data

ROWS = [
    ("<p>First</p><p>Second</p>", "First\n\nSecond"),
    ("foo<b>bar</b> baz", "foobar baz"),
    ("one<br>two<br/><br>three", "one\ntwo\n\nthree"),
    ("<ul><li>a<li>b</ul>", "a\n\nb"),
    ("<table><tr><td>1<td>2</table>", "1 2"),
    ("<p>x</p><script>alert(1)</script><style>p{}</style><noscript>n</noscript>y", "x\n\ny"),
    ("fish &amp; chips &#x2014; &lt;b&gt;", "fish & chips — <b>"),
    ("a\n   wrapped\tline", "a wrapped line"),
    ("<p>سلاح&nbsp;جديد</p>", "سلاح جديد"),
    ("3 < 4 and 5 > 2", "3 < 4 and 5 > 2"),
    ("", ""),
    ("<![CDATA[ in cdata ]]>", ""),
    ("text\x00with\x1emarks", "text with marks"),
]


@pytest.mark.parametrize(("markup", "text"), ROWS)
def test_html_to_text(markup: str, text: str) -> None:
    assert html_to_text(markup) == text


def test_a_title_is_one_line_without_tags() -> None:
    assert one_line("<b>Arms</b>\n deal &amp; more") == "Arms deal & more"
    assert one_line("AT&amp;T") == "AT&T"


@pytest.mark.parametrize("closed", [True, False])
def test_fault_38_nesting_bomb_costs_no_time(closed: bool) -> None:
    bomb = "<div>" * 100_000 + "the text inside" + ("</div>" * 100_000 if closed else "")
    started = time.perf_counter()
    assert html_to_text(bomb) == "the text inside"
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize("blank", ["", "\n", "\xa0", "\u200f", "\t"])
@pytest.mark.parametrize("control", ["\0", "\x1e", "\x1f", "\x7f", "\x0b"])
def test_a_control_is_a_blank_whatever_else_is_not_printable(control: str, blank: str) -> None:
    assert html_to_text(f"a{blank}<p>b{control}c</p>") == html_to_text(f"a{blank}<p>b c</p>")
    assert one_line(f"a{blank} b{control}c") == one_line(f"a{blank} b c")


def test_tags_are_remembered_up_to_a_number() -> None:
    for number in range(3_000):
        assert html_to_text(f"x<b i='{number}'>y</b>") == "xy"
        assert html_to_text(f"x<q{number}>y") == "xy"


def test_open_paragraphs_and_line_breaks_do_not_count_as_depth() -> None:
    assert not too_deep("<p>text<br>" * 50_000)
    assert too_deep("<b>" * 5_000)


# ------------------------------------------------------------------------ the quick path is the parser's
NAMES = ["p", "br", "a", "b", "em", "span", "img", "h1", "h2", "ul", "ol", "li", "blockquote", "div", "figure", "article", "font"]
TAGS = [f"<{name}>" for name in NAMES] + [f"</{name}>" for name in NAMES]
ODD = [
    "<br/>",
    "<p/>",
    "<div />",
    '<p class="a b">',
    "<a href='x>y'>",
    '<a title="it\'s">',
    "<img src=x>",
    "<script>",
    "<!-- x -->",
    "<P>",
    "<",
]
REFERENCES = [
    "&amp;",
    "&nbsp;",
    "&#160;",
    "&#8217;",
    "&copy",
    "&notit;",
    "&#30;",
    "&#x80;",
    "&#xD800;",
    "&#0;",
    "&#65",
    "&#x41;",
    "&#99999999;",
    "&",
]
TEXTS = ["one", " two ", "\n", "\r\n", "  ", "ا", "\xa0", ">", '"', "'"]
FRAGMENTS = st.lists(st.sampled_from(TAGS * 2 + ODD + REFERENCES + TEXTS * 2), max_size=12).map("".join)


@settings(max_examples=1_500)
@given(FRAGMENTS)
@example("<ul><li>a<li>b</ul>c")
@example("<div><p>a</div>b</p>c")
@example("<h1>a<h2>b</h1>c")
def test_the_quick_path_answers_as_the_parser_does_or_not_at_all(markup: str) -> None:
    if "<" in markup:
        assert _quick(markup) in (None, _parsed(markup))


def test_ordinary_fragments_take_the_quick_path() -> None:
    markup = (
        '<p>One <a href="http://x.example/?a=1&amp;b=2" title="t">two</a>.</p>\n<ul><li>a</li><li>b</li></ul><img src="x" alt=""/><br/>end'
    )
    assert _quick(markup) == _parsed(markup) == "One two.\n\na\n\nb\n\nend"


# ------------------------------------------------------------------------ and so is the loop in C
def in_c(markup: str) -> str | None:
    return kernel.plain(markup, _ELEMENTS, _NAMED_CHARACTERS)


compiled = pytest.mark.skipif(not COMPILED, reason="there was no compiler")
MORE = ["<h3>", "</h3>", "<section>", "</section>", "<BLOCKQUOTE>", "</Ul>", "<br\n/>", "<p title='&#1;'>", "<h7>", "<p", "<p\x1e>"]
MORE += [
    "&quot;",
    "&Auml;",
    "&auml;",
    "&#39;",
    "&#x27;",
    "& ",
    "&amp",
    "&apos;x",
    "&Tab;",
    "&#32;",
    "&#49999;",
    "&#50000;",
    "&#x7e;",
    "&#x7f;",
]
MORE += ["&#xcfff;", "&#xd000;", "\u3000", "\x85", "\u2028", "\x1e", "\x1f", "\0", "\t", "\x0b", "\f", "\u200b", "\ud800", "\U0001f600"]
PIECES = st.lists(st.one_of(st.sampled_from(TAGS * 2 + ODD + REFERENCES + TEXTS * 2 + MORE), st.characters()), max_size=14).map("".join)


@compiled
@settings(max_examples=1_500)
@given(PIECES)
@example("a<br> <br>\u3000<p></p>b<br>c")
@example("AT&<b>amp;</b>")
@example("<p>" * 70)
@example("<div>" * 70)
@example("<br>" * 5_001)
def test_in_c_plain_fragments_read_as_in_python(markup: str) -> None:
    assert in_c(markup) in (None, _in_python(markup))


@compiled
def test_ordinary_fragments_are_plain() -> None:
    markup = (
        '<p>One <a href="http://x.example/?a=1&amp;b=2" title="t">two</a> &quot;three&rdquo;.</p>\n<ul><li>a</li><li>b</li></ul>'
        '<img src="x" alt=""/><br/>end &#8211; &#x2014;&nbsp;of it'
    )
    assert in_c(markup) == 'One two "three”.\n\na\n\nb\n\nend – — of it'


@compiled
def test_wrong_arguments_are_answered() -> None:
    with pytest.raises(TypeError):
        kernel.plain(b"<p>", _ELEMENTS, _NAMED_CHARACTERS)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        kernel.plain("<p>", "", _NAMED_CHARACTERS)  # type: ignore[arg-type]
    assert kernel.plain("<p>a", b"", b"") is None
    assert kernel.plain("<p>a", _ELEMENTS[:23], b"x") is None


@needs_data
def test_bodies_of_real_feeds_read_alike_on_both_paths() -> None:
    quick = total = 0
    for archive in ARCHIVES:
        for name, body in files(archive):
            for part in body.decode("utf-8", "replace").split("<![CDATA[")[1:]:
                markup = part.partition("]]>")[0].replace("\0", " ")
                if "<" in markup:
                    total += 1
                    found = _quick(markup)
                    quick += found is not None
                    assert not COMPILED or in_c(markup) in (None, _in_python(markup)), name
                    assert found is None or found == _parsed(markup), name
    print(f"{quick} of {total} fragments of real feeds take the quick path")
    assert not os.environ.get("NEWS_TEST_DATA") or quick > 100


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("text/plain", "a & b\n c ", "a & b\n c"),
        ("text/plain", "fish &amp;nbsp; chips", "fish &nbsp; chips"),
        ("text/plain", "a <b>bold</b> word", "a bold word"),
        ("text/html", "<p>a</p>", "a"),
        ("application/xhtml+xml", "a<br></br>b", "a\nb"),
        ("image/png", "iVBORw0KGgo=", ""),
        ("", "<p>a</p>", "a"),
    ],
)
def test_a_part_is_read_as_what_it_says_it_is(kind: str, value: str, text: str) -> None:
    assert part_to_text(value, kind) == text
