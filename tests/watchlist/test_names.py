"""Lists of names: the two kinds of file, what is wrong with them and where, and how they become part of a watchlist."""

from __future__ import annotations

import json
from typing import Any

import pytest

from monitor.errors import WatchlistError
from monitor.model import Entity
from monitor.watchlist import load, load_folder
from monitor.watchlist.names import NameList, read_names

USING = "id: w\ngroups: {n: {from: entities/n.csv}}\nwhen: n\n"

COLUMNS = "the first line must name the columns"


def csv(text: str, *, weak: bool = False) -> NameList:
    return read_names("entities/n.csv", text, weak=weak)


def ftm(*entities: Any, weak: bool = False) -> NameList:
    return read_names("entities/n.ftm.json", "".join(f"{json.dumps(entity)}\n" for entity in entities), weak=weak)


def entity(schema: str = "Person", id_: str = "Q1", **more: Any) -> dict[str, Any]:
    properties = more.pop("properties", {"name": ["Ivan Petrov"]})
    return {"id": id_, "schema": schema, "caption": properties.get("name", [""])[0], "properties": properties, **more}


def faults(names: NameList) -> list[str]:
    return [str(fault).splitlines()[0] for fault in names.faults]


# ----------------------------------------------------------------------------------------------- CSV
def test_rows_become_entities_with_their_spellings() -> None:
    names = csv('id,name,aliases,note\nc1,Acme,ACME Ltd; آكمي ;;Acme,x\n,"Beta, Inc.",,\n')
    assert list(names.spellings) == ["Acme", "ACME Ltd", "آكمي", "Beta, Inc."]
    assert names.entity(2) == Entity("c1", "Acme", "entities/n.csv")
    assert names.entity(3) == Entity("Beta, Inc.", "Beta, Inc.", "entities/n.csv")
    assert names.place(3) == "entities/n.csv:3"
    assert names.faults == ()


def test_columns_stand_in_any_order_and_in_any_case() -> None:
    names = csv("\ufeffAliases, NAME ,Id\nB;C,A,7\n")
    assert (list(names.spellings), names.entity(1).id) == (["A", "B", "C"], "7")


def test_weak_aliases_count_only_where_they_are_asked_for() -> None:
    text = "name,aliases,weak_aliases\nKim Jong Un,Kim Jong-un,Kim;Marshal\n"
    assert list(csv(text).spellings) == ["Kim Jong Un", "Kim Jong-un"]
    assert list(csv(text, weak=True).spellings) == ["Kim Jong Un", "Kim Jong-un", "Kim", "Marshal"]


def test_rows_of_one_id_are_one_entity() -> None:
    names = csv("id,name,language\n7,Pyongyang,\n7,بيونغ يانغ,ar\n8,Seoul,en\n")
    assert [names.entity(at).name for at in range(3)] == ["Pyongyang", "Pyongyang", "Seoul"]
    assert [names.language(at) for at in range(3)] == ["any", "ar", "en"]


def test_lines_are_counted_through_quoted_cells_and_blank_lines() -> None:
    names = csv('name,aliases\r\n\r\n"Two\r\nlines",x\r\nThird,\r\n---,\r\n')
    assert [names.place(at) for at in range(3)] == ["entities/n.csv:3", "entities/n.csv:3", "entities/n.csv:5"]
    assert faults(names) == ["entities/n.csv:6: error: '---' holds no letter"]


def test_tabs_part_the_columns_of_a_tsv_file() -> None:
    assert list(read_names("entities/n.tsv", "name\taliases\nKim, Jong Un\tB").spellings) == ["Kim, Jong Un", "B"]


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("", "entities/n.csv:1: error: the first line must name the columns", "write: id,name,aliases"),
        ("\n\n", "entities/n.csv:1: error: the first line must name the columns", "write: id,name,aliases"),
        ("id,names\n1,A", f"entities/n.csv:1: error: {COLUMNS}, and one of them is name", "call the column 'names' name"),
        ("id;name\n1;A", "entities/n.csv:1: error: the first line must name the columns, and one of them is name", "with commas"),
        ("name,name\nA,B", "entities/n.csv:1: error: the column 'name' stands here twice", "remove one"),
        ("id,name\n1,Kim, Jong Un", "entities/n.csv:2: error: this line has 3 cells, the first line 2", '"Kim, Jong Un"'),
        ("id,name\n1,\n", "entities/n.csv:2: error: there is no name in this line", ""),
        ("name,language\nA,arabic\n", "entities/n.csv:2: error: 'arabic' is not a language code", "ISO 639-1"),
        ('name\nA\n"B\nC\n', "entities/n.csv:3: error: this is no CSV: unexpected end of data", "closed"),
        ('name\n"A" B\n', "entities/n.csv:2: error: this is no CSV: ',' expected after '\"'", "doubled"),
        ("name,aliases\n", "entities/n.csv: error: holds no name", "below the first"),
    ],
)
def test_what_is_wrong_with_a_csv_is_told_with_its_line(text: str, message: str, hint: str) -> None:
    names = csv(text)
    assert faults(names) == [message]
    assert hint in names.faults[0].hint


def test_a_column_that_is_nearly_known_is_a_warning() -> None:
    names = csv("name,alias,country\nA,B,\n")
    assert faults(names) == ["entities/n.csv:1: warning: the column 'alias' is not used"]
    assert names.faults[0].hint == "did you mean aliases?"


def test_a_word_of_mixed_scripts_is_a_warning() -> None:
    names = csv("name\nАlpha Bank\nBeta\n")  # a Cyrillic А
    assert faults(names) == ["entities/n.csv:2: warning: the word 'Аlpha' mixes scripts"]


def test_of_many_like_faults_ten_are_told_and_the_rest_counted() -> None:
    names = csv("id,name\n" + "1,\n" * 1_000 + "2,А1 Bаnk\n")
    assert len(names.faults) == 12
    assert faults(names)[-1] == "entities/n.csv: error: and 990 more lines like these"


# -------------------------------------------------------------------------------------------- FollowTheMoney
def test_entities_of_followthemoney() -> None:
    names = ftm(
        entity(
            properties={
                "name": ["Ivan Petrov", "Иван Петров"],
                "alias": ["Vanya", " ", 7],
                "previousName": ["Ivan Ivanov"],
                "weakAlias": ["Vanya", "V."],
            }
        ),
        entity("Vessel", "Q2", properties={"name": ["HOPE"]}),
        entity("Address", "Q3", properties={"name": ["Main St"]}),
        entity("Company", "Q4", target=False),
        entity("Organization", "Q5", target=True, properties={"abbreviation": ["ABC"]}),
    )
    assert list(names.spellings) == ["Ivan Petrov", "Иван Петров", "Ivan Ivanov", "HOPE"]
    assert [names.entity(at).id for at in range(4)] == ["Q1", "Q1", "Q1", "Q2"]
    assert names.place(3) == "entities/n.ftm.json:2"
    assert names.faults == ()


def test_weak_names_of_followthemoney() -> None:
    names = ftm(entity(properties={"name": ["Ivan Petrov"], "weakAlias": ["Vanya"], "abbreviation": ["IP"]}), weak=True)
    assert list(names.spellings) == ["Ivan Petrov", "Vanya", "IP"]


def test_what_is_wrong_with_json_lines_is_told_with_its_line() -> None:
    deep = '{"id": ' + "[" * 100_000
    names = read_names("entities/n.jsonl", f'{json.dumps(entity())}\n\n{{"id"\n[1]\n{{"schema": "Person"}}\n{deep}\n')
    assert faults(names) == [
        "entities/n.jsonl:3: error: this line is no JSON: Expecting ':' delimiter",
        "entities/n.jsonl:4: error: this line is no FollowTheMoney entity",
        "entities/n.jsonl:5: error: this line is no FollowTheMoney entity",
        "entities/n.jsonl:6: error: this line is no JSON: nested too deeply",
    ]
    assert faults(ftm(entity("Address"))) == ["entities/n.ftm.json: error: holds no name"]


# ---------------------------------------------------------------------------------------- in a watchlist
def test_a_group_takes_its_names_from_a_file() -> None:
    watchlist = load("w", {"w.yaml": USING, "entities/n.csv": "name,weak_aliases\nAcme,A1\n"})
    (names,) = watchlist.names["n"]
    assert list(names.spellings) == ["Acme"]
    assert watchlist.groups["n"] == ()
    assert watchlist.files["entities/n.csv"].startswith("name")


def test_weak_names_are_asked_for_in_the_group() -> None:
    files = {"w.yaml": USING.replace("n.csv}", "n.csv, weak: true}"), "entities/n.csv": "name,weak_aliases\nAcme,A1\n"}
    assert list(load("w", files).names["n"][0].spellings) == ["Acme", "A1"]
    with pytest.raises(WatchlistError, match="'maybe' is not one of true, false"):
        load("w", {**files, "w.yaml": USING.replace("n.csv}", "n.csv, weak: maybe}")})


def test_an_edited_list_of_names_is_another_version() -> None:
    one = load("w", {"w.yaml": USING, "entities/n.csv": "name\nAcme\n"})
    other = load("w", {"w.yaml": USING, "entities/n.csv": "name\nAcme Ltd\n"})
    assert one.version != other.version


def test_the_faults_of_a_list_are_those_of_its_user_and_warnings_do_not_refuse() -> None:
    loaded = load_folder({"w.yaml": USING, "v.yaml": USING.replace("id: w", "id: v"), "entities/n.csv": "id,name\n1,\n2,Acme\n"})
    assert [str(fault) for fault in loaded.faults["w"]] == ["entities/n.csv:2: error: there is no name in this line"]
    assert loaded.faults["v"] == loaded.faults["w"]
    loaded = load_folder({"w.yaml": USING, "entities/n.csv": "name,alias\nAcme,B\n"})
    assert [watchlist.id for watchlist in loaded.watchlists] == ["w"]
    assert [fault.file for fault in loaded.warnings["w"]] == ["entities/n.csv"]


def test_a_missing_file_is_a_fault_at_its_place() -> None:
    with pytest.raises(WatchlistError) as caught:
        load("w", {"w.yaml": USING, "entities/nn.csv": "name\nA\n"})
    (fault,) = caught.value.faults
    assert (fault.file, fault.line, fault.hint) == ("w.yaml", 2, "did you mean entities/nn.csv?")


def test_a_vocabulary_shares_its_names() -> None:
    files = {
        "vocabulary/people.yaml": "vocabulary: people\ngroups: {leaders: {from: entities/n.csv}}\n",
        "entities/n.csv": "name\nKim Jong Un\n",
        "entities/more.csv": "name\nRi Sol Ju\n",
        "w.yaml": "id: w\nuse: [vocabulary/people]\ngroups: {leaders: {add: true, from: entities/more.csv}}\nwhen: leaders\n",
    }
    watchlist = load("w", files)
    assert [list(names.spellings) for names in watchlist.names["leaders"]] == [["Kim Jong Un"], ["Ri Sol Ju"]]
    assert set(watchlist.files) == set(files)


def test_a_list_is_read_once_while_it_is_in_use() -> None:
    text = "name\nAcme\n"
    one = csv(text)
    assert csv(text) is one
    assert csv(text, weak=True) is not one
    assert csv(text + "Beta\n") is not one
