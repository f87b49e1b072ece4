"""What a webhook posts in each format, how each service's answers are meant, and what goes with the body."""

from __future__ import annotations

import ast
import asyncio
import base64
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks
import yaml
from pydantic import ValidationError

from monitor.errors import ConfigError, SinkError
from monitor.model import Answer, AnswerKind, Delivery, DeliveryState, Severity
from monitor.net import HttpClient
from monitor.ports import Posted, Tls
from monitor.render import discord, slack, teams, telegram
from monitor.render.message import Link, Message, read
from monitor.settings import Surroundings, load
from monitor.sinks import Tools, WebhookSettings
from tests.fakes import START, FakeClock, FakePoster
from tests.judges import free_port
from tests.receiver import Receiver
from tests.render.samples import DOCUMENTS
from tests.service.harness import eventually

TLS = Path(__file__).parent.parent / "net" / "tls"
DOCS = Path(__file__).parent.parent.parent / "docs" / "sinks"
PARTS = ["Set it up", "Duplicates and order", "When it fails"]
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
EXPECTED: Mapping[str, Callable[[Message], bytes]] = {
    "slack": slack.body,
    "teams": teams.body,
    "discord": discord.body,
    "telegram": lambda message: telegram.body(message, "-100123"),
}


def settings(name: str = "cloudevents", /, **more: Any) -> WebhookSettings:
    more |= {"chat_id": "-100123"} if name == "telegram" else {}
    if "url_file" not in more:
        more = {"url": "https://hooks.example/services/T0/B0/canary", **more}
    return WebhookSettings.model_validate({"type": "webhook", "format": name, **more})


def delivery(payload: bytes) -> Delivery:
    return Delivery("n1", "desk", "a1", Severity.HIGH, 7, DeliveryState.INFLIGHT, 1, START, START, payload)


def send(described: WebhookSettings, poster: FakePoster, payload: bytes = DOCUMENTS["arabic"], **tools: Any) -> Answer:
    sink = described.build("desk", Tools(poster, FakeClock(), **tools)).sink
    assert sink is not None
    (answer,) = asyncio.run(sink.send([delivery(payload)]))
    return answer


# ----------------------------------------------------------------------------------------------- bodies
@pytest.mark.parametrize("name", sorted(EXPECTED))
@pytest.mark.parametrize("document", sorted(DOCUMENTS))
def test_each_service_gets_its_own_body_signed_and_the_same_at_each_attempt(name: str, document: str) -> None:
    poster = FakePoster()
    for _ in range(2):
        assert send(settings(name, secret=SECRET), poster, DOCUMENTS[document]).kind is AnswerKind.DELIVERED
    (_, headers, body), again = poster.posts
    assert body == EXPECTED[name](read(DOCUMENTS[document]))
    assert headers["Content-Type"] == "application/json"
    assert headers["webhook-id"] == "msg_n1_desk"
    expected = standardwebhooks.Webhook(SECRET).sign("msg_n1_desk", START, body.decode())
    assert headers["webhook-signature"] == expected
    assert again[1:] == (headers, body)


@pytest.mark.parametrize("name", [*sorted(EXPECTED), "template"])
def test_links_to_act_stand_in_the_body(name: str, tmp_path: Path) -> None:
    def links(message: Message, sink: str) -> tuple[Link, ...]:
        return (Link("Acknowledge", f"https://monitor.example/a/{sink}-token"),)

    (tmp_path / "t.j2").write_text("[{% for link in message.links %}{{ link.url | json }}{% endfor %}]")
    poster = FakePoster()
    send(settings(name, **({"template": tmp_path / "t.j2"} if name == "template" else {})), poster, links=links)
    assert b"https://monitor.example/a/desk-token" in poster.posts[0][2]


def test_a_template_makes_the_body(tmp_path: Path) -> None:
    file = tmp_path / "body.j2"
    file.write_text('{"title": {{ message.title | json }}, "id": {{ document.id | json }}}', "utf-8")
    poster = FakePoster()
    send(settings("template", template=file, content_type="text/plain; charset=utf-8"), poster)
    _, headers, body = poster.posts[0]
    assert json.loads(body) == {"title": "صفقة أسلحة محتملة", "id": f"{9:032x}"}
    assert headers["Content-Type"] == "text/plain; charset=utf-8"


def test_what_cannot_be_put_into_a_format_is_poison_and_not_sent(tmp_path: Path) -> None:
    (tmp_path / "t.j2").write_text("{% if 'صفقة' in message.title.split(' ')[:1] %}{{ document.data.alert.nothing }}{% endif %}", "utf-8")
    poster = FakePoster()
    for described in (settings("template", template=tmp_path / "t.j2"), settings("slack")):
        payload = DOCUMENTS["arabic"] if described.template else b'{"id":"x"}'
        answer = send(described, poster, payload)
        assert answer.kind is AnswerKind.POISON
        assert answer.detail
    assert poster.posts == []


def test_a_template_with_a_fault_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "t.j2").write_text("fine\n{{ 'a' * 9 }}\n")
    (tmp_path / "w").mkdir()
    (tmp_path / "monitor.yaml").write_text(
        "data_dir: var\nwatchlists: w\nsinks:\n"
        "  desk: {type: webhook, url: 'https://x.example/', format: template, template: t.j2}\n"
        "  none: {type: webhook, url: 'https://x.example/', format: template, template: none.j2}\n"
    )
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "monitor.yaml", around=Surroundings(environ={}, cwd=tmp_path))
    assert f"{tmp_path}/t.j2:2:8: error: * is not available here" in str(caught.value)
    assert f"{tmp_path}/none.j2: error: the template cannot be read: No such file" in str(caught.value)
    with pytest.raises(SinkError, match=r"t\.j2:2"):
        settings("template", template=tmp_path / "t.j2").build("desk", Tools(FakePoster(), FakeClock()))


@pytest.mark.parametrize(
    ("template", "place", "said"),
    [
        (
            "fine\n{{ message.titel }}\n",
            "t.j2:2:12: error: there is no 'titel' (of an alert and 11 other kinds of document)",
            "| default('')",
        ),
        (
            "{{ document.data.watchlist.owner | json }}",
            "t.j2:1:18: error: there is no 'watchlist' (of an operation and",
            "message.about == 'alert'",
        ),
        (
            "{% if message.about == 'alert' %}\n{{ document.data.change.new.stances | first }}\n{% endif %}",
            "t.j2:2:18: error: ",
            "'change'",
        ),
        ("{% if message.about == 'digest' %}{{ message.members[2].title }}{% endif %}", "t.j2:1:", "of a digest and 1 other kind"),
        ("{{ message.links[0].url }}", "t.j2:1:18: error: there is no '0'", "is defined"),
    ],
)
def test_a_template_is_tried_on_every_kind_of_document_when_the_configuration_is_read(
    template: str, place: str, said: str, tmp_path: Path
) -> None:
    """Found at the first delivery it would be too late: that one would be given up."""
    (tmp_path / "t.j2").write_text(template)
    (tmp_path / "w").mkdir()
    (tmp_path / "monitor.yaml").write_text(
        "data_dir: var\nwatchlists: w\nsinks:\n  desk: {type: webhook, url: 'https://x.example/', format: template, template: t.j2}\n"
    )
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "monitor.yaml", around=Surroundings(environ={}, cwd=tmp_path))
    assert f"{tmp_path}/{place}" in str(caught.value)
    assert said in str(caught.value)


QUOTED = """ | replace('\\\\', '\\\\\\\\') | replace('"', '\\\\"')"""


def by_hand(values: str, name: str, about: str = "alert") -> str:
    """Of each of some values a text with its quotes replaced, as JSON is written by hand."""
    text = f'"{{{{ each.{name}{QUOTED} }}}}",'
    return f"[{{% if message.about == '{about}' %}}{{% for each in {values} %}}{text}{{% endfor %}}{{% endif %}}0]"


@pytest.mark.parametrize(
    ("template", "content_type", "warned"),
    [
        ('{"title": "{{ message.title }}"}', None, True),  # a quote in a title ends it
        ('{"title": {{ message.title | json }}}', None, False),
        ('{"title": "{{ message.title }}"}', "text/plain", False),
        ('{"title": "{{ message.title }}"}', "application/vnd.desk+json; charset=utf-8", True),
        ('{"title": "{{ message.title }}"}', "Application/JSON", True),
        # Who replaces quotes by hand forgets what else a text may hold.
        (by_hand("document.data.evidence", "quote"), None, True),
        (by_hand("document.data.entities", "name"), None, True),
        (by_hand("document.data.digest.members", "headline", "digest"), None, True),
        (by_hand("document.data.digest.members", "title", "digest"), None, True),
        ('{% if message.about == "alert" %}"{{ document.data.watchlist.title' + QUOTED + ' }}"{% else %}1{% endif %}', None, True),
        ("\"{% if message.about == 'alert' %}{{ document.data.alert.comment | default('')" + QUOTED + ' }}{% endif %}"', None, True),
        ('"{{ text }}"', None, True),
        (f'"{{{{ message.headline{QUOTED} }}}}"', None, False),  # this is tamed: no line end, no tab
        ("{% if message.about == 'alert' %}{}{% endif %}", None, True),
        ("NaN", None, True),
        ("[" * 50_000, None, True),
    ],
)
def test_a_body_that_is_no_json_is_warned_of(template: str, content_type: str | None, warned: bool, tmp_path: Path) -> None:
    (tmp_path / "t.j2").write_text(template)
    found = settings("template", template=tmp_path / "t.j2", content_type=content_type).warnings()
    assert any("a body that is not JSON, which is not sent: write every value with | json" in one for one in found) == warned


#: A document of every day whose quote holds what a template of an operator's did not reckon with.
def quoting(said: str) -> bytes:
    document = json.loads(DOCUMENTS["arabic"])
    document["data"]["evidence"][0]["quote"] = said
    return json.dumps(document).encode()


@pytest.mark.parametrize("said", ['a "b"', "a\nb", "a\tb", "a\\q", "a\x01b"])
@pytest.mark.parametrize("content_type", [None, "application/vnd.desk+json"])
def test_a_body_that_is_no_json_is_not_sent(said: str, content_type: str | None, tmp_path: Path) -> None:
    (tmp_path / "t.j2").write_text("""{"quote": "{% if message.about == 'alert' %}{{ document.data.evidence[0].quote }}{% endif %}"}""")
    poster = FakePoster()
    described = settings("template", template=tmp_path / "t.j2", content_type=content_type)
    assert send(described, poster, quoting("nothing of the kind")).kind is AnswerKind.DELIVERED
    answer = send(described, poster, quoting(said))
    assert answer.kind is AnswerKind.POISON
    assert re.fullmatch(r"t\.j2: the body is not JSON: .*: write every value with \| json", answer.detail)
    assert len(poster.posts) == 1
    assert send(described.model_copy(update={"content_type": "text/plain"}), poster, quoting(said)).kind is AnswerKind.DELIVERED


@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
def test_half_a_character_costs_no_message(content_type: str, tmp_path: Path) -> None:
    (tmp_path / "t.j2").write_text(
        "{% if document.data.evidence is defined %}{{ document.data.evidence[0].quote | json }}{% else %}1{% endif %}"
    )
    poster = FakePoster()
    described = settings("template", template=tmp_path / "t.j2", content_type=content_type)
    assert send(described, poster, quoting("a\ud83d b\n")).kind is AnswerKind.DELIVERED
    assert json.loads(poster.posts[0][2]) == "a\ufffd b\n"


#: Nothing to a rehearsal, and to the first alert whose title has the word in it ten thousand rounds of a slow filter.
LATE = (
    "{% if message.title is defined and 'صفقة' in message.title %}{% set a = 'a ' %}"
    + "{% set a = a + a %}" * 15
    + "{% for i in [1,2,3,4,5,6,7,8,9,0] %}" * 3
    + "{% if a | urlencode == '' %}{% endif %}"
    + "{% endfor %}" * 3
    + "{% endif %}{{ text | json }}"
)


def test_a_template_that_would_run_on_is_poison_and_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "t.j2").write_text(LATE.replace("صفقة", "محتملة"))
    poster = FakePoster()
    described = settings("template", template=tmp_path / "t.j2")
    assert not described.faults()
    answer = send(described, poster)
    assert answer.kind is AnswerKind.POISON
    assert answer.detail.startswith(
        "t.j2:1: the template handles more than 8 million characters: shorten texts first, as with | truncate(200)"
    )
    assert poster.posts == []


def test_a_template_is_rendered_apart_from_the_loop(tmp_path: Path) -> None:
    """Others go on meanwhile. What is asked for its links is called where the rendering is: not on the thread of the loop."""
    threads: set[int] = set()

    def links(message: Message, sink: str) -> tuple[Link, ...]:
        threads.add(threading.get_ident())
        return ()

    (tmp_path / "t.j2").write_text("{{ message.title | json }}")
    assert send(settings("template", template=tmp_path / "t.j2"), FakePoster(), links=links).kind is AnswerKind.DELIVERED
    assert threads
    assert threading.get_ident() not in threads


# ---------------------------------------------------------------------------------------------- answers
def refusal(code: int, description: str, **parameters: Any) -> bytes:
    return json.dumps({"ok": False, "error_code": code, "description": description, "parameters": parameters}).encode()


ANSWERS: list[tuple[str, Posted, AnswerKind, float | None, str]] = [
    ("slack", Posted(200, {}, b"ok"), AnswerKind.DELIVERED, None, ""),
    ("slack", Posted(404, {}, b"no_service"), AnswerKind.PAUSE, None, "no_service"),
    ("slack", Posted(403, {}, b"action_prohibited"), AnswerKind.PAUSE, None, "action_prohibited"),
    ("slack", Posted(410, {}, b"channel_is_archived"), AnswerKind.DISABLE, None, "channel_is_archived"),
    ("slack", Posted(400, {}, b"invalid_blocks"), AnswerKind.REFUSED, None, "invalid_blocks"),
    ("slack", Posted(429, {"retry-after": "30"}, b""), AnswerKind.RETRY, 30.0, ""),
    ("telegram", Posted(200, {}, b'{"ok":true,"result":{}}'), AnswerKind.DELIVERED, None, ""),
    ("telegram", Posted(200, {}, b""), AnswerKind.DELIVERED, None, ""),
    ("telegram", Posted(200, {}, refusal(429, "Too Many Requests: retry after 7", retry_after=7)), AnswerKind.RETRY, 7.0, "retry after 7"),
    ("telegram", Posted(429, {"retry-after": "3"}, refusal(429, "Too Many Requests", retry_after=9)), AnswerKind.RETRY, 9.0, "Too Many"),
    ("telegram", Posted(200, {}, b'{"ok":false}'), AnswerKind.RETRY, None, '{"ok":false}'),
    ("telegram", Posted(400, {}, refusal(400, "Bad Request: chat not found")), AnswerKind.PAUSE, None, "chat not found"),
    ("telegram", Posted(400, {}, refusal(400, "Bad Request: can't parse entities")), AnswerKind.REFUSED, None, "can't parse entities"),
    ("telegram", Posted(401, {}, refusal(401, "Unauthorized")), AnswerKind.PAUSE, None, "Unauthorized"),
    ("telegram", Posted(403, {}, refusal(403, "Forbidden: bot was kicked")), AnswerKind.PAUSE, None, "bot was kicked"),
    ("telegram", Posted(502, {}, b"<html>bad gateway"), AnswerKind.RETRY, None, "HTTP 502 Bad Gateway"),
    ("telegram", Posted(400, {}, b'{"ok":false,"error_code":"x","parameters":7}'), AnswerKind.REFUSED, None, "400"),
    ("discord", Posted(204, {}, b""), AnswerKind.DELIVERED, None, ""),
    ("discord", Posted(429, {}, b'{"message":"You are being rate limited.","retry_after":0.75}'), AnswerKind.RETRY, 0.75, "rate limited"),
    ("discord", Posted(429, {}, b'{"retry_after":true}'), AnswerKind.RETRY, None, ""),
    ("discord", Posted(429, {}, b'{"retry_after":1e400}'), AnswerKind.RETRY, None, ""),
    ("discord", Posted(404, {}, b'{"message":"Unknown Webhook","code":10015}'), AnswerKind.PAUSE, None, ": Unknown Webhook"),
    ("discord", Posted(400, {}, b'{"message":"Invalid Form Body","errors":{"a":1}}'), AnswerKind.REFUSED, None, '"errors"'),
    ("discord", Posted(400, {}, b"[" * 100_000), AnswerKind.REFUSED, None, "[["),
    ("teams", Posted(202, {}, b""), AnswerKind.DELIVERED, None, ""),
    (
        "teams",
        Posted(200, {}, b"Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with ContextId x"),
        AnswerKind.RETRY,
        None,
        "did not show it",
    ),
    ("teams", Posted(400, {}, b'{"error":{"message":"bad card"}}'), AnswerKind.REFUSED, None, "bad card"),
]


@pytest.mark.parametrize(("name", "posted", "kind", "wait", "said"), ANSWERS)
def test_how_a_services_answer_is_meant(name: str, posted: Posted, kind: AnswerKind, wait: float | None, said: str) -> None:
    answer = send(settings(name), FakePoster([posted]))
    assert (answer.kind, answer.retry_after) == (kind, wait)
    assert said in answer.detail
    assert answer.status is not None
    assert bool(answer.detail) == (kind is not AnswerKind.DELIVERED)


# ---------------------------------------------------------------------------------- what goes with it
def test_credentials_come_from_files_and_a_changed_one_is_in_force_at_once(tmp_path: Path) -> None:
    bearer, basic, address = tmp_path / "bearer", tmp_path / "basic", tmp_path / "address"
    bearer.write_text("token-one\n")
    basic.write_text("ufo:pass wörd\n")
    address.write_text("https://hooks.example/one\n")
    poster = FakePoster()
    sink = settings(bearer_file=bearer, url_file=address).build("desk", Tools(poster, FakeClock())).sink
    assert sink is not None
    asyncio.run(sink.send([delivery(DOCUMENTS["arabic"])]))
    bearer.write_text("token-number-two\n")
    address.write_text("https://hooks.example/another\n")
    asyncio.run(sink.send([delivery(DOCUMENTS["arabic"])]))
    send(settings(basic_file=basic), poster)
    assert [headers["Authorization"] for _, headers, _ in poster.posts] == [
        "Bearer token-one",
        "Bearer token-number-two",
        "Basic " + base64.b64encode("ufo:pass wörd".encode()).decode(),
    ]
    assert [url for url, _, _ in poster.posts][:2] == ["https://hooks.example/one", "https://hooks.example/another"]


def test_headers_of_the_operators_own() -> None:
    poster = FakePoster()
    described = settings(headers={"X-Scope": "desk", "Authorization": "GenieKey canary-key"})
    answer = send(described, FakePoster([Posted(403, {}, b"canary-key is no key")]))
    assert answer.detail == "HTTP 403 Forbidden"
    send(described, poster)
    assert poster.posts[0][1]["X-Scope"] == "desk"
    assert "canary" not in repr(described)


@pytest.mark.parametrize("junk", ["", "two words", "whsec_short", "no colon", "ftp://x.example/", "https://a.example/ https://b.example/"])
@pytest.mark.parametrize("which", ["secret_file", "bearer_file", "basic_file", "url_file"])
def test_without_what_should_go_with_it_nothing_is_sent(which: str, junk: str, tmp_path: Path) -> None:
    """A file spoilt while the monitor runs holds messages back and says which file; one put right sends again."""
    good = {"secret_file": SECRET, "bearer_file": "token-one", "basic_file": "user:word", "url_file": "https://hooks.example/1"}
    file = tmp_path / "secret"
    file.write_text(good[which])
    poster = FakePoster()
    sink = settings(**{which: file}).build("desk", Tools(poster, FakeClock())).sink
    assert sink is not None
    file.write_text(junk)
    (answer,) = asyncio.run(sink.send([delivery(DOCUMENTS["arabic"])]))
    usable = " " not in junk if which == "bearer_file" else which == "basic_file" and ":" in junk
    if not junk:  # it is being replaced: what was read last stays in force
        assert answer.kind is AnswerKind.DELIVERED
    elif not usable:
        assert answer.kind is AnswerKind.RETRY
        assert answer.detail.startswith("sink desk: the ")
        assert junk not in answer.detail
        assert poster.posts == []
    file.write_text(good[which] + "\n")
    (answer,) = asyncio.run(sink.send([delivery(DOCUMENTS["arabic"])]))
    assert answer.kind is AnswerKind.DELIVERED


@pytest.mark.parametrize("which", ["secret_file", "bearer_file", "basic_file", "url_file"])
def test_a_missing_file_is_told_at_start(which: str, tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="cannot be read: No such file"):
        settings(**{which: tmp_path / "none"}).build("desk", Tools(FakePoster(), FakeClock()))


def test_two_secrets_while_one_is_changed_for_the_other_without_a_restart(tmp_path: Path) -> None:
    old, new = SECRET, "whsec_" + base64.b64encode(bytes(range(40, 80))).decode()
    file, poster = tmp_path / "secret", FakePoster()
    file.write_text(old)
    sink = settings(secret_file=file).build("desk", Tools(poster, FakeClock())).sink
    assert sink is not None
    for text in (old, f"{new}\n{old}\n", f"{new}\nwith no newline at all"[: len(new)]):
        file.write_text(text)
        asyncio.run(sink.send([delivery(DOCUMENTS["arabic"])]))
    signed = [set(headers["webhook-signature"].split()) for _, headers, _ in poster.posts]
    by = {secret: standardwebhooks.Webhook(secret).sign("msg_n1_desk", START, DOCUMENTS["arabic"].decode()) for secret in (old, new)}
    assert signed == [{by[old]}, {by[old], by[new]}, {by[new]}]


def test_a_client_certificate_says_who_we_are(tmp_path: Path) -> None:
    """A receiver that takes only those who show one: without it no message gets through."""
    (tmp_path / "both.pem").write_text((TLS / "trusted.pem").read_text() + (TLS / "key.pem").read_text())

    async def run() -> None:
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(TLS / "trusted.pem", TLS / "key.pem")
        server.verify_mode = ssl.CERT_REQUIRED
        server.load_verify_locations(TLS / "trusted.pem")
        client = HttpClient()
        kinds = []
        async with Receiver(tls=server) as receiver:
            for shown in ({"certificate": TLS / "trusted.pem", "key": TLS / "key.pem"}, {"certificate": tmp_path / "both.pem"}, {}):
                described = settings(url=receiver.url, authority=TLS / "trusted.pem", **shown)
                sink = described.build("desk", Tools(client, FakeClock())).sink
                assert sink is not None
                (answer,) = await sink.send([delivery(DOCUMENTS["arabic"])])
                kinds.append(answer.kind)
            assert len(receiver.requests) == 2
        await client.close()
        assert kinds == [AnswerKind.DELIVERED, AnswerKind.DELIVERED, AnswerKind.RETRY]

    asyncio.run(run())


def test_tls_is_asked_for_only_where_it_is_configured() -> None:
    assert settings().tls() is None
    assert settings(authority="/ca.pem").tls() == Tls("", "", "/ca.pem")


WRONG: list[Mapping[str, Any]] = [
    {"url_file": "x", "url": "https://x.example/"},
    {"url": None},
    {"bearer_file": "a", "basic_file": "b"},
    {"url": "https://u:p@x.example/", "bearer_file": "a"},
    {"key": "a"},
    {"template": "t"},
    {"format": "template"},
    {"format": "telegram"},
    {"chat_id": "1"},
    {"content_type": "text/plain"},
    {"format": "template", "template": "t", "content_type": "text/plain\r\nX: y"},
    {"format": "smoke"},
    {"headers": {"webhook-id": "x"}},
    {"headers": {"Content-Type": "x"}},
    {"headers": {"Host": "x"}},
    {"headers": {"a b": "x"}},
    {"headers": {"X-A": "canary\r\nX-B: y"}},
    {"headers": {"X-A": "canäry"}},
    {"headers": {"X-A": "a", "x-a": "b"}},
    {"headers": {"Authorization": "x"}, "bearer_file": "a"},
]


@pytest.mark.parametrize("wrong", WRONG)
def test_what_cannot_work_is_refused_when_it_is_read(wrong: Mapping[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        WebhookSettings.model_validate({"type": "webhook", "url": "https://x.example/", **wrong})
    assert "canary" not in str(caught.value)


def test_what_should_not_stay_so_is_warned_of() -> None:
    assert "move it to a file" in settings("slack").warnings()[0]
    assert settings("slack", url_file="x").warnings() == ()
    assert "no signing secret" in settings().warnings()[0]
    for known in ({"bearer_file": "x"}, {"basic_file": "x"}, {"certificate": "x"}, {"secret_file": "x"}):
        assert settings(**known).warnings() == ()


def test_a_sample_says_that_it_is_one_in_every_format() -> None:
    sample = json.loads(DOCUMENTS["arabic"])
    sample["data"]["sample"] = True
    for name in EXPECTED:
        poster = FakePoster()
        send(settings(name), poster, json.dumps(sample).encode())
        assert "sample" in poster.posts[0][2].decode().lower(), name
    assert replace(read(DOCUMENTS["arabic"]), sample=True).sample


# ------------------------------------------------------------------------------------------------ the docs
@pytest.mark.parametrize("document", sorted(DOCUMENTS))
def test_the_template_of_the_docs_makes_json_of_every_document(document: str, tmp_path: Path) -> None:
    shown = re.findall(r"^```jinja\n(.*?)^```", (DOCS / "webhook.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    (tmp_path / "body.j2").write_text(shown[0], "utf-8")
    poster = FakePoster()
    send(settings("template", template=tmp_path / "body.j2"), poster, DOCUMENTS[document])
    body = json.loads(poster.posts[0][2])
    assert body["id"] == json.loads(DOCUMENTS[document])["id"]
    assert body["hits"] == [passage.text for passage in read(DOCUMENTS[document]).passages]


def test_each_page_says_the_same_three_things() -> None:
    pages = [file for file in DOCS.glob("*.md") if file.name != "README.md"]
    assert len(pages) >= 8
    listed = (DOCS / "README.md").read_text("utf-8")
    for page in pages:
        text = page.read_text("utf-8")
        headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
        assert [heading for heading in headings if heading in PARTS] == PARTS, page.name
        first = text.partition("```yaml\n")[2].partition("```")[0]
        assert yaml.safe_load(first)["sinks"], page.name
        assert f"({page.name})" in listed, page.name


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """docs/sinks/receiver.py as a process of its own; its port, and what it prints."""
    port, out = free_port(), tmp_path / "out.txt"
    with out.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, str(DOCS / "receiver.py"), str(port)],
            env={**os.environ, "WEBHOOK_SECRET": SECRET},
            stdout=stream,
            stderr=subprocess.DEVNULL,
        )
    try:
        eventually(lambda: _listens(port), "the receiver to listen")
        yield port, out
    finally:
        process.kill()
        process.wait(10)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_receiver_of_the_docs_verifies_and_drops_duplicates(receiver: tuple[int, Path]) -> None:
    port, out = receiver
    now = datetime.now(UTC)  # it compares with the real clock

    async def run() -> list[tuple[AnswerKind, int | None]]:
        client, answers = HttpClient(), []
        right = settings(url=f"http://127.0.0.1:{port}/hook", secret=SECRET)
        wrong = settings(url=f"http://127.0.0.1:{port}/hook", secret="whsec_" + base64.b64encode(bytes(32)).decode())
        for described, when in ((right, now), (right, now), (wrong, now), (right, now - timedelta(minutes=10))):
            sink = described.build("desk", Tools(client, FakeClock(when))).sink
            assert sink is not None
            (answer,) = await sink.send([delivery(DOCUMENTS["arabic"])])
            answers.append((answer.kind, answer.status))
        await client.close()
        return answers

    taken, refused = (AnswerKind.DELIVERED, 204), (AnswerKind.PAUSE, 401)
    assert asyncio.run(run()) == [taken, taken, refused, refused]
    told = out.read_text("utf-8").splitlines()
    assert len(told) == 1
    assert told[0].startswith("monitor.alert.raised ")
    assert "صفقة" in told[0]


def test_the_receiver_of_the_docs_is_ten_lines() -> None:
    tree = ast.parse((DOCS / "receiver.py").read_text("utf-8"))
    (receives,) = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    assert receives.end_lineno is not None
    assert receives.end_lineno - receives.lineno <= 11
