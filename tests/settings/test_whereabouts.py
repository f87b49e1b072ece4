"""Where the data folder is, of a configuration with faults elsewhere: found where it is written, and never guessed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import ConfigError
from monitor.settings import Surroundings, data_folder, load

SOUND = "data_dir: ./var\nwatchlists: ./lists\n"


def found(folder: Path, text: str | bytes, environ: dict[str, str] | None = None) -> Path | None:
    (folder / "monitor.yaml").write_bytes(text.encode() if isinstance(text, str) else text)
    around = Surroundings(environ=environ or {}, cwd=folder)
    with pytest.raises(ConfigError):
        load(None, around=around)
    return data_folder(around=around)


@pytest.mark.parametrize(
    "broken",
    [
        SOUND + "routes: [{to: [log], tell: [raised, clsd]}]\n",
        SOUND + "sinks: {log: {type: alert_lgo}}\n",
        SOUND + "nonsense: 1\n",
        "data_dir: ./var\n",
        SOUND + "sinks: [\n",
        SOUND + "sinks: &here {}\n",
        SOUND + "sinks:\n\tlog: {}\n",
        SOUND + "fetch: {}\nfetch: {}\n",
        "'data_dir' : \"./var\" # the record\r\nwatchlists: a: b\r\n",
        "# data_dir: ./other\n" + SOUND + "x: {data_dir: ./third\n",
    ],
)
def test_the_folder_is_found_whatever_else_is_wrong(broken: str, tmp_path: Path) -> None:
    assert found(tmp_path, broken) == tmp_path / "var"


@pytest.mark.parametrize(
    "doubtful",
    [
        "watchlists: ./lists\n",
        "datadir: ./var\nwatchlists: ./lists\n",
        "data_dir: \nwatchlists: ./lists\n",
        "data_dir: [./var]\nwatchlists: ./lists\n",
        SOUND + "data_dri: ./other\n",
        SOUND + "data_dir: ./other\n",
        SOUND + "data_dir: ./other\nsinks: [\n",
        "data_dir: ./var\n  and more\nsinks: [\n",
        "data_dir: |\n  ./var\nsinks: [\n",
        "data_dir: 'open\nsinks: [\n",
        "data_dir: *other\n",
        "{data_dir: ./var, sinks: [}\n",
        "  data_dir: ./var\nwatchlists: ./lists\n",
        b"data_dir: ./v\xe9r\nwatchlists: ./lists\n",
    ],
)
def test_nothing_is_guessed(doubtful: str | bytes, tmp_path: Path) -> None:
    assert found(tmp_path, doubtful) is None


def test_a_variable_stands_above_the_file_and_a_misspelt_one_leaves_it_in_doubt(tmp_path: Path) -> None:
    broken = SOUND + "sinks: [\n"
    assert found(tmp_path, broken, {"MONITOR_DATA_DIR": "/srv/news"}) == Path("/srv/news")
    assert found(tmp_path, broken, {"MONITOR_DATA_DRI": "/srv/news"}) is None
    assert found(tmp_path, broken, {"MONITOR_LOG__LEVLE": "info"}) == tmp_path / "var"


def test_a_file_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    assert data_folder(Path("monitor.yml"), around=Surroundings(environ={"MONITOR_DATA_DIR": "/srv/news"}, cwd=tmp_path)) is None


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_around_it_leads_elsewhere(tmp_path_factory: pytest.TempPathFactory, above: str, below: str) -> None:
    folder = tmp_path_factory.getbasetemp() / "whereabouts"
    folder.mkdir(exist_ok=True)
    (folder / "monitor.yaml").write_bytes(f"{above}\ndata_dir: ./var\n{below}".encode("utf-8", "replace"))
    assert data_folder(around=Surroundings(environ={}, cwd=folder)) in (folder / "var", None)
