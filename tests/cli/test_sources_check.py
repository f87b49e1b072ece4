"""``monitor sources check NAME`` of what is no feed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.program import program


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("drop", ("'drop' is a folder; only feeds are tried", "monitor sources poll drop")),
        ("wire", ("'wire' is handed in by others; only feeds are tried", "docs/pushing.md")),
        ("dorp", ("there is no feed named 'dorp'", "monitor sources list")),
    ],
)
def test_only_feeds_are_tried_and_what_is_none_is_said(tmp_path: Path, name: str, said: tuple[str, str]) -> None:
    (tmp_path / "token").write_text("a token of more than thirty-two characters")
    (tmp_path / "token").chmod(0o600)
    config = tmp_path / "monitor.yaml"
    config.write_text("data_dir: var\nwatchlists: lists\nsources: {drop: {folder: inbox}, wire: {push: true, secret_file: token}}\n")
    done = program("sources", "check", name, "--config", config)
    assert (done.status, [part in done.err for part in said]) == (2, [True, True]), done.err
