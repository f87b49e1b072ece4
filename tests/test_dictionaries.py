"""Look-up files: built once, read by any process, built anew when damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.dictionaries import DictionaryError, LookupFile, build, default_folder, open_dictionary, open_lookup, path_for, supported
from monitor.dictionaries.build import content_of
from monitor.dictionaries.expansions import Expansions
from monitor.text.forms import Mark, stems


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("dictionaries")
    build("fa", made)
    return made


def test_forms_of_a_lemma_from_any_of_its_forms(folder: Path) -> None:
    lookup = open_lookup(folder, ["fa"])
    assert {"سلاح", "سلاح\u200cها"} <= lookup("fa", "سلاح")
    assert lookup("fa", "سلاح\u200cها") == lookup("fa", "سلاح")


def test_spelling_unlike_the_dictionary_is_found_by_its_fold(folder: Path) -> None:
    lookup = open_lookup(folder, ["fa"])
    assert "کتاب" in lookup("fa", "كتاب")


def test_what_is_not_known_is_empty(folder: Path) -> None:
    lookup = open_lookup(folder, ["fa", "zh", "any"])
    assert lookup("fa", "") == lookup("fa", "\0") == lookup("fa", "qqqq") == frozenset()
    assert lookup("zh", "武器") == lookup("any", "سلاح") == lookup("ru", "оружие") == frozenset()
    assert not any(map(supported, ("zh", "ja", "ko", "any", "")))


def test_the_lemma_a_word_is_filed_under(folder: Path) -> None:
    dictionary = open_dictionary(folder, ["fa"])
    assert dictionary.citation("fa", "سلاح\u200cها") == dictionary.citation("fa", "سلاح") == "سلاح"
    assert dictionary.citation("fa", "qqqq") == dictionary.citation("ru", "оружия") == dictionary.citation("fa", "") == ""


def test_a_lemma_that_is_filed_elsewhere_too_stands_for_itself(tmp_path: Path) -> None:
    made = tmp_path / "made.lookup"
    made.write_bytes(b"".join(content_of({"estado": "estar", "estados": "estado", "está": "estar", "estar": "estar"}, folded=False)))
    file = LookupFile(made)
    assert file.forms("estado") == {"estado", "estados"}
    assert file.citation("estado") == file.citation("estados") == "estado"
    assert file.forms("está") == {"estar", "está", "estado"}
    file.close()


def test_a_file_has_the_same_bytes_whoever_builds_it(tmp_path: Path, folder: Path) -> None:
    assert build("fa", tmp_path).read_bytes() == path_for("fa", folder).read_bytes()


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "absent"])
def test_damaged_file_is_refused_and_built_anew(tmp_path: Path, folder: Path, damage: str) -> None:
    whole = path_for("fa", folder).read_bytes()
    target = path_for("fa", tmp_path)
    target.write_bytes(
        {"cut": whole[: len(whole) // 2], "flip": whole[:5000] + b"\xff\x00" + whole[5002:], "empty": b"", "absent": b""}[damage]
    )
    if damage == "absent":
        target.unlink()
    with pytest.raises((DictionaryError, FileNotFoundError)):
        LookupFile(target)
    assert open_lookup(tmp_path, ["fa"])("fa", "سلاح")
    assert target.read_bytes() == whole
    assert [path.name for path in tmp_path.iterdir()] == [target.name]


def test_default_folder_follows_the_environment(tmp_path: Path) -> None:
    assert default_folder({"XDG_CACHE_HOME": str(tmp_path / "cache"), "HOME": "/nowhere"}) == tmp_path / "cache" / "news-monitor"
    assert default_folder({"HOME": str(tmp_path)}) == tmp_path / ".cache" / "news-monitor"
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    assert default_folder({"XDG_CACHE_HOME": str(blocked)}).is_dir()


# ------------------------------------------------------------------------------- expansions worked out before
STEMS = (("سلاح", 7), ("اسلحه", 0))


def test_expansions_are_kept_for_the_next_process(tmp_path: Path) -> None:
    first, second = Expansions(tmp_path), Expansions(tmp_path)
    assert first.get("ar سلاح") is None
    first["ar سلاح"] = STEMS
    assert first.get("ar سلاح") == STEMS
    first.save()
    second["fa سلاح"] = STEMS
    assert second.get("ar سلاح") == STEMS
    second.save()
    third = Expansions(tmp_path)
    assert third.get("ar سلاح") == third.get("fa سلاح") == STEMS
    third.save()
    assert [path.name for path in tmp_path.iterdir()] == ["expansions.cache"]


def test_expansions_that_two_processes_work_out_at_once_are_both_kept(tmp_path: Path) -> None:
    one, two = Expansions(tmp_path), Expansions(tmp_path)
    one["a"] = two["b"] = STEMS
    one.save()
    two.save()
    last = Expansions(tmp_path)
    assert last.get("a") == last.get("b") == STEMS


def test_expansions_are_told_however_often_they_are_asked_for(tmp_path: Path) -> None:
    first = Expansions(tmp_path)
    for number in range(30):
        first[f"word {number}"] = ((f"form {number}", number),)
    first.save()
    again = Expansions(tmp_path)
    for turn in range(3):
        again[f"new in turn {turn}"] = STEMS
        assert [again.get(f"word {number}") for number in range(30)] == [((f"form {number}", number),) for number in range(30)]
        assert again.get("nobody's") is None
    again.save()
    last = Expansions(tmp_path)
    assert last.get("word 7") == (("form 7", 7),)
    assert last.get("new in turn 0") == last.get("new in turn 2") == STEMS


@pytest.mark.parametrize("damage", [b"", b"news-monitor", b"\xff\xfe\x00", None])
def test_damaged_expansions_are_worked_out_anew(tmp_path: Path, damage: bytes | None) -> None:
    one = Expansions(tmp_path)
    one["a"] = STEMS
    one.save()
    file = tmp_path / "expansions.cache"
    whole = file.read_bytes()
    file.write_bytes(whole[:-3] + b"9\n" if damage is None else damage)
    again = Expansions(tmp_path)
    assert again.get("a") is None
    again["a"] = STEMS
    again.save()
    assert file.read_bytes() == whole


def test_what_could_not_be_read_back_is_not_kept(tmp_path: Path) -> None:
    one = Expansions(tmp_path)
    for key, stems_ in (("tab\tbed", STEMS), ("line\nend", STEMS), ("none", ()), ("inside", (("a\tb", 1),)), ("inside", (("a\nb", 1),))):
        one[key] = stems_
        assert one.get(key) is None
    one.save()
    assert list(tmp_path.iterdir()) == []


def test_a_full_file_keeps_what_was_asked_for(tmp_path: Path) -> None:
    old = Expansions(tmp_path)
    old["old"] = old["used"] = STEMS
    old.save()
    small = Expansions(tmp_path, limit=10)
    assert small.get("used") == STEMS
    small["new"] = STEMS
    small.save()
    last = Expansions(tmp_path)
    assert (last.get("old"), last.get("used"), last.get("new")) == (None, STEMS, STEMS)


def test_a_dictionary_remembers_what_its_words_expand_to(tmp_path: Path, folder: Path) -> None:
    path_for("fa", tmp_path).write_bytes(path_for("fa", folder).read_bytes())
    dictionary = open_dictionary(tmp_path, ["fa"])
    found = stems("سلاح", "fa", Mark.ANY_FORM, first=True, lookup=dictionary.lookup, remembered=dictionary.expansions)
    dictionary.save()
    path_for("fa", tmp_path).write_bytes(b"")  # not so much as opened
    again = open_dictionary(tmp_path, ["fa"])
    assert stems("سلاح", "fa", Mark.ANY_FORM, first=True, lookup=again.lookup, remembered=again.expansions) == found
    assert stems("سلاح", "fa", Mark.THIS_FORM, first=True, lookup=again.lookup, remembered=again.expansions) == found[:1]


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    dictionary = open_dictionary(blocked, [])
    dictionary.expansions["a"] = STEMS
    dictionary.save()
    assert blocked.read_text() == "not a folder"
