"""The keys of links: made once, for their owner only, read again, and refused where they are none."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from monitor.errors import StorageError
from monitor.keys import KEY, NAME, LinkKeys


def test_a_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    (key,) = LinkKeys(tmp_path)()
    assert len(key) == KEY
    assert tuple(LinkKeys(tmp_path)()) == (key,)
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == [NAME]


def test_the_first_of_several_signs_and_all_are_read(tmp_path: Path) -> None:
    new, old = b"n" * KEY, b"o" * KEY
    (tmp_path / NAME).write_text(f"{new.hex()}\n{old.hex()}\n")
    assert tuple(LinkKeys(tmp_path)()) == (new, old)


@pytest.mark.parametrize("text", ["not hex at all", "abcd", "é" * 64, ""])
def test_what_is_no_key_is_said_with_what_to_do(tmp_path: Path, text: str) -> None:
    (tmp_path / NAME).write_text(text)
    with pytest.raises(StorageError) as caught:
        LinkKeys(tmp_path)
    assert "remove it" in caught.value.hint
