"""The house stands as DESIGN.md §3 draws it, and each of its rules catches a planted breach."""

from __future__ import annotations

from pathlib import Path

import pytest

import monitor
from tests.architecture import CALLS, CORE_LEVEL, HOMES, LEVELS, WORLD, breaches, sources

ROOT = Path(monitor.__file__).parent


def test_the_house_keeps_its_rules() -> None:
    assert breaches(sources(ROOT)) == []


@pytest.mark.parametrize(
    ("modules", "message"),
    [
        ({"monitor.text.a": "import monitor.match"}, "text (L1) may not import match (L3)"),
        ({"monitor.text.a": "from monitor import flow"}, "text (L1) may not import flow (L5)"),
        ({"monitor.flow.a": "from monitor.settings import Settings", "monitor.settings": ""}, "flow (L5) may not import settings (L6)"),
        ({"monitor.wiring": "from monitor.cli import main", "monitor.cli": ""}, "wiring (L7) may not import cli (L9)"),
        ({"monitor.match": "import monitor.story"}, "match and story are neighbours (L3)"),
        ({"monitor.story": "import monitor.render"}, "story and render are neighbours (L3)"),
        ({"monitor.render.a": "from monitor.match import Engine", "monitor.match": ""}, "render and match are neighbours (L3)"),
        ({"monitor.flow.a": "import monitor.store"}, "flow and store are neighbours (L5)"),
        ({"monitor.store.a": "import monitor.flow"}, "store and flow are neighbours (L5)"),
        ({"monitor.sinks.a": "import monitor.store"}, "sinks and store are neighbours (L5)"),
        ({"monitor.net": "import monitor.sources"}, "net and sources are neighbours (L5)"),
        ({"monitor.sources.a": "import monitor.workers"}, "sources and workers are neighbours (L5)"),
        ({"monitor.web.a": "import monitor.service"}, "web and service are neighbours (L8)"),
        ({"monitor.web.a": "from monitor.store import SqlStore", "monitor.store": ""}, "web may not know store"),
        ({"monitor.text.a": "def f():\n    import re"}, "re is imported inside a function"),
        ({"monitor.text.a": "class C:\n    async def f(self):\n        from re import sub"}, "re.sub is imported inside a function"),
        ({"monitor.attic": ""}, "the room 'attic' has no level"),
        ({"monitor.text.a": "import monitor.attic"}, "the room 'attic' has no level"),
        ({"monitor.text.utils": ""}, "no module may be called utils"),
        ({"monitor.text.helpers.a": ""}, "no module may be called a"),
        (
            {"monitor.text.a": "from monitor.text import b", "monitor.text.b": "from monitor.text.a import x", "monitor.text": ""},
            "a circle of imports: monitor.text.a -> monitor.text.b -> monitor.text.a",
        ),
        ({"monitor.text.a": "from . import b", "monitor.text.b": "from .a import x", "monitor.text": ""}, "a circle of imports"),
        ({"monitor.text.a": "from ..cli import main", "monitor.cli": ""}, "text (L1) may not import cli (L9)"),
        ({"monitor.story.a": "async def f(): ..."}, "the core is synchronous"),
    ],
)
def test_a_planted_breach_is_caught(modules: dict[str, str], message: str) -> None:
    assert any(message in breach for breach in breaches(modules)), breaches(modules)


@pytest.mark.parametrize("room", [room for room, level in LEVELS.items() if level <= CORE_LEVEL])
@pytest.mark.parametrize("world", sorted(WORLD))
def test_the_core_may_not_import_the_world(room: str, world: str) -> None:
    assert f"monitor.{room}:1: the core may not import {world}" in breaches({f"monitor.{room}": f"import {world}"})


@pytest.mark.parametrize("call", sorted(CALLS))
def test_the_core_may_not_call_the_world(call: str) -> None:
    assert breaches({"monitor.match.a": f"x = {call}()"}) == [f"monitor.match.a:1: the core may not call {call}()"]


@pytest.mark.parametrize(("library", "home"), HOMES.items())
def test_every_dangerous_import_has_one_home(library: str, home: str) -> None:
    assert breaches({f"monitor.{home}": f"import {library}"}) == []
    for room in LEVELS:
        if room != home:
            assert f"monitor.{room}:1: {library} lives in {home}, not in {room}" in breaches({f"monitor.{room}": f"import {library}.x"})


@pytest.mark.parametrize(
    "modules",
    [
        {"monitor.text.a": "from importlib.resources import files\nfrom datetime import datetime, UTC\nx = datetime(2022, 1, 1)"},
        {"monitor.sources.a": "import monitor.net", "monitor.sinks.b": "import monitor.net"},
        {"monitor.workers": "from monitor import sources, dictionaries", "monitor.sources": "", "monitor.dictionaries": ""},
        {"monitor.cli.a": "def f():\n    import monitor.service"},
        {"monitor.flow.a": "import asyncio\nasync def f():\n    await asyncio.sleep(0)"},
    ],
)
def test_what_is_allowed_is_allowed(modules: dict[str, str]) -> None:
    assert breaches(modules) == []
