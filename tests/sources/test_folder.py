"""The folder source over real files."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.errors import FetchError
from monitor.model import PollResult, SourceKind, SourceSpec, SourceState
from monitor.sources import folder as folder_module
from monitor.sources.file import MAX_READ
from monitor.sources.folder import SETTLED, FolderSource
from tests.fakes import START, FakeClock

OLD = START.timestamp() - 3600


def write(path: Path, content: str | bytes, *, when: float = OLD) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    os.utime(path, (when, when))
    return path


class Poll:
    """A folder source and the state that a record would keep for it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = FakeClock()
        self.state = SourceState("drop", START)
        self.new_source()

    def new_source(self) -> None:
        """As after a restart."""
        spec = SourceSpec("drop", SourceKind.FOLDER, str(self.path), 10, language="ar", labels={"k": "v"})
        self.source = FolderSource(spec, self.clock)

    def __call__(self, *, commit: bool = True) -> PollResult:
        result = asyncio.run(self.source.poll(self.state, self.clock.now()))
        if commit:
            self.state = replace(self.state, validators=result.validators)
        return result

    def keys(self, *, commit: bool = True) -> list[str]:
        return [document.key for document in self(commit=commit).documents]


def test_text_and_html_of_all_folders_below(tmp_path: Path) -> None:
    poll = Poll(tmp_path)
    write(tmp_path / "b.txt", "نص")
    write(tmp_path / "a" / "page.html", "<html><title>T</title><body><p>Body</p></body></html>")
    write(tmp_path / "a" / "deep" / "note.md", "# note")
    write(tmp_path / "plain", "no suffix")
    write(tmp_path / "picture.png", b"\x89PNG")
    write(tmp_path / ".hidden.txt", "hidden")
    write(tmp_path / ".git" / "x.txt", "hidden")
    result = poll()
    assert sorted(document.key for document in result.documents) == ["a/deep/note.md", "a/page.html", "b.txt", "plain"]
    text = next(document for document in result.documents if document.key == "b.txt")
    assert (text.text, text.title, text.language_hint, text.labels, text.source) == ("نص", None, "ar", {"k": "v"}, "drop")
    html = next(document for document in result.documents if document.key == "a/page.html")
    assert html.text.startswith("T\n\n")
    assert "html" in html.notes


def test_line_ends_stay_and_the_byte_order_mark_goes(tmp_path: Path) -> None:
    poll = Poll(tmp_path)
    write(tmp_path / "a.txt", b"\xef\xbb\xbfone\r\ntwo\rthree\n")
    assert poll().documents[0].text == "one\r\ntwo\rthree\n"


def test_only_new_and_changed_files_are_read_again(tmp_path: Path) -> None:
    poll = Poll(tmp_path)
    write(tmp_path / "a.txt", "one")
    write(tmp_path / "b.txt", "two")
    assert poll.keys() == ["a.txt", "b.txt"]
    unchanged = poll()
    assert unchanged.unchanged
    assert unchanged.validators == poll.state.validators
    write(tmp_path / "b.txt", "two, edited", when=OLD + 60)
    write(tmp_path / "c.txt", "three")
    assert poll.keys() == ["b.txt", "c.txt"]


def test_what_was_not_committed_is_read_again(tmp_path: Path) -> None:
    poll = Poll(tmp_path)
    write(tmp_path / "a.txt", "one")
    assert poll.keys(commit=False) == ["a.txt"]
    assert poll.keys(commit=True) == ["a.txt"]
    assert poll.keys() == []


def test_after_a_restart_everything_is_read_once_more(tmp_path: Path) -> None:
    poll = Poll(tmp_path)
    write(tmp_path / "a.txt", "one")
    poll()
    poll.new_source()
    assert poll.keys(commit=False) == ["a.txt"]
    poll.new_source()
    assert poll.keys() == ["a.txt"], "a state from before the restart confirms nothing"


def test_a_file_that_went_and_came_back_is_read_again(tmp_path: Path) -> None:
    poll = Poll(tmp_path)
    path = write(tmp_path / "a.txt", "one")
    assert poll.keys() == ["a.txt"]
    path.unlink()
    assert poll.keys() == []
    write(path, "one")
    assert poll.keys() == ["a.txt"]


def test_fault_51_links_pipes_and_devices_are_refused_and_noted_once(tmp_path: Path) -> None:
    secret = write(tmp_path / "outside" / "secret.txt", "secret")
    drop = tmp_path / "drop"
    write(drop / "a.txt", "fine")
    (drop / "link.txt").symlink_to(secret)
    (drop / "linked").symlink_to(secret.parent)
    (drop / "zero.txt").symlink_to("/dev/zero")
    os.mkfifo(drop / "pipe.txt")
    poll = Poll(drop)
    result = poll()
    assert [document.key for document in result.documents] == ["a.txt"]
    assert sorted(result.notes) == [
        "link.txt is a symbolic link and is not read",
        "linked is a symbolic link and is not followed",
        "pipe.txt is no regular file and is not read",
        "zero.txt is a symbolic link and is not read",
    ]
    assert poll().notes == ()


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    write(tmp_path / "real" / "a.txt", "text")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert Poll(tmp_path / "link").keys() == ["a.txt"]


def test_fault_51_a_huge_file_is_read_up_to_the_limit(tmp_path: Path) -> None:
    path = write(tmp_path / "big.txt", "ابدأ " * 10)
    with path.open("r+b") as file:  # sparse: 10 GB on paper
        file.truncate(10 * 1024**3)
    os.utime(path, (OLD, OLD))
    (document,) = Poll(tmp_path)().documents
    assert "cut" in document.notes
    assert len(document.text.encode()) <= MAX_READ
    assert document.text.startswith("ابدأ")


def test_a_cut_splits_no_character(tmp_path: Path) -> None:
    write(tmp_path / "big.txt", "x" + "س" * (MAX_READ // 2))
    (document,) = Poll(tmp_path)().documents
    assert document.text.strip("xس") == ""
    assert document.notes == ("cut",)


def test_fault_51_a_file_that_is_being_written_is_waited_for(tmp_path: Path) -> None:
    poll = Poll(tmp_path)
    write(tmp_path / "a.txt", "half", when=START.timestamp() - 0.5)
    result = poll()
    assert (result.documents, result.again) == ((), SETTLED)
    write(tmp_path / "a.txt", "half and more", when=START.timestamp() + 1)
    poll.clock.advance(1.5)
    assert poll().documents == ()
    poll.clock.advance(SETTLED)
    result = poll()
    assert [document.text for document in result.documents] == ["half and more"]
    assert result.again is None


def test_fault_52_a_file_from_the_future_is_taken_when_it_rests_between_two_polls(tmp_path: Path) -> None:
    poll = Poll(tmp_path)
    write(tmp_path / "a.txt", "text", when=START.timestamp() + 1e6)
    assert poll.keys() == []
    assert poll.keys() == ["a.txt"]


def test_an_old_file_dropped_by_rename_is_taken_at_once(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere.txt", "text").rename(tmp_path / "a.txt")
    assert Poll(tmp_path).keys() == ["a.txt"]


def test_names_that_are_not_utf_8_or_hold_controls(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/caf\xe9\n.txt", "wb") as file:
        file.write(b"text")
    os.utime(os.fsencode(tmp_path) + b"/caf\xe9\n.txt", (OLD, OLD))
    poll = Poll(tmp_path)
    assert poll.keys() == ["caf\\xe9\\n.txt"]
    assert poll.keys() == []


def test_many_files_come_in_several_polls(tmp_path: Path) -> None:
    poll = Poll(tmp_path)
    for number in range(folder_module.MAX_FILES + 5):
        write(tmp_path / f"{number:05}.txt", "text")
    first = poll()
    assert (len(first.documents), first.again) == (folder_module.MAX_FILES, 0.0)
    second = poll()
    assert (len(second.documents), second.again) == (5, None)
    assert poll().unchanged


@pytest.mark.parametrize(("make", "what"), [(False, "does not exist"), (True, "is not a folder")])
def test_a_missing_folder_says_what_to_do(tmp_path: Path, make: bool, what: str) -> None:
    path = tmp_path / "gone"
    if make:
        path.write_text("")
    with pytest.raises(FetchError) as caught:
        Poll(path)()
    assert caught.value.message == f"folder {path} {what}: create it or correct sources.drop.folder"


def test_an_unreadable_file_is_noted_and_the_others_are_read(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "text")
    (tmp_path / "loop.txt").symlink_to("loop.txt")
    write(tmp_path / "empty.txt", "")
    poll = Poll(tmp_path)
    result = poll()
    assert [document.key for document in result.documents] == ["a.txt"]
    assert poll().unchanged
