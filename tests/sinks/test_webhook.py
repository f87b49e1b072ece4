"""The webhook through every answer and failure a receiver has, over a real connection; signatures by the reference library."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import standardwebhooks
from pydantic import ValidationError

from monitor.errors import FetchError, SinkError
from monitor.flow.deliver import Deliverer
from monitor.model import Answer, AnswerKind, Delivery, DeliveryState, Severity
from monitor.net import HttpClient, Limits
from monitor.ports import Clock, Posted, Poster, Tls
from monitor.sinks import SINK_TYPES, Tools
from monitor.sinks.answers import describe, retry_after
from monitor.sinks.webhook import Webhook, WebhookSettings
from tests.fakes import START, FakeClock, FakeMeter, FakeOperations, FakeOutbox, FakePoster
from tests.receiver import Habit, Receiver, Reply

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OLD_SECRET = "whsec_" + base64.b64encode(bytes(range(100, 132))).decode()
PAYLOAD = '{"specversion":"1.0","id":"n1","data":{"title":"صفقة أسلحة"}}'.encode()
FAST = Limits(post_seconds=0.3)


def delivery(notification: str = "n1", sequence: int = 7) -> Delivery:
    return Delivery(notification, "desk", "a1", Severity.HIGH, sequence, DeliveryState.INFLIGHT, 1, START, START, PAYLOAD)


def settings(url: str = "https://desk.example.org/hook", **more: object) -> WebhookSettings:
    return WebhookSettings.model_validate({"type": "webhook", "url": url, **more})


def made(described: WebhookSettings, poster: Poster, clock: Clock, name: str = "x") -> Webhook:
    sink = described.build(name, Tools(poster, clock)).sink
    assert isinstance(sink, Webhook)
    return sink


def live(work: Callable[[Webhook, Receiver], Awaitable[None]], *, clock: FakeClock | None = None, **more: object) -> None:
    async def run() -> None:
        async with Receiver() as receiver:
            client = HttpClient(limits=FAST)
            try:
                await work(made(settings(receiver.url, **more), client, clock or FakeClock(), "desk"), receiver)
            finally:
                await client.close()

    asyncio.run(run())


# ------------------------------------------------------------------------------------------- what is sent
def test_the_stored_bytes_with_the_standard_headers() -> None:
    async def work(webhook: Webhook, receiver: Receiver) -> None:
        assert await webhook.send([delivery()]) == [Answer(AnswerKind.DELIVERED, status=200)]
        (request,) = receiver.requests
        assert request.body == PAYLOAD
        assert request.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
        assert request.headers["webhook-id"] == "msg_n1_desk"
        assert request.headers["webhook-timestamp"] == str(int(START.timestamp()))
        assert request.headers["monitor-sequence"] == "7"

    live(work)


def test_the_reference_library_accepts_the_signature(tmp_path: Path) -> None:
    now = datetime.now(UTC)  # the library compares with the real clock
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n{OLD_SECRET}\n")

    async def work(webhook: Webhook, receiver: Receiver) -> None:
        await webhook.send([delivery()])
        (request,) = receiver.requests
        for secret in (SECRET, OLD_SECRET):
            assert standardwebhooks.Webhook(secret).verify(request.body, dict(request.headers)) == json.loads(PAYLOAD)
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            standardwebhooks.Webhook(SECRET).verify(request.body + b" ", dict(request.headers))

    live(work, clock=FakeClock(now), secret_file=file)


def test_the_specifications_example() -> None:
    # From the Standard Webhooks reference tests.
    poster = FakePoster()
    clock = FakeClock(datetime.fromtimestamp(1614265330, UTC))
    webhook = made(settings(secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), poster, clock)
    asyncio.run(webhook.send([delivery()]))
    expected = standardwebhooks.Webhook("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").sign("msg_n1_desk", clock.now(), PAYLOAD.decode())
    assert poster.posts[0][1]["webhook-signature"] == expected


def test_without_a_secret_nothing_is_signed() -> None:
    poster = FakePoster()
    asyncio.run(made(settings(), poster, FakeClock()).send([delivery()]))
    assert "webhook-signature" not in poster.posts[0][1]
    assert "no signing secret" in settings().warnings()[0]
    assert settings(secret=SECRET).warnings() == ()
    assert "unencrypted" in settings("http://desk.example.org/", secret=SECRET).warnings()[0]


def test_a_window_of_posts_goes_on_beside_one_that_hangs() -> None:
    """``concurrency: 3`` through the deliverer and a real receiver: the hanging one holds its own place and no other's."""

    async def work(webhook: Webhook, receiver: Receiver) -> None:
        assert (webhook.batch, webhook.concurrency) == (1, 3)
        outbox, clock = FakeOutbox(), FakeClock()
        for n in range(12):
            outbox.add(f"n{n}", "desk")
        receiver.answer = lambda path, headers, body: Reply(habit=Habit.HANG) if b"n0" in body else Reply()
        deliverer = Deliverer(outbox, [webhook], clock, FakeMeter(), FakeOperations(), lambda: 0.5)
        await deliverer.start()
        await deliverer.tick()
        await deliverer.idle()
        assert outbox.states("desk") == [DeliveryState.PENDING, *[DeliveryState.DELIVERED] * 11]

    live(work, concurrency=3)


def test_fault_27_a_name_that_hangs_delays_no_other_sink() -> None:
    class HangingName(FakePoster):
        async def post(self, url: str, headers: Mapping[str, str], body: bytes, *, tls: Tls | None = None) -> Posted:
            if "hanging" in url:
                await asyncio.Event().wait()
            return await super().post(url, headers, body, tls=tls)

    async def run() -> None:
        outbox, clock, poster = FakeOutbox(), FakeClock(), HangingName()
        sinks = [made(settings(f"https://{name}.example.org/"), poster, clock, name) for name in ("hanging", "well")]
        for n in range(50):
            outbox.add(f"n{n}", "hanging")
            outbox.add(f"n{n}", "well")
        deliverer = Deliverer(outbox, sinks, clock, FakeMeter(), FakeOperations(), lambda: 0.5)
        await deliverer.start()
        await deliverer.tick()
        while outbox.states("well").count(DeliveryState.DELIVERED) < 50:
            await asyncio.sleep(0)
        assert outbox.states("hanging")[0] is DeliveryState.INFLIGHT
        await deliverer.drain(grace=0)
        assert outbox.states("hanging") == [DeliveryState.PENDING] * 50

    asyncio.run(asyncio.wait_for(run(), 30))


# ------------------------------------------------------------------------------------ what answers mean
@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("9" * 5000, 999999999999.0),
        (format_datetime(START + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(START - timedelta(days=1), usegmt=True), 0.0),
        ("Thu, 01 May 2025 12:00:30 -0000", 30.0),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("١٢", None),
        ("Fri, 99 Foo 2025 99:99:99 GMT", None),
        ("Thu, 01 May 99999 12:00:30 GMT", None),
    ],
)
def test_fault_18_retry_after_in_every_spelling(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, START) == seconds
    posted = Posted(429, {} if value is None else {"retry-after": value}, b"")
    (answer,) = asyncio.run(made(settings(), FakePoster([posted]), FakeClock()).send([delivery()]))
    assert (answer.kind, answer.retry_after) == (AnswerKind.RETRY, seconds)


def test_the_detail_is_safe_to_print() -> None:
    said = describe(422, b'{"error": "field\x1b[2J title\r\n missing"}', ())
    assert said.startswith("HTTP 422 Unprocessable ")  # Entity until Python 3.12, Content since
    assert said.endswith(': {"error": "field [2J title missing"}')
    assert describe(404, b"<html>not found</html>", ()) == "HTTP 404 Not Found"
    assert describe(403, b"token canary is wrong", ("canary",)) == "HTTP 403 Forbidden"
    assert describe(599, b"", ()) == "HTTP 599"
    assert len(describe(400, "خ".encode() * 5000, ())) < 200
    assert "\u202e" not in describe(400, "a\u202eb\u2066c\ud7ff".encode(), ())


# ------------------------------------------------------------------------------------------ the secrets
@pytest.mark.parametrize("text", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_!!!!", "not base64 at all", "whsec_شفرة"])
def test_a_secret_that_cannot_be_used_is_named_not_quoted(text: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(text)
    with pytest.raises(SinkError) as caught:
        settings(secret_file=file).build("desk", Tools(FakePoster(), FakeClock()))
    assert "sink desk: the signing secret" in str(caught.value)
    digits = text.removeprefix("whsec_")
    assert not digits or digits not in str(caught.value)


def test_a_secret_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="cannot be read: No such file"):
        settings(secret_file=tmp_path / "none").build("desk", Tools(FakePoster(), FakeClock()))
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(SinkError, match="it is not text"):
        settings(secret_file=tmp_path / "binary").build("desk", Tools(FakePoster(), FakeClock()))


def test_padding_may_be_missing() -> None:
    short = SECRET.rstrip("=")
    posters = [FakePoster(), FakePoster()]
    for secret, poster in zip((SECRET, short), posters, strict=True):
        asyncio.run(made(settings(secret=secret), poster, FakeClock()).send([delivery()]))
    assert posters[0].posts == posters[1].posts


def test_fault_50_secrets_stay_out_of_every_printed_form() -> None:
    described = settings("https://user:canary@desk.example.org/canary?token=canary", secret="whsec_canarycanarycanarycanarycanary")
    assert "canary" not in repr(described)
    assert "canary" not in str(described)
    for wrong in ({"url": "canary"}, {"secret": ["canary"]}, {"secret": "whsec_canary", "secret_file": "canary"}, {"extra": "canary"}):
        with pytest.raises(ValidationError) as caught:
            settings(**{"url": "https://x.example/", **wrong})  # type: ignore[arg-type]
        assert "canary" not in str(caught.value)
    echo = Posted(400, {}, b"no such hook: canary")
    (answer,) = asyncio.run(made(settings("https://x/canary"), FakePoster([echo]), FakeClock()).send([delivery()]))
    assert answer.detail == "HTTP 400 Bad Request"
    failed = FakePoster([FetchError("no answer within 15 s")])
    (answer,) = asyncio.run(made(settings("https://x/canary"), failed, FakeClock()).send([delivery()]))
    assert answer == Answer(AnswerKind.RETRY, "no answer within 15 s")


def test_settings_are_strict() -> None:
    for wrong in ({"url": "ftp://x"}, {"url": "https://"}, {"url": "/hook"}, {"concurrency": 0}, {"timeout": 3}):
        with pytest.raises(ValidationError):
            settings(**{"url": "https://x.example/", **wrong})  # type: ignore[arg-type]
    assert {"alert_log", "webhook"} <= set(SINK_TYPES)


# ------------------------------------------------------------------------------ the webhook and the outbox
def outage(work: Callable[[Deliverer, FakeOutbox, FakeClock, Receiver], Awaitable[None]]) -> None:
    async def run(webhook: Webhook, receiver: Receiver, clock: FakeClock) -> None:
        outbox = FakeOutbox()
        for n in range(6):
            outbox.add(f"n{n}", "desk", severity=Severity.HIGH if n % 3 else Severity.CRITICAL, payload=PAYLOAD)
        deliverer = Deliverer(outbox, [webhook], clock, FakeMeter(), FakeOperations(clock), lambda: 0.9)
        await deliverer.start()
        await work(deliverer, outbox, clock, receiver)
        await deliverer.drain()

    clock = FakeClock()
    live(lambda webhook, receiver: run(webhook, receiver, clock), clock=clock, secret=SECRET)


async def pass_time(deliverer: Deliverer, clock: FakeClock, seconds: float, step: float) -> None:
    for _ in range(int(seconds / step)):
        clock.advance(step)
        await deliverer.tick()
        await deliverer.idle()


HIGH = ["msg_n1_desk", "msg_n2_desk", "msg_n4_desk", "msg_n5_desk"]
CRITICAL = ["msg_n0_desk", "msg_n3_desk"]


def lanes(receiver: Receiver) -> tuple[list[str], list[str]]:
    taken = receiver.accepted_ids()
    return [i for i in taken if i in HIGH], [i for i in taken if i in CRITICAL]


def test_fault_16_an_outage_then_all_in_order_each_with_one_id() -> None:
    async def work(deliverer: Deliverer, outbox: FakeOutbox, clock: FakeClock, receiver: Receiver) -> None:
        await receiver.stop()
        await pass_time(deliverer, clock, 4 * 3600, 60)
        assert receiver.requests == []
        await receiver.start()
        receiver.script = [Reply(503), Reply(500)]
        await pass_time(deliverer, clock, 3600, 60)
        assert lanes(receiver) == (HIGH, CRITICAL)
        assert outbox.states("desk") == [DeliveryState.DELIVERED] * 6
        stamps = [int(request.headers["webhook-timestamp"]) for request in receiver.requests]
        assert stamps == sorted(stamps)
        assert stamps[0] > START.timestamp() + 4 * 3600  # that of the attempt, not of the alert

    outage(work)


def test_fault_18_429_with_retry_after_is_waited_for() -> None:
    async def work(deliverer: Deliverer, outbox: FakeOutbox, clock: FakeClock, receiver: Receiver) -> None:
        receiver.answer = lambda *_: Reply(429, {"Retry-After": "600"})
        await deliverer.tick()
        await deliverer.idle()
        asked = len(receiver.requests)
        assert asked == 2  # one a lane was under way
        await pass_time(deliverer, clock, 590, 10)
        assert len(receiver.requests) == asked
        receiver.answer = None
        await pass_time(deliverer, clock, 60, 10)
        assert lanes(receiver) == (HIGH, CRITICAL)

    outage(work)


def test_fault_25_a_lost_acknowledgement_is_sent_again_under_the_same_id() -> None:
    async def work(deliverer: Deliverer, outbox: FakeOutbox, clock: FakeClock, receiver: Receiver) -> None:
        receiver.script = [Reply(habit=Habit.RESET), Reply(habit=Habit.RESET)]
        await deliverer.tick()
        await deliverer.idle()
        await pass_time(deliverer, clock, 60, 5)
        assert sorted(receiver.ids()) == sorted([*HIGH, *CRITICAL, HIGH[0], CRITICAL[0]])
        assert len({request.body for request in receiver.requests}) == 1
        assert outbox.states("desk") == [DeliveryState.DELIVERED] * 6

    outage(work)


def test_fault_19_one_in_three_fails() -> None:
    async def work(deliverer: Deliverer, outbox: FakeOutbox, clock: FakeClock, receiver: Receiver) -> None:
        calls = iter(range(10**6))
        receiver.answer = lambda *_: Reply(500 if next(calls) % 3 == 0 else 200)
        await pass_time(deliverer, clock, 600, 5)
        assert lanes(receiver) == (HIGH, CRITICAL)

    outage(work)
