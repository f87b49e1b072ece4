"""docs/pushing.md: its articles are taken by its configuration, its counts are right, and its tables are the code's."""

from __future__ import annotations

import json
import re
from pathlib import Path

from monitor.sources.jsonl import FIELDS, MAX_ARTICLES
from monitor.web.push import AT_A_TIME, DEADLINE, PATH
from tests.cli.program import program

PAGE = (Path(__file__).parent.parent / "docs" / "pushing.md").read_text(encoding="utf-8")


def block(kind: str) -> str:
    found = re.search(rf"^```{kind}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def test_the_articles_shown_are_taken_as_it_says(tmp_path: Path) -> None:
    (tmp_path / "watchlists").mkdir()
    (tmp_path / "monitor.yaml").write_text(f"data_dir: ./var\nwatchlists: ./watchlists\n{block('yaml')}")
    token = tmp_path / "wire.token"
    token.write_text("0123456789abcdef" * 3)
    token.chmod(0o600)
    articles = tmp_path / "articles.jsonl"
    articles.write_text(block("jsonl"))
    done = program("ingest", articles, "--source", "wire", "--json", "--config", tmp_path / "monitor.yaml")
    assert done.status == 0, done.err
    assert json.loads(done.out) == json.loads(block("json")) | {"faults": []}


def test_its_tables_and_numbers_are_the_codes() -> None:
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == list(FIELDS)
    assert f"`POST {PATH}`" in PAGE
    assert f"At most {MAX_ARTICLES:,} articles" in PAGE
    assert f"too slow ({DEADLINE:g} s)" in PAGE
    assert AT_A_TIME == 4
    assert "four pushes are under way" in PAGE
