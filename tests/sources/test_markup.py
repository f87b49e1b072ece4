"""HTML fragments to text."""

from __future__ import annotations

import time

import pytest

from monitor.sources.markup import html_to_text, one_line, too_deep

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


def test_open_paragraphs_and_line_breaks_do_not_count_as_depth() -> None:
    assert not too_deep("<p>text<br>" * 50_000)
    assert too_deep("<b>" * 5_000)
