"""Secrets in a configuration with a fault: on the screen of whoever is at the file no value that may be one, elsewhere no value."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.errors import ConfigError, Fault
from monitor.settings import Surroundings, load

HEAD = "data_dir: ./var\nwatchlists: ./w\n"
SOURCE = "sources: {a: {folder: ./w}}\n"

#: CANARY is a secret, WORD is what somebody wrote that may be shown to him, and to nobody else.
CASES = [
    "sinks: {c: {type: webhook, url: 'ftp://h/CANARY'}}",
    "sinks: {c: {type: webhook, url: ['http://h/CANARY']}}",
    "sinks: {c: {type: webhook, url: {a: http://h/CANARY}}}",
    "sinks: {c: {type: webhook, url: 'http://h/x', headers: {Authorization: \"Bearer CANARY\\n\"}}}",
    "sinks: {c: {type: webhook, url: 'http://h/x', headers: {'Auth orization': 'Bearer CANARY'}}}",
    "sinks: {c: {type: webhook, url: 'http://h/x', headers: [\"Authorization: CANARY\"]}}",
    "sinks: {c: {type: webhook, url: 'http://h/x', headers: {Content-Type: WORD}}}",
    "sinks: {c: {type: webhook, format: 'https://h/CANARY', url: 'http://h/x'}}",
    "sinks: {c: {type: webhook, concurrency: CANARY01234567890123456789, url: 'http://h/x'}}",
    "sinks: {c: {type: 'https://h/CANARY'}}",
    "sinks: {c: {type: WORD}}",
    "sinks: {c: 'https://h/CANARY'}",
    "sinks: {CANARY: {type: nosuch}}",
    "sinks: 'https://h/CANARY'",
    "sinks: [{url: 'https://h/CANARY'}]",
    "sinks: {c: {type: heartbeat, url: 'nosuch://CANARY@x'}}",
    "sinks: {c: {type: apprise, url: CANARY}}",
    "sinks: {c: {type: mail, server: 'smtps://u:CANARY@h', sender: x@e.org, to: [a@e.org]}}",
    "sinks: {c: {type: mail, server: 'u:CANARY', sender: x@e.org, to: [a@e.org]}}",
    "sinks: {c: {type: mail, server: h, password: CANARY, sender: x@e.org, to: [a@e.org]}}",
    "sinks: {c: {type: mail, server: h, sender: CANARY, to: [CANARY]}}",
    "sinks: {c: {type: exec, command: /bin/notify --token CANARY}}",
    "sinks: {c: {type: exec, command: [CANARY, '']}}",
    "sinks: {c: {type: exec, command: [/bin/x], environment: {TOKEN: CANARY, '1': CANARY}}}",
    "sinks: {c: {type: syslog, address: 'u:CANARY@h:99999999'}}",
    "sinks: {c: {type: syslog, address: '2001:db8::CANARY'}}",
    "sinks: {c: {type: alertmanager, url: 'nosuch://u:CANARY@h', labels: {CANARY-x: CANARY}}}",
    "sinks: {c: {type: webhook, url: 'http://h/CANARY', secret_file: x, nosuch: CANARY}}",
    "sinks: {c: {type: webhook, url: 'http://h/x', nosuch: {deep: [CANARY]}}}",
    "sinks:\n  c: {type: webhook, url: 'http://h/\n    CANARY', nosuch: 1}",
    "sinks: {c: {type: webhook, url: http://h/CANARY: x}}",
    "sinks:\n  c: {type: webhook, url: http://h/CANARY\n  d: x",
    "sinks:\n  c: {type: exec, command: [/bin/x, CANARY\n  d: x",
    "sinks:\n  c:\n    type: webhook\n    url: &a http://h/CANARY\n    secret: *CANARYANCHOR\n",
    "sinks:\n  c:\n    secret: !CANARYTAG x\n",
    'sinks:\n  c:\n    secret: "CANARY\\qx"\n',
    "sinks:\n  c:\n    headers:\n      X-CANARY: a\n      X-CANARY: b\n",
    "sinks:\n  c:\n    headers:\n      CANARY: b\n      <<: CANARY\n",
    "sources: {a: {push: true, secret: CANARY}}",
    "sources: {a: {push: true, secret: [CANARY]}}",
    "sources: {a: {push: true, secret: {x: CANARY}}}",
    "sources: {a: {push: CANARY01234567890}}",
    "sources: {a: {push: true, secret: CANARYCANARYCANARYCANARY, sekret: CANARYCANARY}}",
    "sources: {a: {feed: 'gopher://u:CANARY@h/x'}}",
    "sources: {a: {feed: 'http://u:CANARY@h/x', every: WORD}}",
    "sources: {a: {feed: 'http://h/x?key=CANARY', every: WORD}}",
    "sources: {a: {feed: ['http://u:CANARY@h/x']}}",
    "sources: {a: 'http://u:CANARY@h/x'}",
    "sources: {WORD!: {folder: ./x}}",
    "proxy: 'http://u:CANARY@h'",
    "fetch: {proxy: 'http://u:CANARY@h'}",
    "fetch: {concurrency: WORD}",
    "server: {listen: WORD}",
    "routes: [{to: [WORD]}]",
    "log: {level: WORD}",
]


def faults(folder: Path, text: str, environ: dict[str, str] | None = None) -> tuple[Fault, ...]:
    (folder / "w").mkdir(exist_ok=True)
    (folder / "monitor.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(Path("monitor.yaml"), around=Surroundings(environ=environ or {}, cwd=folder))
    return caught.value.faults


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_is_said_without_the_secret(tmp_path: Path, case: str) -> None:
    found = faults(tmp_path, HEAD + case + "\n")
    for fault in found:
        assert "CANARY" not in str(fault)
        assert fault.sort
        assert fault.discreet.startswith(f"monitor.yaml:{fault.line}: ")
        assert not any(word in fault.discreet for word in ("CANARY", "WORD", "http", "h/x"))
        assert fault.line > 2


@pytest.mark.parametrize("case", [case for case in CASES if case.startswith("sources")])
def test_a_list_of_sources_keeps_its_secrets_too(tmp_path: Path, case: str) -> None:
    (tmp_path / "more.yaml").write_text(case + "\n")
    for fault in faults(tmp_path, HEAD + "sources_from: [more.yaml]\n"):
        assert "CANARY" not in str(fault)
        assert not any(word in fault.discreet for word in ("CANARY", "WORD"))
        assert fault.discreet.startswith(f"{tmp_path}/more.yaml:1: ")


def test_an_address_among_the_lists_of_sources_is_not_repeated(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, HEAD + "sources_from: ['https://u:CANARY@example.org/feeds.opml']\n")
    assert fault.discreet == "sources_from[0]: an address, where the path of a file should stand"
    assert "CANARY" not in str(fault)


@pytest.mark.parametrize(
    "environ",
    [
        {"MONITOR_SINKS__C__COMMAND": "CANARY"},
        {"MONITOR_SINKS__C__SERVER": "smtp://u:CANARY@h"},
        {"MONITOR_SINKS__C__HEADERS": "{X-CANARY: a, X-CANARY: b}"},
        {"MONITOR_SINKS": "{c: {type: exec, command: CANARY}}"},
        {"MONITOR_ROUTES": "[{to: [CANARY]}"},
    ],
)
def test_variables_are_not_quoted(tmp_path: Path, environ: dict[str, str]) -> None:
    for fault in faults(tmp_path, HEAD + "sinks: {c: {type: mail, sender: a@e.org, to: [a@e.org]}}\n", environ):
        assert "CANARY" not in str(fault)
        assert "CANARY" not in fault.discreet


def test_the_place_and_the_sort_are_said(tmp_path: Path) -> None:
    text = (
        HEAD
        + SOURCE
        + "sinks:\n  desk:\n    type: mail\n    server: 'smtp://u:x@h'\n    sender: a@e.org\n    to: [a@e.org]\n    tsl: none\n"
    )
    assert [fault.discreet for fault in faults(tmp_path, text + "routes: [{to: [dsek]}]\nlogs: {}\n")] == [
        "monitor.yaml:7: sinks.desk.server: not what may stand here",
        "monitor.yaml:10: sinks.desk.…: a key that is not known here",
        "monitor.yaml:11: routes[0].to[0]: there is no sink of this name",
        "monitor.yaml:12: …: a key that is not known here",
    ]


def test_a_fault_that_nobody_put_in_other_words_is_told_by_its_place_alone() -> None:
    assert Fault("CANARY", "list.opml", 3).discreet == "list.opml:3: it has a fault, which the commands that read it show"
