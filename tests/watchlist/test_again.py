"""A folder read again after an edit: what stands there as before is taken as it was read, and comes out as if it had been read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from monitor.errors import Fault
from monitor.watchlist import Loaded, Watchlist, load_folder

ARMS = "vocabulary: arms\ngroups:\n  weapon: {en: [weapon, artillery shell]}\n"
USES = "id: uses\nuse: [vocabulary/arms]\nwhen: weapon\n"
OWN = "id: own\ngroups:\n  deal: {en: [arms deal]}\nwhen: deal\n"
NAMED = "id: named\ngroups:\n  customers: {from: entities/customers.csv}\nwhen: customers\n"
MIXED = "id: mixed\ngroups: {a: {ru: [pакета]}}\nwhen: a\n"  # a Latin p before Cyrillic letters: a warning
CUED = "id: cued\nuse: [vocabulary/stance]\ngroups:\n  deal: {en: [arms deal]}\nwhen: deal\n"
FILES = {
    "cued.yaml": CUED,
    "mixed.yaml": MIXED,
    "named.yaml": NAMED,
    "own.yaml": OWN,
    "uses.yaml": USES,
    "vocabulary/arms.yaml": ARMS,
    "entities/customers.csv": "id,name\nc1,Acme Arms\n",
}
EVERY = {"cued", "mixed", "named", "own", "uses"}


def again(changes: Mapping[str, str | None]) -> tuple[Loaded, set[str]]:
    """The folder with the changes, loaded after it was loaded without, and which lists were taken from then."""
    before = load_folder(FILES)
    # Equal texts, none of them the same object.
    files = {name: "".join(list(text)) for name, text in {**FILES, **changes}.items() if text is not None}
    after = load_folder(files, before)
    assert after == load_folder(files)
    taken = {id(watchlist) for watchlist in before.watchlists}
    return after, {watchlist.id for watchlist in after.watchlists if id(watchlist) in taken}


@pytest.mark.parametrize(
    ("changes", "read"),
    [
        ({}, set()),
        ({"own.yaml": OWN.replace("arms deal", "arms deals")}, {"own"}),
        ({"own.yaml": OWN + "# a remark\n"}, {"own"}),
        ({"vocabulary/arms.yaml": ARMS.replace("weapon,", "")}, {"uses"}),
        ({"entities/customers.csv": "id,name\nc1,Beta\n"}, {"named"}),
        ({"vocabulary/other.yaml": "vocabulary: other\ngroups: {}\n"}, set()),
        ({"new.yaml": OWN.replace("own", "new")}, set()),
        ({"own.yaml": None}, {"own"}),
        ({"vocabulary/arms.yaml": None}, {"uses"}),
        ({"entities/customers.csv": None}, {"named"}),
        ({"own.yaml": "id: own\nwhen: (\n"}, {"own"}),
        # The same text under a name that is looked at before the other, or after it.
        ({"vocabulary/arms.yml": ARMS}, set()),
        ({"vocabulary/arms.yaml": None, "vocabulary/arms.yml": ARMS}, {"uses"}),
        ({"own.yaml": None, "own.yml": OWN}, {"own"}),
        # A vocabulary of the folder stands in for the shipped one.
        ({"vocabulary/stance.yaml": "vocabulary: stance\nstance:\n  denied: {en: [denied]}\n"}, {"cued"}),
    ],
)
def test_only_what_an_edit_changes_is_read_again(changes: Mapping[str, str | None], read: set[str]) -> None:
    _, taken = again(changes)
    assert taken == EVERY - read


def test_warnings_of_what_is_not_read_again_are_told_again() -> None:
    after, taken = again({"own.yaml": OWN + "# a remark\n"})
    assert "mixed" in taken
    assert "mixes scripts" in after.warnings["mixed"][0].message


class Guessing(dict[str, str]):
    """Files of which one was read by a guess."""

    def guess(self, name: str) -> Fault | None:
        return Fault("a guess", name, warning=True) if name == "entities/customers.csv" else None


def test_a_list_of_names_that_was_read_by_a_guess_is_read_again() -> None:
    certain, guessed = FILES, Guessing(FILES)
    for first, second in ((certain, guessed), (guessed, certain), (guessed, guessed)):
        after = load_folder(second, load_folder(first))
        assert after == load_folder(second)
        assert ("named" in after.warnings) is (second is guessed)


class Unreadable(Mapping[str, str]):
    """Files of which the list of names cannot be read any more."""

    def __getitem__(self, name: str) -> str:
        if name == "entities/customers.csv":
            raise KeyError(name) from PermissionError(13, "Permission denied")
        return FILES[name]

    def __iter__(self) -> Iterator[str]:
        return iter(FILES)

    def __len__(self) -> int:
        return len(FILES)


def test_a_list_of_names_that_cannot_be_read_any_more_is_a_fault() -> None:
    after = load_folder(Unreadable(), load_folder(FILES))
    assert "cannot be read" in str(after.faults["named"][0])
    assert all(isinstance(watchlist, Watchlist) and watchlist.id != "named" for watchlist in after.watchlists)
