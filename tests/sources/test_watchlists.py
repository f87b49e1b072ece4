"""The folder of watchlists as text by name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from monitor.errors import WatchlistError
from monitor.sources.watchlists import MAX_NAMES, WatchlistFolder
from monitor.watchlist import load_folder


def make(tmp_path: Path) -> WatchlistFolder:
    folder = tmp_path / "watchlists"
    for name, text in {
        "arms.yaml": "id: arms",
        "sanctions.yml": "id: sanctions",
        "README.md": "no watchlist",
        ".arms.yaml.swp": "editor's",
        "vocabulary/stance.yaml": "vocabulary: stance",
        "entities/customers.csv": "name\nAcme",
        "entities/logo.png": "no",
        "seeds/inside.txt": "inside",
        "seeds/both.txt": "inside",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "both.txt").write_text("beside")
    return WatchlistFolder(folder)


def test_all_that_watchlists_use_by_name(tmp_path: Path) -> None:
    assert dict(make(tmp_path).read()) == {
        "arms.yaml": "id: arms",
        "sanctions.yml": "id: sanctions",
        "vocabulary/stance.yaml": "vocabulary: stance",
        "entities/customers.csv": "name\nAcme",
        "seeds/both.txt": "beside",
        "seeds/inside.txt": "inside",
    }


def test_the_mapping_keeps_a_mappings_promises(tmp_path: Path) -> None:
    files = make(tmp_path).read()
    assert len(files) == len(list(files)) == 6
    assert files.get("seeds/none.txt") is None
    assert "seeds/both.txt" in files
    assert files["seeds/both.txt"] == "beside"
    assert len(files) == 6


def test_the_stamp_changes_with_every_kind_of_edit(tmp_path: Path) -> None:
    folder = make(tmp_path)
    stamps = [folder.stamp()]
    assert folder.stamp() == stamps[0]
    (folder.path / "vocabulary" / "stance.yaml").write_text("vocabulary: stances")
    stamps.append(folder.stamp())
    (folder.path / "new.yaml").write_text("id: new")
    stamps.append(folder.stamp())
    (folder.path / "new.yaml").unlink()
    (folder.path / "arms.yaml").rename(folder.path / "weapons.yaml")
    stamps.append(folder.stamp())
    os.utime(folder.path / "sanctions.yml", (1, 1))
    stamps.append(folder.stamp())
    (tmp_path / "seeds" / "both.txt").write_text("edited")
    stamps.append(folder.stamp())
    assert len(set(stamps)) == len(stamps)


def test_the_stamp_changes_where_an_edit_keeps_length_and_times(tmp_path: Path) -> None:
    folder = make(tmp_path)
    file = folder.path / "arms.yaml"
    os.utime(file, (1, 1))
    stamp, before = folder.stamp(), file.stat()
    while file.stat().st_ctime_ns == before.st_ctime_ns:  # the system's clock of files may be coarse
        file.write_text("id: army")
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.stat().st_mtime_ns == before.st_mtime_ns
    assert folder.stamp() != stamp


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    folder = WatchlistFolder(tmp_path / "none")
    assert folder.stamp() == WatchlistFolder(tmp_path / "none").stamp()
    with pytest.raises(WatchlistError, match="the folder of watchlists does not exist"):
        folder.read()


def test_a_file_over_one_mebibyte_is_refused_alone(tmp_path: Path) -> None:
    folder = make(tmp_path)
    (folder.path / "huge.yaml").write_text("id: huge\n" + "# comment\n" * 200_000)
    faults = load_folder(folder.read()).faults
    assert "larger than 1 MiB" in str(faults["huge"][0])
    assert all("larger" not in str(fault) for name, found in faults.items() if name != "huge" for fault in found)


def test_a_list_of_names_is_read_when_it_is_used_and_in_full(tmp_path: Path) -> None:
    folder = make(tmp_path)
    names = "id,name\n" + "".join(f"{number},Name {number}\n" for number in range(200_000))
    (folder.path / "entities" / "long.csv").write_text(names)
    (folder.path / "arms.yaml").write_text("id: arms\ngroups: {n: {from: entities/long.csv}}\nwhen: n\n")
    assert len(names) > 2 * 1024 * 1024
    (watchlist,) = load_folder(folder.read()).watchlists
    assert len(watchlist.names["n"][0]) == 200_000
    (folder.path / "entities" / "long.csv").unlink()
    (folder.path / "entities" / "long.csv").mkdir()
    (fault,) = load_folder(folder.read()).faults["arms"]
    assert "the file entities/long.csv is not in the watchlists folder" in str(fault)


def test_a_list_of_names_that_cannot_be_read_is_a_fault_of_its_user(tmp_path: Path) -> None:
    folder = make(tmp_path)
    (folder.path / "arms.yaml").write_text("id: arms\ngroups: {n: {from: entities/vast.csv}}\nwhen: n\n")
    with (folder.path / "entities" / "vast.csv").open("wb") as file:
        file.truncate(MAX_NAMES + 1)
    (fault,) = load_folder(folder.read()).faults["arms"]
    assert "the file entities/vast.csv cannot be read: it is larger than 128 MiB" in str(fault)


def test_fault_51_links_are_followed_and_pipes_are_passed_over(tmp_path: Path) -> None:
    folder = make(tmp_path)
    (tmp_path / "elsewhere.yaml").write_text("id: linked")
    (folder.path / "linked.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    (folder.path / "dangling.yaml").symlink_to(tmp_path / "none.yaml")
    os.mkfifo(folder.path / "pipe.yaml")
    files = folder.read()
    assert files["linked.yaml"] == "id: linked"
    assert "dangling.yaml" not in files
    assert "pipe.yaml" not in files


def test_a_byte_that_is_no_utf_8_is_not_guessed_at(tmp_path: Path) -> None:
    folder = make(tmp_path)
    (folder.path / "arms.yaml").write_bytes("id: arms # سل".encode() + b"\xff")
    assert folder.read()["arms.yaml"] == "id: arms # سل\ufffd"


def test_other_encodings_are_read(tmp_path: Path) -> None:
    folder = make(tmp_path)
    (folder.path / "arms.yaml").write_bytes("id: arms # صفقة سلاح جديدة بين البلدين".encode("utf-16"))
    assert folder.read()["arms.yaml"] == "id: arms # صفقة سلاح جديدة بين البلدين"


RUSSIAN = "id,name,aliases\n1,Viktor Medved,Виктор Медведь\n2,Ali Hassan,Али Хасан\n"


def warned(tmp_path: Path, raw: bytes, name: str = "entities/people.csv") -> list[str]:
    folder = make(tmp_path)
    (folder.path / name).write_bytes(raw)
    (folder.path / "arms.yaml").write_text(f"id: arms\ngroups: {{n: {{from: {name}}}}}\nwhen: n\n")
    loaded = load_folder(folder.read())
    assert [watchlist.id for watchlist in loaded.watchlists] == ["arms"]
    return [str(fault) for fault in loaded.warnings.get("arms", ())]


def test_names_in_another_charset_say_what_they_were_read_as(tmp_path: Path) -> None:
    (warning,) = warned(tmp_path, RUSSIAN.encode("cp1251"))
    message, source, caret, hint = warning.splitlines()
    assert message.startswith("entities/people.csv:2:17: warning: this is not UTF-8, and the file was read as ")
    assert message.endswith(", which is a guess: names read wrongly are never found")
    assert source.startswith("  1,Viktor Medved,")
    assert caret == f"  {' ' * 16}^"
    assert hint == "  hint: save the file as UTF-8"


def test_one_bad_byte_among_much_utf_8_is_named_with_its_line(tmp_path: Path) -> None:
    text = RUSSIAN * 30
    (warning,) = warned(tmp_path, text.encode().replace("Хасан".encode(), b"\xd5asan", 1))
    assert warning.startswith("entities/people.csv:3: warning: this byte is not UTF-8: the name it stands in")


def test_names_in_utf_16_without_its_mark_are_a_guess_and_with_it_are_none(tmp_path: Path) -> None:
    (warning,) = warned(tmp_path, ("name\n" + "Viktor Medved\n" * 20).encode("utf-16-le"))
    assert warning.startswith("entities/people.csv:1:1: warning: this is not UTF-8, and the file was read as utf-16-le")


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16"])
def test_names_whose_charset_is_certain_are_read_without_a_word(tmp_path: Path, charset: str) -> None:
    assert warned(tmp_path, RUSSIAN.encode(charset)) == []


def test_a_list_of_names_that_two_watchlists_use_is_doubted_in_both(tmp_path: Path) -> None:
    warned(tmp_path, RUSSIAN.encode("cp1251"))
    folder = WatchlistFolder(tmp_path / "watchlists")
    (folder.path / "vocabulary" / "who.yaml").write_text("vocabulary: who\ngroups: {n: {from: entities/people.csv}}\n")
    (folder.path / "sanctions.yml").write_text("id: sanctions\nuse: [vocabulary/who]\nwhen: n\n")
    warnings = load_folder(folder.read()).warnings
    assert warnings["arms"] == warnings["sanctions"]
    assert len(warnings["arms"]) == 1
