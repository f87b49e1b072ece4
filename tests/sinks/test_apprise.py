"""apprise for real, against a receiver on loopback: what it is given, what its answers mean, what it is kept from doing."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from monitor.errors import SinkError
from monitor.model import Answer, AnswerKind, Delivery, DeliveryState, Severity
from monitor.render.message import read
from monitor.render.text import text
from monitor.sinks import Tools
from monitor.sinks.apprise import HANGING, Apprise, AppriseSettings, inert, parts
from tests.fakes import START, FakeClock, FakePoster
from tests.receiver import Habit, Receiver, Reply
from tests.render.samples import DOCUMENTS

CANARY = "canary-31ad"


def delivery(document: str = "arabic") -> Delivery:
    payload = DOCUMENTS[document]
    return Delivery(read(payload).id, "desk", "a1", Severity.HIGH, 7, DeliveryState.INFLIGHT, 1, START, START, payload)


def built(url: str = "", **more: Any) -> Apprise:
    given = {"type": "apprise", **({"url": url} if url else {}), **more}
    sink = AppriseSettings.model_validate(given).build("desk", Tools(FakePoster(), FakeClock())).sink
    assert isinstance(sink, Apprise)
    return sink


def live(work: Callable[[Apprise, Receiver], Awaitable[None]], *, query: str = "", deadline: float = 10.0) -> None:
    async def run() -> None:
        async with Receiver() as receiver:
            sink = built(f"json://user:{CANARY}@127.0.0.1:{receiver.port}/{CANARY}{query}")
            sink._deadline = deadline
            await work(sink, receiver)
            receiver.default = Reply()

    asyncio.run(run())


async def one(sink: Apprise, document: str = "arabic") -> Answer:
    (answer,) = await sink.send([delivery(document)])
    return answer


@pytest.mark.parametrize("document", DOCUMENTS)
def test_title_and_body_are_the_message_as_text(document: str) -> None:
    async def work(sink: Apprise, receiver: Receiver) -> None:
        assert await one(sink, document) == Answer(AnswerKind.DELIVERED)
        body = json.loads(receiver.requests[0].body)
        said = f"{body['title']}\n{body['message']}".replace("\u2060", "").replace("\r\n", "\n")
        assert said.strip() == text(read(DOCUMENTS[document])).strip()
        assert body["type"] in {"failure", "warning", "info"}

    live(work)


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 403, 404, 410, 429, 500, 503])
def test_whatever_is_not_a_yes_is_tried_again(status: int) -> None:
    async def work(sink: Apprise, receiver: Receiver) -> None:
        async with Receiver() as elsewhere:
            receiver.default = Reply(status, {"Location": elsewhere.url}, f"no {CANARY}".encode())
            answer = await one(sink)
            assert answer.kind is AnswerKind.RETRY
            assert answer.detail
            assert CANARY not in answer.detail
            assert elsewhere.requests == []  # fault 22
            assert len(receiver.requests) == 1

    live(work, query="?retry=5&wait=60")  # ours to decide


def test_fault_25_a_reset_is_tried_again() -> None:
    async def work(sink: Apprise, receiver: Receiver) -> None:
        receiver.script = [Reply(habit=Habit.RESET)]
        assert (await one(sink)).kind is AnswerKind.RETRY
        assert (await one(sink)).kind is AnswerKind.DELIVERED
        await receiver.stop()
        assert (await one(sink)).kind is AnswerKind.RETRY

    live(work)


def test_fault_23_one_that_hangs_costs_a_deadline_and_no_thread_of_others() -> None:
    free = threading.Event()

    class Hanging:
        def notify(self, **_: Any) -> bool:
            free.wait(30)
            return True

    async def work(sink: Apprise, receiver: Receiver) -> None:
        address, service = sink._current()
        sink._service = (address, Hanging())  # type: ignore[assignment]
        try:
            for _ in range(HANGING):
                assert await one(sink) == Answer(AnswerKind.RETRY, "no answer within 0.05 s")
            assert await one(sink) == Answer(AnswerKind.RETRY, f"the service still holds the last {HANGING} messages and says nothing")
        finally:
            free.set()
        while sink._hanging:
            await asyncio.sleep(0)
        sink._service, sink._deadline = (address, service), 10.0
        assert (await one(sink)).kind is AnswerKind.DELIVERED

    live(work, deadline=0.05)


def test_a_plugins_fault_is_an_answer() -> None:
    class Broken:
        def notify(self, **_: Any) -> bool:
            raise KeyError(CANARY)

    async def work(sink: Apprise, receiver: Receiver) -> None:
        sink._service = (sink._current()[0], Broken())  # type: ignore[assignment]
        assert await one(sink) == Answer(AnswerKind.RETRY, "apprise failed: KeyError")
        (answer,) = await sink.send([replace(delivery(), payload=b"{}")])
        assert answer.kind is AnswerKind.POISON

    live(work)


def test_an_address_in_a_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    async def run() -> None:
        async with Receiver() as first, Receiver() as second:
            file = tmp_path / "address"
            file.write_text(f"json://127.0.0.1:{first.port}/{CANARY}\n")
            sink = built(url_file=file)
            await one(sink)
            file.write_text(f"json://127.0.0.1:{second.port}/{CANARY}/longer\n")
            await one(sink)
            file.write_text(f"slak://{CANARY}/and/much/longer/than/before\n")
            answer = await one(sink)
            assert (len(first.requests), len(second.requests)) == (1, 1)
            assert (answer.kind, CANARY in answer.detail) == (AnswerKind.RETRY, False)
            assert "knows no service 'slak'" in answer.detail

    asyncio.run(run())


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"slak://{CANARY}", "apprise knows no service 'slak'"),
        (f"tgram://{CANARY}", "cannot read the address of its service 'tgram'"),
        (f"jsons://{CANARY}.example/?verify=no", "checking of certificates"),
    ],
)
def test_addresses_that_are_wrong(url: str, said: str) -> None:
    with pytest.raises(SinkError, match=said) as caught:
        built(url)
    assert CANARY not in str(caught.value)
    assert CANARY not in caught.value.hint


def test_settings_say_what_is_wrong(tmp_path: Path) -> None:
    for wrong in (
        {},
        {"url": "canary"},
        {"url": "canary\n://x"},
        {"url": "json://x", "url_file": tmp_path / "x"},
        {"url": ["json://canary"]},
        {"tags": ["x"]},
    ):
        with pytest.raises(ValidationError) as caught:
            AppriseSettings.model_validate({"type": "apprise", **wrong})
        assert "canary" not in str(caught.value)
    given = AppriseSettings.model_validate({"type": "apprise", "url": f"discord://{CANARY}/{CANARY}"})
    assert CANARY not in repr(given)
    assert "format: discord" in given.warnings()[0]
    assert "type: mail" in AppriseSettings.model_validate({"type": "apprise", "url": "mailto://x"}).warnings()[0]
    assert AppriseSettings.model_validate({"type": "apprise", "url": "ntfy://x"}).warnings() == ()


def test_nothing_is_obeyed_and_addresses_stay_whole() -> None:
    assert inert("@everyone <@U1> <!channel> [x](javascript:x) /start #tag").count("\u2060") == 7
    for whole in ("https://example.org/@you/#part?x=@me", "a@example.org", "1/2", "named: Rotax (companies)", "[HIGH] Arms transfer: x"):
        assert inert(whole) == whole
    title, body = parts(read(DOCUMENTS["english"]))
    assert title.startswith("[HIGH] Arms transfer")
    assert title not in body
