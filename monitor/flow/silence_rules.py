"""Silences, pure: which one mutes what is about to be told, and how a person's matchers are read.

    matcher      holds of an alert whose
    watchlist    watchlist has this id
    story        story has this id
    source       article came from this source
    term         evidence holds a hit of this term, as it is written in the watchlist
    entity       evidence names this entity, by its id or name
    label        watchlist or source carries this label (KEY=VALUE)
    language, owner, severity, stance        the same as in a route

Every matcher that is given must hold; of several values of one, any will do. A silence mutes from its start until its end;
of several that would, the one that ends first is named. Critical alerts are muted like others: a person asked for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from monitor.errors import UsageError
from monitor.flow.route import About, Conditions
from monitor.model import Severity, Silence, Stance

LABEL: Final = "label:"
_PLAIN: Final = ("watchlist", "story", "source", "term", "entity", "language", "owner")
_KINDS: Final = {"severity": Severity, "stance": Stance}
MATCHERS: Final = (*_PLAIN, *_KINDS, "label")


def conditions(matchers: Mapping[str, tuple[str, ...]]) -> Conditions:
    """As they stand in the record: ``{"watchlist": (…), "label:topic": (…)}``. Raises ValueError for what no version wrote."""
    labels = {name.removeprefix(LABEL): values for name, values in matchers.items() if name.startswith(LABEL)}
    plain = {name: values for name, values in matchers.items() if not name.startswith(LABEL)}
    unknown = set(plain) - {*_PLAIN, *_KINDS}
    if unknown:
        raise ValueError(f"no such matcher: {', '.join(sorted(unknown))}")
    return Conditions(
        severity=tuple(map(Severity, plain.pop("severity", ()))),
        stance=tuple(map(Stance, plain.pop("stance", ()))),
        labels=labels,
        **plain,
    )


def matchers(found: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
    """What a command carries, checked; raises UsageError. At least one matcher must be given: a silence of everything is a paused
    sink."""
    read: dict[str, tuple[str, ...]] = {}
    for name, values in found.items():
        if name not in MATCHERS:
            raise UsageError(f"a silence has no matcher {name!r}", hint=f"there are {', '.join(MATCHERS)}")
        if not isinstance(values, list) or not all(isinstance(value, str) and value.strip() for value in values):
            raise UsageError(f"matcher {name} needs text")
        for key, value in _named(name, values):
            read[key] = (*read.get(key, ()), value)
    if not read:
        raise UsageError("a silence needs at least one matcher", hint="to stop telling altogether: monitor sinks pause NAME")
    return {key: tuple(dict.fromkeys(values)) for key, values in sorted(read.items())}


def _named(name: str, values: Iterable[str]) -> Iterable[tuple[str, str]]:
    for value in values:
        if name == "label":
            key, equals, wanted = value.partition("=")
            if not equals or not key.strip():
                raise UsageError(f"label {value!r} is not understood", hint="write it as KEY=VALUE")
            yield LABEL + key.strip(), wanted.strip()
            continue
        if name in _KINDS:
            try:
                _KINDS[name](value)
            except ValueError:
                raise UsageError(f"{name} {value!r} is not known", hint=f"one of {', '.join(_KINDS[name])}") from None
        yield name, value.strip()


def ended(silence: Silence, now: datetime) -> bool:
    return end_of(silence) <= now


def end_of(silence: Silence) -> datetime:
    return silence.ends if silence.expired is None else min(silence.expired, silence.ends)


def active(silence: Silence, now: datetime) -> bool:
    return silence.starts <= now < end_of(silence)


def muted_by(silences: Iterable[tuple[Silence, Conditions]], about: About) -> Silence | None:
    """``about.now`` is when it would be told."""
    muting = [silence for silence, wanted in silences if active(silence, about.now) and wanted.hold(about)]
    return min(muting, key=lambda silence: (end_of(silence), silence.id), default=None)


def described(silence: Silence) -> str:
    """Its matchers on one line, as they are typed; of a story the beginning of its id, which commands take."""
    parts = []
    for name, values in silence.matchers.items():
        shown = [f"{name.removeprefix(LABEL)}={value}" if name.startswith(LABEL) else value for value in values]
        if name == "story":
            shown = [value[:12] for value in shown]
        parts.append(f"{'label' if name.startswith(LABEL) else name} {' or '.join(shown)}")
    return ", ".join(parts)
