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


def test_a_table_has_the_stances_of_everything_told(tmp_path: Path) -> None:
    (tmp_path / "watchlists").mkdir()
    (tmp_path / "watchlists" / "deals.yaml").write_text(LIST)
    (tmp_path / "articles").mkdir()
    (tmp_path / "monitor.yaml").write_text(
        "data_dir: ./var\nwatchlists: ./watchlists\n"
        "sources: {drop: {folder: ./articles}}\nsinks: {log: {type: alert_log, path: ./a.jsonl}}\n"
    )
    for name, text in {"1.txt": RADARS, "2.txt": DENIED}.items():
        (tmp_path / "articles" / name).write_text(text)
        assert program("once", "--config", tmp_path / "monitor.yaml").status == 0
    told = [json.loads(line)["data"] for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert [document["reason"] for document in told] == ["first_match", "stance_changed"]

    done = program("alerts", "export", "--format", "csv", "--config", tmp_path / "monitor.yaml")
    (row,) = csv.DictReader(io.StringIO(done.out))
    assert row["stances"] == "denied reported"
    assert row["evidence"] == told[0]["evidence"][0]["quote"], "of the first notification, as the help says"
    for command in (("list", "--json"), ("export",)):
        alert = json.loads(program("alerts", *command, "--config", tmp_path / "monitor.yaml").out)
        assert alert["stances"] == ["denied", "reported"]
