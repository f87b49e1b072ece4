"""What is said of lists of names: the scripts they are written in, and names that are found by themselves."""

from __future__ import annotations

import pytest

from monitor.watchlist import Watchlist, load, parse_query
from monitor.watchlist.namelint import alone, coverages, doubtful_names, lint_names
from monitor.watchlist.names import read_names

NAMES = """\
id,name,aliases
1,Kim Jong Un,كيم جونغ أون;Ким Чен Ын;金正恩;김정은
2,Pyongyang,بيونغ يانغ;平壤
3,Ri,
4,HOPE,
5,Hezbollah,حزب الله
6,Ali Hassan,
7,Ali Omar,
8,Ali Salih,
9,Ali,
"""


def using(when: str, groups: str = "", names: str = NAMES) -> Watchlist:
    text = f"id: w\ngroups:\n  n: {{from: entities/n.csv}}\n  m: {{en: [missile]{groups}}}\nwhen: {when}\n"
    return load("w", {"w.yaml": text, "entities/n.csv": names})


def lookup(language: str, word: str) -> frozenset[str]:
    return frozenset({"hope", "hopes"}) if (language, word) == ("en", "hope") else frozenset()


def messages(watchlist: Watchlist) -> list[str]:
    return [fault.message for fault in lint_names(watchlist, lookup)]


def test_how_many_names_have_a_spelling_in_each_script() -> None:
    (found,) = coverages(using("n AND m"))
    assert found.scripts == {"Latin": 9, "Arabic": 3, "Han": 2, "Cyrillic": 1, "Hangul": 1}
    assert str(found) == "entities/n.csv: 9 names; with a spelling in Latin 9, Arabic 3, Han 2, Cyrillic 1, Hangul 1"


def test_a_script_that_the_watchlist_speaks_and_its_names_do_not() -> None:
    assert messages(using("n AND m", ", ar: [صاروخ]")) == ["of 9 names of entities/n.csv 3 have a spelling in Arabic script"]
    assert messages(using("n AND m")) == []


def test_names_that_are_found_by_themselves() -> None:
    (message,) = messages(using("n OR m"))
    assert message == (
        "'n' alone makes the query true, and names of entities/n.csv are short or words of every day: "
        "平壤 (line 3), Ri (line 4), HOPE (line 5), Ali (line 10)"
    )
    (fault,) = lint_names(using("n OR m"))
    assert fault.warning
    assert fault.file == "w.yaml"
    assert "HOPE" not in fault.message  # without a dictionary nobody knows


def test_of_many_names_a_few_are_told() -> None:
    rows = "".join(f"{number},X{number},\n" for number in range(10, 40))
    (message,) = messages(using("n", names="id,name,aliases\n" + rows))
    assert message.endswith("X10 (line 2), X11 (line 3), X12 (line 4), X13 (line 5), X14 (line 6) and 25 more")


@pytest.mark.parametrize(
    ("query", "groups"),
    [
        ("n", {"n"}),
        ("n OR m", {"n", "m"}),
        ("n AND m", set()),
        ("n AND NOT m", {"n"}),
        ("n AND lang(ar)", {"n"}),
        ("(n OR m) AND (n OR k)", {"n"}),
        ("n NEAR/5 m", set()),
        ("m OR sentence(n, NOT m)", {"m", "n"}),
        ("sentence(n, m)", set()),
        ("title: n", {"n"}),
        ("first(10, n)", {"n"}),
        ("count(n) >= 2", set()),
        ("count(n) >= 1", {"n"}),
        ('"word" OR n', {"n"}),
        ("m AND (n OR k)", set()),
    ],
)
def test_groups_that_are_asked_for_alone(query: str, groups: set[str]) -> None:
    assert alone(parse_query(query)) == groups


@pytest.mark.parametrize(
    ("name", "doubtful"), [("Un", True), ("أون", True), ("金正", True), ("金正恩", False), ("U.N.", True), ("Rotax", False)]
)
def test_short_names(name: str, doubtful: bool) -> None:
    assert bool(doubtful_names(read_names("n.csv", f"name\n{name}\n"))) is doubtful
