"""``monitor alerts export`` of an alert that was told more than once: the table says all that was told of it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from tests.cli.program import program
from tests.story.articles import RADARS

LIST = """
id: deals
title: Deals
severity: high
groups: {deal: {en: [radar stations]}}
when: deal
tests: [{alert: radar stations}, {quiet: nothing}]
"""
#: The same event, and what the first outlet did not have.
DENIED = RADARS + "In Port Louis a trader denied a sale of radar stations.\n"


def prepare(folder: Path) -> None:
    (folder / "watchlists").mkdir()
    (folder / "watchlists" / "deals.yaml").write_text(LIST)
    (folder / "articles").mkdir()
    (folder / "monitor.yaml").write_text(
        "data_dir: ./var\nwatchlists: ./watchlists\n"
        "sources: {drop: {folder: ./articles}}\nsinks: {log: {type: alert_log, path: ./a.jsonl}}\n"
    )


def table(folder: Path) -> list[dict[str, str]]:
    done = program("alerts", "export", "--format", "csv", "--config", folder / "monitor.yaml")
    return list(csv.DictReader(io.StringIO(done.out)))


def test_a_table_has_the_stances_of_everything_told(tmp_path: Path) -> None:
    prepare(tmp_path)
    for name, text in {"1.txt": RADARS, "2.txt": DENIED}.items():
        (tmp_path / "articles" / name).write_text(text)
        assert program("once", "--config", tmp_path / "monitor.yaml").status == 0
    told = [json.loads(line)["data"] for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert [document["reason"] for document in told] == ["first_match", "stance_changed"]

    (row,) = table(tmp_path)
    assert row["stances"] == "denied reported"
    assert row["evidence"] == told[0]["evidence"][0]["quote"], "of the first notification, as the help says"
    for command in (("list", "--json"), ("export",)):
        alert = json.loads(program("alerts", *command, "--config", tmp_path / "monitor.yaml").out)
        assert alert["stances"] == ["denied", "reported"]


def test_a_table_says_when_an_article_took_back_what_was_told(tmp_path: Path) -> None:
    prepare(tmp_path)
    for text, corrected in ((RADARS, False), (RADARS.replace("stations", "posters"), True), (RADARS, False)):
        (tmp_path / "articles" / "1.txt").write_text(text)
        assert program("once", "--config", tmp_path / "monitor.yaml").status == 0
        (row,) = table(tmp_path)
        last = json.loads((tmp_path / "a.jsonl").read_text().splitlines()[-1])
        assert last["type"].endswith(".corrected") is corrected
        to_the_millisecond = len("2026-03-01T12:00:00.000")
        assert row["corrected"][:to_the_millisecond] == (last["time"].removesuffix("Z") if corrected else "")
        assert row["stances"] == "reported", "what had been told, as the help says"
        listed = json.loads(program("alerts", "list", "--json", "--config", tmp_path / "monitor.yaml").out)
        assert (listed["corrected"], listed["corrected_at"] or "") == (corrected, row["corrected"])
        why = program("why", "1.txt", "--config", tmp_path / "monitor.yaml").out
        assert why.startswith("deals: corrected: the article no longer says it") is corrected
    assert why.startswith("deals: updated: ")
    decided = [line.split()[1] for line in why.splitlines() if line.startswith("    decided ")]
    assert decided == ["raise:", "correct:", "update:"], "what was decided of the text when it came first is no secret"
    found = json.loads(program("why", "1.txt", "--json", "--config", tmp_path / "monitor.yaml").out)["watchlists"][0]
    first, _, last = found["decisions"]
    assert found["left_out"] == 0
    assert first["at"] < last["at"]
    assert (first.keys(), first["notification"]["kind"]) == (last.keys(), "raised")
    for name in ("version", "engine", "text_hash", "story", "severity", "stances", "evidence"):
        assert first[name] == last[name]
