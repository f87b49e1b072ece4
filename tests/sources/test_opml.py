"""OPML: what other readers wrote is read, what this one wrote comes back the same, and what is wrong is said with its line."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.sources.opml import SETTINGS, Outline, read, write

FOREIGN = b"""<?xml version="1.0" encoding="windows-1256"?>
<OPML version="1.1">
  <body>
    <outline text="\xc3\xce\xc8\xc7\xd1">
      <outline text="Al Example" xmlURL="https://feeds.example.org/rss?a=1&amp;b=2" language="ar-EG" category="/World,/Gulf"/>
      <outline text="\xc7\xe1\xcc\xd2\xed\xd1\xc9" type="rss" xmlUrl="https://www.example.com/ar.xml"/>
      <outline text="No feed" htmlUrl="https://example.net"/>
    </outline>
    <outline title="Al Example" type="rss" url="http://other.example/feed"/>
    <outline text="Old" xmlUrl="feed://example.org/x"/>
  </body>
</OPML>
"""


def test_a_list_of_another_reader() -> None:
    outlines, faults = read(FOREIGN, "list.opml")
    assert [(o.name, o.url, o.language, dict(o.labels), o.line) for o in outlines] == [
        ("al-example", "https://feeds.example.org/rss?a=1&b=2", "ar", {"category": "World"}, 5),
        ("example-com", "https://www.example.com/ar.xml", "", {"category": "أخبار"}, 6),
        ("al-example-2", "http://other.example/feed", "", {}, 9),
    ]
    assert [(fault.line, fault.warning) for fault in faults] == [(10, True)]


@pytest.mark.parametrize(
    ("raw", "line", "message"),
    [
        (b"<opml>\n<body>\n<outline text='a' xmlUrl='http://a.example'>\n</body></opml>", 4, "not well-formed"),
        (b"<rss/>", 1, "not an OPML file"),
        (b"", 1, "not well-formed"),
        (b"<!DOCTYPE opml [\n<!ENTITY a 'aaaa'>]>\n<opml/>", 2, "entities"),
        (b"<opml>" + b"<outline text='x'>" * 70, 1, "nested"),
        (b"<opml>\n<outline xmlUrl='http://a.example' monitor:name='A b'/>\n</opml>", 2, "not a name"),
        (
            b"<opml>\n<outline xmlUrl='http://a.example' monitor:name='a'/>\n<outline xmlUrl='http://b.example' monitor:name='a'/></opml>",
            3,
            "twice",
        ),
        (b"<?xml version='1.0' encoding='nonsense'?><opml/>", 1, ""),
    ],
)
def test_what_is_wrong_is_said_with_its_line(raw: bytes, line: int, message: str) -> None:
    _, faults = read(raw, "list.opml")
    assert [(fault.file, fault.line, fault.warning) for fault in faults] == [("list.opml", line, False)]
    assert message in faults[0].message


def test_names_of_others_are_not_taken_again() -> None:
    raw = b"<opml><outline text='Example' xmlUrl='http://a.example'/></opml>"
    assert read(raw, "x", taken=["example"])[0][0].name == "example-2"


@pytest.mark.parametrize(
    ("title", "host", "name"),
    [
        ("الجزيرة نت", "127.0.0.1", "aljzyra-nt"),
        ("Известия", "127.0.0.1", "izvestiya"),
        ("Ελλάδα", "[::1]", "ellada"),
        ("הארץ", "10.0.0.1", "harts"),
        ("日本", "127.0.0.1", "127-0"),
        ("Известия", "www.iz.ru", "iz-ru"),
        ("الجزيرة", "www.aljazeera.net", "aljazeera-net"),
    ],
)
def test_a_title_of_other_letters_names_a_feed_whose_host_is_a_number(title: str, host: str, name: str) -> None:
    raw = f"<opml><outline text='{title}' xmlUrl='http://{host}:9104/rss'/></opml>".encode()
    assert read(raw, "x")[0][0].name == name


NAMES = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,20}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=20).map(str.strip)
KEYS = st.text(string.ascii_letters + "_.;=% ", min_size=1, max_size=8).map(str.strip).filter(bool)
OUTLINES = st.lists(
    st.builds(
        Outline,
        name=NAMES,
        url=st.sampled_from(["https://example.org/feed?a=b&c=<d>", "http://example.com/خبر.xml"]),
        title=TEXTS.filter(bool),
        site=st.sampled_from(["", "https://example.org/"]),
        language=st.sampled_from(["", "ar", "en"]),
        labels=st.dictionaries(KEYS, TEXTS, max_size=3),
        settings=st.dictionaries(st.sampled_from(SETTINGS), st.sampled_from(["15m", "true"]), max_size=3),
        verified=st.booleans(),
    ),
    unique_by=lambda outline: outline.name,
    max_size=5,
)


@given(OUTLINES, TEXTS)
def test_what_is_written_comes_back_the_same(outlines: list[Outline], title: str) -> None:
    found, faults = read(write(outlines, title), "list.opml")
    assert not faults
    assert [(o.name, o.url, o.title, o.site, o.language, dict(o.labels), dict(o.settings), o.verified) for o in found] == [
        (o.name, o.url, o.title, o.site, o.language, dict(o.labels), dict(o.settings), o.verified) for o in outlines
    ]
