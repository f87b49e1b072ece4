"""``monitor alerts`` through the program, on what the seeds raise: listed, changed, exported, and the log written anew."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import ExitStatus
from monitor.store import DataFolderLock
from tests.cli.program import Done, program

LIST = """
id: arms
title: Arms
severity: high
groups: {deal: {en: [arms deal]}}
when: deal
tests: [{alert: an arms deal}, {quiet: nothing}]
"""
ARTICLES = {
    "one.txt": "Kolchuga sold\n\nThe ministry of Zarechny signed an arms deal for thirty radars on Monday.\n",
    "two.txt": "=HYPERLINK(1) is what a trader wrote to his bank\n\nIn Port Louis he denied an arms deal with pirates of the sea.\n",
}


@pytest.fixture
def space(tmp_path: Path) -> Path:
    (tmp_path / "watchlists").mkdir()
    (tmp_path / "watchlists" / "arms.yaml").write_text(LIST)
    (tmp_path / "articles").mkdir()
    for name, text in ARTICLES.items():
        (tmp_path / "articles" / name).write_text(text)
    (tmp_path / "monitor.yaml").write_text(
        "data_dir: ./var\nwatchlists: ./watchlists\n"
        "sources: {drop: {folder: ./articles}}\nsinks: {log: {type: alert_log, path: ./a.jsonl}}\n"
    )
    done = program("once", "--config", tmp_path / "monitor.yaml")
    assert done.status == 0, done.err
    return tmp_path


def alerts(space: Path, *arguments: object) -> Done:
    return program("alerts", *arguments, "--config", space / "monitor.yaml")


def listed(space: Path, *arguments: object) -> list[dict[str, Any]]:
    return [json.loads(line) for line in alerts(space, "list", "--json", *arguments).out.splitlines()]


def test_the_life_of_an_alert(space: Path) -> None:
    alert = listed(space)[0]["id"]
    done = alerts(space, "ack", alert[:8], "-m", "looking")
    assert (done.status, done.out) == (0, f"{alert[:12]}  arms: acknowledged\n")
    assert alerts(space, "ack", alert[:8]).out == f"{alert[:12]}  arms: already acknowledged\n"
    assert alerts(space, "ack", alert[:8], "-m", "called them").out == f"{alert[:12]}  arms: acknowledged\n"
    assert "alert ack: called them" in alerts(space, "show", alert).out
    assert [one["id"] for one in listed(space, "--state", "acknowledged")] == [alert]
    done = alerts(space, "close", alert, "--as", "not-relevant", "--json")
    assert json.loads(done.out) == {
        "id": alert,
        "watchlist": "arms",
        "state": "closed",
        "unchanged": False,
        "disposition": "not_relevant",
    }
    shown = alerts(space, "show", alert).out
    assert "closed (not relevant)" in shown
    assert "alert ack: looking" in shown
    assert alerts(space, "reopen", alert).out == f"{alert[:12]}  arms: open\n"
    trail = json.loads(alerts(space, "show", alert, "--json").out)["trail"]
    assert [line["action"] for line in trail] == ["alert reopen", "alert close", "alert ack", "alert ack"]
    shown = alerts(space, "show", alert, "--limit", "2").out
    assert f"… 1 more in between; monitor alerts show {alert[:12]} --all shows them …" in shown
    whole = json.loads(alerts(space, "show", alert, "--all", "--json").out)
    assert whole == json.loads(alerts(space, "show", alert, "--json").out)
    assert len(whole["notifications"]) == 3
    assert alerts(space, "show", alert, "--all").out == alerts(space, "show", alert).out
    kinds = [json.loads(line)["type"] for line in alerts(space, "tail", "--no-follow", "--json").out.splitlines()]
    assert kinds == ["monitor.alert.raised"] * 2 + ["monitor.alert.closed", "monitor.alert.reopened"]


def test_a_wrong_id_does_nothing_and_says_so(space: Path) -> None:
    alert = listed(space)[0]["id"]
    done = alerts(space, "close", alert, "ffff", "--as", "true")
    assert done.status == ExitStatus.WRONG_USE
    assert "no alert whose id begins with 'ffff' (nothing was changed, of the others neither)\n" in done.err
    assert not listed(space, "--state", "closed")


def test_lists_are_filtered(space: Path) -> None:
    assert len(listed(space, "--severity", "high", "--source", "drop", "--since", "1h")) == 2
    assert listed(space, "--severity", "low") == []
    assert listed(space, "--source", "elsewhere") == []
    assert listed(space, "--undelivered") == []
    assert len(listed(space, "--since", "Yesterday")) == len(listed(space))
    assert "is no time" in alerts(space, "list", "--since", "soon").err
    assert "no time zone" in alerts(space, "list", "--since", "2026-03-01T10:00").err


def test_an_alert_says_why_it_is_not_delivered_yet(space: Path) -> None:
    config = space / "monitor.yaml"
    (space / "articles" / "three.txt").write_text("Nine corvettes\n\nThe shipyard of Zarechny made another arms deal on Friday.\n")
    assert program("once", "--no-send", "--config", config).status == 0
    [alert] = listed(space, "--undelivered")
    assert "\n  to log: pending: due (0 attempts)\n" in alerts(space, "show", alert["id"]).out
    config.write_text(config.read_text() + "routes: [{name: night, digest: 4h, to: [log]}]\n")
    (space / "articles" / "four.txt").write_text("Bananas\n\nA clerk in Lima was overheard planning an arms deal among smugglers.\n")
    assert program("once", "--config", config).status == 0
    shown = alerts(space, "show", listed(space, "--undelivered")[0]["id"]).out
    assert re.search(r"\n  to log: held until 20\d\d-\d\d-\d\d \d\d:\d\d \(the digest of night\) \(0 attempts\)\n", shown)


def test_a_name_that_nothing_has_is_noted(space: Path) -> None:
    for arguments, said in (
        (("--watchlist", "amrs"), "note: there is no watchlist 'amrs'; did you mean 'arms'?\n"),
        (("--watchlist", "zebra"), "note: there is no watchlist 'zebra'; there is arms\n"),
        (("--source", "dorp", "--json"), "note: there is no source 'dorp'; did you mean 'drop'?\n"),
        (("--watchlist", "arms", "--state", "closed"), ""),
    ):
        done = alerts(space, "list", *arguments)
        assert (done.status, done.err) == (0, said)
    assert alerts(space, "list", "--watchlist", "zebra").out == "no alerts\n"
    exported = alerts(space, "export", "--watchlist", "amrs")
    assert (exported.status, exported.out, exported.err) == (0, "", "note: there is no watchlist 'amrs'; did you mean 'arms'?\n")
    (space / "watchlists" / "arms.yaml").rename(space / "watchlists" / "other.yaml.off")
    assert alerts(space, "list", "--watchlist", "arms", "--state", "closed").err == ""  # it has left, and its alerts have not
    for n in range(10):
        (space / "watchlists" / f"w{n}.yaml").touch()
    assert alerts(space, "list", "--watchlist", "zebra").err.endswith("there are w0, w1, w2, w3, w4, w5, w6, w7 and 2 more\n")


def test_fault_49_a_table_holds_no_formula(space: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(alerts(space, "export", "--format", "csv").out)))
    assert [row["title"] for row in rows].count("'=HYPERLINK(1) is what a trader wrote to his bank") == 1
    assert {row["stances"] for row in rows} == {"reported", "denied"}
    assert all("arms deal" in row["evidence"] for row in rows)
    lines = [json.loads(line) for line in alerts(space, "export").out.splitlines()]
    assert {line["id"] for line in lines} == {row["id"] for row in rows}
    assert all(line["notifications"][0]["document"]["data"]["evidence"] for line in lines)


def test_fault_08_the_log_written_anew_is_the_log(space: Path) -> None:
    log = space / "a.jsonl"
    before = log.read_bytes()
    assert before.count(b"\n") == 2
    done = alerts(space, "rebuild-log", "--to", space / "new.jsonl")
    assert done.status == 0, done.err
    assert (space / "new.jsonl").read_bytes() == before
    log.write_bytes(before[:-20])
    assert alerts(space, "rebuild-log").out == f"2 lines written to {log}\n"
    assert log.read_bytes() == before
    assert not list(space.glob("*.part"))


def test_the_log_of_a_running_daemon_is_left_to_it(space: Path) -> None:
    lock = DataFolderLock(space / "var")
    lock.acquire()
    try:
        done = alerts(space, "rebuild-log")
        assert done.status == ExitStatus.IN_USE
        assert alerts(space, "rebuild-log", "--to", space / "new.jsonl").status == 0
    finally:
        lock.release()
    assert "exists" in alerts(space, "rebuild-log", "--to", space / "new.jsonl").err
    assert "no alert log" in alerts(space, "rebuild-log", "desk").err
