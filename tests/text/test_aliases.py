"""What a document is known again by: the record of years ago is asked under the same hashes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from monitor.model import Document, Span
from monitor.text.aliases import hashes, title_of

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
LINK = "https://example.org/1"


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (
            Document("wire", "k1", "عنوان\n\nنص الخبر", Span(0, 5), LINK, AT, link=LINK),
            (
                "4b2e22caf0c6c5c3e4ba30235152a0828bc54728ea8f18aaa55030cae8080833",
                "dbc5c1821c149097827f1b4a5a07f667",
                "50d4e31287725b17c768fa378d6f3e43",
                "1f206e27956556eacc10dac792666625",
            ),
        ),
        (
            Document("wire", "k2", "First line\nand more\ud800", None, "https://example.org/", AT),
            (
                "1d9338a473dd7ebc366dbb3ace3e5932cf60663fe812dd79229c2ab2588988dd",
                "0ec77cfaff21b8f22445ea8cf8ef197d",
                "875a942b8a38abb922de302e45fed8c9",
            ),
        ),
        (
            Document("wire", "k3", "First line\nand more"),
            ("4c291eae3ce0046fbeb9797f01e160a68b183d1967521b175987a30348f9819e", "df2100cd11196a91e5a7da905ed92099"),
        ),
    ],
)
def test_they_never_change(document: Document, expected: tuple[str, ...]) -> None:
    """Else every article in every record would come again as new."""
    assert hashes(document) == expected


def test_half_a_character_in_what_names_a_document_is_said() -> None:
    with pytest.raises(UnicodeEncodeError):
        hashes(Document("wire", "\ud800", "text"))


def test_a_title_is_what_its_source_knew_else_the_first_line() -> None:
    plain = Document("wire", "k", "  First\nsecond")
    assert title_of(plain) == "First"
    assert title_of(replace(plain, title=Span(0, 5))) == "  Fir"
