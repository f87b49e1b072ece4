"""What the shipped watchlist tells of the shipped articles, through the program: nothing that was told before is told again."""

from __future__ import annotations

import json
from pathlib import Path

from monitor.story.said import clauses_of
from tests.cli.program import program


def test_every_update_of_the_shipped_articles_says_something_that_was_not_told(tmp_path: Path) -> None:
    folder = tmp_path / "news"
    assert program("init", folder).status == 0
    for other in (folder / "watchlists").glob("*.yaml"):
        if other.stem != "arms-transfer":
            other.unlink()
    assert program("once", "--config", folder / "monitor.yaml").status == 0
    (alert,) = map(json.loads, program("alerts", "export", "--config", folder / "monitor.yaml").out.splitlines())
    assert [one["reason"] for one in alert["decisions"]] == ["first_match", "stance_changed", "new_evidence", "new_evidence"]

    told: set[str] = set()
    for document in (one["document"]["data"] for one in alert["notifications"]):
        clauses = {clause for passage in document["evidence"] for clause in clauses_of(passage["clause"])}
        if told:
            new = document["change"]["new"]
            assert set(new["clauses"]) == clauses - told
            assert any(new[what] for what in ("entities", "groups", "clauses", "stances", "passages"))
        told |= clauses
