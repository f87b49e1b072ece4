"""An empty list in a route says neither everything nor nothing: it is a fault, and the answer says what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.errors import ConfigError
from monitor.settings import MatchSettings, Surroundings, load

HEAD = "data_dir: ./var\nwatchlists: ./lists\nsinks: {log: {type: alert_log, path: a.jsonl}}\n"


def faults(folder: Path, routes: str) -> str:
    (folder / "monitor.yaml").write_text(f"{HEAD}{routes}\n")
    with pytest.raises(ConfigError) as caught:
        load(None, around=Surroundings(environ={}, cwd=folder))
    assert len(caught.value.faults) == 1
    return str(caught.value)


@pytest.mark.parametrize("where", ["match", "not"])
@pytest.mark.parametrize("key", sorted(set(MatchSettings.model_fields) - {"labels"}))
def test_an_empty_condition_is_a_fault(key: str, where: str, tmp_path: Path) -> None:
    said = faults(tmp_path, f"routes: [{{to: [log], {where}: {{{key}: []}}}}]")
    assert f"monitor.yaml:4:{len(f'routes: [{{to: [log], {where}: {{{key}: ') + 1}: error: the list {key!r} is empty" in said
    assert f"or leave {key!r} out: then {'any will do' if where == 'match' else 'nothing is left out for it'}" in said


def test_so_are_an_empty_tell_empty_labels_and_a_label_without_values(tmp_path: Path) -> None:
    said = faults(tmp_path, "routes: [{to: [log], tell: []}]")
    assert "hint: write what is meant, such as tell: [raised, closed], or leave 'tell' out: then everything is told" in said
    assert "the mapping 'labels' is empty" in faults(tmp_path, "routes: [{to: [log], match: {labels: {}}}]")
    assert "the list 'country' is empty" in faults(tmp_path, "routes: [{to: [log], match: {labels: {country: []}}}]")
    assert "'hihg' is not one of" in faults(tmp_path, "routes: [{to: [log], match: {severity: [hihg]}}]")
    assert "hint: write to: [log]" in faults(tmp_path, "routes: [{to: []}]")


def test_quiet_hours_of_no_day_are_a_fault(tmp_path: Path) -> None:
    (tmp_path / "monitor.yaml").write_text(HEAD.replace("path", "quiet: [{from: '22:00', to: '07:00', days: []}], path"))
    with pytest.raises(ConfigError, match=r"the list 'days' is empty"):
        load(None, around=Surroundings(environ={}, cwd=tmp_path))
