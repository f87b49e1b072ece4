"""HTML pages to articles."""

from __future__ import annotations

import json
import time

import pytest

from monitor.sources.file import is_article, looks_like_html, read_document
from monitor.sources.page import WHOLE, read_page

ARTICLE = "".join(
    f"<p>Paragraph {n} says that the ministry signed an agreement on deliveries this week, officials told us.</p>" for n in range(6)
)
PAGE = (
    "<html><head><title>Site - A headline</title></head><body><nav><a href='/'>Home</a><a href='/x'>World</a></nav>"
    f"<main><article><h1>A headline of the day</h1>{ARTICLE}</article></main><footer>All rights reserved</footer></body></html>"
)


def test_title_blank_line_body_without_menus() -> None:
    page = read_page(PAGE.encode())
    assert page.title is not None
    assert page.text[page.title.start : page.title.end] == "A headline of the day"
    assert page.text.startswith("A headline of the day\n\nParagraph 0 says")
    assert page.text.count("A headline of the day") == 1
    assert "Home" not in page.text
    assert page.notes == ("html",)


def test_a_page_without_an_article_gives_all_its_text() -> None:
    page = read_page(b"<html><title>T</title><body><p>short</p></body></html>")
    assert page.text == "T\n\nshort"


@pytest.mark.parametrize("declared", ["utf-8", "windows-1256", "iso-8859-1"])
def test_fault_40_arabic_under_any_declaration(declared: str) -> None:
    words = "وقعت الوزارة اتفاقا على توريد السلاح هذا الأسبوع وفق ما قاله مسؤولون في العاصمة. " * 8
    html = f'<html><head><meta charset="{declared}"><title>خبر</title></head><body><article><p>{words}</p></article></body></html>'
    for encoding in ("cp1256", "utf-8"):
        page = read_page(html.encode(encoding))
        assert page.text.startswith("خبر\n\nوقعت الوزارة")


def test_fault_38_nesting_bomb_is_read_flat() -> None:
    started = time.perf_counter()
    page = read_page(b"<html><title>Bomb</title><body>" + b"<div>" * 100_000 + b"the text" + b"</div>" * 100_000)
    assert time.perf_counter() - started < 3
    assert page.text == "Bomb\n\nBomb\n\nthe text" or page.text == "Bomb\n\nthe text"


def test_five_thousand_nested_divs_keep_their_text() -> None:
    assert "the text inside" in read_page(b"<html><body>" + b"<div>" * 5_000 + b"<p>the text inside</p>" + b"</div>" * 5_000).text


@pytest.mark.parametrize("raw", [b"", b"<html>", b"\x00" * 100, b"<html><title></title></html>", b"\xff\xfe\x00\xd8"])
def test_rubbish_gives_a_page_all_the_same(raw: bytes) -> None:
    read_page(raw).text.encode()


def test_which_names_are_articles() -> None:
    taken = [name for name in ("a.txt", "A.TXT", "b.md", "c", "d.html", "e.HTM", "f.pdf", ".hidden", "g.tmp", "h.jpg") if is_article(name)]
    assert taken == ["a.txt", "A.TXT", "b.md", "c", "d.html", "e.HTM"]


def test_a_nameless_file_is_looked_at() -> None:
    assert looks_like_html(b"\n<!DOCTYPE html><html>")
    assert read_document(PAGE.encode(), "page").notes == ("html",)
    assert read_document(b"plain", "note").text == "plain"


# ------------------------------------------------------------------------------ what must come through
def test_characters_that_show_nothing_come_through_the_extractor() -> None:
    """Without its joiners a Persian word is another one, and Latin names in Arabic lose their place."""
    persian = "دولت می\u200cخواهد که این\u200fکار انجام شود و \u202bسلاح\u202c نخرد. " * 9
    written = persian.replace("\u200c", "&zwnj;", 3).replace("\u200f", "&#8207;", 2).replace("\u202b", "&#x202B;", 1)
    page = read_page(f"<html dir=rtl><title>خبر</title><body><article><p>{written}</p></article></body></html>".encode())
    assert page.text == f"خبر\n\n{persian.strip()}"


def test_the_text_that_a_page_tells_search_engines_where_little_else_is_found() -> None:
    body = "The ministry signed an agreement on deliveries this week, officials told us. " * 9
    data = json.dumps({"@graph": [{"@type": "WebPage"}, {"@type": "NewsArticle", "articleBody": body}]})
    page = read_page(f'<html><title>T</title><script type="application/ld+json">{data}</script><body><p>Loading</p></body></html>'.encode())
    assert page.text == f"T\n\n{body.strip()}"
    nested = f'<script type="application/ld+json">{data}</script>' + "<div>" * 50_000
    assert body.strip() in read_page(nested.encode()).text


@pytest.mark.parametrize("data", ["", "{", "[" * 50_000, '{"articleBody": 5}', "null", '{"articleBody": ["x"]}'])
def test_linked_data_that_is_none_is_passed_over(data: str) -> None:
    page = read_page(PAGE.replace("</head>", f'<script type="application/ld+json">{data}</script></head>').encode())
    assert page.text.startswith("A headline of the day\n\nParagraph 0 says")


def test_a_page_says_when_no_article_was_found_in_it() -> None:
    assert WHOLE in read_page(b"<html><title>T</title><body></body></html>").notes
    assert WHOLE not in read_page(PAGE.encode()).notes
