"""The rules of the house as functions over module sources, so that a rule can be tried on planted breaches.

``breaches`` reads sources with stdlib ``ast`` only and returns sentences; it imports nothing it judges. The rooms, their
levels and the reasons are DESIGN.md's.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "monitor"

#: A room may import rooms of a smaller level, and itself.
LEVELS: Mapping[str, int] = {
    "errors": 0,
    "model": 0,
    "yamlmap": 1,
    "text": 1,
    "watchlist": 2,
    "match": 3,
    "story": 3,
    "render": 3,
    "ports": 4,
    "analysis": 4,
    "flow": 5,
    "net": 5,
    "sources": 5,
    "store": 5,
    "sinks": 5,
    "bus": 5,
    "dictionaries": 5,
    "workers": 5,
    "forking": 5,
    "scheduling": 5,
    "settings": 6,
    "keys": 6,
    "logs": 6,
    "metrics": 6,
    "clock": 6,
    "operations": 6,
    "wiring": 7,
    "service": 8,
    "web": 8,
    "cli": 9,
    "__main__": 10,
}
CORE_LEVEL = 4

#: Neighbours of one level that may be imported all the same: who -> whom. ``workers`` runs the readers of feeds and the
#: engine with its dictionaries; ``service`` starts the web server.
NEIGHBOURS: Mapping[str, frozenset[str]] = {
    "model": frozenset({"errors"}),
    "text": frozenset({"yamlmap"}),
    "sources": frozenset({"net"}),
    "sinks": frozenset({"net"}),
    "workers": frozenset({"sources", "dictionaries", "forking", "scheduling"}),
    "service": frozenset({"web"}),
}

#: Rooms of smaller level that a room may not import all the same. Pages and the API are given ports, never what stands behind them.
NEVER: Mapping[str, frozenset[str]] = {
    "render": frozenset({"text", "watchlist"}),
    "web": frozenset({"flow", "net", "sources", "store", "sinks", "bus", "dictionaries", "workers", "settings", "wiring"}),
}

#: One home for each import that is dangerous, heavy or easily misused.
HOMES: Mapping[str, str] = {
    "feedparser": "sources",
    "selectolax": "sources",
    "trafilatura": "sources",
    "lxml": "sources",
    "sqlalchemy": "store",
    "alembic": "store",
    "sqlite3": "store",
    "aiohttp": "net",
    "nats": "bus",
    "cronsim": "flow",
    "pebble": "workers",
    "simplemma": "dictionaries",
    "fasttext": "text",
    "pydantic_settings": "settings",
    "prometheus_client": "metrics",
    "apscheduler": "service",
    "aiosmtplib": "sinks",
    "apprise": "sinks",
    "jinja2": "render",
    "fastapi": "web",
    "starlette": "web",
    "uvicorn": "web",
    "click": "cli",
    "rich": "cli",
}

#: What the core (L0–L4) may not import: clocks, files, the network, processes, logs, the environment, chance.
#: ``importlib.resources`` reads package data and is allowed; ``io`` is for buffers, its ``open`` is refused as a call.
WORLD = frozenset(
    [
        "asyncio",
        "concurrent",
        "fcntl",
        "ftplib",
        "getpass",
        "glob",
        "http",
        "locale",
        "logging",
        "mmap",
        "multiprocessing",
        "os",
        "pathlib",
        "platform",
        "random",
        "secrets",
        "select",
        "selectors",
        "shutil",
        "signal",
        "smtplib",
        "socket",
        "socketserver",
        "ssl",
        "structlog",
        "subprocess",
        "sys",
        "tempfile",
        "threading",
        "time",
        "urllib.request",
        "uuid",
        "webbrowser",
        "zoneinfo",
        "aiohttp",
        "requests",
    ]
)
#: Calls that reach the world without an import that shows it.
CALLS = frozenset(
    [
        "open",
        "input",
        "print",
        "breakpoint",
        "exec",
        "eval",
        "__import__",
        "io.open",
        "datetime.now",
        "datetime.utcnow",
        "datetime.today",
        "date.today",
        "datetime.datetime.now",
        "datetime.datetime.utcnow",
        "datetime.datetime.today",
        "datetime.date.today",
        "importlib.import_module",
    ]
)
#: Ports describe async methods; in the rest of the core nothing waits.
ASYNC = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
NAMELESS = frozenset({"utils", "util", "helpers", "helper", "common", "misc", "tools"})


@dataclass(frozen=True, slots=True)
class Import:
    target: str
    line: int
    in_function: bool


def sources(root: Path) -> dict[str, str]:
    """Module name -> source text of every module below ``root`` (the package's own folder)."""
    found: dict[str, str] = {}
    for file in sorted(root.rglob("*.py")):
        parts = [root.name, *file.relative_to(root).with_suffix("").parts]
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = file.read_text(encoding="utf-8")
    return found


def breaches(modules: Mapping[str, str]) -> list[str]:
    """Every breach of every rule, as ``module:line: what``."""
    trees = {name: ast.parse(text) for name, text in modules.items()}
    imports = {name: list(_imports(name, tree, modules)) for name, tree in trees.items()}
    found: list[str] = []
    for name, tree in trees.items():
        room = room_of(name)
        if NAMELESS & set(name.split(".")):
            found.append(f"{name}:1: no module may be called {name.rpartition('.')[2]}: name it after what it is for")
        if not room:
            continue
        if room not in LEVELS:
            found.append(f"{name}:1: the room {room!r} has no level in tests/architecture.py")
            continue
        for item in imports[name]:
            found += [f"{name}:{item.line}: {what}" for what in _import_breaches(room, item)]
        if LEVELS[room] <= CORE_LEVEL:
            found += [f"{name}:{line}: the core may not call {call}()" for call, line in _calls(tree)]
            found += [
                f"{name}:{node.lineno}: the core is synchronous: no async"
                for node in ast.walk(tree)
                if isinstance(node, ASYNC) and room != "ports"
            ]
    return found + _circles(imports)


def room_of(module: str) -> str:
    """``text`` of ``monitor.text.fold``; empty for the package itself."""
    return module.split(".")[1] if "." in module else ""


def _imports(name: str, tree: ast.Module, modules: Mapping[str, str]) -> Iterator[Import]:
    inside = {id(node) for outer in ast.walk(tree) if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef) for node in ast.walk(outer)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno, id(node) in inside)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = name.split(".") if any(other.startswith(f"{name}.") for other in modules) else name.split(".")[:-1]
                base = ".".join([*package[: len(package) - node.level + 1], *([base] if base else [])])
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                is_module = whole in modules or (base == PACKAGE and alias.name in LEVELS) or not base.startswith(PACKAGE)
                yield Import(whole if is_module else base, node.lineno, id(node) in inside)


def _import_breaches(room: str, item: Import) -> Iterator[str]:
    if item.target == PACKAGE or item.target.startswith(f"{PACKAGE}."):
        yield from _own_import_breaches(room, room_of(item.target))
    else:
        yield from _foreign_import_breaches(room, item.target)
    if item.in_function and room != "cli":
        yield f"{item.target} is imported inside a function: only the CLI may do that"


def _own_import_breaches(room: str, target: str) -> Iterator[str]:
    if not target or target == room:
        return
    if target not in LEVELS:
        yield f"the room {target!r} has no level in tests/architecture.py"
    elif target in NEVER.get(room, frozenset()):
        yield f"{room} may not know {target}"
    elif LEVELS[target] > LEVELS[room]:
        yield f"{room} (L{LEVELS[room]}) may not import {target} (L{LEVELS[target]}): imports point upwards only"
    elif LEVELS[target] == LEVELS[room] and target not in NEIGHBOURS.get(room, frozenset()):
        yield f"{room} and {target} are neighbours (L{LEVELS[room]}): neither may import the other"


def _foreign_import_breaches(room: str, target: str) -> Iterator[str]:
    top = target.partition(".")[0]
    home = HOMES.get(top)
    if home is not None and home != room:
        yield f"{top} lives in {home}, not in {room}"
    if LEVELS[room] <= CORE_LEVEL:
        prefixes = {".".join(target.split(".")[:n]) for n in range(1, target.count(".") + 2)}
        for world in sorted(prefixes & WORLD):
            yield f"the core may not import {world}"


def _calls(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = _dotted(node.func)
            if called in CALLS:
                yield called, node.lineno


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = _dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return ""


def _circles(imports: Mapping[str, list[Import]]) -> list[str]:
    """Modules that import each other, directly or by a way around; each circle is named once."""
    edges = {name: sorted({i.target for i in items if i.target in imports and i.target != name}) for name, items in imports.items()}
    done: set[str] = set()
    found: list[str] = []

    def visit(name: str, way: tuple[str, ...]) -> None:
        if name in way:
            circle = way[way.index(name) :]
            found.append(f"{circle[0]}:1: a circle of imports: {' -> '.join((*circle, name))}")
        elif name not in done:
            for target in edges[name]:
                visit(target, (*way, name))
            done.add(name)

    for name in edges:
        visit(name, ())
    return found
