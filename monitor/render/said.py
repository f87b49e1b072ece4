"""The sentences about an alert that every channel says alike: how it is told, where and when, by how many and in what languages.

Small words of ours around names of others; each name stands in an isolate where one is needed. Pure: a message in, text out.
It must not know how a channel escapes or marks.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import Final

from monitor.render.languages import language
from monitor.render.message import About, Member, Message, Passage
from monitor.render.plain import isolated
from monitor.render.units import cut, units

#: Between things told on one line.
DOT: Final = " · "

_SAMPLE: Final = "[SAMPLE] "
#: Languages named one by one.
_NAMED: Final = 5


def how(passage: Passage) -> str:
    """``NEW · DENIED, in the lead``: the stance is what an analyst looks for first."""
    mark = f"WITHDRAWN{DOT}" if passage.withdrawn else f"NEW{DOT}" if passage.new else ""
    return mark + passage.stance.upper() + ("" if passage.zone == "body" else f", in the {passage.zone}")


def heading(message: Message) -> str:
    """How the title is told, where it is evidence itself; it stands under the title."""
    return "" if message.headed is None else how(message.headed)


def origin(message: Message) -> str:
    """Where and when: ``wire-ar · Arabic · 2026-03-01 14:05 UTC``."""
    return DOT.join(filter(None, (isolated(message.source), language(message.language), message.when)))


def stood(message: Message) -> str:
    """Since when an operation stands, or from when to when it stood."""
    return (
        f"since {message.when}"
        if message.event != "closed"
        else f"from {message.when} to {message.time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    )


def outlets(message: Message) -> str:
    """How many tell it, in which languages; "" where the document does not say."""
    if not message.outlets:
        return ""
    said = f"told by {message.outlets} outlet{'s' if message.outlets > 1 else ''}"
    names = [language(code) for code in message.languages]
    if len(names) > _NAMED:
        names = [*names[:_NAMED], f"{len(names) - _NAMED} more"]
    return said + (f" in {', '.join(names)}" if names and message.outlets > 1 else "")


def news(message: Message) -> tuple[str, tuple[str, ...]]:
    """What changed, and the label before it: what is withdrawn or closed is not "New:", and says itself what it is."""
    if not message.news:
        return "", ()
    first, *rest = message.news
    if message.event in {"correction", "closed"} or first.startswith(f"{message.event} by "):
        return "", (first[:1].upper() + first[1:], *rest)
    return "New: ", message.news


def named(message: Message) -> tuple[str, ...]:
    """Who is named, as the lists have them; the last says how many more."""
    more = (f"{message.more_entities} more",) if message.more_entities else ()
    return (*message.entities, *more)


def more_passages(message: Message) -> str:
    more = message.more_passages
    return f"and {more} more passage{'s' if more > 1 else ''}" if more else ""


def of_member(member: Member) -> str:
    """What stands under its title: ``DENIED · example.org · Arabic · 2026-03-01 14:05 UTC · alert 3f2a90c1d2e4``. Where no alert
    was raised (a silence muted it) the article is named, for ``monitor why ID``."""
    known = f"alert {member.alert[:12]}" if member.alert else f"article {member.article[:12]}" if member.article else ""
    return DOT.join(filter(None, (isolated(member.why), isolated(member.outlet), language(member.language), member.when, known)))


def fewer(message: Message) -> Message:
    """A digest with one member fewer, which is counted instead: for a service that takes no longer message."""
    return replace(message, members=message.members[:-1], more_members=message.more_members + 1)


def more_members(message: Message) -> str:
    return f"and {message.more_members} more" if message.more_members else ""


def reference(message: Message) -> str:
    """What to ask the daemon about: ``monitor alerts show …`` takes the beginning of an alert's id."""
    return f"alert {message.subject[:12]}" if message.about is About.ALERT else ""


def headline(message: Message, most: int = 1000) -> str:
    """The headline with names in isolates, in about ``most`` units; a sample says what it is before all else."""
    over = units(message.headline) + len(_SAMPLE) - most
    name = cut(message.name, max(units(message.name) - over, 1)) if over > 0 else message.name
    said = message.headline.replace(message.name, isolated(name), 1) if message.name else message.headline
    return f"{_SAMPLE}{said}" if message.sample else said
