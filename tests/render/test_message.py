"""The message every channel starts from: what it says of an alert, and that nothing foreign is in it untamed."""

from __future__ import annotations

import json

import pytest

from monitor.model import Severity
from monitor.render.message import PASSAGES, About, read
from tests.render.samples import ARABIC, ENGLISH, UPDATE, rendered


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


def test_an_address_that_is_none_is_left_out() -> None:
    document = json.loads(rendered(ENGLISH))
    for url in ("javascript:alert(1)", "data:text/html,x", "https://e.org/<b>", 'https://e.org/"onclick="x', "\u202ehttps://e.org"):
        document["data"]["article"]["url"] = url
        assert read(json.dumps(document).encode()).url in ("", "https://e.org")
