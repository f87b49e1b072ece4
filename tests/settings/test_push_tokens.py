"""Tokens of pushed sources: read with the configuration, told apart, never quoted."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.errors import ConfigError
from monitor.settings import ConfiguredSources, Loaded, Surroundings, load
from tests.cli.program import program

GOOD = "0123456789abcdef0123"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "watchlists").mkdir()
    return tmp_path


def written(place: Path, *sources: str) -> Loaded:
    listed = "".join(f"  {source}\n" for source in sources)
    (place / "monitor.yaml").write_text(f"data_dir: var\nwatchlists: watchlists\nsources:\n{listed}")
    (place / "monitor.yaml").chmod(0o600)
    return read(place)


def read(place: Path) -> Loaded:
    return load(place / "monitor.yaml", around=Surroundings(environ={}, cwd=place))


def secret(place: Path, text: str) -> None:
    (place / "token").write_text(text)
    (place / "token").chmod(0o600)


def test_a_file_may_hold_the_new_and_the_old_one_and_is_read_again_when_it_changes(place: Path) -> None:
    secret(place, f"{GOOD}\n")
    sources = ConfiguredSources(written(place, "wire: {push: true, secret_file: ./token}"), lambda: read(place))
    assert sources.tokens == {"wire": (GOOD,)}
    before = sources.stamp()
    secret(place, f"{GOOD[::-1]}\n{GOOD}\n")
    assert sources.stamp() != before
    sources.read()
    assert sources.tokens == {"wire": (GOOD[::-1], GOOD)}


def test_a_file_that_is_broken_keeps_the_tokens_in_force(place: Path) -> None:
    secret(place, GOOD)
    sources = ConfiguredSources(written(place, "wire: {push: true, secret_file: ./token}"), lambda: read(place))
    secret(place, "short")
    with pytest.raises(ConfigError, match="no token of 16 characters"):
        sources.read()
    assert sources.tokens == {"wire": (GOOD,)}


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        (["wire: {push: true, secret_file: ./nothing}"], "nothing cannot be read: No such file"),
        ([f"wire: {{push: true, secret: {GOOD}}}", f"other: {{push: true, secret: {GOOD}}}"], "its token is also that of wire"),
    ],
)
def test_faults_name_the_source_and_check_says_them(place: Path, sources: list[str], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        ConfiguredSources(written(place, *sources), lambda: read(place))
    assert GOOD not in str(caught.value)
    done = program("check", "--config", place / "monitor.yaml")
    assert done.status == 1
    assert said in done.out
    assert GOOD not in done.out


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (f"{{push: false, secret: {GOOD}}}", "must be true"),
        ("{push: true}", "exactly one of secret and secret_file"),
        ("{push: true, secret: short}", "shorter than 16"),
        (f"{{push: true, folder: ./in, secret: {GOOD}}}", "exactly one of 'folder', 'feed' and 'push'"),
    ],
)
def test_what_a_pushed_source_must_say(place: Path, source: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        written(place, f"wire: {source}")
