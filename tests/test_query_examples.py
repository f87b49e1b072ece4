"""The examples of docs/query-language.md, row by row."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from monitor.dictionaries import default_folder, open_lookup
from monitor.match import compile_engine
from monitor.model import Facts
from monitor.text.forms import Lookup
from monitor.text.language import identify
from monitor.text.layout import lay_out
from monitor.watchlist import QueryError, load, parse_query

PAGE = (Path(__file__).parents[1] / "docs" / "query-language.md").read_text(encoding="utf-8")
GROUPS = """
id: page
groups:
  deal: {ar: [صفقة أسلحة], en: [arms deal]}
  weapon: {ar: [سلاح, صاروخ], en: [weapon, missile]}
  transfer: {ar: [تزويد, بيع], en: [sale, supply]}
  country: {ar: [روسيا], en: [Russia]}
  denial: {en: [deny]}
mask: {ar: [رفاق السلاح], en: [comrades in arms]}
"""


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading."""
    section = PAGE.partition(f"## {heading}")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][2:]
    return [[cell.replace("\\|", "|").strip() for cell in line.replace(" \\| ", " \0 ").strip("| ").split(" | ")] for line in lines]


@cache
def lookup() -> Lookup:
    return open_lookup(Path(default_folder({})), ["ar", "en"])


@pytest.mark.parametrize(("query", "text", "answer"), rows("Examples"))
def test_an_example_of_the_page(query: str, text: str, answer: str) -> None:
    when = query.strip("`").replace("'", "''")
    engine = compile_engine([load("page", {"page.yaml": f"{GROUPS}when: '{when}'\n"})], lookup())
    parts = [part.strip() for part in text.split("\0")]
    laid = lay_out("\n\n".join(parts)) if len(parts) > 1 else lay_out(parts[0], all_body=True)
    found = engine.match("\n\n".join(parts), laid, Facts(identify(parts[0]), "example-ar", {"country": "EG"}))
    assert bool(found) == (answer == "yes")


@pytest.mark.parametrize(
    ("theirs", "ours"), [(each, ours) for cell, ours in rows("If you come from another tool") for each in cell.split(", `")]
)
def test_an_operator_of_another_tool_is_answered_with_ours(theirs: str, ours: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_query(theirs.strip("`"))
    assert "another tool" in caught.value.message
    assert caught.value.hint == f"here it is written: {ours.strip('`')}"
    # What is answered can be written: a filter alone is refused for another reason.
    parse_query(f"({ours.strip('`')}) AND a")


@pytest.mark.parametrize(("written", "offered"), rows("What a refusal offers"))
def test_what_a_refusal_of_the_page_offers(written: str, offered: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_query(written.strip("`"))
    (offer,) = caught.value.offers
    assert ", or ".join(f"`{text}`" for text in offer.texts) == offered
