"""Mail through a real server: what a letter is, and what every answer means for it and for each of its recipients."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from monitor.errors import SinkError
from monitor.flow.deliver import Deliverer
from monitor.model import Answer, AnswerKind, Delivery, DeliveryState, Severity
from monitor.net.dial import Dialler
from monitor.render.mail import mail
from monitor.render.message import Link, Member, read
from monitor.sinks import Tools
from monitor.sinks.mail import Mail, MailSettings
from monitor.sinks.mail.sender import PATIENCE
from tests.fakes import START, FakeClock, FakeMeter, FakeOperations, FakeOutbox, FakePoster
from tests.render.samples import DOCUMENTS
from tests.sinks.mailserver import DROP, HANG, TLS, MailServer

A, B, C = "a@example.org", "b@example.org", "c@example.org"
Work = Callable[[Mail, MailServer, FakeClock], Awaitable[None]]


def delivery(document: str = "arabic", **more: Any) -> Delivery:
    payload = DOCUMENTS[document]
    made = Delivery(read(payload).id, "desk", "a1", Severity.HIGH, 7, DeliveryState.INFLIGHT, 1, START, START, payload)
    return replace(made, **more)


def settings(**more: Any) -> MailSettings:
    given = {"type": "mail", "server": "127.0.0.1", "tls": "none", "sender": "News monitor <monitor@example.org>", "to": [A], **more}
    return MailSettings.model_validate(given)


def built(made: MailSettings, clock: FakeClock | None = None) -> Mail:
    sink = made.build("desk", Tools(FakePoster(), clock or FakeClock())).sink
    assert isinstance(sink, Mail)
    return sink


def live(work: Work, *, server: MailServer | None = None, deadline: float = 10.0, **more: Any) -> None:
    async def run() -> None:
        async with server or MailServer() as there:
            clock = FakeClock()
            sink = built(settings(**{"server": f"127.0.0.1:{there.port}", **more}), clock)
            sink._deadline = deadline
            await work(sink, there, clock)
            await sink.close()

    asyncio.run(run())


async def one(sink: Mail, given: Delivery) -> Answer:
    (answer,) = await sink.send([given])
    return answer


def said(part: EmailMessage, kind: str) -> str:
    body = part.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


# ------------------------------------------------------------------------------------------ the letter
@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_letter_says_what_the_message_says(document: str) -> None:
    async def work(sink: Mail, server: MailServer, clock: FakeClock) -> None:
        assert await one(sink, delivery(document)) == Answer(AnswerKind.DELIVERED, progress={"told": [_hash(A)]})
        (letter,) = server.letters
        assert letter.content.isascii()
        assert max(map(len, letter.content.split(b"\r\n"))) <= 998
        whole, expected = letter.parsed, mail(read(DOCUMENTS[document]))
        assert [part.get_content_type() for part in whole.iter_parts()] == ["text/plain", "text/html"]
        assert str(whole["Subject"]) == expected.subject
        assert said(whole, "plain") == expected.text
        assert said(whole, "html") == expected.html
        assert whole.defects == []
        assert all(not header.defects for header in whole.values())

    live(work)


def test_headers_thread_file_and_keep_robots_quiet() -> None:
    async def work(sink: Mail, server: MailServer, clock: FakeClock) -> None:
        for document in ("english", "update", "arabic", "operation", "digest"):
            assert (await one(sink, delivery(document))).kind is AnswerKind.DELIVERED
        first, update, arabic, operation, digest = (letter.parsed for letter in server.letters)
        story = f"<{7:032x}.desk@example.org>"
        assert first["References"] == first["In-Reply-To"] == update["References"] == arabic["References"] == story
        assert first["Message-ID"] == f"<{9:032x}.desk@example.org>"
        assert operation["References"] not in (None, story)
        assert digest["References"] is None
        assert [str(letter["List-Id"]) for letter in (first, operation, digest)] == [
            "<arms-transfer.desk.example.org>",
            "<operations.desk.example.org>",
            "<digests.desk.example.org>",
        ]
        assert (first["Auto-Submitted"], first["Precedence"], first["X-Auto-Response-Suppress"]) == ("auto-generated", "list", "All")
        assert str(arabic["Content-Language"]) == "en, ar"
        assert str(first["From"]) == "News monitor <monitor@example.org>"
        assert str(first["To"]) == f"{A}, Desk <{B}>"
        assert str(first["Reply-To"]) == C
        assert str(first["Subject"]).startswith("[news] [HIGH] Arms transfer: ")
        assert first["Importance"] is None
        assert first["Date"].datetime == read(DOCUMENTS["english"]).time
        assert "Bcc" not in first

    live(work, to=[A, f"Desk <{B}>"], reply_to=C, subject_prefix="[news]")


def test_an_attempt_is_byte_for_byte_the_one_before() -> None:
    async def work(sink: Mail, server: MailServer, clock: FakeClock) -> None:
        server.end = ["451 4.3.0 later"]
        assert (await one(sink, delivery())).kind is AnswerKind.RETRY
        clock.advance(3600)
        assert (await one(sink, delivery())).kind is AnswerKind.DELIVERED
        assert len({letter.content for letter in server.sent}) == 1

    live(work)


def test_links_to_act_stand_in_both_parts() -> None:
    async def run() -> None:
        async with MailServer() as server:
            tools = Tools(
                FakePoster(), FakeClock(), links=lambda message, sink: (Link("Acknowledge", f"https://monitor.example/a/{sink}"),)
            )
            sink = settings(server=f"127.0.0.1:{server.port}").build("desk", tools).sink
            assert sink is not None
            await sink.send([delivery()])
            whole = server.letters[0].parsed
            assert "Acknowledge: https://monitor.example/a/desk" in said(whole, "plain")
            assert 'href="https://monitor.example/a/desk"' in said(whole, "html")

    asyncio.run(run())


def test_each_entry_of_a_digest_has_its_links_in_both_parts() -> None:
    def links(member: Member, made: datetime, sink: str) -> tuple[Link, ...]:
        return (Link("Close", f"https://monitor.example/a/{sink}-{member.alert[:8]}"),) if member.alert else ()

    async def run() -> None:
        async with MailServer() as server:
            tools = Tools(FakePoster(), FakeClock(), of_member=links)
            sink = settings(server=f"127.0.0.1:{server.port}").build("desk", tools).sink
            assert sink is not None
            await sink.send([delivery(payload=DOCUMENTS["digest"])])
            plain, html = (said(server.letters[0].parsed, part) for part in ("plain", "html"))
            for number in (1, 2, 3, 4):
                assert f"  Close: https://monitor.example/a/desk-a000000{number}" in plain
                assert f'href="https://monitor.example/a/desk-a000000{number}"' in html
            assert plain.count("Close") == 4

    asyncio.run(run())


def test_what_is_no_document_is_poison() -> None:
    async def work(sink: Mail, server: MailServer, clock: FakeClock) -> None:
        for payload in (b"", b"{}", b'{"data":{}}', b"[1]"):
            assert (await one(sink, delivery(payload=payload))).kind is AnswerKind.POISON
        assert server.connections == 0

    live(work)


# --------------------------------------------------------------------------------- what answers mean
ANSWERS: Mapping[str, tuple[dict[str, str], list[str], list[str], AnswerKind, str]] = {
    # verbs, what the recipient is answered, what the end of the letter is answered, what it means, what is said
    "421 at EHLO": ({"EHLO": "421 4.3.2 closing"}, [], [], AnswerKind.RETRY, "421 4.3.2 closing"),
    "550 at EHLO": ({"EHLO": "550 5.7.1 go away"}, [], [], AnswerKind.PAUSE, "ask who runs it"),
    "421 at MAIL": ({"MAIL": "421 4.7.0 too many"}, [], [], AnswerKind.RETRY, "421"),
    "451 at MAIL": ({"MAIL": "451 4.3.0 later"}, [], [], AnswerKind.RETRY, "451 4.3.0 later"),
    "452 at MAIL": ({"MAIL": "452 4.3.1 no space"}, [], [], AnswerKind.RETRY, "452"),
    "530 at MAIL": ({"MAIL": "530 5.7.0 authenticate first"}, [], [], AnswerKind.PAUSE, "log in with user: and password_file:"),
    "550 at MAIL": ({"MAIL": "550 5.1.8 bad sender"}, [], [], AnswerKind.PAUSE, "mend sender:"),
    "552 at MAIL": ({"MAIL": "552 5.3.4 too large"}, [], [], AnswerKind.REFUSED, "refuses the letter"),
    "421 at RCPT": ({"RCPT": "421 4.7.0 enough"}, [], [], AnswerKind.RETRY, "421"),
    "450 greylisted": ({}, ["450 4.2.0 greylisted"], [], AnswerKind.RETRY, f"put off by {A}: 450 4.2.0 greylisted"),
    "451 at RCPT": ({}, ["451 4.3.0 later"], [], AnswerKind.RETRY, "451"),
    "452 mailbox full": ({}, ["452 4.2.2 mailbox full"], [], AnswerKind.RETRY, "mailbox full"),
    "550 no such user": ({}, ["550 5.1.1 no such user"], [], AnswerKind.REFUSED, f"{A}: 550 5.1.1 no such user"),
    "550 relaying denied": ({}, ["550 5.7.1 relaying denied"], [], AnswerKind.PAUSE, "log in with user:"),
    "530 at RCPT": ({}, ["530 authenticate first"], [], AnswerKind.PAUSE, "log in with user:"),
    "553 at RCPT": ({}, ["553 5.1.3 bad address"], [], AnswerKind.REFUSED, "553"),
    "251 forwarded": ({}, ["251 2.1.5 will forward"], [], AnswerKind.DELIVERED, ""),
    "451 at DATA": ({"DATA": "451 4.3.0 later"}, [], [], AnswerKind.RETRY, "451"),
    "554 at DATA": ({"DATA": "554 5.5.1 no"}, [], [], AnswerKind.REFUSED, "554"),
    "421 at the end": ({}, [], ["421 4.3.2 closing"], AnswerKind.RETRY, "421"),
    "451 at the end": ({}, [], ["451 4.7.1 greylisted"], AnswerKind.RETRY, "451"),
    "552 at the end": ({}, [], ["552 5.3.4 too large"], AnswerKind.REFUSED, "552"),
    "554 spam": ({}, [], ["554 5.7.1 spam"], AnswerKind.REFUSED, "554 5.7.1 spam"),
    "dropped at EHLO": ({"EHLO": DROP}, [], [], AnswerKind.RETRY, "closed"),
    "dropped at MAIL": ({"MAIL": DROP}, [], [], AnswerKind.RETRY, "closed"),
    "dropped at RCPT": ({"RCPT": DROP}, [], [], AnswerKind.RETRY, "closed"),
    "dropped before DATA": ({"DATA": DROP}, [], [], AnswerKind.RETRY, "closed"),
    "dropped after DATA": ({}, [], [DROP], AnswerKind.RETRY, "closed"),
    "no SMTP": ({"EHLO": "HTTP/1.1 400 Bad Request"}, [], [], AnswerKind.RETRY, ""),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_fault_30_what_every_answer_means(name: str) -> None:
    verbs, recipient, end, kind, words = ANSWERS[name]

    async def work(sink: Mail, server: MailServer, clock: FakeClock) -> None:
        server.verbs, server.recipients, server.end = dict(verbs), {A: list(recipient)}, list(end)
        answer = await one(sink, delivery())
        assert answer.kind is kind, answer
        assert words in answer.detail
        assert answer.detail.isprintable()
        assert (len(server.letters) == 1) == (kind is AnswerKind.DELIVERED)

    live(work)


@pytest.mark.parametrize("verb", ["EHLO", "MAIL", "RCPT", "DATA", "end"])
def test_fault_23_a_server_that_hangs_costs_one_deadline(verb: str) -> None:
    async def work(sink: Mail, server: MailServer, clock: FakeClock) -> None:
        if verb == "end":
            server.end = [HANG]
        else:
            server.verbs[verb] = HANG
        assert await one(sink, delivery()) == Answer(AnswerKind.RETRY, "the mail server did not take the letter within 0.2 s")

    live(work, deadline=0.2)


@pytest.mark.parametrize("greeting", [b"", b"554 5.7.1 go away\r\n", b"421 4.3.2 busy\r\n", b"SSH-2.0-OpenSSH\r\n", b"2" * 100_000, DROP])
def test_fault_23_odd_greetings(greeting: bytes | str) -> None:
    async def run() -> None:
        ended = asyncio.Event()

        async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if isinstance(greeting, bytes):
                writer.write(greeting)
                await reader.read()
            writer.transport.abort()
            ended.set()

        there = await asyncio.start_server(client, "127.0.0.1", 0)
        sink = built(settings(server=f"127.0.0.1:{there.sockets[0].getsockname()[1]}"))
        sink._deadline = 0.3
        answer = await one(sink, delivery())
        assert answer.kind is (AnswerKind.PAUSE if str(greeting).startswith("b'554") else AnswerKind.RETRY), answer
        await ended.wait()
        there.close()

    asyncio.run(run())


def test_fault_27_names_and_ports_that_lead_nowhere() -> None:
    async def run() -> None:
        def no_such_name(*_: Any, **__: Any) -> Any:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")

        sink = built(settings(server="127.0.0.1:1"))
        assert await one(sink, delivery()) == Answer(AnswerKind.RETRY, "not connected: Connection refused")
        sink._sessions._dial = Dialler(lookup=no_such_name).dial
        assert await one(sink, delivery()) == Answer(AnswerKind.RETRY, "the host name does not resolve")

    asyncio.run(run())


# ------------------------------------------------------------------------------------- each recipient
def _hash(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()[:12]


async def until_over(sink: Mail, given: Delivery, clock: FakeClock, *, wait: float = 300, most: int = 20) -> Sequence[Answer]:
    """Attempts as the deliverer makes them: each with the progress of the one before."""
    answers = []
    for _ in range(most):
        answer = await one(sink, given)
        answers.append(answer)
        if answer.progress is not None:
            given = replace(given, progress=answer.progress)
        if answer.kind in {AnswerKind.DELIVERED, AnswerKind.POISON}:
            break
        clock.advance(wait)
    return answers


def test_fault_30_greylisting() -> None:
    async def work(sink: Mail, server: MailServer, clock: FakeClock) -> None:
        server.recipients = {A: ["450 4.2.0 greylisted", "450 4.2.0 greylisted"]}
        answers = await until_over(sink, delivery(), clock)
        assert [answer.kind for answer in answers] == [AnswerKind.RETRY, AnswerKind.RETRY, AnswerKind.DELIVERED]
        assert len(server.letters) == 1

    live(work)


def test_fault_30_one_of_three_refused() -> None:
    async def work(sink: Mail, server: MailServer, clock: FakeClock) -> None:
        server.recipients = {B: ["550 5.1.1 no such user"]}
        (answer,) = await until_over(sink, delivery(), clock)
        assert answer.kind is AnswerKind.DELIVERED
        assert answer.detail == f"not told: {B}: 550 5.1.1 no such user"
        assert server.letters[0].recipients == [A, C]

    live(work, to=[A, B, C])


def test_fault_30_one_told_one_refused_one_greylisted_each_told_once() -> None:
    async def work(sink: Mail, server: MailServer, clock: FakeClock) -> None:
        server.recipients = {B: ["550 5.1.1 no such user"], C: ["450 4.2.0 greylisted", "450 4.2.0 greylisted"]}
        answers = await until_over(sink, delivery(), clock)
        assert [answer.kind for answer in answers] == [AnswerKind.RETRY, AnswerKind.RETRY, AnswerKind.DELIVERED]
        assert server.asked == [A, B, C, C, C]
        assert [letter.recipients for letter in server.letters] == [[A], [C]]
        assert len({letter.parsed["Message-ID"] for letter in server.letters}) == 1
        assert all("@" not in str(answer.progress) for answer in answers)

    live(work, to=[A, B, C])


def test_fault_30_drop_after_data() -> None:
    async def work(sink: Mail, server: MailServer, clock: FakeClock) -> None:
        server.end = [DROP]
        answers = await until_over(sink, delivery(), clock)
        assert [answer.kind for answer in answers] == [AnswerKind.RETRY, AnswerKind.DELIVERED]
        assert [letter.recipients for letter in server.sent] == [[A, B], [A, B]]
        assert len({letter.parsed["Message-ID"] for letter in server.sent}) == 1

    live(work, to=[A, B])


def test_fault_30_all_refused_and_asked_again_when_sent_again() -> None:
    async def work(sink: Mail, server: MailServer, clock: FakeClock) -> None:
        server.recipients = {A: ["550 5.1.1 no such user"] * 2, B: ["450 4.2.0 later", "550 5.1.1 no such user"]}
        given = delivery()
        first = await one(sink, given)
        assert first.kind is AnswerKind.RETRY
        assert first.progress == {"refused": [_hash(A)]}
        given = replace(given, progress=first.progress)
        assert (await one(sink, given)).kind is AnswerKind.REFUSED
        assert server.asked == [A, B, B]
        again = await one(sink, replace(given, replayed=clock.now()))
        assert again.kind is AnswerKind.DELIVERED
        assert server.asked == [A, B, B, A, B]
        assert server.letters[0].recipients == [B]

    live(work, to=[A, B])


def test_a_full_mailbox_holds_the_others_up_once_and_no_longer_than_our_patience() -> None:
    async def work(sink: Mail, server: MailServer, clock: FakeClock) -> None:
        server.recipients = {B: ["452 4.2.2 mailbox full"] * 6}
        answers = await until_over(sink, delivery(), clock, wait=PATIENCE / 3)
        assert [answer.kind for answer in answers] == [*[AnswerKind.RETRY] * 3, AnswerKind.DELIVERED]
        assert "not told: b@example.org: 452 4.2.2 mailbox full" in answers[-1].detail
        (at_once,) = await until_over(sink, delivery("hebrew"), clock)
        assert (at_once.kind, at_once.detail) == (AnswerKind.DELIVERED, "not told: b@example.org: 452 4.2.2 mailbox full")
        server.recipients.clear()
        assert await one(sink, delivery("chinese")) == Answer(AnswerKind.DELIVERED, progress={"told": sorted([_hash(A), _hash(B)])})
        server.recipients = {B: ["450 4.2.0 later"]}  # it took one: it is waited for again
        assert (await one(sink, delivery("mixed"))).kind is AnswerKind.RETRY

    live(work, to=[A, B])


def test_a_recipient_that_is_put_off_is_no_outage_of_the_server() -> None:
    """Through the deliverer: one mailbox of two that says later for ever; the others are told of everything."""

    async def work(sink: Mail, server: MailServer, clock: FakeClock) -> None:
        server.recipients = {B: ["452 4.2.2 mailbox full"] * 1000}
        outbox = FakeOutbox()
        for n, document in enumerate(("arabic", "hebrew", "chinese", "mixed", "english")):
            outbox.add(f"n{n}", "desk", payload=DOCUMENTS[document])
        operations = FakeOperations(clock)
        deliverer = Deliverer(outbox, [sink], clock, FakeMeter(), operations, lambda: 0.5)
        await deliverer.start()
        for _ in range(60):
            await deliverer.tick()
            await deliverer.idle()
            clock.advance(30)
        assert outbox.states("desk") == [DeliveryState.DELIVERED] * 5
        assert [letter.recipients for letter in server.letters] == [[A]] * 5
        assert "+sink:desk" not in operations.history
        await deliverer.drain()

    live(work, to=[A, B])


# ------------------------------------------------------------------------------------- TLS and login
def test_starttls_and_login(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("wrong\n")

    async def work(sink: Mail, server: MailServer, clock: FakeClock) -> None:
        answer = await one(sink, delivery())
        assert answer.kind is AnswerKind.PAUSE
        assert "535" in answer.detail
        assert "mend user: or the password file" in answer.detail
        file.write_text("canary-password\n")  # mended without a restart
        assert (await one(sink, delivery())).kind is AnswerKind.DELIVERED
        server.verbs["AUTH"] = "454 4.7.0 later canary-password"
        answer = await one(sink, delivery())
        assert answer.kind is AnswerKind.RETRY
        assert "canary" not in answer.detail
        file.unlink()
        server.verbs.clear()
        assert (await one(sink, delivery())).kind is AnswerKind.DELIVERED  # what was read last stays in force

    server = MailServer(starttls=True, password="canary-password")
    live(work, server=server, tls="starttls", authority=TLS / "trusted.pem", user="monitor", password_file=file)


def test_implicit_tls() -> None:
    async def work(sink: Mail, server: MailServer, clock: FakeClock) -> None:
        assert (await one(sink, delivery())).kind is AnswerKind.DELIVERED

    live(work, server=MailServer(implicit=True), tls="implicit", authority=TLS / "trusted.pem")


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize(
    ("served", "authority", "words"),
    [("trusted", None, "self-signed"), ("expired", "expired", "expired"), ("other_name", "other_name", "127.0.0.1")],
)
def test_fault_26_certificates(tls: str, served: str, authority: str | None, words: str) -> None:
    async def work(sink: Mail, server: MailServer, clock: FakeClock) -> None:
        answer = await one(sink, delivery())
        assert answer.kind is AnswerKind.PAUSE
        assert "the TLS certificate is not accepted" in answer.detail
        assert words in answer.detail
        assert server.asked == []

    server = MailServer(starttls=tls == "starttls", implicit=tls == "implicit", certificate=served)
    live(work, server=server, tls=tls, authority=TLS / f"{authority}.pem" if authority else None)


def test_fault_26_no_downgrade() -> None:
    async def work(sink: Mail, server: MailServer, clock: FakeClock) -> None:
        answer = await one(sink, delivery())
        assert answer.kind is AnswerKind.PAUSE
        assert "offers no STARTTLS" in answer.detail
        assert server.asked == []

    live(work, tls="starttls")


def test_a_server_that_takes_no_password(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("canary")

    async def work(sink: Mail, server: MailServer, clock: FakeClock) -> None:
        answer = await one(sink, delivery())
        assert (answer.kind, "takes no password" in answer.detail) == (AnswerKind.PAUSE, True)

    live(work, user="monitor", password_file=tmp_path / "password")


# ------------------------------------------------------------------------------------------ settings
def test_settings_say_what_is_wrong() -> None:
    for wrong in (
        {"server": ""},
        {"server": "::1"},
        {"server": "mail.example.org:99999"},
        {"server": "https://mail.example.org"},
        {"to": []},
        {"to": ["nobody"]},
        {"to": ["a@example.org, b@example.org"]},
        {"to": ["a@example.org\nBcc: x@example.org"]},
        {"to": ["ü@example.org"]},
        {"to": [A, A.upper()]},
        {"sender": "x"},
        {"user": "monitor"},
        {"password_file": "p"},
        {"list_id": "has blank"},
        {"subject_prefix": "x\r\nBcc: y"},
        {"server": "mail.example.org", "user": "monitor", "password_file": "p"},  # unencrypted
        {"tls": "maybe"},
    ):
        with pytest.raises(ValidationError):
            settings(**wrong)
    assert settings(sender="Büro <monitor@büro.example>").sender.endswith("<monitor@xn--bro-hoa.example>")
    assert "unencrypted" in settings(server="mail.example.org").warnings()[0]
    assert settings().warnings() == ()
    assert [settings(server="m.example", tls=tls).place.port for tls in ("starttls", "implicit", "none")] == [587, 465, 25]
    assert settings(server="[::1]:2525").place == ("::1", 2525)
    with pytest.raises(SinkError, match="password"):
        built(settings(user="monitor", password_file="/nowhere/password"))
