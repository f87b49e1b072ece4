"""``/a/TOKEN``: acting from a message. GET shows a page, POST acts.

    200  the page; after a POST what was done      400  the form is not understood     403  sent by another site's page
    404  no such link, or nothing known of it      410  the link has ended             413, 408  the form is too large, too slow
    429  too often for one alert                   503  not now: starting, stopping, the record fails

GET and HEAD change nothing, whoever follows the link. What is done are the commands of the command line, by ``link:SINK``, the
sink whose message held the link; each leaves its line in the audit trail. What a token says is not known here, nor what a
command does.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qs, urlsplit

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from monitor.errors import MonitorError, UsageError
from monitor.model import Command, Disposition, JsonObject
from monitor.ports import Entry
from monitor.render.message import Message, Passage, of
from monitor.render.page import STYLE_HASH, Page, Quote, Since, page_html
from monitor.render.plain import plain, shortened
from monitor.render.said import heading, how, news
from monitor.web.body import TooLarge, TooSlow, read_body

PATH: Final = "/a/{token}"
MAX_FORM: Final = 8 * 1024
DEADLINE: Final = 10.0
#: Forms sent for one alert within a minute; and alerts whose forms are counted.
A_MINUTE: Final = 10
COUNTED: Final = 1_000
#: How long a story is silenced from a message.
SILENCED: Final = timedelta(hours=24)

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src '{STYLE_HASH}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
}
_DISPOSITIONS: Final = (
    (Disposition.TRUE.value, "true: it is what it says"),
    (Disposition.FALSE.value, "false: it is wrong"),
    (Disposition.NOT_RELEVANT.value, "not relevant: right, and not for us"),
    (Disposition.DUPLICATE.value, "duplicate: known from another alert"),
)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a token says: ``action`` is ack, close or silence."""

    action: str
    alert: str
    sink: str


@dataclass(frozen=True, slots=True)
class Expired:
    """It was a link once."""


@dataclass(slots=True)
class Links:
    """``read`` takes a token apart (None: not one of ours), ``alert`` finds what is known of an alert, ``perform`` does a command;
    ``taking`` is False until everything runs, and from the first signal to stop. ``trail`` keeps a use
    that changed nothing (commands keep the others), ``note`` counts what came of each."""

    read: Callable[[str, datetime], Asked | Expired | None]
    alert: Callable[[str], Awaitable[JsonObject | None]]
    perform: Callable[[Command], Awaitable[JsonObject]]
    now: Callable[[], datetime]
    taking: Callable[[], bool]
    public_url: str
    trail: Callable[[Entry], Awaitable[None]]
    note: Callable[[str, str], None] = lambda action, outcome: None
    sent: OrderedDict[str, deque[datetime]] = field(default_factory=OrderedDict)


class _Refused(Exception):
    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status, self.said = status, said


_ALREADY: Final = "It was so already: "
_NOT_OURS: Final = (404, "This link is not known here. Look whether the message was cut; the alert can be found with: monitor alerts list")
_ENDED: Final = (410, "This link has ended. Open the alert with: monitor alerts show, or wait for the next message about it")


def add_links(app: FastAPI, links: Links) -> None:
    @app.api_route(PATH, methods=["GET", "HEAD"])
    async def shown(token: str) -> Response:
        try:
            asked = _asked(links, token)
            return _page(200, _form(asked, await _known(links, asked)))
        except _Refused as refused:
            return _refused(refused)

    @app.post(PATH)
    async def sent(token: str, request: Request) -> Response:
        action = ""
        try:
            asked = _asked(links, token)
            action = asked.action
            _from_our_page(links, request)
            _not_too_often(links, asked)
            given = await _given(request)
            done = await _do(links, asked, given)
        except _Refused as refused:
            links.note(action or "none", "refused")
            return _refused(refused)
        links.note(action, "done")
        return _page(200, done)


# ---------------------------------------------------------------------------------------- who may, when
def _asked(links: Links, token: str) -> Asked:
    asked = links.read(token, links.now())
    if asked is None:
        raise _Refused(*_NOT_OURS)
    if isinstance(asked, Expired):
        raise _Refused(*_ENDED)
    if not links.taking():
        raise _Refused(503, "The monitor is starting or stopping. Try again in a minute.")
    return asked


async def _known(links: Links, asked: Asked) -> JsonObject:
    try:
        alert = await links.alert(asked.alert)
    except UsageError:
        alert = None
    except MonitorError as error:
        raise _Refused(503, f"Not now: {error.message}") from None
    if alert is None:
        raise _Refused(*_NOT_OURS)
    return alert


def _from_our_page(links: Links, request: Request) -> None:
    """A form that another site's page sends in a reader's name is refused; a browser says where it was sent from."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise _Refused(403, "This form was sent by another site.")
    origin = request.headers.get("origin")
    if origin is None or origin == "null":  # no-referrer makes some browsers say null of our own page
        return
    ours = urlsplit(links.public_url)
    said = urlsplit(origin)
    if (said.scheme, said.netloc) != (ours.scheme, ours.netloc):
        raise _Refused(403, "This form was sent by another site.")


def _not_too_often(links: Links, asked: Asked) -> None:
    now = links.now()
    times = links.sent.setdefault(asked.alert, deque())
    links.sent.move_to_end(asked.alert)
    while times and now - times[0] >= timedelta(minutes=1):
        times.popleft()
    if len(times) >= A_MINUTE:
        raise _Refused(429, "Too often for one alert. Wait a minute.")
    times.append(now)
    while len(links.sent) > COUNTED:
        links.sent.popitem(last=False)


async def _given(request: Request) -> dict[str, str]:
    try:
        body = await read_body(request, MAX_FORM, DEADLINE)
    except TooLarge:
        raise _Refused(413, "The comment is too long.") from None
    except TooSlow:
        raise _Refused(408, "The form did not come in time.") from None
    try:
        fields = parse_qs(body.decode(), max_num_fields=8, strict_parsing=False)
    except ValueError:
        raise _Refused(400, "The form is not understood.") from None
    return {name: values[-1] for name, values in fields.items()}


# --------------------------------------------------------------------------------------- what it does
async def _do(links: Links, asked: Asked, given: dict[str, str]) -> Page:
    alert = await _known(links, asked)
    said = given.get("comment", "")[:500]
    try:
        done = await _silenced_already(links, asked, alert) if asked.action == "silence" else ""
        if not done:
            answer = await links.perform(_command(asked, alert, given, said, links.now()))
            done = _done(asked, answer)
        if done.startswith(_ALREADY):
            await links.trail(Entry(f"link:{asked.sink}", f"link {asked.action}", asked.alert, {"unchanged": True}))
    except UsageError as error:
        raise _Refused(400, f"{error.message}. {error.hint}".strip()) from None
    except MonitorError as error:
        raise _Refused(503, f"Not now: {error.message}") from None
    except Exception:
        log.exception("link_failed", action=asked.action, alert=asked.alert)
        raise _Refused(503, "The monitor failed at this; its log says why.") from None
    return _about(await _known(links, asked), said=done)


async def _silenced_already(links: Links, asked: Asked, alert: JsonObject) -> str:
    """A button pressed twice makes one silence."""
    found = await links.perform(Command("silences.list", {}, f"link:{asked.sink}"))
    same = [one for one in found["silences"] if one["matchers"] == _matchers(alert) and one["state"] == "active"]
    return f"{_ALREADY}silence {same[0]['id']} mutes its story until {same[0]['ends'][:16].replace('T', ' ')} UTC." if same else ""


def _matchers(alert: JsonObject) -> dict[str, list[str]]:
    return {"story": [alert["story"]], "watchlist": [alert["watchlist"]]}


def _command(asked: Asked, alert: JsonObject, given: dict[str, str], said: str, now: datetime) -> Command:
    actor = f"link:{asked.sink}"
    if asked.action == "silence":
        why = said or f"from a message of {asked.sink}"
        return Command("silences.add", {"matchers": _matchers(alert), "ends": (now + SILENCED).isoformat(), "comment": why}, actor)
    arguments: JsonObject = {"ids": [asked.alert], "comment": said}
    if asked.action == "close":
        arguments["disposition"] = given.get("disposition", "")
    return Command(f"alerts.{asked.action}", arguments, actor)


def _done(asked: Asked, answer: JsonObject) -> str:
    if asked.action == "silence":
        return f"Its story is silenced for 24 hours (silence {answer['silence']['id']}). What it mutes is summed up when it ends."
    [alert] = answer["alerts"]
    already = _ALREADY if alert["unchanged"] else "Done: "
    what = f"{alert['state']}" + (f" as {alert['disposition'].replace('_', ' ')}" if alert.get("disposition") else "")
    return f"{already}the alert is {what}."


# --------------------------------------------------------------------------------------------- pages
def _form(asked: Asked, alert: JsonObject) -> Page:
    page = _about(alert)
    if alert["merged_into"]:
        return replace(page, said=f"This alert became part of {alert['merged_into'][:12]}.")
    if asked.action == "ack":
        if alert["state"] != "open":
            return replace(page, said=f"It is {alert['state']} already{_by(alert)}.")
        return replace(page, button="Acknowledge")
    if asked.action == "silence":
        return replace(page, button="Silence this story for 24 hours")
    said = f"It is closed already{_by(alert)}; what it was can be corrected." if alert["state"] == "closed" else ""
    return replace(page, said=said, button="Close", dispositions=_DISPOSITIONS)


def _by(alert: JsonObject) -> str:
    return f", by {plain(alert['changed_by'])}" if alert["changed_by"] else ""


def _about(alert: JsonObject, said: str = "") -> Page:
    first, *later = [_message(told["document"]) for told in alert["notifications"]] or [None]
    named = (first.name if first else "") or plain(alert["watchlist"])
    state = alert["state"] + (f" as {alert['disposition'].replace('_', ' ')}" if alert["disposition"] else "")
    title = shortened(alert["title"], 200) or "(no title)"
    return Page(
        title=f"{named}: {title}",
        headline=f"[{alert['severity'].upper()}] {named}",
        state=state,
        article=title,
        alert=alert["id"][:12],
        url=first.url if first else "",
        heading=heading(first) if first else "",
        quotes=_quotes(first.quoted) if first else (),
        since=tuple(_since(told, title) for told in later if told is not None),
        left_out=alert["left_out"],
        said=said,
    )


def _message(document: object) -> Message | None:
    """None of what cannot be read: the page shows the rest."""
    try:
        return of(document) if isinstance(document, dict) else None
    except ValueError:
        return None


def _since(told: Message, title: str) -> Since:
    """What was new of it, by what it says; of what a person did there is nothing else."""
    at = told.time.astimezone(UTC)
    return Since(
        head=f"{told.became or 'alert'} · {at:%Y-%m-%d %H:%M} UTC",
        title="" if told.title == title else told.title,
        news=news(told)[1],
        quotes=_quotes(passage for passage in told.passages if passage.new or told.event == "correction"),
    )


def _quotes(passages: Iterable[Passage]) -> tuple[Quote, ...]:
    return tuple(Quote(how(passage), passage.pieces, passage.rtl) for passage in passages)


def _refused(refused: _Refused) -> Response:
    return _page(refused.status, Page(title="monitor", said=refused.said, wrong=True))


def _page(status: int, page: Page) -> Response:
    return HTMLResponse(page_html(page), status_code=status, headers=_HEADERS)
