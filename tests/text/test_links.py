"""Canonical links: what is one article's address, and what only counts clicks or stands in between."""

from __future__ import annotations

import base64
from urllib.parse import quote, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text.links import _ESCAPE, MAX_LINK, _escape, _normal, canonical, is_absolute, one_site, own, unwrap

SAME = [
    ("http://example.org/a", "https://example.org/a"),
    ("HTTPS://Example.ORG/a", "https://example.org/a"),
    ("https://example.org:443/a", "https://example.org/a"),
    ("http://example.org:80/a/", "https://example.org/a"),
    ("http://example.org:8080/a", "https://example.org:8080/a"),
    ("https://example.org./a", "https://example.org/a"),
    ("https://user:pass@example.org/a", "https://example.org/a"),
    ("https://example.org/", "https://example.org"),
    ("https://example.org/a#comments", "https://example.org/a"),
    ("https://example.org/a#xtor=RSS-3208", "https://example.org/a"),
    ("https://example.org/#!/news/7", "https://example.org#!/news/7"),
    ("https://example.org/a?utm_source=rss&utm_medium=rss&id=7", "https://example.org/a?id=7"),
    ("https://example.org/a?id=7&UTM_Source=x", "https://example.org/a?id=7"),
    ("https://example.org/a?fbclid=1&gclid=2&mc_cid=3&xtor=RSS-1", "https://example.org/a"),
    ("https://www.aljazeera.net/news/1?traffic_source=rss", "https://www.aljazeera.net/news/1"),
    ("https://www.bbc.com/arabic/articles/c1?at_medium=RSS&at_campaign=KARANGA", "https://www.bbc.com/arabic/articles/c1"),
    ("https://www.dw.com/ar/x/a-1?maca=ara-rss-ar-all-1491-rdf", "https://www.dw.com/ar/x/a-1"),
    ("https://www.nytimes.com/2025/05/01/a.html?partner=rss&emc=rss", "https://www.nytimes.com/2025/05/01/a.html"),
    ("https://example.org/a?ref=rss&b=2&a=1", "https://example.org/a?b=2&a=1"),
    ("https://example.org/a?rss=1", "https://example.org/a"),
    ("https://example.org/a?rss", "https://example.org/a"),
    ("https://example.org/a;jsessionid=0A1B?id=7", "https://example.org/a?id=7"),
    ("https://example.org/%d8%a3%7e", "https://example.org/%D8%A3~"),
    ("https://example.org/أ~", "https://example.org/%D8%A3~"),
    ("https://example.org/a b", "https://example.org/ab"),  # a feed that breaks its lines within an address
    ("https://مثال.إختبار/a", "https://xn--mgbh0fb.xn--kgbechtv/a"),
    ("https://[::1]:8000/a", "https://[::1]:8000/a"),
    (" \n https://example.org/a\u200f ", "https://example.org/a"),
    ("https://example.org/100%", "https://example.org/100%25"),
]
NONE = [
    "",
    "   ",
    "ftp://example.org/a",
    "javascript:alert(1)",
    "/a",
    "example.org/a",
    "https://",
    "https://[::1",
    "https://a:b/",
    "mailto:a@b",
]
KEPT = [
    "https://www.example.org/a",  # with and without www may be two sites
    "https://example.org/a?ref=politics",
    "https://example.org/a?source=2",
    "https://example.org/news?id=1&page=2",
    "https://example.org/a?from=1",
    "https://example.org/A",
    "https://example.org/a?at_home=1",
]


@pytest.mark.parametrize(("given_", "expected"), SAME)
def test_one_article_has_one_link(given_: str, expected: str) -> None:
    assert canonical(given_) == expected
    assert canonical(expected) == expected


@pytest.mark.parametrize("url", NONE)
def test_what_is_no_web_address_has_no_canonical_link(url: str) -> None:
    assert canonical(url) == ""
    assert own(url) == ""


@pytest.mark.parametrize("url", KEPT)
def test_what_may_tell_articles_apart_stays(url: str) -> None:
    assert canonical(url) == url


def test_an_address_longer_than_any_is_none() -> None:
    assert canonical("https://example.org/" + "a" * MAX_LINK) == ""
    assert canonical(f"https://{'a' * 300}.org/") == ""


def google_news(address: str) -> str:
    raw = address.encode()
    length = bytes([len(raw)]) if len(raw) < 128 else bytes([len(raw) & 0x7F | 0x80, len(raw) >> 7])
    return base64.urlsafe_b64encode(b"\x08\x13\x22" + length + raw + b"\xd2\x01\x00").rstrip(b"=").decode()


LONG = "https://example.org/news/" + "the-delegation-arrived-" * 9

WRAPPED = [
    ("https://www.google.com/url?rct=j&sa=t&url=https://example.org/a%3Fid%3D7&ct=ga&cd=x&usg=y", "https://example.org/a?id=7"),
    ("https://www.google.co.uk/url?q=https%3A%2F%2Fexample.org%2Fa", "https://example.org/a"),
    (f"https://news.google.com/rss/articles/{google_news('https://example.org/a')}?oc=5", "https://example.org/a"),
    (f"https://news.google.com/__i/rss/rd/articles/{google_news(LONG)}?oc=5", LONG),
    (f"https://news.google.com/articles/{google_news('http://example.org/b')}", "http://example.org/b"),
    ("http://www.bing.com/news/apiclick.aspx?ref=FexRss&aid=&url=https%3a%2f%2fexample.org%2fa&c=1", "https://example.org/a"),
    ("https://l.facebook.com/l.php?u=https%3A%2F%2Fexample.org%2Fa%3Ffbclid%3D1&h=x", "https://example.org/a?fbclid=1"),
    (
        "https://www.google.com/url?url=https%3A%2F%2Fl.facebook.com%2Fl.php%3Fu%3Dhttps%253A%252F%252Fexample.org%252Fa",
        "https://example.org/a",
    ),
]
NOT_WRAPPED = [
    "https://example.org/url?url=https://elsewhere.example/",  # an article's own parameter
    "https://www.google.com/search?q=https://example.org/a",
    "https://www.google.com/url?url=javascript:alert(1)",
    "https://www.google.com/url?url=//example.org/a",
    "https://notgoogle.com/url?url=https://example.org/a",
    "https://www.google.com.example.org/url?url=https://elsewhere.example/",
    "https://news.google.com/rss/articles/CBMiK0FVX3lxTE5Cb1VfM0hHd2xZ",  # only Google knows where this leads
    "https://news.google.com/rss/articles/" + "A" * 5_000,
    "https://[::1/url?url=https://example.org/a",
]


@pytest.mark.parametrize(("given_", "expected"), WRAPPED)
def test_a_wrapped_address_is_unwrapped(given_: str, expected: str) -> None:
    assert unwrap(given_) == expected


@pytest.mark.parametrize("url", NOT_WRAPPED)
def test_what_only_looks_wrapped_stays(url: str) -> None:
    assert unwrap(url) == url


def test_wrappers_are_opened_three_deep_at_most() -> None:
    def wrap(url: str, times: int) -> str:
        for _ in range(times):
            url = "https://www.google.com/url?url=" + url.replace("%", "%25").replace("&", "%26").replace("?", "%3F").replace("=", "%3D")
        return url

    assert unwrap(wrap("https://example.org/a", 3)) == "https://example.org/a"
    assert unwrap(wrap("https://example.org/a", 4)) == "https://www.google.com/url?url=https://example.org/a"


@pytest.mark.parametrize(
    ("link", "its_own"),
    [
        ("https://example.org/a", True),
        ("https://example.org/?p=7", True),
        ("https://example.org/#!/7", True),
        ("https://example.org/a#rss", True),
        ("https://example.org", False),
        ("https://example.org/", False),
        ("https://example.org/index.html?utm_source=rss", False),
        ("https://example.org/Default.aspx", False),
        ("https://example.org/default.html/", False),
        ("https://example.org/default.htmls", True),
        ("https://example.org/live#entry-7", False),  # one entry of a live blog
        ("https://example.org/feed.xml", False),
    ],
)
def test_a_link_is_an_items_own_or_not(link: str, its_own: bool) -> None:
    assert bool(own(link, "http://example.org/feed.xml")) is its_own


def test_the_link_of_an_alert_is_the_articles() -> None:
    assert own("https://www.google.com/url?url=http://example.org/a/%3Futm_source%3Dx&ct=ga") == "https://example.org/a"


_PIECES = st.sampled_from(
    ["%", "%2", "%2f", "%d8", "%41", "?", "&", "=", "#", "#!", "/", ";jsessionid=1", "utm_x=1", "أ", " ", "[", "@", ":", "."]
)


@given(st.lists(st.one_of(_PIECES, st.text(max_size=5)), max_size=12).map("".join))
def test_any_text_is_taken_and_canonical_is_a_fixed_point(text: str) -> None:
    for url in (text, f"https://example.org/{text}", f"http://{text}/a"):
        once = canonical(url)
        assert canonical(once) == once
        unwrap(url)
        own(url)


@given(st.text(alphabet="ab?&=/%20:.#-", max_size=60))
def test_what_google_wraps_comes_back(tail: str) -> None:
    address = f"https://example.org/{tail}"
    assert unwrap(f"https://news.google.com/rss/articles/{google_news(address)}") == address


@given(st.from_regex(r"https?://[a-z.-]{1,8}(/[A-Za-z0-9._~-]{0,4}){0,3}", fullmatch=True))
def test_a_plain_link_is_taken_as_any_other(url: str) -> None:
    assert canonical(url) == canonical(f"{url}#"), "an empty fragment is not plain, and changes nothing"


@given(st.from_regex(r"https?://[a-z.-]{1,8}(/[A-Za-z0-9._~-]{0,4}){0,2}", fullmatch=True), st.text(max_size=20))
def test_a_link_in_any_letters_is_taken_as_any_other(beginning: str, path: str) -> None:
    url = f"{beginning}/{path}".partition("#")[0]
    assert canonical(url) == canonical(f"{url}#")


@given(
    st.lists(st.sampled_from(["www.google.com", "google.", "bing.com", "/url", "?q=", "https://a.org/b", "/", "\t", "e.org"])).map("".join)
)
def test_whether_an_address_may_wrap_another_is_told_by_its_host(rest: str) -> None:
    for url in (f"https://{rest}", f"http://{rest}"):
        assert unwrap(url) == unwrap(f" {url}").removeprefix(" "), "what begins with a blank is looked through"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("https://example.org/feed", "http://www.example.org/a", True),
        ("https://feeds.example.co.uk/all", "https://www.example.co.uk/a", True),
        ("https://other.co.uk/all", "https://www.example.co.uk/a", False),
        ("https://a.blogspot.com/feed", "https://b.blogspot.com/a", False),
        ("https://www.bbc.com/feed", "https://www.cnn.com/a", False),
        ("https://alahram.org.eg/rss", "https://gate.alahram.org.eg/1", True),
        ("http://127.0.0.1:80/feed", "http://127.0.0.1/a", True),
        ("http://127.0.0.1:81/feed", "http://127.0.0.1:82/a", False),
        ("http://10.0.0.1/feed", "http://11.0.0.1/a", False),
        ("http://[::1]/feed", "http://[::2]/a", False),
        ("https://example.org/?p=1", "https://www.example.org/feed", True),
        ("https://example.org?p=a.b/c.d", "https://example.org/?feed=rss2", True),
        ("https://example.org/#!/news.html", "https://example.org", True),
        ("https://example.org?p=1", "https://example.net?p=1", False),
        ("", "", False),
    ],
)
def test_two_addresses_of_one_site(one: str, other: str, expected: bool) -> None:
    assert one_site(one, other) is expected


_PIECES = st.sampled_from(
    [
        "a",
        "B",
        "7",
        "-",
        ".",
        "..",
        "/",
        "//",
        "%",
        "%41",
        "%d9",
        "%D9%82",
        "%2F",
        "%2f",
        "?",
        "&",
        "=",
        ";",
        ":",
        "@",
        "#",
        " ",
        "ق",
        "[",
        "~",
        "!",
        "(",
        "'",
        ",",
        "\u0651",
        "؟",
        "…",
        "\u200e",
        "\xa0",
    ]
)


@given(st.lists(_PIECES, max_size=12).map("".join))
def test_what_is_encoded_as_it_should_be_is_left_alone(text: str) -> None:
    assert _normal(text) == quote(_ESCAPE.sub(_escape, text), safe="%!$&'()*+,;=:@/?-._~[]")


@given(
    st.lists(_PIECES, max_size=10).map(lambda pieces: "https://" + "".join(pieces)),
    st.sampled_from(["https://e.org/a/b", "http://x/", "", "ftp://y/z"]),
)
def test_an_absolute_address_resolves_to_itself(link: str, base: str) -> None:
    if is_absolute(link):
        assert urljoin(base, link) == link
        assert urlsplit(link).scheme == "https"
