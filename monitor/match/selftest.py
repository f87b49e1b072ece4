"""A watchlist's own tests: run with the engine that would match articles, answered in words a person can act on."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.match.engine import Engine
from monitor.model import Facts, Layout, Match
from monitor.text.language import identify
from monitor.text.layout import lay_out
from monitor.watchlist import InlineTest, TestKind, Watchlist

_SHOWN = 70


def run_tests(watchlist: Watchlist, engine: Engine, files: Mapping[str, str]) -> tuple[str, ...]:
    """What failed, one text a test; empty where all passed.

    An inline text is all body; a file is laid out as an article is. Files are looked for as ``seeds/NAME``.
    """
    out = []
    for test in watchlist.tests:
        failure = _run(test, watchlist, engine, files)
        if failure:
            out.append(f"{test.place}: {failure}" if test.place else failure)
    return tuple(out)


def _run(test: InlineTest, watchlist: Watchlist, engine: Engine, files: Mapping[str, str]) -> str:
    if test.file:
        text = files.get(f"seeds/{test.file}")
        if text is None:
            return f"the test file {test.file} is missing; it is looked for in seeds/ beside the watchlists folder, then inside it"
        layout = lay_out(text)
    else:
        text = test.text.strip()
        layout = lay_out(text, all_body=True)
    return _judge(test, _find(watchlist, engine, text, layout), test.file or _short(text))


def _find(watchlist: Watchlist, engine: Engine, text: str, layout: Layout) -> Match | None:
    facts = Facts(language=identify(text))
    return next(iter(engine.match(text, layout, facts, only=watchlist.id)), None)


def _judge(test: InlineTest, match: Match | None, shown: str) -> str:
    if test.kind is TestKind.QUIET:
        if match is None:
            return ""
        hits = ", ".join(dict.fromkeys(f"{h.text} ({h.group})" for e in match.evidence for h in e.hits))
        return f"should be quiet but alerts on {hits}: {shown}"
    if match is None:
        return f"should alert but is quiet: {shown}"
    for wanted in test.evidence:
        if not any(wanted in e.quote for e in match.evidence):
            return f"alerts, but no evidence contains {wanted!r}: {shown}"
    if test.stance is not None and test.stance not in match.stances:
        return f"alerts as {', '.join(match.stances)}, not as {test.stance}: {shown}"
    if test.severity is not None and test.severity is not match.severity:
        return f"alerts with severity {match.severity}, not {test.severity}: {shown}"
    return ""


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
