"""What the documents show is run: configurations load, watchlists pass their tests, commands and options exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import click
import pytest
import yaml

from monitor.cli.main import cli
from monitor.settings import Surroundings, load
from tests.cli.program import program

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
#: `monitor …` in code spans and indented examples.
_COMMAND = re.compile(r"`(monitor [^`]+)`|^    (monitor .+)$", re.MULTILINE)


def blocks(language: str) -> list[tuple[str, str]]:
    """(document, text) of every fenced block in this language."""
    return [(file.name, text) for file in DOCUMENTS for kind, text in _BLOCK.findall(file.read_text(encoding="utf-8")) if kind == language]


def shown_commands() -> list[tuple[str, str]]:
    found = []
    for file in DOCUMENTS:
        text = _BLOCK.sub("", file.read_text(encoding="utf-8"))
        found += [(file.name, (one or other).replace("\\|", "|")) for one, other in _COMMAND.findall(text)]
    return found


YAML = [(name, text, next(iter(yaml.safe_load(text)))) for name, text in blocks("yaml")]


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, text, first in YAML if first == "id"])
def test_watchlists_shown_are_right(name: str, text: str, tmp_path: Path) -> None:
    file = tmp_path / f"{yaml.safe_load(text)['id']}.yaml"
    file.write_text(text, encoding="utf-8")
    done = program("check", file)
    assert done.status == 0, done.out + done.err
    assert "test failed" not in done.out


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, text, first in YAML if first != "id"])
def test_configurations_shown_are_right(name: str, text: str, tmp_path: Path) -> None:
    whole = text if "data_dir" in text else f"data_dir: var\nwatchlists: watchlists\n{text}"
    (tmp_path / "monitor.yaml").write_text(whole, encoding="utf-8")
    load(tmp_path / "monitor.yaml", around=Surroundings(environ={}, cwd=tmp_path))


def test_there_is_something_to_run() -> None:
    assert {first for _, _, first in YAML} >= {"id", "data_dir", "sinks"}
    assert len(shown_commands()) > 10


@pytest.mark.parametrize(("name", "line"), shown_commands(), ids=lambda value: str(value)[:60])
def test_commands_shown_exist(name: str, line: str) -> None:
    """Each word of a command is looked up; ``[…]`` is optional and ``a|b`` are choices."""
    for call in line.split("&&"):
        words = call.replace("[", " ").replace("]", " ").split()
        if words[:1] == ["monitor"]:
            check(words[1:], line)


def check(words: list[str], line: str) -> None:
    if not words or words[0].startswith("-"):
        assert all(word in ("--version", "--help") for word in words), line
        return
    command: click.Command = cli
    while words and isinstance(command, click.Group):
        names = words.pop(0).split("|")
        for name in names:
            assert name in command.commands, f"{line}: there is no {name}"
        command = command.commands[names[0]]
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    choices = [set(parameter.type.choices) for parameter in command.params if isinstance(parameter.type, click.Choice)]
    for word in words:
        if word.startswith("--"):
            assert word in known, f"{line}: there is no {word}"
        elif "|" in word:
            assert any(set(word.split("|")) <= allowed for allowed in choices), f"{line}: {word}"


# ------------------------------------------------------------------------------------------ metrics
def metrics_in_code() -> dict[str, set[str]]:
    """Name -> labels, of every call of a meter's methods by a name that stands there."""
    found: dict[str, set[str]] = {}
    for file in (ROOT / "monitor").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
                continue
            of, name = node.func.value, node.args[0]
            if isinstance(name, ast.Constant) and ast.unparse(of).endswith("meter") and node.func.attr in {"count", "gauge", "observe"}:
                found.setdefault(str(name.value), set()).update(word.arg for word in node.keywords if word.arg)
    return found


def test_every_metric_stands_in_the_docs_with_its_labels() -> None:
    rows = re.findall(r"^\| `monitor_(\w+)` \|(.*?)\| ", (ROOT / "docs" / "running.md").read_text(encoding="utf-8"), re.MULTILINE)
    documented = {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in rows}
    assert documented == metrics_in_code(), "docs/running.md has a row for each metric, under Metrics"
