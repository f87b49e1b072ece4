"""The folder source over real files."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.errors import FetchError, MonitorError
from monitor.model import Document, PollResult, SourceKind, SourceSpec, SourceState
from monitor.ports import Fetched, PageRead
from monitor.sources import folder as folder_module
from monitor.sources.file import MAX_READ
from monitor.sources.folder import MAX_TEXT, SETTLED, FolderSource
from monitor.workers import WorkersError, inside
from tests.fakes import START, FakeClock, FakeWorkers

OLD = START.timestamp() - 3600


def write(path: Path, content: str | bytes, *, when: float = OLD) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    os.utime(path, (when, when))
    return path


class Reading(FakeWorkers):
    """Reads what a worker would read, here; ``refused`` is file or title -> what its process made of it."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: dict[str, MonitorError] = {}
        self.read: list[str] = []

    async def parse_file(self, spec: SourceSpec, raw: bytes, name: str, *, key: str, cut: bool) -> Document:
        self.read.append(key)
        if key in self.refused:
            raise self.refused[key]
        return inside.read_file_task(inside.FileTask(raw, name, key, cut, spec, START))

    async def parse_page(self, spec: SourceSpec, fetched: Fetched, title: str) -> PageRead:
        if title in self.refused:
            raise self.refused[title]
        return inside.read_page_task(fetched, title)


class Poll:
    """A folder source and the state that a record would keep for it."""

    def __init__(self, path: Path, match: tuple[str, ...] = ()) -> None:
        self.path = path
        self.match = match
        self.clock = FakeClock()
        self.workers = Reading()
        self.state = SourceState("drop", START)
        self.new_source()

    def new_source(self) -> None:
        """As after a restart."""
        spec = SourceSpec("drop", SourceKind.FOLDER, str(self.path), 10, language="ar", labels={"k": "v"}, match=self.match)
        self.source = FolderSource(spec, self.clock, self.workers)

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


# --------------------------------------------------------------------------------- mails, lines, globs
def lines(*names: str, word: str = "left") -> str:
    return "".join(f'{{"id": "{name}", "text": "{name} {word} the port."}}\n' for name in names)


def test_globs_choose_the_files(tmp_path: Path) -> None:
    poll = Poll(tmp_path, match=("*.txt", "2025/**/*.html"))
    for name in ("a.txt", "below/b.txt", "2025/05/c.html", "c.html", "2025/d.txt"):
        write(tmp_path / name, "text")
    assert sorted(poll.keys()) == ["2025/05/c.html", "a.txt"]


def test_a_mail_is_an_article_with_its_date(tmp_path: Path) -> None:
    poll = Poll(tmp_path)
    write(tmp_path / "a.eml", "Subject: A ship\nDate: Thu, 01 May 2025 10:00:00 +0000\n\nIt left.\n")
    write(tmp_path / "bad.eml", "Content-Type: multipart/mixed; boundary=b\n\n" + "--b\nContent-Type: image/png\n\nx\n" * 500)
    result = poll()
    (document,) = result.documents
    assert (document.key, document.text) == ("a.eml", "A ship\n\nIt left.")
    assert document.published is not None
    assert document.published.hour == 10
    assert result.notes == ("bad.eml: the mail has more than 100 parts",)
    assert poll().notes == ()


def test_each_line_is_an_article(tmp_path: Path) -> None:
    poll = Poll(tmp_path)
    write(tmp_path / "a.jsonl", lines("one") + "nonsense\n\n" + lines("two"))
    result = poll()
    assert [document.key for document in result.documents] == ["a.jsonl#one", "a.jsonl#two"]
    assert result.documents[0].text == "one left the port."
    assert result.documents[0].labels == {"k": "v"}
    assert result.notes == ("a.jsonl, line 2: this is not JSON: Expecting value (column 1)",)
    assert poll().unchanged


def test_a_page_in_a_line_is_read_as_a_page(tmp_path: Path) -> None:
    poll = Poll(tmp_path)
    write(tmp_path / "a.ndjson", '{"id": "x", "title": "T", "html": "<body><h1>Other</h1><p>It left the port in the night.</p></body>"}\n')
    assert poll().documents[0].text == "T\n\nIt left the port in the night."


def test_fault_51_of_a_growing_file_the_whole_lines_are_taken(tmp_path: Path) -> None:
    poll = Poll(tmp_path)
    file = write(tmp_path / "a.jsonl", lines("one") + lines("two")[:20], when=START.timestamp())
    first = poll()
    assert [document.key for document in first.documents] == ["a.jsonl#one"]
    assert first.again == SETTLED
    with file.open("a") as opened:
        opened.write(lines("two")[20:] + lines("three"))
    os.utime(file, (START.timestamp() + 1, START.timestamp() + 1))
    assert poll.keys() == ["a.jsonl#two", "a.jsonl#three"]
    assert poll().unchanged


def test_a_last_line_without_its_end_is_taken_once_the_file_rests(tmp_path: Path) -> None:
    poll = Poll(tmp_path)
    file = write(tmp_path / "a.jsonl", lines("one") + lines("two").rstrip())
    assert poll.keys() == ["a.jsonl#one", "a.jsonl#two"]
    assert poll().unchanged
    with file.open("a") as opened:
        opened.write("\n" + lines("three"))
    os.utime(file, (OLD + 60, OLD + 60))
    assert poll.keys() == ["a.jsonl#two", "a.jsonl#three"]


def test_lines_that_were_not_committed_are_read_again(tmp_path: Path) -> None:
    poll = Poll(tmp_path)
    write(tmp_path / "a.jsonl", lines("one", "two"))
    assert poll.keys(commit=False) == ["a.jsonl#one", "a.jsonl#two"]
    assert poll.keys() == ["a.jsonl#one", "a.jsonl#two"]
    assert poll().unchanged


@pytest.mark.parametrize("how", ["replaced", "edited in place", "cut", "rewritten longer"])
def test_a_file_that_is_another_now_is_read_from_its_beginning(tmp_path: Path, how: str) -> None:
    poll = Poll(tmp_path)
    file = write(tmp_path / "a.jsonl", lines("one", "two"))
    poll()
    text = {"cut": lines("six"), "rewritten longer": lines("six", "seven", "eight", "nine")}.get(how, lines("two", "one"))
    if how == "replaced":
        write(tmp_path / "new", text).rename(file)
    else:
        file.write_text(text)
    os.utime(file, (OLD + 60, OLD + 60))
    assert poll.keys() == [f"a.jsonl#{name}" for name in [line[8:].partition('"')[0] for line in text.splitlines()]]


def test_many_lines_come_in_several_polls(tmp_path: Path) -> None:
    poll = Poll(tmp_path)
    write(tmp_path / "a.jsonl", lines(*(f"n{number}" for number in range(2500))))
    found = []
    for _ in range(3):
        result = poll()
        found += [document.key for document in result.documents]
    assert found == [f"a.jsonl#n{number}" for number in range(2500)]
    assert result.again is None


def test_fault_51_a_huge_file_without_a_line_end_is_passed_over(tmp_path: Path) -> None:
    poll = Poll(tmp_path)
    file = tmp_path / "a.jsonl"
    with file.open("wb") as opened:
        opened.truncate(10 * 1024**3)
    os.utime(file, (OLD, OLD))
    result = poll()
    assert result.documents == ()
    assert result.again == 0
    assert result.notes == ("a.jsonl, line 1: it is longer than 8 MiB",)


def test_a_line_that_is_too_long_is_passed_over_and_the_next_is_taken(tmp_path: Path) -> None:
    poll = Poll(tmp_path)
    write(tmp_path / "a.jsonl", lines("one") + "x" * (20 * 1024 * 1024) + "\n" + lines("two"))
    result = poll()
    assert [document.key for document in result.documents] == ["a.jsonl#one", "a.jsonl#two"]
    assert result.notes == ("a.jsonl, line 2: it is longer than 8 MiB",)


def test_fault_51_a_file_of_lines_behind_a_link_is_refused(tmp_path: Path) -> None:
    poll = Poll(tmp_path / "in")
    write(tmp_path / "secret.jsonl", lines("one"))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jsonl").symlink_to(tmp_path / "secret.jsonl")
    os.mkfifo(tmp_path / "in" / "b.jsonl")
    result = poll()
    assert result.documents == ()
    assert len(result.notes) == 2


# ------------------------------------------------------------------------------ what is taken apart elsewhere
PAGE = "<html><title>T</title><body><p>It left the port in the night, with nobody on board.</p></body></html>"
MAIL = b"Subject: A mail\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nIt left the port.\r\n"


def test_html_and_mails_are_read_by_a_worker_and_text_is_not(tmp_path: Path) -> None:
    poll = Poll(tmp_path)
    for name, content in {"a.html": PAGE, "b": PAGE, "c.eml": MAIL, "d.txt": PAGE, "e.md": "# note"}.items():
        write(tmp_path / name, content)
    assert poll.keys() == ["a.html", "b", "c.eml", "d.txt", "e.md"]
    assert poll.workers.read == ["a.html", "b", "c.eml"]


def test_fault_38_a_file_that_ends_its_worker_is_noted_and_left_until_it_changes(tmp_path: Path) -> None:
    poll = Poll(tmp_path)
    for name in ("a.html", "bad.html", "c.html"):
        write(tmp_path / name, PAGE)
    poll.workers.refused["bad.html"] = FetchError("the file took longer than 5 s to read and was given up", died=True)
    result = poll()
    assert [document.key for document in result.documents] == ["a.html", "c.html"]
    assert result.notes == ("bad.html: the file took longer than 5 s to read and was given up",)
    assert poll().unchanged
    poll.workers.refused.clear()
    write(tmp_path / "bad.html", PAGE, when=OLD + 60)
    assert poll.keys() == ["bad.html"]


def test_files_wait_where_no_worker_can_be_started(tmp_path: Path) -> None:
    poll = Poll(tmp_path)
    write(tmp_path / "a.html", PAGE)
    poll.workers.refused["a.html"] = WorkersError("worker processes cannot be started")
    with pytest.raises(WorkersError):
        poll()
    poll.workers.refused.clear()
    assert poll.keys() == ["a.html"]


def test_html_of_a_line_that_cannot_be_read_is_named_by_its_line_and_the_others_are_taken(tmp_path: Path) -> None:
    poll = Poll(tmp_path)
    rows = [{"id": str(n), "title": f"title {n}", "html": PAGE} for n in range(14)]
    write(tmp_path / "a.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    poll.workers.refused = {f"title {n}": FetchError("the page took too long", died=True) for n in range(1, 13)}
    result = poll()
    assert [document.key for document in result.documents] == ["a.jsonl#0", "a.jsonl#13"]
    assert result.documents[0].text == "title 0\n\nIt left the port in the night, with nobody on board."
    assert result.notes == tuple(f"a.jsonl, line {line}: the page took too long" for line in range(2, 12))


def test_a_poll_holds_so_many_bytes_of_pages_and_no_more(tmp_path: Path) -> None:
    poll = Poll(tmp_path)
    poll.source = FolderSource(poll.source.spec, poll.clock, FakeWorkers())
    for n in range(5):
        with (tmp_path / f"{n}.html").open("wb") as opened:
            opened.truncate(MAX_READ)
        os.utime(tmp_path / f"{n}.html", (OLD, OLD))
    assert MAX_TEXT == 2 * MAX_READ
    assert poll.keys() == ["0.html", "1.html"]
    assert poll.keys() == ["2.html", "3.html"]
    result = poll()
    assert ([document.key for document in result.documents], result.again) == (["4.html"], None)
