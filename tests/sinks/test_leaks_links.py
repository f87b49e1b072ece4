"""Row 50 of the faults, for what messages hold to act by: the key that signs links and the links themselves stand nowhere but in
their file and in the messages.

The real program, its links used as people and mail scanners use them, and a receiver that repeats a link when it refuses.
"""

from __future__ import annotations

import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from monitor.flow.links import Action, Claim, token
from monitor.keys import NAME
from monitor.sinks.answers import printable
from tests.cli.program import program
from tests.receiver import Reply, ThreadedReceiver
from tests.service.harness import Daemon, Workspace, eventually

PUBLIC = "https://news.example"
_LINK = re.compile(rb"https://news\.example/a/([\w-]+\.[\w-]+)")


@pytest.fixture
def receiver() -> Iterator[ThreadedReceiver]:
    with ThreadedReceiver() as receiver:
        yield receiver


def repeating(path: str, headers: Mapping[str, str], body: bytes) -> Reply:
    """Taken at /quiet; refused elsewhere with the first link of it, as some servers say what they do not like."""
    link = _LINK.search(body)
    if path.startswith("/quiet") or link is None:
        return Reply(204)
    refused = b"no such action: " + (link[0] if path.startswith("/loud") else link[1] + b" is not mine")
    return Reply(422 if path.startswith("/loud") else 500, body=refused)


def configured(space: Workspace, receiver: ThreadedReceiver) -> None:
    whole = yaml.safe_load(space.config.read_text())
    host = f"http://127.0.0.1:{receiver.port}"
    whole["sinks"] |= {
        name: {"type": "webhook", "format": form, "url": f"{host}/{name}"}
        for name, form in {"quiet": "slack", "loud": "discord", "broken": "teams"}.items()
    }
    whole["server"]["public_url"] = PUBLIC
    space.config.write_text(yaml.safe_dump(whole | {"log": {"level": "debug"}}, sort_keys=False))


def asked(url: str, form: Mapping[str, str] | None = None) -> int:
    """What a link answers, followed, or with its form sent."""
    data = None if form is None else urllib.parse.urlencode(form).encode()
    try:
        with urllib.request.urlopen(url, data=data, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def used(daemon: Daemon, token: str) -> None:
    """Looked at, acted by, and tried with a slip in it."""
    base = daemon.address.rpartition("/")[0]
    assert asked(f"{base}/a/{token}") == 200
    assert asked(f"{base}/a/{token}", {"token": token, "comment": "seen"}) == 200
    assert asked(f"{base}/a/{token[:-4]}AAAA") == 404


def said(space: Workspace, *command: str) -> bytes:
    done = program(*command, "--config", space.config)
    assert "Traceback" not in done.err, done.err
    return (done.out + done.err).encode()


def said_by(space: Workspace, daemon: Daemon) -> dict[str, bytes]:
    commands = [
        ("config", "show"),
        ("check",),
        ("sinks", "list", "--json"),
        *(("sinks", "test", name) for name in ("quiet", "loud", "broken")),
        ("deliveries", "list", "--json"),
        ("deliveries", "export", "--sink", "loud", "--payload"),
        ("alerts", "list", "--json"),
        ("alerts", "export"),
        ("audit", "--json"),
        ("db", "backup", str(space.folder / "copy.db")),
    ]
    found = {"monitor " + " ".join(command): said(space, *command) for command in commands}
    base = daemon.address.rpartition("/")[0]
    return found | {f"/{page}": daemon.get(f"{base}/{page}")[1].encode() for page in ("healthz", "metrics", "openapi.json")}


def test_fault_50_links_and_their_key_stand_in_messages_alone(tmp_path: Path, receiver: ThreadedReceiver) -> None:
    space = Workspace(tmp_path / "space")
    configured(space, receiver)
    receiver.answer = repeating
    try:
        daemon = space.start().ready()
        space.article("one", "gravesale")
        eventually(lambda: {request.path for request in receiver.requests} >= {"/quiet", "/loud", "/broken"}, "all sinks to be tried")
        eventually(lambda: all(answer in said(space, "sinks", "list") for answer in (b"422", b"500")), "the answers to be written down")
        tokens = sorted({token for request in receiver.requests for token in _LINK.findall(request.body)})
        assert len(tokens) == 9  # three actions for three sinks
        used(daemon, next(token.decode() for request in receiver.requests for token in _LINK.findall(request.body)))
        places = said_by(space, daemon)
        assert daemon.stop() == 0
    finally:
        space.close()
    (line,) = (space.folder / "var" / NAME).read_text().split()
    record = [file for file in (space.folder / "var").rglob("*") if file.is_file() and file.name != NAME]
    files = [*record, space.folder / "copy.db", daemon.out, daemon.err, space.log]
    places |= {str(file.relative_to(space.folder)): file.read_bytes() for file in files}
    everything = b"".join(places.values())
    assert b"HTTP 422" in everything
    assert b"link:" in everything  # what was done is in the trail, by whom
    # A signature is what a link is worth; the rest of it names an alert.
    secrets = {"the key": line.encode(), "the key's bytes": bytes.fromhex(line)}
    secrets |= {f"link {n}": token.rpartition(b".")[2] for n, token in enumerate(tokens)}
    found = [f"{what} in {place}" for what, secret in secrets.items() for place, text in places.items() if secret in text]
    print(f"{len(secrets)} secrets, {len(places)} places, {len(everything):,} bytes: hits {len(found)}")
    assert found == []


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize(
    "around", ["{}", "no such action: https://news.example/a/{}", '{{"url": "https:\\/\\/news.example\\/a\\/{}"}}', "<{}|Close>"]
)
def test_fault_50_words_that_repeat_a_link_are_not_kept(action: Action, around: str) -> None:
    link = token(bytes(32), Claim(action, "a" * 32, "x", datetime(2026, 3, 1, tzinfo=UTC)))
    assert printable(around.format(link), ()) == ""
    assert printable("field data.alert.evidence is missing; see docs.example.org/errors", ()) != ""
