"""``monitor stories`` through the program: two outlets of one event, and what people make of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import Done, program
from tests.story.articles import DRONES, RADARS, RADARS_RETOLD

LIST = """
id: deals
title: Deals
severity: high
groups: {deal: {en: [Marchenko]}}
when: deal
tests: [{alert: said Marchenko}, {quiet: nothing}]
"""


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three articles of two events."""
    folder = tmp_path_factory.mktemp("stories")
    (folder / "watchlists").mkdir()
    (folder / "watchlists" / "deals.yaml").write_text(LIST)
    (folder / "articles").mkdir()
    for name, text in {"1.txt": RADARS, "2.txt": RADARS_RETOLD, "3.txt": DRONES}.items():
        (folder / "articles" / name).write_text(text)
    (folder / "monitor.yaml").write_text(
        "data_dir: ./var\nwatchlists: ./watchlists\n"
        "sources: {drop: {folder: ./articles}}\nsinks: {log: {type: alert_log, path: ./a.jsonl}}\n"
    )
    done = program("once", "--config", folder / "monitor.yaml")
    assert done.status == 0, done.err
    return folder


def stories(space: Path, *arguments: object) -> Done:
    return program("stories", *arguments, "--config", space / "monitor.yaml")


def listed(space: Path, *arguments: object) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stories(space, "list", "--json", *arguments).out.splitlines()]


def test_stories_are_listed_shown_merged_and_split(space: Path) -> None:
    large, small = listed(space, "--large")
    assert (large["articles"], small["articles"]) == (2, 1)
    assert [alert["watchlist"] for alert in large["alerts"]] == ["deals"]
    assert listed(space, "--watchlist", "other") == listed(space, "--since", "2999-01-01") == []
    told = stories(space, "list", "--limit", 1).out
    assert "1 article of 1 outlet" in told or "2 articles of 1 outlet" in told

    assert stories(space, "show", large["alerts"][0]["id"][:10]).out == stories(space, "show", large["id"]).out
    assert len(listed(space, "--since", "2h")) == 2
    shown = stories(space, "show", large["id"][:10])
    assert shown.status == 0, shown.err
    assert "    the first\n" in shown.out
    assert "rare words" in shown.out
    members = json.loads(stories(space, "show", large["id"], "--json").out)["members"]
    assert [member["joined"] is None for member in members] == [True, False]

    # Messages name alerts: the beginning of an alert's id means its story.
    merged = stories(space, "merge", small["alerts"][0]["id"][:10], large["id"][:10], "-m", "one order")
    assert (merged.status, merged.out.splitlines()[0]) == (0, f"1 article went into story {large['id'][:12]}"), merged.err
    assert "closed, part of" in merged.out
    assert [story["articles"] for story in listed(space)] == [3]
    assert f"story {small['id'][:12]} became part of it" in stories(space, "show", large["id"]).out
    for wanted in (small["id"][:10], small["alerts"][0]["id"][:10], large["alerts"][0]["id"][:10]):
        shown = stories(space, "show", wanted)
        assert (shown.status, shown.out.splitlines()[0][: 6 + 32]) == (0, f"story {large['id']}"), shown.err
    again = stories(space, "merge", small["alerts"][0]["id"][:10], large["id"][:10])
    assert "are the same story" in again.err
    assert f"story {small['id'][:12]} became part of {large['id'][:12]}" in stories(space, "merge", small["id"], large["id"]).err

    split = stories(space, "split", large["id"][:10], small["id"][:10], "--json")
    done = json.loads(split.out)
    assert (split.status, done["story"], done["articles"]) == (0, small["id"], 1), split.err
    assert [alert["state"] for alert in done["alerts"]] == ["open"]
    assert sorted(story["articles"] for story in listed(space)) == [1, 2]

    audit = program("audit", "--json", "--config", space / "monitor.yaml")
    assert [json.loads(line)["action"] for line in audit.out.splitlines() if "stories" in line] == ["stories split", "stories merge"]
    kinds = [json.loads(line)["type"].rpartition(".")[2] for line in (space / "a.jsonl").read_text().splitlines()]
    assert kinds.count("raised") == 2


def test_a_watchlist_that_is_not_there_is_noted(space: Path) -> None:
    done = stories(space, "list", "--watchlist", "zebra")
    assert (done.status, done.out) == (0, "no stories\n")
    assert done.err.startswith("note: there is no watchlist 'zebra'; there ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("show", "ffff"), "no story whose id begins with 'ffff'"),
        (("list", "--since", "soon"), "'soon' is no time"),
        (("merge", "ffff", "ffff"), "no story whose id begins"),
        (("split", "ffff", "ffff"), "no story whose id begins"),
    ],
)
def test_what_is_wrong_is_said_with_status_2(space: Path, arguments: tuple[str, ...], message: str) -> None:
    done = stories(space, *arguments)
    assert (done.status, done.out) == (2, "")
    assert message in done.err


def test_an_open_alert_merged_into_a_closed_one_is_said_with_the_way_back(tmp_path: Path) -> None:
    (tmp_path / "watchlists").mkdir()
    (tmp_path / "watchlists" / "deals.yaml").write_text(LIST)
    (tmp_path / "articles").mkdir()
    for name, text in {"1.txt": RADARS, "3.txt": DRONES}.items():
        (tmp_path / "articles" / name).write_text(text)
    (tmp_path / "monitor.yaml").write_text(
        "data_dir: ./var\nwatchlists: ./watchlists\n"
        "sources: {drop: {folder: ./articles}}\nsinks: {log: {type: alert_log, path: ./a.jsonl}}\n"
    )
    assert program("once", "--config", tmp_path / "monitor.yaml").status == 0
    gone, stays = (story["alerts"][0]["id"] for story in listed(tmp_path))
    config = ("--config", tmp_path / "monitor.yaml")
    assert program("alerts", "close", stays, "--as", "not-relevant", *config).status == 0
    merged = stories(tmp_path, "merge", gone[:10], stays[:10])
    assert merged.out.splitlines()[1:] == [
        f"  alert {gone[:12]} (deals): closed, part of {stays[:12]}",
        f"    {stays[:12]} is closed as not relevant, so this is not open any more; to open it: monitor alerts reopen {stays[:12]}",
    ], merged.err
    assert program("alerts", "reopen", stays[:12], *config).out == f"{stays[:12]}  deals: open\n"
