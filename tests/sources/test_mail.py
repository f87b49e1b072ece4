"""Mails to articles: what mail programs write, and what nobody should."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import DocumentError
from monitor.sources.mail import MAX_LINES, MAX_NESTED, read_mail


def message(**headers: str) -> EmailMessage:
    found = EmailMessage()
    for name, value in ({"Subject": "A ship was seen"} | headers).items():
        found[name] = value
    return found


def test_the_subject_is_the_title_and_the_text_the_body() -> None:
    mail = message(Date="Thu, 01 May 2025 10:00:00 +0200")
    mail.set_content("It left the port in the night.\n\nNobody saw it go.\n")
    read = read_mail(mail.as_bytes())
    assert read.text == "A ship was seen\n\nIt left the port in the night.\n\nNobody saw it go."
    assert read.title is not None
    assert read.text[read.title.start : read.title.end] == "A ship was seen"
    assert read.published == datetime(2025, 5, 1, 8, 0, tzinfo=UTC)


def test_text_goes_before_its_page_and_attachments_are_left_alone() -> None:
    mail = message()
    mail.set_content("The text of it.")
    mail.add_alternative("<p>The page of it.</p>", subtype="html")
    mail.add_attachment(b"secret words", maintype="text", subtype="plain", filename="note.txt")
    assert read_mail(mail.as_bytes()).text == "A ship was seen\n\nThe text of it."


def test_a_mail_of_one_page_is_read_as_a_page() -> None:
    mail = message()
    mail.set_content("<html><body><p>It left the port in the night, and nobody saw it go.</p></body></html>", subtype="html")
    read = read_mail(mail.as_bytes())
    assert read.text == "A ship was seen\n\nIt left the port in the night, and nobody saw it go."
    assert "html" in read.notes


def test_arabic_in_headers_and_bodies_of_any_charset() -> None:
    mail = message(Subject="سفينة في الميناء")
    mail.set_content("غادرت السفينة الميناء ليلا.", charset="windows-1256")
    assert read_mail(mail.as_bytes()).text == "سفينة في الميناء\n\nغادرت السفينة الميناء ليلا."
    raw = "Subject: سفينة\nContent-Type: text/plain; charset=no-such-charset\n\nغادرت السفينة.\n".encode()
    assert read_mail(raw).text == "سفينة\n\nغادرت السفينة."


def test_flowed_lines_are_put_together() -> None:
    raw = b"Subject: s\nContent-Type: text/plain; format=flowed\n\nIt left the \nport in the \nnight.\n\n-- \nA signature\n"
    assert read_mail(raw).text == "s\n\nIt left the port in the night.\n\n-- \nA signature"


@pytest.mark.parametrize("date", ["", "yesterday", "Thu, 99 May 2025 10:00:00 +0200", "Mon, 1 Jan 0000 00:00:00 +9999"])
def test_a_date_that_is_none_is_none(date: str) -> None:
    assert read_mail(f"Subject: s\nDate: {date}\n\nText.\n".encode()).published is None


def test_a_mail_of_parts_within_parts_is_refused_before_it_is_parsed() -> None:
    raw = b"Subject: s\n"
    for number in range(MAX_NESTED + 1):
        raw += b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (number, number)
    with pytest.raises(DocumentError, match="parts within parts"):
        read_mail(raw)


def test_a_mail_of_very_many_parts_is_refused() -> None:
    raw = b"Subject: s\nContent-Type: multipart/mixed; boundary=b\n\n" + b"--b\nContent-Type: image/png\n\nx\n" * 500
    with pytest.raises(DocumentError, match="more than 100 parts"):
        read_mail(raw)


def test_a_mail_of_very_many_lines_is_cut() -> None:
    read = read_mail(b"Subject: s\n\n" + b"x\n" * (2 * MAX_LINES))
    assert "cut" in read.notes
    assert len(read.text) <= 2 * MAX_LINES


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                b"Subject: =?utf-8?b?/////w==?=\n",
                b"Subject: =?x-none?q?=80=81?= =?utf-8?q?\xff?=\n",
                b"Content-Type: multipart/mixed; boundary=\n",
                b"Content-Type: text/plain; charset*=x''%ff; format*0=flow; format*1=ed\n",
                b"Content-Transfer-Encoding: base64\n",
                b"Content-Transfer-Encoding: uuencode\n",
                b"Content-Disposition: attachment; filename*=utf-8''%80\n",
                b"Date: Thu, 01 May 2025 10:00:00 +99999\n",
                b"\n",
                b"--\n",
                b"begin 666 x\n\xff\xfe\n",
                b"=\x00\xd8\n",
            ]
        )
        | st.binary(max_size=30),
        max_size=12,
    )
)
def test_whatever_a_mail_holds_it_is_text_or_a_document_error(parts: list[bytes]) -> None:
    try:
        read = read_mail(b"".join(parts))
    except DocumentError:
        return
    assert "\0" not in read.text
    read.text.encode()
    assert read.title is None or 0 <= read.title.start <= read.title.end <= len(read.text)
