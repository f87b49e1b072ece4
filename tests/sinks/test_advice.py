"""What is advised for each kind of failure: one row a case, the failures made by the senders themselves where that can be."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from monitor.errors import FetchError
from monitor.flow.beat import FAILING, Beater
from monitor.flow.deliver import Deliverer
from monitor.model import Answer, AnswerKind, Delivery, DeliveryState, Severity
from monitor.net import HttpClient, Limits
from monitor.ports import Posted
from monitor.render.sample import render_sample
from monitor.sinks import SINK_TYPES, SinkSection, SinkSettings, Tools
from tests.fakes import START, FakeClock, FakeMeter, FakeOperations, FakeOutbox, FakePoster, FakeSink
from tests.receiver import Habit, Receiver, Reply

TLS = Path(__file__).parent.parent / "net" / "tls"


def section(kind: str, **more: Any) -> SinkSection:
    adapter: TypeAdapter[SinkSection] = TypeAdapter(SinkSettings)
    return adapter.validate_python({"type": kind, **more})


HOOK = {"kind": "webhook", "url": "https://desk.example/hook"}
SLACK = {"kind": "webhook", "format": "slack", "url": "https://hooks.example/services/canary"}
TEAMS = {**SLACK, "format": "teams"}
DISCORD = {**SLACK, "format": "discord"}
TELEGRAM = {**SLACK, "format": "telegram", "chat_id": "-1"}
PROM = {"kind": "alertmanager", "url": "http://127.0.0.1:9093"}
MAIL = {"kind": "mail", "server": "mx.example", "sender": "a@b.example", "to": ["c@b.example"], "user": "ufo", "password_file": "/pw"}

EXEC = {"kind": "exec", "command": ["/usr/local/bin/on-alert"]}
ATOM = {"kind": "atom", "path": "/srv/alerts.xml"}
SYSLOG = {"kind": "syslog", "address": "logs.example"}
APPRISE = {"kind": "apprise", "url_file": "/address"}


def posted(status: int, body: str = "") -> Posted:
    return Posted(status, {}, body.encode())


#: The sink, what its receiver answers, what is advised.
ANSWERED: list[tuple[Mapping[str, Any], Posted | FetchError, str]] = [
    (HOOK, posted(301), "the receiver has moved: put its new address into url:"),
    (HOOK, posted(401, "who are you"), "set bearer_file: or basic_file:, or mend the key in url:"),
    ({**HOOK, "certificate": "/me.pem"}, posted(401), "does not accept the certificate /me.pem"),
    (HOOK, posted(403), "ask who runs it, or mend what we show it"),
    (HOOK, posted(404), "nothing takes messages at this address: mend url:"),
    (HOOK, posted(405), "probably holds that of a page for people"),
    (HOOK, posted(407), "a proxy stands between"),
    (HOOK, posted(410), "gone for good: put another address into url:"),
    (HOOK, posted(413), "raise its limit"),
    (HOOK, posted(415), "format: and content_type:"),
    (HOOK, posted(422, "field x is missing"), "its words say why"),
    (HOOK, posted(429), "wants fewer messages"),
    (HOOK, posted(500), "the receiver failed: its own log says why"),
    (HOOK, posted(503), "is it running?"),
    (HOOK, FetchError("the host name does not resolve"), "no name server knows desk.example"),
    (HOOK, FetchError("not connected: Network is unreachable"), "routes and firewalls between this machine and desk.example"),
    (HOOK, FetchError("the TLS certificate is not accepted: certificate has expired"), "must renew its certificate"),
    (HOOK, FetchError("the TLS files cannot be used: No such file or directory"), "must be PEM files"),
    (HOOK, FetchError("the answer is not valid HTTP, or its headers are over the limit"), "no HTTP server"),
    (SLACK, posted(404, "no_service"), "Slack does not take this webhook any more"),
    (SLACK, posted(403, "invalid_token"), "Slack does not take this webhook any more"),
    (SLACK, posted(404, "channel_not_found"), "the channel of this webhook was deleted or archived"),
    (SLACK, posted(410, "channel_is_archived"), "the channel of this webhook was deleted or archived"),
    (SLACK, posted(500), "the receiver failed"),
    (TEAMS, posted(404), "Teams does not take this workflow any more"),
    (TEAMS, posted(401), "Teams does not take this workflow any more"),
    (DISCORD, posted(404, '{"message": "Unknown Webhook", "code": 10015}'), "Discord does not know this webhook any more"),
    (TELEGRAM, posted(401, '{"ok": false, "error_code": 401, "description": "Unauthorized"}'), "Telegram does not know this bot"),
    (TELEGRAM, posted(403, '{"ok": false, "error_code": 403, "description": "Forbidden: bot was kicked"}'), "the bot is not in the chat"),
    (TELEGRAM, posted(400, '{"ok": false, "description": "Bad Request: chat not found"}'), "the bot cannot write to chat_id:"),
    (TELEGRAM, posted(400, '{"ok": false, "description": "Bad Request: message is too long"}'), "its words say why"),
    (PROM, posted(404), "without /api/v2"),
    (PROM, posted(400, "bad label"), "its words say why"),
]


def delivery(name: str = "desk") -> Delivery:
    payload = render_sample(name, START)
    return Delivery("n1", name, "a1", Severity.HIGH, 7, DeliveryState.INFLIGHT, 1, START, START, payload)


async def answer_of(described: SinkSection, poster: Any) -> Answer:
    sink = described.build("desk", Tools(poster, FakeClock())).sink
    assert sink is not None
    await sink.start(_nothing)
    (answer,) = await sink.send([delivery()])
    await sink.close()
    return answer


async def _nothing(_limit: int) -> list[Delivery]:
    return []


@pytest.mark.parametrize(("settings", "said", "advised"), ANSWERED)
def test_what_is_advised_for_an_answer(settings: Mapping[str, Any], said: Posted | FetchError, advised: str) -> None:
    described = section(**settings)
    answer = asyncio.run(answer_of(described, FakePoster([said])))
    assert answer.kind is not AnswerKind.DELIVERED
    found = described.advise(answer.detail)
    assert advised in found
    assert "canary" not in found


#: What senders without HTTP say. Their own tests hold the details.
SAID: list[tuple[Mapping[str, Any], str, str]] = [
    (
        MAIL,
        "535 5.7.8 not you; the mail server does not accept …",
        "mend the user: or the password in /pw; many providers want an app password",
    ),
    (MAIL, "534 5.7.9 application-specific password required; …", "many providers want an app password"),
    (MAIL, "not connected: Connection refused", "587 starttls, 465 implicit, 25 none"),
    (MAIL, "not connected: no answer", "many providers let no mail out of their network"),
    (MAIL, "the host name does not resolve", "no name server knows mx.example: look for a slip in server:"),
    (MAIL, "no TLS connection could be agreed on", "do server: and tls: go together?"),
    (MAIL, "put off by c@b.example: 450 4.2.0 greylisted", "it is tried again"),
    (MAIL, "the mail server refuses the letter: 552 5.3.4 too big", "raise its limit"),
    (MAIL, "the mail server refuses the letter: 554 5.7.1 spam", "SPF and DKIM"),
    (MAIL, "the mail server takes nothing for c@b.example: 550 5.1.1 nobody", "mend to:"),
    (MAIL, "sink desk: the password file /pw cannot be read: Permission denied", "let the monitor's user, and nobody else, read it"),
    (HOOK, "sink desk: the signing secret file /s cannot be read: No such file or directory", "put the file there"),
    (HOOK, "the sink failed: KeyError", "please report it"),
    (EXEC, "the command cannot be started: Permission denied", "let the monitor's user execute"),
    (EXEC, "the command cannot be started: No such file or directory", "what its first line (#!) names"),
    (EXEC, "the command cannot be started: Exec format error", "must begin with #!"),
    (EXEC, "the command did not end within 15 s and was ended", "timeout:"),
    (EXEC, "the command was ended by SIGKILL", "from outside"),
    (EXEC, "the command ended with 65: not mine", "75 would try it again"),
    (EXEC, "the command ended with 77, it may not do what it should", "it lacks a right"),
    (EXEC, "the command ended with 78, it is not set up right", "its own set-up is wrong"),
    (EXEC, "the command ended with 126, something it runs is not executable", "chmod +x"),
    (EXEC, "the command ended with 127, something it runs is not there", "its PATH is"),
    (EXEC, "the command ended with 1: Traceback", "try it by hand"),
    (ATOM, "the feed cannot be written: Permission denied", "write into the folder of path:"),
    (SYSLOG, "not connected: Connection refused", "6514 with TLS, 514 without"),
    (SYSLOG, "no TLS connection could be agreed on: is this the port for TLS", "tls: false where it has none"),
    (SYSLOG, "the syslog server closes every connection", "does the log server take TCP there"),
    (SYSLOG, "the TLS certificate is not accepted: self-signed certificate; mend it", "name the authority's PEM file"),
    (HOOK, "", ""),
    (HOOK, "something nobody has seen", ""),
    # The receiver's own words choose no row.
    (HOOK, "HTTP 418 I'm a Teapot: the host name does not resolve", ""),
]


if "apprise" in SINK_TYPES:
    SAID += [
        (APPRISE, "the service did not take it: look whether", "compare the file /address with apprise's page"),
        (APPRISE, "apprise failed: KeyError", "apprise's plugin"),
        (APPRISE, "the service still holds the last 3 messages and says nothing", "the service hangs"),
        (APPRISE, "sink desk: the address file /address cannot be read: Permission denied", "let the monitor's user"),
        (APPRISE, "no answer within 20 s", "too slow"),
    ]


@pytest.mark.parametrize(("settings", "detail", "advised"), SAID)
def test_what_is_advised_for_a_detail(settings: Mapping[str, Any], detail: str, advised: str) -> None:
    found = section(**settings).advise(detail)
    assert advised in found
    assert bool(advised) == bool(found)


def test_the_credentials_that_were_shown_are_named_and_not_quoted(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("canary-of-the-token\n")
    described = section(**HOOK, bearer_file=token)
    answer = asyncio.run(answer_of(described, FakePoster([401])))
    assert described.advise(answer.detail).startswith(f"the receiver does not accept the token in {token}: put a valid one there")
    address = tmp_path / "address"
    address.write_text("https://hooks.example/canary\n")
    described = section("webhook", format="slack", url_file=address)
    answer = asyncio.run(answer_of(described, FakePoster([posted(404, "no_service")])))
    assert f"put its address into the file {address}" in described.advise(answer.detail)


def test_what_is_advised_for_a_log_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    described = section("alert_log", path=tmp_path / "gone" / "alerts.jsonl")
    for detail, advised in [
        ("the alert log /x cannot be used: No such file or directory", "make the folder"),
        ("it cannot start: the alert log /x cannot be used: Permission denied", "let the monitor's user write"),
        ("the alert log cannot be written: no space left; it goes on by itself when there is", "free space"),
        ("the alert log cannot be written: Read-only file system", "mount it for writing"),
    ]:
        assert advised in described.advise(detail)


# ------------------------------------------------------------------------------ as they come from the network
async def _refused(receiver: Receiver) -> str:
    await receiver.stop()
    return receiver.url


async def _hangs(receiver: Receiver) -> str:
    receiver.default = Reply(habit=Habit.HANG)
    return receiver.url


async def _resets(receiver: Receiver) -> str:
    receiver.default = Reply(habit=Habit.RESET)
    return receiver.url


async def _no_tls(receiver: Receiver) -> str:
    return receiver.url.replace("http:", "https:")


async def _unknown(receiver: Receiver) -> str:
    return receiver.url.replace("127.0.0.1", "desk.invalid")


@pytest.mark.parametrize(
    ("habit", "advised"),
    [
        (_refused, "nothing listens there"),
        (_hangs, "too slow"),
        (_resets, "hangs up"),
        (_no_tls, "nothing there speaks TLS"),
        (_unknown, "no name server knows desk.invalid"),
    ],
)
def test_what_is_advised_when_there_is_no_answer(habit: Callable[[Receiver], Awaitable[str]], advised: str) -> None:
    async def run() -> str:
        async with Receiver() as receiver:
            client = HttpClient(limits=Limits(post_seconds=0.3), lookup=_nobody)
            described = section("webhook", url=await habit(receiver))
            answer = await answer_of(described, client)
            await client.close()
            return described.advise(answer.detail)

    assert advised in asyncio.run(run())


@pytest.mark.parametrize(
    ("certificate", "trusted", "advised"),
    [
        ("other_name", True, "its certificate is another host's: write into url: the name it was made for"),
        ("expired", True, "must renew its certificate"),
        ("trusted", False, "name the authority's PEM file under authority:"),
    ],
)
def test_what_is_advised_when_a_certificate_is_wrong(certificate: str, trusted: bool, advised: str) -> None:
    async def run() -> str:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(TLS / f"{certificate}.pem", TLS / "key.pem")
        async with Receiver(tls=context) as receiver:
            client = HttpClient(tls=ssl.create_default_context(cafile=TLS / f"{certificate}.pem") if trusted else None)
            described = section("webhook", url=receiver.url)
            answer = await answer_of(described, client)
            await client.close()
            return described.advise(answer.detail)

    assert advised in asyncio.run(run())


def _nobody(host: str, *more: Any, **options: Any) -> Any:
    import socket

    if host == "desk.invalid":
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return socket.getaddrinfo(host, *more, **options)


# ---------------------------------------------------------------------------------------------- operations
def test_an_operation_of_a_sink_says_what_to_do() -> None:
    async def run() -> tuple[FakeOperations, str]:
        clock, outbox = FakeClock(), FakeOutbox()
        operations = FakeOperations(clock)
        detail = "HTTP 404 Not Found: no_service"
        desk = FakeSink("desk", clock, [Answer(AnswerKind.PAUSE, status=404, detail=detail)])
        outbox.add("n1", "desk")
        described = section(**SLACK)
        deliverer = Deliverer(outbox, [desk], clock, FakeMeter(), operations, lambda: 0.5, advise=lambda _sink, why: described.advise(why))
        await deliverer.start()
        await deliverer.tick()
        await deliverer.idle()
        return operations, described.advise(detail)

    operations, advice = asyncio.run(run())
    assert advice in operations.message("sink:desk")
    assert advice.startswith("Slack does not take")


def test_a_beat_that_fails_says_what_to_do() -> None:
    async def run() -> str:
        clock, operations = FakeClock(), FakeOperations()
        described = section("heartbeat", url="https://beats.example/canary")
        beating = described.build("beat", Tools(FakePoster([404] * FAILING), clock)).beating
        assert beating is not None
        beater = Beater([beating], clock, FakeMeter(), operations, advise=lambda _sink, why: described.advise(why))
        for _ in range(FAILING):
            await beater.tick()
            await beater.idle()
            clock.advance(beating.every)
        return operations.message("sink:beat:beat")

    assert "the service does not know this check any more" in asyncio.run(run())


@pytest.mark.parametrize("type_", SINK_TYPES)
def test_every_row_can_be_filled_in(type_: str) -> None:
    """A row with a place that there is none of would fail only when it is needed."""
    kind = SINK_TYPES[type_]
    for row in kind.advice:
        assert row.do.format(address="A", host="H", credentials="C", unknown="U")
