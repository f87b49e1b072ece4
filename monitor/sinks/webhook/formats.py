"""What a webhook says and how its receiver's answer is meant, format by format.

``cloudevents`` is the stored document, byte for byte. The others are made of it anew at each attempt, by pure code, so that every
attempt sends the same. Chat services have ways of their own to refuse: Telegram says no under any status, Discord and Telegram say
in the body how long to wait, some statuses mean an address that is wrong and not a message.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from monitor.errors import Fault
from monitor.model import AnswerKind, JsonObject
from monitor.ports import Posted
from monitor.render import discord, slack, teams, telegram
from monitor.render.message import Message, read
from monitor.render.rehearsal import Failed, parsed, rehearse
from monitor.render.template import LONGEST_SOURCE, Template, TemplateFault, render
from monitor.render.template import compile as compiled
from monitor.sinks.answers import Meant, as_it_says

FormatName = Literal["cloudevents", "slack", "teams", "discord", "telegram", "template"]
#: Formats of a service whose address is all that keeps strangers out.
CHAT: Final = frozenset({"slack", "teams", "discord", "telegram"})

CLOUDEVENTS: Final = "application/cloudevents+json; charset=utf-8"
JSON: Final = "application/json"

#: Where a line ends to Jinja2.
_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_HALF: Final = re.compile("[\ud800-\udfff]")

#: Telegram answers 400 to these, and no message will get through until someone mends the chat or its id.
_WRONG_CHAT: Final = (
    "chat not found",
    "chat_id is empty",
    "upgraded to a supergroup",
    "not enough rights",
    "have no rights",
    "chat_write_forbidden",
    "peer_id_invalid",
    "topic_closed",
)
#: The older Teams connectors answer 200 to everything and say here what it was.
_TEAMS_FAILED: Final = b"Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error "


@dataclass(frozen=True, slots=True)
class Format:
    """``body`` makes what is posted of a stored document; it raises ValueError where that cannot be. ``apart``: it is an operator's
    own and may take a second or two, which nobody else is to wait for."""

    content_type: str
    body: Callable[[bytes], bytes]
    meant: Callable[[Posted], Meant] = as_it_says
    apart: bool = False


def format_of(
    name: FormatName,
    *,
    chat_id: str = "",
    template: Template | None = None,
    content_type: str = JSON,
    read: Callable[[bytes], Message] = read,
) -> Format:
    """``read`` makes the message of a stored document, with the links its readers may use."""
    match name:
        case "cloudevents":
            return Format(CLOUDEVENTS, lambda payload: payload)
        case "slack":
            return Format(JSON, _of_message(slack.body, read))
        case "teams":
            return Format(JSON, _of_message(teams.body, read), _teams)
        case "discord":
            return Format(JSON, _of_message(discord.body, read), _discord)
        case "telegram":
            return Format(JSON, _of_message(lambda message: telegram.body(message, chat_id), read), _telegram)
        case "template":
            assert template is not None
            return Format(content_type, _of_template(template, read, as_json=is_json(content_type)), apart=True)


def is_json(content_type: str) -> bool:
    media = content_type.partition(";")[0].strip().lower()
    return media == JSON or media.endswith("+json")


def read_template(path: Path) -> Template | Fault:
    """What an operator wrote, compiled and tried on a document of every kind, or what is wrong with it and where."""
    try:
        with path.open("rb") as opened:
            source = opened.read(4 * LONGEST_SOURCE + 1).decode("utf-8-sig")
    except OSError as error:
        return Fault(f"the template cannot be read: {error.strerror or 'not readable'}", str(path))
    except UnicodeDecodeError:
        return Fault("the template is not UTF-8 text", str(path), hint="save it as UTF-8")
    found = _tried(source, path.name)
    return found if isinstance(found, Template) else _placed(found, path, source)


def _tried(source: str, name: str) -> Template | Failed:
    """What fails for no kind of document more than another is refused as it is read."""
    try:
        template = compiled(source, name)
    except TemplateFault as fault:
        return Failed(fault.message, fault.line, ())
    return rehearse(template) or template


def no_json(template: Template) -> str:
    """What a template makes that is no JSON, in words that go on after "it makes"; "" where all it makes is JSON."""
    failed = rehearse(template, as_json=True)
    return "" if failed is None else f"of {_many(failed)} a body that is not JSON"


#: What a person does about a name that one kind of document has and another lacks.
_HINT: Final = (
    "ask first, with {% if message.about == 'alert' %} or {% if … is defined %}; where only the last name may be missing, "
    "| default('') behind it does"
)


def _many(failed: Failed) -> str:
    more = len(failed.kinds) - 1
    return failed.kinds[0] + (f" and {more} other kind{'s' if more > 1 else ''} of document" if more else "")


def _placed(failed: Failed, path: Path, source: str) -> Fault:
    """With the column, which Jinja2 does not say: that of what the message quotes, else of the tag."""
    message, hint = (f"{failed.message} (of {_many(failed)})", _HINT) if failed.kinds else (failed.message, "")
    lines = _LINE_END.split(source)
    if not 0 < failed.line <= len(lines):
        return Fault(message, str(path), failed.line, hint=hint)
    line = lines[failed.line - 1]
    start, end = _tag(failed, path.name, lines)
    for pattern in _sought(failed.message):
        if (seen := re.compile(pattern).search(line, start, end)) is not None:
            return Fault(message, str(path), failed.line, seen.start() + 1, len(seen[0]), line, hint)
    return Fault(message, str(path), failed.line, source=line, hint=hint)


def _tag(failed: Failed, name: str, lines: Sequence[str]) -> tuple[int, int]:
    """From where to where in its line the tag reaches that fails: found by trying again with every tag in a line of its own."""
    line = lines[failed.line - 1]
    starts = [0, *(found.start() for found in re.finditer(r"\{[{%]", line) if found.start())]
    pieces = [line[one:other] for one, other in zip(starts, [*starts[1:], len(line)], strict=True)]
    again = _tried("\n".join([*lines[: failed.line - 1], *pieces, *lines[failed.line :]]), name)
    at = again.line - failed.line if isinstance(again, Failed) and again.message == failed.message else -1
    return (starts[at], starts[at] + len(pieces[at])) if 0 <= at < len(pieces) else (0, len(line))


def _sought(message: str) -> Iterator[str]:
    """What the fault is about, the likeliest first: a whole name, behind a point where it is missing of something."""
    yield from (re.escape(sign) for sign in re.findall(r"^([~*%]) is ", message))
    for quoted in reversed(re.findall(r"'([^']+)'", message)):
        word = rf"(?<!\w){re.escape(quoted)}(?!\w)" if quoted.isidentifier() else re.escape(quoted)
        yield rf"(?<=[.'\"]){word}" if message.startswith("there is no") else rf"(?<!\.){word}"
        yield word
    yield r"\{[{%]"


# ----------------------------------------------------------------------------------------------- bodies
def _of_message(body: Callable[[Message], bytes], read: Callable[[bytes], Message]) -> Callable[[bytes], bytes]:
    return lambda payload: body(read(payload))


def _of_template(template: Template, read: Callable[[bytes], Message], *, as_json: bool) -> Callable[[bytes], bytes]:
    """A rehearsal cannot know every quote: what is to be JSON is read before it is sent, as its receiver will read it."""

    def body(payload: bytes) -> bytes:
        document: JsonObject = json.loads(payload)
        # Half a character, as some feeds cut them, has no bytes; everywhere else it is shown as one that cannot be.
        made = _HALF.sub("\ufffd", render(template, document, read(payload)))
        if as_json:
            try:
                parsed(made)
            except TemplateFault as fault:
                raise TemplateFault(f"{fault.message}: write every value with | json", 0, template.name) from None
        return made.encode()

    return body


# ---------------------------------------------------------------------------------------------- answers
def _telegram(posted: Posted) -> Meant:
    said = _object(posted.body)
    if said.get("ok") is True or (200 <= posted.status < 300 and "ok" not in said):
        return as_it_says(posted)
    code = said.get("error_code")
    status = code if isinstance(code, int) and 300 <= code < 600 else posted.status
    description = str(said.get("description") or "")
    wrong = status == 400 and any(sign in description.lower() for sign in _WRONG_CHAT)
    parameters = said.get("parameters")
    wait = _seconds(parameters.get("retry_after")) if isinstance(parameters, Mapping) else None
    if 200 <= status < 300:  # it says no, and not why
        return Meant(status, posted.body, wait, AnswerKind.RETRY)
    return Meant(status, description.encode("utf-8", "replace") or posted.body, wait, AnswerKind.PAUSE if wrong else None)


def _discord(posted: Posted) -> Meant:
    said = _object(posted.body)
    message = str(said.get("message") or "").encode("utf-8", "replace") if "errors" not in said else b""
    return Meant(posted.status, message or posted.body, _seconds(said.get("retry_after")) if posted.status == 429 else None)


def _teams(posted: Posted) -> Meant:
    if posted.status == 200 and posted.body.startswith(_TEAMS_FAILED):
        code = posted.body[len(_TEAMS_FAILED) :][:3]
        status = int(code) if code.isdigit() and 300 <= int(code) < 600 else 500
        return Meant(status, b"Teams took the message and did not show it")
    return as_it_says(posted)


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _seconds(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e9 else None
