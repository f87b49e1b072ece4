"""Look-up files: built once, read by any process, built anew when damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.dictionaries import DictionaryError, LookupFile, build, default_folder, open_lookup, path_for, supported


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
