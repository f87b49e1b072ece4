"""Secret files: read again when they change, and never quoted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from monitor.errors import SinkError
from monitor.sinks.secrets import SecretFile, pieces


def test_a_changed_file_is_in_force_at_once_and_a_missing_one_keeps_the_last(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("first secret\n")
    secret = SecretFile("desk", "password", file)
    assert secret.read() == "first secret"
    new = tmp_path / "new"
    new.write_text("second secret\r\n")
    os.replace(new, file)
    assert secret.read() == "second secret"
    file.unlink()
    assert secret.read() == "second secret"


@pytest.mark.parametrize(
    ("content", "why"), [(b"", "empty"), (b"\xff\xfe", "not text"), (b"x" * 70_000, "over 64 KiB"), (None, "No such file")]
)
def test_what_cannot_be_a_secret_is_said_without_it(tmp_path: Path, content: bytes | None, why: str) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SinkError, match=why) as caught:
        SecretFile("desk", "password", file).read()
    assert "sink desk: the password file" in str(caught.value)


def test_pieces_are_all_that_may_give_it_away() -> None:
    address = "https://u:hunter22@example.org/T000/B111?key=abcd"
    assert {address, "hunter22", "T000", "B111", "abcd"} <= set(pieces(address))
