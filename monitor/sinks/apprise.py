"""Everything else through apprise: one address, one of its hundred and more services.

The library is synchronous, keeps its own time and answers yes or no: each message is handed over on a thread of its own, one at a
time, and whatever is not a yes is tried again. Its words hold addresses, so that few of them are ever shown. What it would do by
itself is switched off: repeating, following redirects, templates, escapes, files. This module must not know any service.
"""

from __future__ import annotations

import asyncio
import difflib
import re
import threading
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Annotated, Any, ClassVar, Final, Literal, cast

import apprise
from apprise.manager_plugins import NotificationManager
from pydantic import AfterValidator, Field, model_validator

from monitor.errors import SinkError
from monitor.model import Answer, AnswerKind, Delivery, Severity
from monitor.render.message import Message, read
from monitor.render.text import text
from monitor.sinks.advice import Advice
from monitor.sinks.answers import printable
from monitor.sinks.base import Built, OneByOne, SecretPath, SinkSection, Tools
from monitor.sinks.example import Example
from monitor.sinks.secrets import SecretFile, pieces

#: Seconds for one message. Services of several requests take several of apprise's own 4 + 4 s.
DEADLINE: Final = 20.0
#: Threads that may hang in a service at a time; a slow drip has no end, and a thread cannot be ended.
HANGING: Final = 3

_KIND: Final[Mapping[Severity, str]] = {
    Severity.CRITICAL: apprise.NotifyType.FAILURE.value,
    Severity.HIGH: apprise.NotifyType.FAILURE.value,
    Severity.MEDIUM: apprise.NotifyType.WARNING.value,
    Severity.LOW: apprise.NotifyType.INFO.value,
    Severity.INFO: apprise.NotifyType.INFO.value,
}
#: Set where this version of the library knows them.
_QUIETLY: Final[Mapping[str, Any]] = {
    "async_mode": False,
    "interpret_emojis": False,
    "interpret_escapes": False,
    "default_service_retry": 0,
    "http_redirects": False,
    "secure_logging": True,
    "pgp_autogen": False,
    "pem_autogen": False,
}
_QUIETLY_TOO: Final[Mapping[str, Any]] = {"allow_templates": False, "service_timeout": 0}
#: What some services take for a mention, a command or a link of their own; whole addresses are left as they are.
_OBEYED: Final = re.compile(r"(https?://[^\s<>()\[\]\"']+)|(?<![\w/:])([@#/])(?=\w)|(<)(?=[!@#/A-Za-z])|(\])(?=[(\[:])")
_JOINER: Final = "\u2060"
#: Services that the webhook speaks better: with their own layout, and answers told apart.
_BETTER: Final[Mapping[str, str]] = {
    "slack": "slack", "discord": "discord", "tgram": "telegram", "workflow": "teams", "workflows": "teams", "msteams": "teams"
}  # fmt: skip


def _address(value: str) -> str:
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", value) or not value.isprintable():
        raise ValueError("must be an address as apprise writes it: the name of a service, ://, and what that service needs")
    return value


class AppriseSettings(SinkSection):
    examples: ClassVar[tuple[Example, ...]] = (
        Example(
            "apprise",
            "any of the services apprise knows; the file holds the address as apprise writes it",
            {"url_file": "/run/secrets/{name}"},
        ),
    )
    advice: ClassVar[tuple[Advice, ...]] = (
        Advice(r"the service still holds", "the service hangs; it is asked again when it lets go of one of them"),
        Advice(r"apprise failed", "this is a fault of apprise's plugin for the service: a newer version may have it mended"),
        Advice(
            r"(?!sink |no answer|the sink failed).",
            "apprise tells no more: compare {address} with apprise's page of that service, and whether its key is still good",
        ),
    )

    type: Literal["apprise"]
    # No SecretStr: what a key is called decides whether its value is shown, and a webhook's ``url`` is shown but for its path.
    url: Annotated[str, AfterValidator(_address)] | None = Field(
        default=None, repr=False, description="The service's address as apprise writes it; it holds a key: better in url_file."
    )
    url_file: SecretPath | None = Field(default=None, description="A file with the address.")

    @model_validator(mode="after")
    def _one_address(self) -> AppriseSettings:
        if (self.url is None) == (self.url_file is None):
            raise ValueError("where does it go? Give either url, or url_file")
        return self

    @property
    def sums_up(self) -> bool:
        return True

    def warnings(self) -> tuple[str, ...]:
        service = "" if self.url is None else self.url.partition("://")[0].lower()
        if service in _BETTER:
            return (f"speaks to {service} through apprise: type: webhook with format: {_BETTER[service]} shows more and fails better",)
        if service in {"mailto", "mailtos"}:
            return ("sends mail through apprise: type: mail threads stories and keeps an answer for each recipient",)
        return ()

    def build(self, name: str, tools: Tools) -> Built:
        return Built(sink=Apprise(name, self, read=partial(tools.message, sink=name)))


class Apprise(OneByOne):
    """Implements the port Sink. Raises SinkError where the address cannot be read, or is none that apprise knows."""

    def __init__(
        self, name: str, settings: AppriseSettings, *, read: Callable[[bytes], Message] = read, deadline: float = DEADLINE
    ) -> None:
        self.name = name
        self._read = read
        self._deadline = deadline
        self._given = settings.url or ""
        self._file = None if settings.url_file is None else SecretFile(name, "address", settings.url_file)
        self._asset = _asset()
        self._service: tuple[str, apprise.Apprise] | None = None
        self._turn = asyncio.Lock()
        self._hanging = 0
        self._current()

    async def attempt(self, delivery: Delivery) -> Answer:
        try:
            message = self._read(delivery.payload)
        except ValueError as error:
            return Answer(AnswerKind.POISON, detail=str(error)[:200])
        title, body = parts(message)
        try:
            address, service = self._current()
        except SinkError as error:
            return Answer(AnswerKind.RETRY, detail=error.message)
        async with self._turn:
            if self._hanging >= HANGING:
                return Answer(AnswerKind.RETRY, detail=f"the service still holds the last {HANGING} messages and says nothing")
            try:
                async with asyncio.timeout(self._deadline):
                    taken, words = await self._on_thread(partial(_hand_over, service, title, body, _KIND[message.severity]))
            except TimeoutError:
                return Answer(AnswerKind.RETRY, detail=f"no answer within {self._deadline:g} s")
        if taken:
            return Answer(AnswerKind.DELIVERED)
        said = printable(words, pieces(address.partition("://")[2]))
        return Answer(AnswerKind.RETRY, detail=said or "the service did not take it: look whether its address is right and still good")

    async def _on_thread(self, work: Callable[[], tuple[bool, str]]) -> tuple[bool, str]:
        """On a daemon thread of its own: one that hangs delays neither others nor the end of the process."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[tuple[bool, str]] = loop.create_future()
        self._hanging += 1

        def finish(found: tuple[bool, str]) -> None:
            self._hanging -= 1
            if not answer.done():  # who asked may have given up
                answer.set_result(found)

        def run() -> None:
            found = work()
            with suppress(RuntimeError):  # the loop has closed meanwhile
                loop.call_soon_threadsafe(finish, found)

        threading.Thread(target=run, name=f"apprise-{self.name}", daemon=True).start()
        return await answer

    def _current(self) -> tuple[str, apprise.Apprise]:
        """The address and its service, made anew when the address changes. Raises SinkError, which quotes nothing of it but the name
        of the service."""
        address = self._given if self._file is None else self._file.read()
        if self._service is None or self._service[0] != address:
            self._service = (address, _service(self.name, address, self._asset))
        return self._service


def parts(message: Message) -> tuple[str, str]:
    """Title and body: the message's text, whose first line the title is, with nothing in it that a service would act on."""
    first, _, rest = text(message).partition("\n")
    return inert(first), inert(rest.strip("\n"))


def inert(said: str) -> str:
    """A word joiner after what begins a mention, a command, a tag or the target of a link; nobody sees it."""
    return _OBEYED.sub(lambda found: found[0] if found[1] else f"{found[0]}{_JOINER}", said)


def _hand_over(service: apprise.Apprise, title: str, body: str, kind: str) -> tuple[bool, str]:
    """Whether it was taken, and what the library says of it. Never raises."""
    try:
        result = service.notify(body=body, title=title, notify_type=kind, body_format=apprise.NotifyFormat.TEXT.value)
        entries = list(result.logs()) if hasattr(result, "logs") else []  # older versions say yes or no
    except Exception as error:  # a plugin's fault
        return False, f"apprise failed: {type(error).__name__}"
    return bool(result), str(entries[-1].message) if entries else ""


def _service(name: str, address: str, asset: apprise.AppriseAsset) -> apprise.Apprise:
    schema = address.partition("://")[0].strip().lower()
    known = _known()
    if "://" not in address or schema not in known:
        near = difflib.get_close_matches(schema, known, n=1) if "://" in address else []
        what = f"apprise knows no service {schema[:20]!r}" if "://" in address else "the address is none that apprise knows: it has no ://"
        raise SinkError(
            f"sink {name}: {what}", hint=f"did you mean {near[0]}://?" if near else "docs/sinks/apprise.md says where they are listed"
        )
    plugin = apprise.Apprise.instantiate(address, asset=asset)
    if plugin is None:
        raise SinkError(
            f"sink {name}: apprise cannot read the address of its service {schema!r}", hint="compare it with apprise's page of that service"
        )
    if not getattr(plugin, "verify_certificate", True):
        raise SinkError(f"sink {name}: its address switches off the checking of certificates", hint="take verify=no out of it")
    # What is tried again, and when, is the daemon's business.
    plugin.retry, plugin.wait = 0, 0.0
    if "overflow=" not in address.lower():
        plugin.overflow_mode = apprise.OverflowMode.TRUNCATE
    service = apprise.Apprise(asset=asset)
    service.add(plugin)
    return service


def _known() -> frozenset[str]:
    """The names of its services. The first time, it loads a module for each."""
    manager: Any = cast(Any, NotificationManager)()
    with warnings.catch_warnings():
        # Some of those import what Python is about to drop, where it is there: nothing that anybody here could mend.
        warnings.simplefilter("ignore")
        return frozenset(manager.schemas())


def _asset() -> apprise.AppriseAsset:
    known = {key: value for key, value in _QUIETLY.items() if hasattr(apprise.AppriseAsset, key)}
    known |= {key: value for key, value in _QUIETLY_TOO.items() if hasattr(apprise.AppriseAsset, f"_{key}")}
    return apprise.AppriseAsset(storage_mode=apprise.PersistentStoreMode.MEMORY, **known)
