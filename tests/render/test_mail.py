"""The HTML of a mail, read again by a parser: it says what was told, its direction is right, and it fetches and runs nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from monitor.render import said
from monitor.render.mail import _BAR, _BUTTON, mail
from monitor.render.message import Link, Message, read
from monitor.render.text import text
from tests.golden_files import assert_golden
from tests.render.clean import faults
from tests.render.samples import DOCUMENTS
from tests.sinks.payloads import FIELDS, placed

LINKS = (
    Link("Acknowledge", "https://monitor.example/a/ack?x=1&y=2"),
    Link("Close", "https://monitor.example/a/close"),
    Link("Silence this story", "https://monitor.example/a/silence"),
)
#: All that a mail of ours is made of.
ELEMENTS = {"html", "head", "meta", "title", "body", "div", "h1", "p", "strong", "mark", "bdi", "br", "span", "a"}
ATTRIBUTES = {"lang", "style", "charset", "name", "content", "dir", "href", "rel"}


def message(name: str) -> Message:
    """With links where one is opened in the screenshots of the documents."""
    return replace(read(DOCUMENTS[name]), links=LINKS if name in {"arabic", "update"} else ())


def page(name: str) -> LexborHTMLParser:
    return LexborHTMLParser(mail(message(name)).html)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_golden(name: str) -> None:
    assert_golden(f"messages/mail/{name}.html", mail(message(name)).html)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_it_says_what_the_text_says(name: str) -> None:
    body = page(name).body
    assert body is not None
    shown = body.text()
    for passage in message(name).passages:
        assert passage.text in shown
    for fact in (message(name).title, message(name).source, *said.news(message(name))[1], *message(name).entities):
        assert fact in shown
    assert mail(message(name)).text == text(message(name))
    assert message(name).severity.value.upper() in shown.split()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_hit_is_marked(name: str) -> None:
    hits = [piece.text for piece in message(name).title_pieces if piece.hit]
    hits += [p.text for passage in message(name).passages if not message(name).repeats(passage) for p in passage.pieces if p.hit]
    assert [mark.text() for mark in page(name).css("mark")] == hits


def test_right_to_left_is_right_and_claims_its_language() -> None:
    title, passage = page("arabic").css_first("h1"), page("arabic").css("p[dir]")[0]
    assert title is not None
    assert title.attributes["dir"] == passage.attributes["dir"] == "rtl"
    assert title.attributes["lang"] == passage.attributes["lang"] == "ar"
    # An English passage of an Arabic article is neither.
    english = page("mixed").css("p[dir]")[0]
    assert english.attributes["dir"] == "ltr"
    assert "lang" not in english.attributes


@pytest.mark.parametrize("name", DOCUMENTS)
def test_nothing_is_fetched_and_nothing_runs(name: str) -> None:
    document = page(name)
    assert {node.tag for node in document.css("*")} <= ELEMENTS
    assert {attribute for node in document.css("*") for attribute in node.attributes} <= ATTRIBUTES
    assert "url(" not in mail(message(name)).html
    for link in document.css("a"):
        assert (link.attributes["href"] or "").startswith(("https://example.org/", "https://monitor.example/"))
        assert link.attributes["rel"] == "noopener noreferrer"


def test_links_to_act_keep_their_address() -> None:
    assert [link.attributes["href"] for link in page("arabic").css("a")] == ["https://example.org/news/1", *(link.url for link in LINKS)]


@pytest.mark.parametrize("colour", [*_BAR.values(), _BUTTON])
def test_white_can_be_read_on_every_colour(colour: str) -> None:
    """WCAG 2.1, success criterion 1.4.3: 4.5 to 1."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    assert 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05) >= 4.5


def test_text_has_no_colour_of_ours_alone() -> None:
    """A colour without its background would vanish where the reader is dark."""
    for name in DOCUMENTS:
        for style in re.findall(r'style="([^"]*)"', mail(message(name)).html):
            if re.search(r"(?:^|;)color:#", style):
                assert "background:#" in style


@settings(max_examples=150)
@given(st.sampled_from(sorted(FIELDS)), st.text(max_size=300))
def test_fault_49_any_text_in_any_field(field: str, foreign: str) -> None:
    made = mail(read(placed(field, foreign)))
    document = LexborHTMLParser(made.html)
    assert {node.tag for node in document.css("*")} <= ELEMENTS
    assert {attribute for node in document.css("*") for attribute in node.attributes} <= ATTRIBUTES
    assert faults(made.subject) == faults(made.text) == []
    assert all(faults(node.text()) == [] for node in document.css("h1, p, title"))


def test_fault_49_an_encoded_word_of_a_strangers_is_none() -> None:
    """Python's email package would decode it where the subject is set, and write the line that it hides as a header."""
    foreign = "=?utf-8?q?=0d=0aBcc:_evil@evil.example?="
    letter = EmailMessage(policy=SMTP)
    letter["Subject"] = mail(read(placed("title", foreign))).subject
    again = BytesParser(policy=SMTP).parsebytes(letter.as_bytes())
    assert list(again.keys()) == ["Subject"]
    assert "evil@evil.example" in str(again["Subject"])
