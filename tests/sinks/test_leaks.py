"""Row 50 of the faults: secrets of sinks stand nowhere but in their files and in what goes to their receivers.

The real program, with a canary for each kind of secret, before receivers that refuse and repeat whatever they are sent. Then all
that the program wrote, printed or answered is searched.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import pytest
import yaml

from monitor.sinks import SINK_TYPES
from tests.cli.program import program
from tests.judges import free_port
from tests.receiver import Habit, Reply, ThreadedReceiver
from tests.service.harness import Daemon, Workspace, eventually

#: Kind of secret -> what it looks like here; none stands in another.
CANARIES = {
    "signing secret": base64.b64encode(b"canary-of-the-signing-secret").decode(),
    "token in an address": "T0CANARY1/B0CANARY2/canary-of-the-address",
    "bot token": "123456:canary-of-the-telegram-bot",
    "bearer token": "canary-of-the-bearer-token",
    "password": "canary-of-the-basic-password",
    "header": "canary-of-a-header-of-ours",
    "heartbeat": "canary-of-the-heartbeat-address",
    "mail password": "canary-of-the-smtp-password",
    "user in an address": "canary-of-an-address-password",
}
STATUSES = {"desk": 422, "chat": 404, "bot": 401, "api": 403, "base": 500, "pager": 400, "beat": 503, "open": 429}


@pytest.fixture
def receiver() -> Iterator[ThreadedReceiver]:
    with ThreadedReceiver() as receiver:
        yield receiver


def echo(path: str, headers: Mapping[str, str], body: bytes) -> Reply:
    """Refused, with all that came: plain, and as some servers do it, in JSON."""
    sink = path.strip("/").partition("/")[0]
    if sink == "reset":
        return Reply(habit=Habit.RESET)
    said = f"cannot {path} {' '.join(headers.values())} ".encode() + body[:200]
    answer = json.dumps({"message": said.decode("utf-8", "replace"), "ok": False, "error_code": 401, "description": path}).encode()
    return Reply(STATUSES.get(sink, 400), {"X-Echo": quote(path)}, said if sink in {"desk", "api", "base"} else answer)


def configured(space: Workspace, receiver: ThreadedReceiver) -> list[str]:
    """Writes the files and the configuration; the names of the sinks."""

    def file(name: str, text: str) -> str:
        made = space.folder / name
        made.write_text(text + "\n")
        made.chmod(0o600)
        return str(made)

    known = CANARIES
    host = f"127.0.0.1:{receiver.port}"
    signing, token, user = f"whsec_{known['signing secret']}", known["token in an address"], known["user in an address"]
    basic, bearer = file("basic", f"ufo:{known['password']}"), file("bearer", known["bearer token"])
    bot = file("bot", f"http://{host}/bot/bot{known['bot token']}/sendMessage")
    sinks: dict[str, dict[str, object]] = {
        "desk": {"url": f"http://{host}/desk/{token}?key={known['header']}", "secret": signing, "headers": {"X-Key": known["header"]}},
        "chat": {"format": "slack", "url_file": file("chat", f"http://{host}/chat/{token}")},
        "bot": {"format": "telegram", "chat_id": "1", "url_file": bot},
        "api": {"url": f"http://{host}/api", "bearer_file": bearer},
        "base": {"url": f"http://{host}/base", "basic_file": basic, "secret_file": file("signing", signing)},
        "open": {"url": f"http://ufo:{user}@{host}/open"},
        "reset": {"url": f"http://{host}/reset/{token}", "bearer_file": bearer},
        "pager": {"type": "alertmanager", "url": f"http://{host}/pager", "basic_file": basic},
        "beat": {"type": "heartbeat", "url_file": file("beat", f"http://{host}/beat/{known['heartbeat']}")},
    }
    if "mail" in SINK_TYPES:
        letter = {"sender": "a@example.org", "to": ["b@example.org"], "user": "ufo", "password_file": file("word", known["mail password"])}
        sinks["mail"] = {"type": "mail", "server": f"localhost:{free_port()}", "tls": "none", **letter}
    if "apprise" in SINK_TYPES:
        sinks["any"] = {"type": "apprise", "url_file": file("any", f"json://ufo:{user}@{host}/any")}
    whole = yaml.safe_load(space.config.read_text())
    whole["sinks"] |= {name: {"type": "webhook"} | sink for name, sink in sinks.items()}
    space.config.write_text(yaml.safe_dump(whole | {"log": {"level": "debug"}}, sort_keys=False))
    return list(sinks)


def said_by(space: Workspace, daemon: Daemon, sinks: Sequence[str]) -> dict[str, bytes]:
    """All that the program says of itself while it runs: where -> what."""
    commands = [
        ("config", "show"),
        ("config", "show", "--json"),
        ("check",),
        ("sinks", "list"),
        ("sinks", "list", "--json"),
        ("deliveries", "list", "--json"),
        ("audit",),
        ("alerts", "list", "--json"),
        *(("sinks", "test", name) for name in sinks),
        *(("sinks", "show", name) for name in sinks if name != "beat"),
    ]
    found = {}
    for command in commands:
        found["monitor " + " ".join(command)] = printed(space, *command)
    host = daemon.address.rpartition("/")[0]
    for page in ("healthz", "metrics", "docs", "openapi.json"):
        found[f"/{page}"] = daemon.get(f"{host}/{page}")[1].encode()
    return found


def printed(space: Workspace, *command: str) -> bytes:
    done = program(*command, "--config", space.config)
    assert "Traceback" not in done.err, done.err
    return (done.out + done.err).encode()


def hits(places: Mapping[str, bytes]) -> list[str]:
    pair = base64.b64encode(f"ufo:{CANARIES['password']}".encode()).decode()
    found = []
    for kind, secret in {**CANARIES, "user and password, encoded": pair}.items():
        parts = {part.encode() for part in (secret, quote(secret, safe=""), *secret.split("/")) if len(part) > 8}
        found += [f"{kind} in {place}" for place, text in places.items() if any(part in text for part in parts)]
    return found


def test_fault_50_no_secret_of_a_sink_stands_anywhere(tmp_path: Path, receiver: ThreadedReceiver) -> None:
    space = Workspace(tmp_path / "space")
    sinks = configured(space, receiver)
    receiver.answer = echo
    try:
        daemon = space.start().ready()
        space.article("one", "gravesale")
        wanted = set(sinks) - {"mail", "any"}
        eventually(lambda: wanted <= {request.path.strip("/").partition("/")[0] for request in receiver.requests}, "all sinks to be tried")
        places = said_by(space, daemon, sinks)
        assert daemon.stop() == 0
    finally:
        space.close()
    # Every canary reached its receiver, or this test would prove nothing.
    sent = b"".join(request.path.encode() + " ".join(request.headers.values()).encode() for request in receiver.requests)
    for kind in ("token in an address", "bot token", "bearer token", "header", "heartbeat"):
        assert CANARIES[kind].encode() in sent, kind
    record = [file for file in (space.folder / "var").rglob("*") if file.is_file()]
    assert any(file.suffix == ".db" for file in record)
    places |= {str(file.relative_to(space.folder)): file.read_bytes() for file in (*record, daemon.out, daemon.err, space.log)}
    assert b"HTTP 422" in b"".join(places.values())
    found = hits(places)
    print(f"{len(CANARIES)} secrets, {len(places)} places, {sum(map(len, places.values())):,} bytes: hits {len(found)}")
    assert found == []


def test_fault_50_a_configuration_that_is_wrong_is_told_without_what_it_holds(tmp_path: Path) -> None:
    space = Workspace(tmp_path / "space")
    known = CANARIES
    wrong = [
        f"{{type: webhook, url: 'https://x.example/{known['token in an address']}', secrt: whsec_{known['signing secret']}}}",
        f"{{type: webhook, url: 'x.example/{known['token in an address']}'}}",
        f"{{type: webhook, url: 'https://x.example/{known['token in an address']}', headers: {{X-Key: \"{known['header']}\\n\"}}}}",
        f"{{type: webhook, url: 'https://ufo:{known['user in an address']}@x.example/', bearer_file: none}}",
        f"{{type: webhook, url: 'https://x.example/', secret: [{known['signing secret']}]}}",
        f"{{type: webhook, url: 'https://x.example/{known['token in an address']}', secret: whsec_{known['signing secret'][:12]}}}",
        f"{{type: heartbeat, url: 'https://x.example/{known['heartbeat']}', failing_url: '{known['heartbeat']}'}}",
        f"{{type: alertmanager, url: 'ftp://{known['user in an address']}@x.example/'}}",
    ]
    places = {}
    text = space.config.read_text()
    for n, line in enumerate(wrong):
        space.config.write_text(text.replace("sinks:\n", f"sinks:\n  bad: {line}\n"))
        for command in ("check", "once"):
            places[f"monitor {command} with {n}"] = printed(space, command)
    space.close()
    found = hits(places)
    print(f"{len(wrong)} wrong configurations: hits {len(found)}")
    assert found == []
