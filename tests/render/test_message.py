"""The message every channel starts from: what it says of an alert, and that nothing foreign is in it untamed."""

from __future__ import annotations

import json

import pytest

from monitor.model import Severity
from monitor.render.message import PASSAGES, About, read
from monitor.render.oneline import line
from monitor.render.plain import Piece
from monitor.render.said import heading, how
from monitor.render.sample import render_sample
from tests.render.samples import ARABIC, DOCUMENTS, ENGLISH, NOW, UPDATE, closed_after_correction, rendered
from tests.sinks.payloads import FIELDS, placed


def test_an_alert() -> None:
    message = read(rendered(ARABIC))
    assert (message.about, message.severity, message.headline) == (About.ALERT, Severity.HIGH, "[HIGH] Arms transfer")
    assert message.title == "صفقة أسلحة محتملة"
    assert message.rtl
    assert message.passages[0].rtl
    assert [piece.text for piece in message.passages[0].pieces if piece.hit] == ["صفقة", "موسكو", "بالسلاح"]
    assert message.when == "2025-05-01 12:00 UTC"
    assert message.news == ()


def test_an_update_says_why_and_counts_what_it_leaves_out() -> None:
    message = read(rendered(UPDATE))
    assert message.headline == "[HIGH] Arms transfer (update)"
    assert message.news == ("is told differently",)
    assert (len(message.passages), message.more_passages) == (PASSAGES, 1)


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b'{"data":{}}', b"\xff", b'{"data":{"operation":{}}}', b"[" * 100_000])
def test_what_is_no_document_is_said_to_be_none(payload: bytes) -> None:
    with pytest.raises(ValueError):
        read(payload)


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://example.org/news/1?a=b#c", "https://example.org/news/1?a=b#c"),
        ("HTTP://Example.ORG:8080/x", "http://example.org:8080/x"),
        ("https://example.org/a|b c", "https://example.org/a%7Cb%20c"),
        ("https://مثال.example/خبر", "https://xn--mgbh0fb.example/%D8%AE%D8%A8%D8%B1"),
        ("https://e.org/%D8%AE", "https://e.org/%D8%AE"),
        ("http://[2001:db8::1]/x", "http://[2001:db8::1]/x"),
        ("https://bank.example@evil.example/", "https://evil.example/"),
        ('https://e.org/"onclick="x', "https://e.org/%22onclick=%22x"),
        ("https://e.org/a)b'", "https://e.org/a%29b%27"),
        ("\u202ehttps://e.org/\r\nX: 1", "https://e.org/%20X:%201"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("https://", ""),
        ("https://./", ""),
        ("https://[x", ""),
        ("https://e.org:99999/", ""),
        ("https://<b>.org/", ""),
        ("https://e.org/" + "a" * 3000, ""),
        ("", ""),
    ],
)
def test_an_address_is_one_to_follow_or_none(url: str, link: str) -> None:
    document = json.loads(rendered(ENGLISH))
    document["data"]["article"]["url"] = url
    assert read(json.dumps(document).encode()).url == link


def test_the_title_is_marked_where_it_is_evidence() -> None:
    message = read(rendered(UPDATE))
    assert [piece.text for piece in message.title_pieces if piece.hit] == ["arms deal"]
    assert [message.repeats(passage) for passage in message.passages] == [True, False, False]
    assert read(rendered(ARABIC)).title_pieces == (Piece("صفقة أسلحة محتملة"),)


def test_what_is_new_is_said_in_sentences_and_names_keep_their_place() -> None:
    assert read(DOCUMENTS["update"]).news == (
        "is told differently",
        "named now: Rosoboronexport, \u2067רפאל\u2069",
        "now told as: denied",
        "now also in: English, Persian",
        "now also told by: wire-en, \u2067إذاعة الشرق\u2069",
        "was medium before",
    )


def test_new_sentences_come_first_and_are_marked() -> None:
    message = read(DOCUMENTS["update"])
    assert [(passage.new, passage.zone) for passage in message.passages] == [(False, "title"), (True, "body"), (False, "lead")]
    assert message.more_passages == 1


def test_where_a_sentence_is_all_that_is_new_it_is_quoted_around_what_was_found() -> None:
    document = json.loads(DOCUMENTS["update"])
    document["data"]["change"]["new"] = {"passages": [2], "clauses": ["goods"]}
    document["data"]["reason"] = "new_evidence"
    passage = document["data"]["evidence"][2]
    said = read(json.dumps(document).encode()).news
    assert said[0] == f"says something new: “{passage['quote']}”"
    passage["quote"] = f"{'before ' * 30}{passage['quote']}{' after' * 50}"
    for hit in passage["hits"]:
        hit["start"], hit["end"] = hit["start"] + 210, hit["end"] + 210
    (first, *_) = read(json.dumps(document).encode()).news
    assert first.startswith("says something new: “…before before")
    assert first.endswith(" after…”")
    assert passage["hits"][0]["text"] in first
    assert len(first) < 160
    passage["zone"] = "title"
    assert read(json.dumps(document).encode()).news[0] == "says something new", "the title is read already"


def test_a_group_is_told_in_words_and_a_quoted_phrase_as_it_is() -> None:
    document = json.loads(DOCUMENTS["update"])
    document["data"]["change"]["new"] |= {"groups": ["breach_verb", '"dual_use"']}
    assert 'now about: breach verb, "dual_use"' in read(json.dumps(document).encode()).news


def test_a_severity_that_is_the_same_is_no_news() -> None:
    document = json.loads(DOCUMENTS["update"])
    document["data"]["change"]["severity_before"] = "high"
    assert "was" not in " ".join(read(json.dumps(document).encode()).news)


def test_who_closed_it_is_said() -> None:
    message = read(DOCUMENTS["closed"])
    assert message.headline == "[HIGH] Arms transfer (closed as not relevant)"
    assert message.news == ("closed as not relevant by dana: an exercise",)


def test_what_was_withdrawn_is_said() -> None:
    message = read(DOCUMENTS["correction"])
    assert message.headline == "[HIGH] Arms transfer (correction)"
    assert message.news == (
        "withdrawn: its article does not say any more what stands below",
        "its title was: Ministry denies arms deal with Moscow",
        "now told as: reported",
    )


def test_a_correction_shows_the_title_of_now_and_marks_what_is_withdrawn() -> None:
    """The withdrawn claim as the subject of a mail would be told once more."""
    message = read(DOCUMENTS["correction"])
    assert line(message, 120) == "[HIGH] Arms transfer (correction): Ministry confirms arms deal with Moscow"
    assert message.headed is None
    assert [how(passage) for passage in message.quoted] == [
        "WITHDRAWN · DENIED, in the title",
        "WITHDRAWN · DENIED, in the lead",
        "WITHDRAWN · REPORTED",
    ]


def test_the_closing_of_what_was_corrected_tells_nothing_that_is_withdrawn_as_said() -> None:
    message = read(closed_after_correction())
    assert line(message, 120) == "[HIGH] Arms transfer (closed as false): Ministry confirms arms deal with Moscow"
    assert message.news[:2] == (
        "closed as false by dana",
        "withdrawn: its article does not say any more what stands below",
    )
    assert message.headed is None
    assert all(how(passage).startswith("WITHDRAWN · ") for passage in message.quoted)


def test_what_is_closed_alarms_nobody_by_its_colour() -> None:
    assert {name: read(DOCUMENTS[name]).alarm for name in ("closed", "update", "correction")} == {
        "closed": Severity.INFO,
        "update": Severity.HIGH,
        "correction": Severity.HIGH,
    }


def test_how_a_title_is_told_stands_under_it() -> None:
    message = read(DOCUMENTS["english"])
    assert heading(message) == "DENIED, in the title"
    assert message.title not in [passage.text for passage in message.quoted]
    assert heading(read(DOCUMENTS["arabic"])) == ""


def test_the_sample_of_a_sink_says_so() -> None:
    message = read(render_sample("mail", NOW))
    assert message.sample
    assert line(message, 120) == "[SAMPLE] [INFO] News monitor: This is how an alert looks"
    assert "This is a sample" in message.passages[0].text


def test_an_operation_and_a_digest() -> None:
    operation, digest = read(DOCUMENTS["operation"]), read(DOCUMENTS["digest"])
    assert (operation.about, operation.headline, operation.name) == (
        About.OPERATION,
        "[MEDIUM] monitor: source:nena:failing",
        "monitor",
    )
    assert (digest.about, len(digest.members), digest.more_members) == (About.DIGEST, 5, 18)
    arabic, *_, update, trouble = digest.members
    assert (arabic.alert[:8], arabic.watchlist, arabic.outlet, arabic.language, arabic.why) == (
        "a0000001",
        "arms-transfer",
        "إذاعة الشرق",
        "ar",
        "PLANNED",
    )
    assert update.why == "is told differently; named now: רפאל"
    assert (trouble.alert, trouble.watchlist, trouble.outlet, trouble.url) == ("", "", "", "")


def test_a_digest_of_before_said_less_of_its_members() -> None:
    document = json.loads(DOCUMENTS["digest"])
    for member in document["data"]["digest"]["members"]:
        for field in ("alert", "watchlist", "outlet", "language", "why"):
            del member[field]
    assert [member.alert for member in read(json.dumps(document).encode()).members] == [""] * 5


def test_nothing_is_without_end() -> None:
    for field in FIELDS:
        message = read(placed(field, "صفقة " * 200_000))
        assert len(repr(message)) < 20_000
