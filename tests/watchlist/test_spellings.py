"""Published names as people write them: brackets taken apart, names turned round, doubtful words weak."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.watchlist.spellings import Spellings, Type, holds_brackets, spelled, spellings

PERSON, ORGANIZATION, VESSEL = Type.PERSON, Type.ORGANIZATION, Type.VESSEL


@pytest.mark.parametrize(
    ("name", "kind", "strong", "weak"),
    [
        ("MOVEMENT OF RESISTANCE (a.k.a. HAMAS; Arabic: حماس)", ORGANIZATION, "MOVEMENT OF RESISTANCE|HAMAS|حماس", ""),
        ("X BANK (a.k.a. ONE TWO, a.k.a. 'TREE')", ORGANIZATION, "X BANK|ONE TWO", "TREE"),
        ("NATIONAL BANK (formerly STATE BANK OF IRAN)", ORGANIZATION, "NATIONAL BANK|STATE BANK OF IRAN", ""),
        ("IVANOVA, Maria (née PETROVA)", PERSON, "Maria IVANOVA|Maria PETROVA", ""),
        ("PETROVA, Anna (f.k.a. SIDOROVA, Anna)", PERSON, "Anna PETROVA|Anna SIDOROVA", ""),
        ("PETROV, Ivan (Cyrillic: ПЕТРОВ, Иван, Arabic: بتروف إيفان)", PERSON, "Ivan PETROV|Иван ПЕТРОВ|بتروف إيفان", ""),
        ("KIM, Jong Un (Korean: 김정은)", PERSON, "Jong Un KIM|KIM Jong Un|김정은", ""),
        ("SMITH [Bob], John (deceased)", PERSON, "John SMITH|John SMITH Bob", "Bob"),
        ("CIMEX (PANAMA)", ORGANIZATION, "CIMEX", "PANAMA"),
        ("BANK SEPAH (UNITED KINGDOM)", ORGANIZATION, "BANK SEPAH", "UNITED KINGDOM"),
        ("ABU NIDAL ORGANIZATION (ANO)", ORGANIZATION, "ABU NIDAL ORGANIZATION", "ANO"),
        ("OCEAN PEARL (PEARL)", VESSEL, "OCEAN PEARL", "PEARL"),
        ("OCEAN PEARL (IMO: 9187629)", VESSEL, "OCEAN PEARL", ""),
        ("A BANK (B (C D))", ORGANIZATION, "A BANK|C D", "B"),
        ("银行（STATE TRADE BANK）", ORGANIZATION, "银行|STATE TRADE BANK", ""),
        ("(HEZBOLLAH)", ORGANIZATION, "HEZBOLLAH", ""),
        ("KIM, Ltd.", ORGANIZATION, "KIM, Ltd.", ""),
        ("HALF (OPEN", ORGANIZATION, "HALF (OPEN", ""),
        ("(n/a)", ORGANIZATION, "", ""),
    ],
)
def test_a_name_with_brackets(name: str, kind: Type, strong: str, weak: str) -> None:
    assert spelled(name, kind) == Spellings(tuple(filter(None, strong.split("|"))), tuple(filter(None, weak.split("|"))))


def test_all_that_comes_of_a_weak_name_is_weak() -> None:
    found = spellings(["ONE TWO", "TWO ONE (MALTA)"], ["THREE FOUR (FIVE SIX)", "ONE TWO"], ORGANIZATION)
    assert found == Spellings(("ONE TWO", "TWO ONE"), ("MALTA", "THREE FOUR", "FIVE SIX"))


def test_the_table_in_the_docs() -> None:
    text = (Path(__file__).parents[2] / "docs/names.md").read_text(encoding="utf-8").partition("| as published |")[2].partition("\n\n")[0]
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()[2:]]
    assert len(table) == 6
    for published, name, written in table:
        aliases, _, weak = written.partition("; weak: ")
        found = spelled(published, PERSON if published.split()[0][-1] == "," else ORGANIZATION)
        assert found == Spellings((name, *aliases.split(", ")), tuple(filter(None, weak.split(", "))))


@given(st.text("aБ金 ,;:.()[]（）'née", max_size=40), st.sampled_from(Type))
def test_paired_brackets_are_never_a_part_of_a_spelling(text: str, kind: Type) -> None:
    found = spelled(text, kind)
    assert not set(found.strong) & set(found.weak)
    for spelling in (*found.strong, *found.weak):
        assert spelling == spelling.strip()
        assert any(map(str.isalnum, spelling))
    flat = text.translate(str.maketrans("", "", "()[]（）"))
    assert not any(map(holds_brackets, spelled(f"Name ({flat}) ({flat})", kind).strong))
