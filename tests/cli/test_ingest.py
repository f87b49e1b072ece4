"""``monitor ingest``: lines in, counts out, faults by their number."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from monitor.cli.ingest import LINES, LONGEST
from tests.cli.program import program

TOKEN = "a-token-of-24-characters"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "watchlists").mkdir()
    (tmp_path / "in").mkdir()
    file = tmp_path / "monitor.yaml"
    file.write_text(
        f"data_dir: ./var\nwatchlists: ./watchlists\nsources:\n  wire: {{push: true, secret: {TOKEN}}}\n  drop: {{folder: ./in}}\n"
        "sinks: {log: {type: alert_log, path: ./alerts.jsonl}}\n"
    )
    file.chmod(0o600)
    return file


def line(name: str, text: str = "It left the port in the night.") -> bytes:
    return json.dumps({"id": name, "text": text}).encode()


def test_lines_are_taken_once_and_bad_ones_are_said_with_their_numbers(config: Path) -> None:
    lines = [b"\xef\xbb\xbf" + line("a"), b"", line("b"), b"nonsense", b"\xff\xfe", line("c", "x" * LONGEST)]
    lines += [b""] * LINES + [line("d"), b'{"id": "e"}']
    done = program("ingest", "-", "--source", "wire", "--json", "--config", config, stdin=b"\n".join(lines))
    assert done.status == 1, done.err
    found = json.loads(done.out)
    faults = {fault["line"]: fault["message"] for fault in found.pop("faults")}
    assert found == {"received": 7, "new": 3, "changed": 0, "unchanged": 0, "sighted": 0, "alerts": 0}
    assert sorted(faults) == [4, 5, 6, LINES + 8]
    assert "not UTF-8" in faults[5]
    assert "longer than" in faults[6]


def test_a_file_is_said_in_words_for_people(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "articles.jsonl"
    file.write_bytes(line("a") + b"\r\n" + line("b") + b"\n")
    done = program("ingest", file, "--source", "wire", "--config", config)
    assert (done.status, done.out) == (
        0,
        "2 received: 2 new, 0 changed, 0 unchanged, 0 known from elsewhere, 0 not taken; 0 notifications\n",
    )
    file.write_bytes(line("a") + b"\n" + line("b", "It came back.") + b"\nnonsense\x1b[2J")
    done = program("ingest", file, "--source", "wire", "--config", config)
    assert done.out == "3 received: 0 new, 1 changed, 1 unchanged, 0 known from elsewhere, 1 not taken; 0 notifications\n"
    assert "line 3: this is not JSON" in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-", "--source", "nope"), "there is no source 'nope'"),
        (("-", "--source", "drop"), "is a folder"),
        (("no-such-file", "--source", "wire"), "cannot be read: No such file"),
        (("-",), "--source"),
    ],
)
def test_wrong_use_is_status_2_also_of_an_empty_file(config: Path, arguments: tuple[str, ...], said: str) -> None:
    done = program("ingest", *arguments, "--config", config)
    assert done.status == 2
    assert said in done.err


def test_a_token_that_cannot_be_read_is_a_fault_of_the_configuration(config: Path, tmp_path: Path) -> None:
    config.write_text(config.read_text().replace(f"secret: {TOKEN}", "secret_file: ./token"))
    done = program("ingest", "-", "--source", "wire", "--config", config)
    assert done.status == 2
    assert "token cannot be read: No such file" in done.err
    (tmp_path / "token").write_text("short")
    done = program("ingest", "-", "--source", "wire", "--config", config)
    assert "no token of 16 characters" in done.err
    assert "short" not in done.err.replace("shorter", "")
