"""Articles written as JSON: what is taken, and what is said of what is not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import DocumentError
from monitor.model import SourceKind, SourceSpec, Span
from monitor.ports import PushedArticle, PushFault
from monitor.sources.jsonl import MAX_ARTICLES, parse_article, read_articles
from tests.fakes import START

SPEC = SourceSpec("wire", SourceKind.PUSH, "", 900.0, language="ar", labels={"kind": "wire", "desk": "any"})
LEAST = {"id": "a-1", "text": "It left the port."}


def parse(**fields: Any) -> PushedArticle:
    return parse_article(LEAST | fields, spec=SPEC, now=START)


def test_the_least_article() -> None:
    document = parse().document
    assert (document.source, document.key, document.text, document.title) == ("wire", "a-1", "It left the port.", None)
    assert (document.language_hint, document.labels, document.url) == ("ar", {"kind": "wire", "desk": "any"}, "")


def test_everything_that_may_be_said() -> None:
    document = parse(
        title=" A\n ship  left ",
        url="https://example.org/a/1?utm_source=x",
        published="2025-05-01T14:05:00.250+02:00",
        language="en",
        labels={"desk": "gulf"},
    ).document
    assert document.text == "A ship left\n\nIt left the port."
    assert document.title == Span(0, 11)
    assert document.published == datetime(2025, 5, 1, 12, 5, tzinfo=UTC)
    assert document.link == "https://example.org/a/1"
    assert (document.language_hint, document.labels) == ("en", {"kind": "wire", "desk": "gulf"})


def test_a_page_is_kept_for_who_reads_pages() -> None:
    article = parse_article({"id": "a", "html": "<p>x", "title": "T"}, spec=SPEC, now=START)
    assert (article.html, article.title, article.document.text) == ("<p>x", "T", "")


def test_a_date_far_ahead_is_held_within_its_bounds() -> None:
    assert parse(published="2099-01-01T00:00:00Z").document.published == START + timedelta(hours=24)


def test_nul_and_lone_surrogates_never_reach_the_text() -> None:
    document = parse(text="a\0b\ud800c").document
    assert document.text == "a\ufffdb\ufffdc"
    assert document.notes == ("nul", "surrogates")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"id": None}, "id is missing"),
        ({"id": " "}, "id is missing"),
        ({"id": 7}, 'id is a number; write it as text: "7"$'),
        ({"id": -20250001}, 'id is a number; write it as text: "-20250001"$'),
        ({"id": 7.5}, "id is a number; write it as text$"),
        ({"id": 10**5000}, "id is a number; write it as text$"),
        ({"id": True}, "id is not text"),
        ({"id": ["7"]}, "id is not text"),
        ({"id": "x" * 501}, "longer than 500"),
        ({"id": "a\nb"}, "control characters"),
        ({"id": "a\ud800"}, "what is no character"),
        ({"text": ""}, r"text \(or html\) is missing"),
        ({"text": 1}, "text is not text"),
        ({"html": "<p>x"}, "one is enough"),
        ({"text": "ل" * 1_200_000}, "longer than 2 MiB"),
        ({"title": "t" * 2001}, "title is longer"),
        ({"url": "javascript:alert(1)"}, "no http"),
        ({"url": "https://[::1"}, "no http"),
        ({"url": "https://example.org/a b"}, "no http"),
        ({"published": "yesterday"}, "published is no date"),
        ({"published": "2025-02-30T00:00:00Z"}, "published is no date"),
        ({"published": "2025-05-01T14:05:00"}, "published is no date"),
        ({"published": 1746108300}, "published is no date"),
        ({"language": "Arabic"}, "language is no code"),
        ({"labels": ["x"]}, "labels is no object"),
        ({"labels": {"x": 1}}, "labels is no object"),
        ({"labels": {"": "y"}}, "empty name"),
        ({"labels": {f"k{n}": "v" for n in range(51)}}, "more than 50"),
        ({"txt": "x"}, "did you mean text"),
        ({"qqqq": "x"}, "there are id, text"),
    ],
)
def test_a_fault_names_its_field_and_what_to_write(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(DocumentError, match=said):
        parse(**fields)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"nonsense", "not JSON"),
        (b'{"id": "a", "id": "b", "text": "x"}', "'id' is given twice"),
        (b'{"id": NaN}', "NaN is no number"),
        (b'"\xff"', "not UTF-8"),
        (b"[" * 100_000, "nested too deep"),
        (b"1" * 5000, "not JSON"),
        (b"[]", "an article is an object"),
        (b"null", "an article is an object"),
    ],
)
def test_a_line_that_is_no_article_is_said_with_its_place(line: bytes, said: str) -> None:
    good = json.dumps(LEAST).encode()
    first, second, third = read_articles(good + b"\n\n" + line + b"\r\n" + good, lines=True, spec=SPEC, now=START)
    assert isinstance(first, PushedArticle)
    assert isinstance(third, PushedArticle)
    assert isinstance(second, PushFault)
    assert second.index == 2
    assert said in second.message


def test_a_body_is_one_article_or_a_list_of_them() -> None:
    one = json.dumps(LEAST).encode()
    assert len(read_articles(one, lines=False, spec=SPEC, now=START)) == 1
    assert len(read_articles(b"\xef\xbb\xbf[" + one + b", 3]", lines=False, spec=SPEC, now=START)) == 2
    with pytest.raises(DocumentError, match="not JSON"):
        read_articles(one + one, lines=False, spec=SPEC, now=START)


@pytest.mark.parametrize("lines", [True, False])
def test_more_than_the_most_are_refused_as_one(lines: bool) -> None:
    one = json.dumps(LEAST)
    many = [one] * (MAX_ARTICLES + 1)
    body = "\n".join(many) if lines else f"[{','.join(many)}]"
    with pytest.raises(DocumentError, match="1,001 articles"):
        read_articles(body.encode(), lines=lines, spec=SPEC, now=START)


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "text", "url", "labels", "published", "x"]), inner),
    max_leaves=8,
)


@given(_JSON)
def test_whatever_json_says_it_is_an_article_or_a_document_error(value: Any) -> None:
    try:
        document = parse_article(value, spec=SPEC, now=START).document
    except DocumentError:
        return
    for text in (document.key, document.text, document.url):
        text.encode()
