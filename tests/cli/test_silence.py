"""``monitor silence`` through the program: begun, seen to mute, listed, ended."""

from __future__ import annotations

import json
import re
from pathlib import Path

from monitor.errors import ExitStatus
from tests.cli.program import Done, program
from tests.cli.test_alerts import ARTICLES, listed, space  # noqa: F401 - the fixture

_LATER = "Zarechny again\n\nThe shipyard of Zarechny made another arms deal about nine corvettes, its owners said on Friday.\n"


def silence(folder: Path, *arguments: object) -> Done:
    return program("silence", *arguments, "--config", folder / "monitor.yaml")


def test_a_silence_mutes_until_it_ends(space: Path) -> None:  # noqa: F811
    done = silence(space, "preview", "--watchlist", "arms")
    assert done.out.splitlines()[0] == f"of {len(ARTICLES)} notifications in the last day it would have muted {len(ARTICLES)}"
    done = silence(space, "add", "--watchlist", "arms", "--for", "4h", "-m", "exercise")
    assert (done.status, done.err) == (0, "")
    found = re.match(r"silence ([0-9a-f]{8}): watchlist arms; until .* exercise \(muted 0\)\n", done.out)
    assert found is not None
    (space / "articles" / "three.txt").write_text(_LATER)
    assert program("once", "--config", space / "monitor.yaml").status == 0
    out = program("why", "three.txt", "--config", space / "monitor.yaml").out
    assert out.splitlines()[0] == f"arms: matched, not told: a silence mutes it ({found[1]})"
    [listed] = [json.loads(line) for line in silence(space, "list", "--json").out.splitlines()]
    assert (listed["id"], listed["muted"]) == (found[1], 1)
    assert silence(space, "expire", found[1][:4]).out == f"silence {found[1]} has ended; it muted 1\n"
    assert silence(space, "list").out == "no silences\n"
    assert f"{found[1]}  ended" in silence(space, "list", "--all").out
    trail = program("audit", "--object", found[1], "--config", space / "monitor.yaml").out
    assert "silence add" in trail
    assert "silence expire" in trail


def test_a_story_is_named_by_the_beginning_of_its_id(space: Path) -> None:  # noqa: F811
    [story, *_] = [alert["story"] for alert in listed(space)]
    done = silence(space, "add", "--story", story[:10], "--for", "1h", "-m", "known", "--json")
    assert json.loads(done.out)["silence"]["matchers"] == {"story": [story]}
    assert "no story whose id begins with 'ffff'" in silence(space, "add", "--story", "ffff", "--for", "1h", "-m", "x").err


def test_a_silence_of_what_is_not_there_is_noted_at_once(space: Path) -> None:  # noqa: F811
    done = silence(space, "add", "--watchlist", "amrs", "--source", "nobody", "--for", "1h", "-m", "x")
    assert done.status == 0
    assert done.err == "note: there is no watchlist 'amrs'; did you mean 'arms'?\nnote: there is no source 'nobody'; there is drop\n"
    assert silence(space, "preview", "--source", "nobody").err == "note: there is no source 'nobody'; there is drop\n"
    assert silence(space, "add", "--source", "nobody", "--for", "1h", "-m", "x", "--json").err.startswith("note: there is no source")


def test_a_wrong_silence_says_what_to_write(space: Path) -> None:  # noqa: F811
    for arguments, said in (
        (("--for", "4h", "-m", "x"), "at least one matcher"),
        (("--watchlist", "arms", "-m", "x"), "needs an end"),
        (("--watchlist", "arms", "--for", "forever", "-m", "x"), "is not a duration"),
        (("--watchlist", "arms", "--for", "200d", "-m", "x"), "90 days at most"),
        (("--label", "topic", "--for", "4h", "-m", "x"), "KEY=VALUE"),
        (("--watchlist", "arms", "--for", "4h"), "Missing option"),
    ):
        done = silence(space, "add", *arguments)
        assert done.status == ExitStatus.WRONG_USE
        assert said in done.err
