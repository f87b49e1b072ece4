"""``monitor import-names``: each published format, written as it is published, to the list that a group takes."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from monitor.watchlist.names import read_names
from tests.cli.program import program

# As OFAC publishes them: no header, nulls as -0- with a blank behind, a control-Z at the end.
SDN = """\
36,"AEROCARIBBEAN AIRLINES",-0- ,"CUBA",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \r
306,"BANCO NACIONAL DE CUBA",-0- ,"CUBA",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,"a.k.a. 'BNC'."\r
2676,"AL ZAWAHIRI, Dr. Ayman","individual","SDGT","Leader",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,"DOB 19 Jun 1951; Passport 1084010 (Egypt)."\r
3754,"ABU MARZOOK, Mousa Mohammed","individual","SDGT",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,"POB Gaza; a.k.a. 'ABU-'UMAR'; a.k.a. 'PAT'."\r
4234,"HERMANN","vessel","CUBA",-0- ,"CL2685","General Cargo","2597","1098","Cuba","Compania Navegacion Golfo S.A.","f.k.a. 'ANA I'."\r
4277,"ANGULO OROBIO (SEGUNDO), Jose Francisco","individual","SDNT",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \r
15000,"EP-ABC","aircraft","IFSR",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \r
\x1a"""
ALT = """\
2676,4001,"aka","SALIM, Ahmad Fuad",-0- \r
2676,4002,"aka","AL-ZAWAHIRI, Ayman",-0- \r
306,4003,"fka","NATIONAL BANK OF CUBA",-0- \r
\x1a"""
SDN_XML = """\
<?xml version="1.0" standalone="yes"?>
<sdnList xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns="http://tempuri.org/sdnList.xsd">
  <publshInformation><Publish_Date>01/02/2026</Publish_Date><Record_Count>2</Record_Count></publshInformation>
  <sdnEntry>
    <uid>10033</uid>
    <firstName>Khawa Panga</firstName>
    <lastName>MANDRO</lastName>
    <sdnType>Individual</sdnType>
    <programList><program>DRCONGO</program></programList>
    <akaList>
      <aka><uid>1</uid><type>a.k.a.</type><category>weak</category><lastName>CHIEF KAHWA</lastName></aka>
      <aka><uid>2</uid><type>a.k.a.</type><category>strong</category><lastName>KAWA</lastName><firstName>Mandro</firstName></aka>
    </akaList>
  </sdnEntry>
  <sdnEntry>
    <uid>15036</uid>
    <lastName>ARTAVIL</lastName>
    <sdnType>Vessel</sdnType>
    <vesselInfo><vesselType>Crude Oil Tanker</vesselType></vesselInfo>
  </sdnEntry>
</sdnList>
"""
UN = """\
<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<CONSOLIDATED_LIST xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" dateGenerated="2026-02-27T00:00:09.554Z">
  <INDIVIDUALS>
    <INDIVIDUAL>
      <DATAID>6908555</DATAID>
      <VERSIONNUM>1</VERSIONNUM>
      <FIRST_NAME>RI</FIRST_NAME>
      <SECOND_NAME>WON HO</SECOND_NAME>
      <THIRD_NAME/>
      <UN_LIST_TYPE>DPRK</UN_LIST_TYPE>
      <REFERENCE_NUMBER>KPi.033</REFERENCE_NUMBER>
      <NAME_ORIGINAL_SCRIPT>리원호</NAME_ORIGINAL_SCRIPT>
      <NATIONALITY><VALUE>Democratic People's Republic of Korea</VALUE></NATIONALITY>
      <INDIVIDUAL_ALIAS><QUALITY>Good</QUALITY><ALIAS_NAME>Ri Won-ho</ALIAS_NAME></INDIVIDUAL_ALIAS>
      <INDIVIDUAL_ALIAS><QUALITY>Good</QUALITY><ALIAS_NAME>LEE, Won Ho</ALIAS_NAME></INDIVIDUAL_ALIAS>
      <INDIVIDUAL_ALIAS><QUALITY>Low</QUALITY><ALIAS_NAME>Director Ri</ALIAS_NAME></INDIVIDUAL_ALIAS>
      <INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE/></INDIVIDUAL_DATE_OF_BIRTH>
    </INDIVIDUAL>
    <INDIVIDUAL>
      <DATAID>110554</DATAID>
      <FIRST_NAME>ABDUL LATIF</FIRST_NAME>
      <SECOND_NAME>MANSUR</SECOND_NAME>
      <REFERENCE_NUMBER>TAi.007</REFERENCE_NUMBER>
      <NAME_ORIGINAL_SCRIPT>عبد اللطيف منصور </NAME_ORIGINAL_SCRIPT>
      <INDIVIDUAL_ALIAS><QUALITY/><ALIAS_NAME/></INDIVIDUAL_ALIAS>
    </INDIVIDUAL>
  </INDIVIDUALS>
  <ENTITIES>
    <ENTITY>
      <DATAID>4553</DATAID>
      <FIRST_NAME>KOREA MINING DEVELOPMENT TRADING CORPORATION</FIRST_NAME>
      <REFERENCE_NUMBER>KPe.001</REFERENCE_NUMBER>
      <ENTITY_ALIAS><QUALITY>a.k.a.</QUALITY><ALIAS_NAME>KOMID</ALIAS_NAME></ENTITY_ALIAS>
      <ENTITY_ALIAS><QUALITY>f.k.a.</QUALITY><ALIAS_NAME>Changgwang Sinyong Corporation</ALIAS_NAME></ENTITY_ALIAS>
    </ENTITY>
  </ENTITIES>
</CONSOLIDATED_LIST>
"""
SIMPLE = """\
"id","schema","name","aliases","birth_date","countries","addresses","identifiers","sanctions","dataset","first_seen","last_seen"
"NK-1","Person","Jens Stoltenberg","Stoltenberg, Jens;Йенс Столтенберг","1959-03-16","no","","","","x","",""
"NK-2","Vessel","SEA STAR","","","","","IMO9422964","","x","",""
"NK-3","CryptoWallet","TWaertrZdpRJSbLv2G638UL5HCK6sKcZYy","","","","","","","x","",""
"""
FTM: list[dict[str, Any]] = [
    {
        "id": "NK-A1",
        "caption": "Ivan Petrov",
        "schema": "Person",
        "properties": {"name": ["Ivan Petrov", "Петров Иван"], "alias": ["Vanya"], "weakAlias": ["Vanya", "Old Man"], "country": ["ru"]},
        "datasets": ["x"],
        "target": True,
    },
    {"id": "NK-A2", "caption": "Petrova", "schema": "Person", "properties": {"name": ["Maria Petrova"]}, "target": False},
    {"id": "NK-A3", "caption": "Main St", "schema": "Address", "properties": {"full": ["Main St 1"]}, "target": False},
    {
        "id": "NK-A4",
        "caption": "ООО Ромашка",
        "schema": "Company",
        "properties": {"name": ["ООО Ромашка"], "previousName": ["Lutik"]},
        "target": True,
    },
]


def rows(text: str) -> dict[str, tuple[str, str, str]]:
    """name, aliases and type by id."""
    return {row["id"]: (row["name"], row["aliases"], row["type"]) for row in csv.DictReader(io.StringIO(text))}


def imported(file: Path, *options: object) -> dict[str, tuple[str, str, str]]:
    done = program("import-names", file, *options)
    assert done.status == 0, done.err
    return rows(done.out)


@pytest.fixture
def ofac(tmp_path: Path) -> Path:
    (tmp_path / "SDN.CSV").write_bytes(SDN.encode())
    (tmp_path / "ALT.CSV").write_bytes(ALT.encode())
    return tmp_path / "SDN.CSV"


def written(tmp_path: Path, name: str, text: str) -> Path:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path / name


# --------------------------------------------------------------------------------------------- formats
def test_ofac_csv_with_its_aliases_beside(ofac: Path) -> None:
    assert imported(ofac) == {
        "36": ("AEROCARIBBEAN AIRLINES", "", "organization"),
        "306": ("BANCO NACIONAL DE CUBA", "NATIONAL BANK OF CUBA", "organization"),
        "2676": ("Ayman AL ZAWAHIRI", "Ahmad Fuad SALIM;Ayman AL-ZAWAHIRI", "person"),
        "3754": ("Mousa Mohammed ABU MARZOOK", "", "person"),
        "4234": ("HERMANN", "", "vessel"),
        "4277": ("Jose Francisco ANGULO OROBIO", "Jose Francisco ANGULO OROBIO SEGUNDO", "person"),
        "15000": ("EP-ABC", "", "aircraft"),
    }


def test_weak_aliases_of_ofac_are_taken_when_asked_for(ofac: Path) -> None:
    found = imported(ofac, "--weak")
    assert found["306"][1] == "NATIONAL BANK OF CUBA;BNC"
    assert found["3754"][1] == "ABU-'UMAR;PAT"
    assert found["4234"][1] == "ANA I"


def test_types_are_chosen(ofac: Path) -> None:
    assert set(imported(ofac, "--types", "vessel, aircraft")) == {"4234", "15000"}
    done = program("import-names", ofac, "--types", "ship")
    assert (done.status, "ship is not a type" in done.err) == (2, True)


def test_ofac_xml(tmp_path: Path) -> None:
    file = written(tmp_path, "SDN.XML", SDN_XML)
    assert imported(file) == {"10033": ("Khawa Panga MANDRO", "Mandro KAWA", "person"), "15036": ("ARTAVIL", "", "vessel")}
    assert imported(file, "--weak")["10033"][1] == "Mandro KAWA;CHIEF KAHWA"


def test_the_consolidated_list_of_the_un(tmp_path: Path) -> None:
    file = written(tmp_path, "consolidated.xml", UN)
    assert imported(file) == {
        "KPi.033": ("RI WON HO", "리원호;Ri Won-ho;Won Ho LEE;LEE Won Ho", "person"),
        "TAi.007": ("ABDUL LATIF MANSUR", "عبد اللطيف منصور", "person"),
        "KPe.001": ("KOREA MINING DEVELOPMENT TRADING CORPORATION", "KOMID;Changgwang Sinyong Corporation", "organization"),
    }
    assert imported(file, "--weak")["KPi.033"][1].endswith(";Director Ri")
    utf16 = tmp_path / "utf16.xml"
    utf16.write_bytes(UN.replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16"))
    assert imported(utf16) == imported(file)


def test_opensanctions_simple_csv(tmp_path: Path) -> None:
    assert imported(written(tmp_path, "targets.simple.csv", SIMPLE)) == {
        "NK-1": ("Jens Stoltenberg", "Йенс Столтенберг", "person"),
        "NK-2": ("SEA STAR", "", "vessel"),
    }


def test_followthemoney(tmp_path: Path) -> None:
    file = written(tmp_path, "entities.ftm.json", "".join(json.dumps(each) + "\n" for each in FTM))
    assert imported(file) == {"NK-A1": ("Ivan Petrov", "Петров Иван", "person"), "NK-A4": ("ООО Ромашка", "Lutik", "organization")}
    assert imported(file, "--weak")["NK-A1"][1] == "Петров Иван;Vanya;Old Man"


# --------------------------------------------------------------------------------------- what comes out
def test_the_file_is_one_that_a_group_takes(ofac: Path, tmp_path: Path) -> None:
    output = tmp_path / "entities.csv"
    done = program("import-names", ofac, "-o", output)
    assert (done.status, done.out) == (0, "")
    names = read_names("entities.csv", output.read_text(encoding="utf-8"))
    assert names.faults == ()
    assert len(set(names.ids)) == 7
    assert output.stat().st_mode & 0o777 == 0o666 & ~_umask()
    before = output.read_bytes()
    assert program("import-names", ofac, "-o", output).status == 0
    assert output.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ALT.CSV", "SDN.CSV", "entities.csv"]


def _umask() -> int:
    found = os.umask(0o077)
    os.umask(found)
    return found


def test_the_summary_says_what_was_taken_and_what_was_not(ofac: Path, tmp_path: Path) -> None:
    done = program("import-names", ofac, "-o", tmp_path / "o.csv", "--types", "person,vessel")
    assert done.err.splitlines() == [
        f"OFAC SDN, CSV: 4 entities (person 3, vessel 1), written to {tmp_path / 'o.csv'}",
        "7 names, 3 of them aliases; entities with a name in Latin 4",
        "4 weak aliases left out; --weak takes them",
        "left out by --types: organization 2, aircraft 1",
    ]
    done = program("import-names", ofac, "-o", tmp_path / "o.csv", "--json")
    assert json.loads(done.out) == {
        "format": "OFAC SDN, CSV",
        "entities": 7,
        "names": 11,
        "aliases": 4,
        "skipped_weak": 5,
        "types": {"person": 3, "organization": 2, "aircraft": 1, "vessel": 1},
        "scripts": {"Latin": 7},
        "skipped_types": {},
        "passed_over": {},
        "with_brackets": [],
    }
    assert program("import-names", ofac, "--json").status == 2


def test_what_is_passed_over_is_counted(tmp_path: Path) -> None:
    file = written(tmp_path, "entities.ftm.json", "".join(json.dumps(each) + "\n" for each in FTM))
    assert "passed over, as no entities with names of interest: Address 1, no target 1" in program("import-names", file).err


# ----------------------------------------------------------------------------------------------- faults
@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("sdn.csv", SDN.replace('36,"AERO', '"x",36,"AERO'), "sdn.csv: this is no list of names that is known here"),
        ("sdn.csv", SDN.replace("306,", "306,1,"), "sdn.csv:2: error: this line has 13 cells where an entry has 12"),
        ("sdn.csv", SDN.replace('"vessel"', '"boat"'), "sdn.csv:5: error: 'boat' is not a type of entry"),
        ("sdn.csv", SDN.replace('"HERMANN"', "-0- "), "sdn.csv:5: error: this entry has no name"),
        ("sdn.csv", SDN.replace('"HERMANN"', '"HERMANN'), "sdn.csv:5: error: this is no CSV"),
        ("alt.csv", ALT, "alt.csv:1: error: this line has 5 cells where an entry has 12"),
        ("un.xml", UN.replace("</INDIVIDUALS>", ""), "un.xml:37: error: this is no XML: mismatched tag"),
        ("un.xml", UN.replace("KPi.033", "").replace("6908555", ""), "un.xml:4: error: this entry has neither REFERENCE_NUMBER nor DATAID"),
        (
            "un.xml",
            UN.replace("ABDUL LATIF", "").replace("MANSUR", "").replace("عبد اللطيف منصور", "na"),
            "un.xml:19: error: this entry has no name",
        ),
        ("un.xml", "<Sanctions/>", "take SDN.XML"),
        ("un.xml", "<html></html>", "un.xml:1: error: a list with the root element 'html' is not known"),
        ("un.xml", "<sdnList>" + "<a>" * 40, "un.xml:1: error: elements are nested too deeply"),
        ("sdn.xml", SDN_XML.replace("Vessel", "Boat"), "sdn.xml:15: error: the entry 15036 has the type 'Boat'"),
        ("x.xml", '<!DOCTYPE sdnList [<!ENTITY a "b">]>\n<sdnList/>', "x.xml:1: error: a document type declaration is refused"),
        ("x.xml", '<!DOCTYPE sdnList SYSTEM "file:///etc/passwd">\n<sdnList/>', "x.xml:1: error: a document type declaration is refused"),
        ("x.json", '{"id": 1}\n{"id"\n', "x.json:2: error: this line is no JSON: Expecting ':' delimiter"),
        ("x.json", '[{"id": 1}]', "x.json: this is no list of names that is known here"),
        ("targets.simple.csv", SIMPLE + '"NK-4","Person"\n', "targets.simple.csv:5: error: this line has 2 cells, the first line 12"),
        ("x.txt", "Kim Jong Un\n", "x.txt: this is no list of names that is known here"),
        ("x.txt", "", "x.txt: this is no list of names that is known here"),
    ],
)
def test_a_file_that_cannot_be_read_in_full_writes_nothing(tmp_path: Path, name: str, text: str, message: str) -> None:
    file = written(tmp_path, name, text)
    done = program("import-names", file, "-o", tmp_path / "out.csv")
    assert done.status == 2
    assert message in done.err.replace(f"{tmp_path}/", "")
    assert "<sdnList/>" not in done.err
    assert not (tmp_path / "out.csv").exists()


def test_an_attack_by_entities_is_refused_before_it_grows(tmp_path: Path) -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    file = written(tmp_path, "x.xml", f'<!DOCTYPE l [<!ENTITY l0 "lol">{laughs}]><CONSOLIDATED_LIST>&l9;</CONSOLIDATED_LIST>')
    assert "a document type declaration is refused" in program("import-names", file).err


def test_of_many_faults_ten_are_told(tmp_path: Path) -> None:
    file = written(tmp_path, "x.json", '{"id": "1", "schema": "Person"}\n' * 500)
    done = program("import-names", file)
    assert done.err.count("error:") == 10
    assert "and 490 more like these" in done.err


def test_aliases_of_another_day_are_a_warning(ofac: Path) -> None:
    ofac.with_name("ALT.CSV").write_text(ALT.replace("306,", "307,"), encoding="utf-8")
    done = program("import-names", ofac)
    assert done.status == 0
    assert "warning: 1 entries have aliases here and do not stand in" in done.err


def test_files_that_are_not_there_or_cannot_be_written(ofac: Path, tmp_path: Path) -> None:
    done = program("import-names", tmp_path / "none.csv")
    assert (done.status, "cannot be read: No such file" in done.err) == (2, True)
    done = program("import-names", tmp_path)
    assert (done.status, "cannot be read: Is a directory" in done.err) == (2, True)
    done = program("import-names", ofac, "-o", ofac / "o.csv")
    assert (done.status, "cannot be written: Not a directory" in done.err) == (2, True)


def test_the_folder_of_the_list_is_made(ofac: Path, tmp_path: Path) -> None:
    output = tmp_path / "desk" / "watchlists" / "entities" / "ofac.csv"
    done = program("import-names", ofac, "-o", output)
    assert (done.status, f"made the folder {output.parent}" in done.err) == (0, True)
    assert len(rows(output.read_text(encoding="utf-8"))) == 7
    assert "made the folder" not in program("import-names", ofac, "-o", output).err


def test_a_list_of_nobody_writes_nothing_over_a_good_one(tmp_path: Path) -> None:
    file, output = written(tmp_path, "targets.simple.csv", SIMPLE), tmp_path / "keep.csv"
    assert program("import-names", file, "-o", output).status == 0
    before = output.read_bytes()
    done = program("import-names", file, "--types", "aircraft", "-o", output)
    assert (done.status, done.out) == (1, "")
    assert f"{file} holds no entity of the type aircraft: nothing was written" in done.err
    assert "left out by --types: person 1, vessel 1" in done.err
    assert output.read_bytes() == before
    done = program("import-names", written(tmp_path, "none.csv", SIMPLE.partition("\n")[0] + "\n"), "-o", output)
    assert (done.status, "none.csv holds no entity with a name: nothing was written" in done.err) == (1, True)
    assert output.read_bytes() == before
    done = program("import-names", file, "--types", "aircraft")
    assert (done.status, done.out) == (1, "")


def test_a_surname_that_news_writes_first_is_kept_in_both_orders(tmp_path: Path) -> None:
    rest = "-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- "
    rows = ("KIM, Jong Un", "NGUYEN (TRAN), Van Minh", "SMITH, John", "LEE, John, Jr.")
    lines = [f'{number},"{name}","individual",{rest}\r\n' for number, name in enumerate(rows, 1)]
    found = imported(written(tmp_path, "sdn.csv", "".join([*lines, '9,"KIM, Ltd.",-0- ,', rest, "\r\n"])))
    assert found["1"] == ("Jong Un KIM", "KIM Jong Un", "person")
    assert found["3"] == ("John SMITH", "", "person")
    assert found["4"] == ("John LEE Jr.", "", "person")
    assert found["9"] == ("KIM, Ltd.", "", "organization")


# ------------------------------------------------------------------------------------------- brackets
REST = "-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- "
IN_BRACKETS = (
    ("HEZBOLLAH (HIZBALLAH)", "-0- ", "HEZBOLLAH", "HIZBALLAH"),
    ("ALI, Hassan (Abu Hassan)", "individual", "Hassan ALI", "Abu Hassan"),
    ("TRADE BANK (Arabic: بنك التجارة)", "-0- ", "TRADE BANK", "بنك التجارة"),
    ("PETROV, Ivan Sergeyevich (Cyrillic: ПЕТРОВ, Иван Сергеевич)", "individual", "Ivan Sergeyevich PETROV", "Иван Сергеевич ПЕТРОВ"),
    ("STAR (MALTA) LIMITED", "-0- ", "STAR LIMITED", "STAR MALTA LIMITED"),
)


def bracketed(*names: tuple[str, str]) -> str:
    return "".join(f'{number},"{name}",{kind},{REST},"x"\r\n' for number, (name, kind) in enumerate(names, 1))


def test_what_ofac_writes_in_brackets_is_an_alias_of_its_own(tmp_path: Path) -> None:
    file = written(tmp_path, "sdn.csv", bracketed(*((name, kind) for name, kind, _, _ in IN_BRACKETS)))
    found = imported(file)
    assert [found[each][:2] for each in sorted(found)] == [(name, aliases) for _, _, name, aliases in IN_BRACKETS]
    assert imported(file, "--weak")["5"][1] == "STAR MALTA LIMITED;MALTA"


def test_brackets_of_alt_of_remarks_and_of_the_other_publishers(tmp_path: Path) -> None:
    text = '1,"ONE",-0- ,' + REST + ",\"a.k.a. 'PACHO (PACO)'.\"\r\n"
    written(tmp_path, "alt.csv", '1,2,"aka","SECOND NAME (f.k.a. THIRD NAME)",-0- \r\n')
    file = written(tmp_path, "sdn.csv", text)
    assert imported(file)["1"][1] == "SECOND NAME;THIRD NAME"
    assert imported(file, "--weak")["1"][1] == "SECOND NAME;THIRD NAME;PACHO;PACO"
    un = UN.replace("Ri Won-ho<", "Ri Won-ho (original script: 이원호; Arabic: ري وون هو)<")
    assert imported(written(tmp_path, "un.xml", un))["KPi.033"][1] == "리원호;Ri Won-ho;이원호;ري وون هو;Won Ho LEE;LEE Won Ho"
    simple = SIMPLE.replace("Stoltenberg, Jens;", "Stoltenberg, Jens (Jens Stoltenburg);")
    assert imported(written(tmp_path, "s.csv", simple))["NK-1"][1] == "Jens Stoltenburg;Йенс Столтенберг"
    ftm = json.dumps(FTM[3]).replace("Lutik", "Lutik (Buttercup Trading)")
    assert imported(written(tmp_path, "e.json", ftm))["NK-A4"][1] == "Lutik;Buttercup Trading"


def test_brackets_that_do_not_pair_are_told(tmp_path: Path) -> None:
    file = written(tmp_path, "sdn.csv", bracketed(("HALF (OPEN", "-0- "), ("WHOLE", "-0- ")))
    done = program("import-names", file, "-o", tmp_path / "o.csv")
    assert done.status == 0
    assert "warning: 1 name holds brackets that do not pair, and what they set apart is not known: 'HALF (OPEN'" in done.err
    assert json.loads(program("import-names", file, "-o", tmp_path / "o.csv", "--json").out)["with_brackets"] == ["HALF (OPEN"]
