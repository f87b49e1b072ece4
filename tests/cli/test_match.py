"""The contract of ``monitor match --json``, and how matches are shown to a person."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import program

LIST = """\
id: deals
title: Deals
severity: high
groups:
  deal: {any: [rocketsale (exact), صفقة صواريخ (exact)]}
  place: {any: [harbour (exact)]}
when: deal OR place
"""
TEXT = (
    "A rocketsale at sea\r\n\r\nIt was said that a rocketsale took place 🚀 in the old harbour of the town.\r\n\r\n"
    "Nothing more was said about it on that day.\r\n"
)


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / "deals.yaml").write_text(LIST, encoding="utf-8")
    return folder


def answers(lists: Path, *files: object, stdin: bytes = b"", status: int = 0) -> list[dict[str, Any]]:
    done = program("match", "--watchlists", lists, "--json", *files, stdin=stdin)
    assert done.status == status, done.err
    return [json.loads(line) for line in done.out.splitlines()]


def hold(answer: dict[str, Any], decoded: str) -> None:
    """What always holds of an answer."""
    assert list(answer) == ["file", "sha256", "language", "title", "text", "zones", "matches"]
    text = decoded if answer["text"] is None else answer["text"]
    end = 0
    for zone in answer["zones"]:
        assert list(zone) == ["zone", "start", "end"]
        assert zone["zone"] in {"title", "lead", "body", "furniture"}
        assert end <= zone["start"] < zone["end"] <= len(text)
        end = zone["end"]
    for match in answer["matches"]:
        assert list(match) == ["watchlist", "severity", "stances", "evidence"]
        assert match["evidence"]
        for evidence in match["evidence"]:
            assert list(evidence) == ["start", "end", "quote", "zone", "stance", "clause", "hits"]
            assert evidence["quote"] == text[evidence["start"] : evidence["end"]]
            for hit in evidence["hits"]:
                assert list(hit) == ["group", "term", "start", "end", "text"]
                assert hit["text"] == text[hit["start"] : hit["end"]]
                assert evidence["start"] <= hit["start"] < hit["end"] <= evidence["end"]


def test_a_text_file_is_answered_with_offsets_into_it(lists: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(TEXT.encode())
    (answer,) = answers(lists, file)
    hold(answer, TEXT)
    assert answer["file"] == str(file)
    assert answer["sha256"] == hashlib.sha256(TEXT.encode()).hexdigest()
    assert answer["text"] is None
    assert answer["title"] == "A rocketsale at sea"
    assert [zone["zone"] for zone in answer["zones"]] == ["title", "lead", "body"]
    (match,) = answer["matches"]
    assert (match["watchlist"], match["severity"]) == ("deals", "high")
    assert [hit["text"] for evidence in match["evidence"] for hit in evidence["hits"]] == ["rocketsale", "rocketsale", "harbour"]


@pytest.mark.parametrize(
    ("name", "raw", "same"),
    [
        ("bom.txt", b"\xef\xbb\xbf" + TEXT.encode(), True),
        ("nul.txt", TEXT.replace("old", "o\0d").encode(), False),
        ("cp1256.txt", ("صفقة صواريخ كبيرة في المدينة وقد قيل ان ذلك حدث هناك فعلا. " * 5).encode("cp1256"), False),
        ("page.html", f"<html><head><title>T</title></head><body><p>{TEXT}</p></body></html>".encode(), False),
        ("utf16.txt", TEXT.encode("utf-16"), False),
        ("empty.txt", b"", True),
    ],
)
def test_the_text_is_given_where_it_is_not_the_decoded_file(lists: Path, tmp_path: Path, name: str, raw: bytes, same: bool) -> None:
    file = tmp_path / name
    file.write_bytes(raw)
    (answer,) = answers(lists, file)
    hold(answer, raw.decode("utf-8-sig") if same else "")
    assert (answer["text"] is None) is same
    assert bool(answer["matches"]) is (name != "empty.txt")


def test_standard_input_is_one_document(lists: Path) -> None:
    (answer,) = answers(lists, "-", stdin=TEXT.encode())
    hold(answer, TEXT)
    assert answer["file"] == "-"
    (answer,) = answers(lists, "-", stdin=f"<!doctype html><html><body><h1>T</h1><p>{TEXT}</p></body></html>".encode())
    assert answer["text"] is not None
    assert answer["matches"]


def test_nothing_found_is_an_empty_list(lists: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Nothing of note happened in the whole wide world today.\n")
    (answer,) = answers(lists, tmp_path / "a.txt")
    assert answer["matches"] == []


def test_a_file_that_cannot_be_read_does_not_keep_the_others_from_being_answered(lists: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "folder").mkdir()
    done = program("match", "--watchlists", lists, "--json", tmp_path / "nowhere", tmp_path / "folder", tmp_path / "a.txt")
    assert done.status == 2
    assert [json.loads(line)["file"] for line in done.out.splitlines()] == [str(tmp_path / "a.txt")]
    assert done.err.splitlines() == [
        f"error: {tmp_path}/nowhere: cannot be read: No such file or directory",
        f"error: {tmp_path}/folder: cannot be read: Is a directory",
    ]


def test_a_broken_watchlist_is_said_and_the_others_match(lists: Path, tmp_path: Path) -> None:
    (lists / "broken.yaml").write_text("id: broken\ngroups: {a: {any: [x]}}\nwhen: b\n")
    (tmp_path / "a.txt").write_text(TEXT)
    done = program("match", "--watchlists", lists, "--json", tmp_path / "a.txt")
    assert done.status == 1
    assert json.loads(done.out)["matches"][0]["watchlist"] == "deals"
    assert "broken.yaml:3:7: error:" in done.err


def test_a_list_that_is_off_does_not_match(lists: Path, tmp_path: Path) -> None:
    (lists / "deals.yaml").write_text(LIST + "mode: 'off'\n", encoding="utf-8")
    (tmp_path / "a.txt").write_text(TEXT)
    (answer,) = answers(lists, tmp_path / "a.txt")
    assert answer["matches"] == []


def test_a_missing_folder_and_a_missing_file_name_are_wrong_use(tmp_path: Path) -> None:
    done = program("match", "--watchlists", tmp_path / "none", "x.txt")
    assert (done.status, done.err) == (2, f"error: --watchlists: there is no folder {tmp_path}/none\n")
    assert program("match").status == 2


def test_a_person_sees_the_hits_marked(lists: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT.replace("town", "t\x1b[31mown"))
    done = program("match", "--watchlists", lists, tmp_path / "a.txt")
    assert done.status == 0
    assert f"{tmp_path}/a.txt: 1 match\n" in done.out
    assert "[HIGH] Deals" in done.out
    assert "[rocketsale]" in done.out
    assert "\x1b" not in done.out


def test_output_is_ascii_so_that_any_reader_of_lines_takes_it(lists: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT.replace("old", "o\u2028l\u202ed"), encoding="utf-8")
    done = program("match", "--watchlists", lists, "--json", tmp_path / "a.txt")
    assert done.out.isascii()
    assert done.out.count("\n") == len(done.out.splitlines()) == 1


def test_a_reader_that_has_seen_enough_is_no_error(lists: Path, tmp_path: Path) -> None:
    for number in range(50):
        (tmp_path / f"{number}.txt").write_text(TEXT * 20)
    command = [sys.executable, "-m", "monitor", "match", "--json", "--watchlists", lists, *sorted(tmp_path.glob("*.txt"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
        assert process.wait(30) == 0


def test_a_hit_carries_its_entity(tmp_path: Path) -> None:
    lists = tmp_path / "lists"
    (lists / "entities").mkdir(parents=True)
    (lists / "people.yaml").write_text("id: people\ngroups: {leader: {from: entities/leaders.csv}}\nwhen: leader\n", encoding="utf-8")
    (lists / "entities" / "leaders.csv").write_text("id,name,aliases\nQ56226,Kim Jong Un,كيم جونغ أون\n", encoding="utf-8")
    article = tmp_path / "article.txt"
    article.write_text("وقال المتحدث إن الوفد التقى كيم جونج اون أمس في العاصمة الكورية الشمالية.\n", encoding="utf-8")
    (answer,) = answers(lists, article)
    (hit,) = answer["matches"][0]["evidence"][0]["hits"]
    assert hit["entity"] == {"id": "Q56226", "name": "Kim Jong Un", "list": "entities/leaders.csv"}
    assert (hit["group"], hit["term"], hit["text"]) == ("leader", "كيم جونغ أون", "كيم جونج اون")
