"""Lists of sources: OPML and YAML files that the configuration names, checked like the rest of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest

from monitor.errors import ConfigError
from monitor.settings import FeedSettings, load
from monitor.settings.load import Loaded, Surroundings
from monitor.settings.values import NAME_PATTERN

CONFIG = """\
data_dir: var
watchlists: watchlists
sources_from: [lists/arabic.opml, lists/more.yaml]
sources:
  seeds:
    folder: seeds
"""
OPML = """\
<opml version="2.0" xmlns:monitor="urn:news-monitor:opml"><body>
<outline text="Example News" xmlUrl="https://example.org/rss" language="ar" monitor:labels="country=EG" monitor:every="20m"/>
<outline text="seeds" xmlUrl="https://example.com/rss" monitor:full_text="true" monitor:important="true"/>
</body></opml>
"""
MORE = """\
desk:
  feed: https://desk.example/feed
files:
  folder: inbox
"""


def loaded(folder: Path, *, opml: str | None = OPML, more: str | None = MORE) -> Loaded:
    (folder / "lists").mkdir()
    (folder / "monitor.yaml").write_text(CONFIG, encoding="utf-8")
    for name, text in (("arabic.opml", opml), ("more.yaml", more)):
        if text is not None:
            (folder / "lists" / name).write_text(text, encoding="utf-8")
    return load(folder / "monitor.yaml", around=Surroundings(environ={}, cwd=folder))


def test_sources_of_lists_are_sources(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    sources = found.settings.sources
    assert sorted(sources) == ["desk", "example-news", "files", "seeds", "seeds-2"]
    example, other = sources["example-news"], sources["seeds-2"]
    assert isinstance(example, FeedSettings)
    assert (example.feed, example.language, example.labels, example.every) == ("https://example.org/rss", "ar", {"country": "EG"}, 1200.0)
    assert isinstance(other, FeedSettings)
    assert (other.full_text, other.important) == (True, True)
    # A path of a list is relative to the list.
    assert found.data["sources"]["files"]["folder"] == str(tmp_path / "lists" / "inbox")
    assert found.origins["sources", "desk", "feed"].where == f"{tmp_path}/lists/more.yaml:2"
    assert found.origins["sources", "example-news", "feed"].where == f"{tmp_path}/lists/arabic.opml:2"
    assert [path.name for path in found.files] == ["monitor.yaml", "arabic.opml", "more.yaml"]


def test_a_list_that_is_not_there_yet_is_a_warning(tmp_path: Path) -> None:
    found = loaded(tmp_path, more=None)
    lists = [fault for fault in found.warnings if "list of sources" in fault.message]
    assert [(Path(fault.file).name, fault.warning) for fault in lists] == [("more.yaml", True)]


@pytest.mark.parametrize(
    ("opml", "more", "said"),
    [
        (OPML, "desk:\n  feed: https://desk.example/\n  evry: 5m\n", ("more.yaml", 3, "unknown key 'evry'")),
        (OPML, "sources:\n  desk:\n    feed: nothing\n", ("more.yaml", 3, "must be an http")),
        (OPML, "seeds:\n  folder: x\n", ("more.yaml", 1, "a source named 'seeds' already")),
        (OPML, "example-news:\n  folder: x\n", ("more.yaml", 1, "arabic.opml:2")),
        (OPML, "desk: [\n", ("more.yaml", 2, "")),
        (OPML.replace("20m", "20"), MORE, ("arabic.opml", 2, "not a duration")),
        (OPML.replace("</body>", ""), MORE, ("arabic.opml", 4, "not well-formed")),
        (OPML.replace('text="seeds"', 'text="x" monitor:name="seeds"'), MORE, ("arabic.opml", 3, "a source named 'seeds' already")),
    ],
)
def test_every_fault_of_a_list_says_where_it_stands(tmp_path: Path, opml: str, more: str, said: tuple[str, int, str]) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, opml=opml, more=more)
    assert [(Path(fault.file).name, fault.line, said[2] in fault.message) for fault in caught.value.faults] == [(*said[:2], True)]


def test_feeds_that_publishers_would_block_are_doubted(tmp_path: Path) -> None:
    more = "desk:\n  feed: https://desk.example/feed?utm_source=x\n  every: 1m\ntwice:\n  feed: https://desk.example/feed\n"
    found = loaded(tmp_path, more=more)
    said = {(Path(fault.file).name, fault.line): fault.message for fault in found.warnings}
    assert said["more.yaml", 3] == "a feed asked every 1m may block this reader"
    assert said["more.yaml", 4] == "the same feed as 'desk': it is fetched twice"
    assert any("without a contact" in message for message in said.values())


@pytest.mark.parametrize(("step", "named"), [(30, "3 feeds {}: f0, f1, f2"), (3, "9 feeds {}: f0, f1, f2, f3, f4 and 4 more")])
def test_many_feeds_asked_too_often_are_one_doubt(tmp_path: Path, step: int, named: str) -> None:
    more = "".join(f"f{n}:\n  feed: https://f{n}.example/feed\n  every: {30 + step * n}s\n" for n in range(9))
    often = [fault for fault in loaded(tmp_path, more=more).warnings if "may block this reader" in fault.message]
    assert [(fault.line, fault.message) for fault in often] == [(3, named.format("asked more often than every 2m may block this reader"))]


@pytest.mark.parametrize("name", ["../x", "a/b", "..", "/etc/passwd", "a\\b", "%2e%2e", "a\x00b", "-x", "x" * 64, "a b", "Ａ", "\u202ex"])
def test_fault_51_a_name_is_no_path(tmp_path: Path, name: str) -> None:
    """In the configuration it is refused; what an OPML file calls a source becomes a plain name."""
    quoted = json.dumps(name)
    (tmp_path / "monitor.yaml").write_text(
        f"data_dir: var\nwatchlists: watchlists\nsources: {{{quoted}: {{feed: 'https://example.org/rss'}}}}\n", encoding="utf-8"
    )
    with pytest.raises(ConfigError, match=r"monitor\.yaml:3"):
        load(tmp_path / "monitor.yaml", around=Surroundings(environ={}, cwd=tmp_path))
    if "\x00" not in name:
        text = f"<opml version='2.0'><body><outline text={quoteattr(name)} xmlUrl='https://example.org/rss'/></body></opml>"
        (known,) = set(loaded(tmp_path, opml=text, more="").settings.sources) - {"seeds"}
        assert NAME_PATTERN.fullmatch(known)


def test_fault_51_a_list_that_is_a_pipe_or_a_device_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    os.mkfifo(tmp_path / "lists" / "arabic.opml")
    (tmp_path / "lists" / "more.yaml").symlink_to("/dev/zero")
    (tmp_path / "monitor.yaml").write_text(CONFIG, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "monitor.yaml", around=Surroundings(environ={}, cwd=tmp_path))
    assert "no regular file" in str(caught.value)


def test_a_fault_of_an_outline_says_of_which_source_and_what(tmp_path: Path) -> None:
    outline = "<outline xmlUrl='http://a.example/x' monitor:name='a' monitor:every='5s'/>"
    opml = f"<opml xmlns:monitor='urn:news-monitor:opml'><body>{outline}</body></opml>"
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, opml=opml, more="")
    assert [fault.message for fault in caught.value.faults] == ["a: every: 5s is not between 30s and 365d"]


def test_what_is_wrong_with_the_configuration_is_not_said_of_a_list(tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "arabic.opml").write_text(OPML)
    (tmp_path / "lists" / "more.yaml").write_text(MORE)
    config = tmp_path / "monitor.yaml"
    for text, said in (
        (CONFIG.replace("watchlists:", "watchlsits:"), ["unknown key 'watchlsits'"]),  # and not that watchlists is missing
        (CONFIG.replace("watchlists: watchlists\n", ""), ["'watchlists' is missing"]),
    ):
        config.write_text(text)
        with pytest.raises(ConfigError) as raised:
            load(config, around=Surroundings(environ={}, cwd=tmp_path))
        assert [(fault.file, fault.message) for fault in raised.value.faults] == [(str(config), each) for each in said]
