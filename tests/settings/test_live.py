"""What of a changed configuration is put into force at once: routes and the times of sinks; what waits for a restart is named."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

import pytest

from monitor.errors import ConfigError
from monitor.flow.moment import Rate
from monitor.settings import ConfiguredSources, Loaded, Settings, Surroundings, load, rules_of
from monitor.settings.live import live
from monitor.wiring import routes

HEAD = "data_dir: ./var\nwatchlists: ./watchlists\nsources: {s: {push: true, secret: 0123456789abcdef}}\n"
LOG = "  log: {type: alert_log, path: ./a.jsonl}\n"
DESK = '  desk: {type: webhook, url: "https://example.org/hook"}\n'
CHAT = '  chat: {type: webhook, format: slack, url: "https://example.org/chat"}\n'


def around(folder: Path) -> Surroundings:
    return Surroundings(environ={}, cwd=folder, system=folder / "none.yaml")


def written(folder: Path, sinks: str, rest: str = "") -> Settings:
    (folder / "monitor.yaml").write_text(f"{HEAD}sinks:\n{sinks}{rest}")
    return load(None, around=around(folder)).settings


def ways(settings: Settings) -> list[tuple[str, ...]]:
    return [route.to for route in routes(settings)]


@pytest.mark.parametrize(
    ("sinks", "rest", "to", "waiting"),
    [
        (LOG + DESK, "", [("log", "desk")], ()),
        (LOG + DESK, "routes: [{to: [log]}]\n", [("log",)], ()),
        (LOG + DESK, "routes: [{to: [log]}]\nlog: {level: debug}\n", [("log",)], ("log",)),
        (LOG + DESK + CHAT, "routes: [{to: [log]}]\n", [("log",)], ("sinks.chat (new)",)),
        # Routes that lead where nobody is wait whole.
        (
            LOG + DESK + CHAT,
            "routes: [{to: [log]}, {to: [chat]}]\n",
            [("log", "desk")],
            ("sinks.chat (new)", "routes (they lead to chat)"),
        ),
        (LOG, "", [("log",)], ("sinks.desk (taken out)",)),
        (LOG, "routes: [{to: [log]}]\n", [("log",)], ("sinks.desk (taken out)",)),
        (LOG + DESK.replace("/hook", "/elsewhere"), "", [("log", "desk")], ("sinks.desk",)),
        (LOG + DESK.replace("}", ", rate: 30/h}"), "", [("log", "desk")], ()),
    ],
)
def test_what_is_in_force_at_once_and_what_waits(
    tmp_path: Path, sinks: str, rest: str, to: list[tuple[str, ...]], waiting: tuple[str, ...]
) -> None:
    running = written(tmp_path, LOG + DESK)
    found = live(running, running, written(tmp_path, sinks, rest))
    assert ways(found.routing) == to
    assert found.waiting == waiting


def test_the_times_of_a_sink_are_those_written_last_and_all_else_is_as_it_runs(tmp_path: Path) -> None:
    running = written(tmp_path, LOG + CHAT)
    latest = written(tmp_path, LOG + CHAT.replace("chat}", "other}").replace("}", ', rate: 5/h, quiet: {from: "22:00", to: "07:00"}}'))
    chat = live(running, running, latest).routing.sinks["chat"]
    assert rules_of(chat).rate == Rate(5, 3600)
    assert len(rules_of(chat).quiet) == 1
    other = written(tmp_path, LOG + '  chat: {type: webhook, url: "https://example.org/chat", rate: 9/h}\n')
    assert rules_of(live(running, running, other).routing.sinks["chat"]).sums_up  # it is a chat until the restart


def test_a_reading_with_a_fault_leaves_the_routes_of_the_last_one_without(tmp_path: Path) -> None:
    written(tmp_path, LOG + DESK)
    configured = ConfiguredSources(load(None, around=around(tmp_path)), lambda: load(None, around=around(tmp_path)))
    written(tmp_path, LOG + DESK, "routes: [{to: [log]}]\n")
    configured.read()
    assert ways(configured.routing) == [("log",)]
    (tmp_path / "monitor.yaml").write_text(f"{HEAD}sinks:\n{LOG}routes: [{{to: [lgo]}}]\n")
    with pytest.raises(ConfigError, match="no sink named 'lgo'"):
        configured.read()
    assert ways(configured.routing) == [("log",)]
    # What was refused for a sink that does not run leaves the last routes too, not those of the start.
    written(tmp_path, LOG + DESK + CHAT, "routes: [{to: [chat]}]\n")
    configured.read()
    assert ways(configured.routing) == [("log",)]
    assert list(configured.waiting()) == ["sinks.chat (new)", "routes (they lead to chat)"]


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        (HEAD + f"sinks:\n{LOG}{DESK}routes: [{{to: [log]}}]\n", HEAD + f"sinks:\n{LOG}{DESK}", "no routes"),
        (HEAD + f"sinks:\n{LOG}routes: [{{to: [log]}}]\n", HEAD, "no sinks and no routes"),
        (HEAD + f"sinks:\n{LOG}", HEAD.partition("sources")[0] + f"sinks:\n{LOG}", "no sources"),
    ],
)
def test_half_a_configuration_is_not_taken_until_somebody_asks_for_it(tmp_path: Path, before: str, after: str, what: str) -> None:
    (tmp_path / "monitor.yaml").write_text(before)
    configured = ConfiguredSources(load(None, around=around(tmp_path)), lambda: load(None, around=around(tmp_path)))
    routed = ways(configured.routing)
    (tmp_path / "monitor.yaml").write_text(after)
    assert [spec.name for spec in configured.read()] == ["s"]
    assert ways(configured.routing) == routed
    assert set(configured.tokens) == {"s"}
    (waiting,) = configured.waiting()
    assert waiting == f"all of it (it has {what} any more; a SIGHUP takes it as it is)"
    # The second half comes later than anybody expected.
    (tmp_path / "monitor.yaml").write_text(before)
    configured.read()
    assert configured.waiting() == ()
    (tmp_path / "monitor.yaml").write_text(after)
    assert [spec.name for spec in configured.read(asked=True)] == (["s"] if "sources" not in what else [])
    if "routes" in what:
        assert ways(configured.routing) == ([("log", "desk")] if DESK in after else [()])


def test_what_changes_while_it_is_read_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "monitor.yaml"
    texts = [f"sinks:\n{LOG}{DESK}routes: [{{to: [{to}]}}]\n" for to in ("log", "desk", "log, desk", "desk, log")]

    def reading() -> Loaded:
        found = load(None, around=around(tmp_path))
        if texts:
            file.write_text(HEAD + texts.pop(0))
        return found

    written(tmp_path, LOG + DESK)
    configured = ConfiguredSources(load(None, around=around(tmp_path)), reading)
    with pytest.raises(ConfigError, match="changes while it is read"):
        configured.read()
    assert ways(configured.routing) == [("log", "desk")]
    del texts[1:]
    configured.read()
    assert ways(configured.routing) == [("desk", "log")] or ways(configured.routing) == [("log", "desk")]
    assert configured.routing.routes


def test_a_file_that_comes_and_goes_is_a_configuration_with_a_fault_at_worst(tmp_path: Path) -> None:
    """Editors and deployments put a new file in place of the old one, and some leave a moment without any."""
    written(tmp_path, LOG, "routes: [{to: [log]}]\n")
    text = (tmp_path / "monitor.yaml").read_text()
    stop = threading.Event()

    def replacing() -> None:
        while not stop.is_set():
            (tmp_path / "monitor.yaml").unlink()
            (tmp_path / "monitor.yaml").write_text(text)

    configured = ConfiguredSources(load(None, around=around(tmp_path)), lambda: load(tmp_path / "monitor.yaml", around=around(tmp_path)))
    thread = threading.Thread(target=replacing)
    thread.start()
    try:
        for _ in range(20):
            with suppress(ConfigError):
                configured.read()
    finally:
        stop.set()
        thread.join()
    configured.read(asked=True)
    assert ways(configured.routing) == [("log",)]
