"""The kinds of value a configuration may hold: durations, sizes, names, addresses.

Every value arrives as text (from YAML, a variable or a secret file) and leaves as the number or name the program works
with. This module must not know which settings exist; its messages say what to write instead.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, WithJsonSchema

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")
_SIZES = {"B": 1, "KB": 1000, "MB": 1000**2, "GB": 1000**3, "KIB": 1024, "MIB": 1024**2, "GIB": 1024**3}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMG]i?B|B)", re.IGNORECASE)
_TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
#: Names of sources and sinks stand in metric labels, webhook ids and MONITOR_ variables, so they are kept plain.
NAME_PATTERN = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


def parse_duration(text: str) -> float:
    """Seconds of ``90s``, ``15m``, ``1h30m``, ``7d``; raises ValueError with what to write."""
    compact = text.strip().lower().replace(" ", "")
    parts = _DURATION.findall(compact)
    if not parts or "".join(n + u for n, u in parts) != compact:
        example = f"{compact}s" if re.fullmatch(r"\d+(\.\d+)?", compact) else "15m"
        raise ValueError(f"{text!r} is not a duration; write a number with its unit (s, m, h, d), such as {example}")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def format_duration(seconds: float) -> str:
    """The shortest way to write it back: 900.0 is ``15m``."""
    for unit in ("w", "d", "h", "m", "s"):
        # Weeks are accepted but not what anybody expects to read back.
        if unit != "w" and seconds >= _UNITS[unit] and seconds % _UNITS[unit] == 0:
            return f"{int(seconds // _UNITS[unit])}{unit}"
    return f"{seconds:g}s"


def parse_size(text: str) -> int:
    """Bytes of ``5MiB``, ``64 KiB``, ``512B``; raises ValueError with what to write."""
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not a size; write a number with its unit (B, KiB, MiB, GiB), such as 5MiB")
    return int(float(found[1]) * _SIZES[found[2].upper()])


def format_size(size: int) -> str:
    for unit in ("GiB", "MiB", "KiB"):
        whole, rest = divmod(size, _SIZES[unit.upper()])
        if whole and not rest:
            return f"{whole}{unit}"
    return f"{size}B"


def _duration(value: object) -> object:
    return parse_duration(value) if isinstance(value, str) else value


def _size(value: object) -> object:
    return parse_size(value) if isinstance(value, str) else value


def _name(value: str) -> str:
    if not NAME_PATTERN.fullmatch(value):
        raise ValueError(f"{value!r} is not a name; use lower-case letters, digits, '-' and '_' (at most 63, a letter or digit first)")
    return value


def _positive(value: float) -> float:
    if value <= 0:
        raise ValueError("must be more than nothing")
    return value


def between(least: str, most: str) -> AfterValidator:
    """Bounds of a duration or a size, written as a person writes them."""
    is_size = least.endswith("B")
    low, high = (parse_size(least), parse_size(most)) if is_size else (parse_duration(least), parse_duration(most))

    def check(value: float) -> float:
        if not low <= value <= high:
            stands = format_size(int(value)) if is_size else format_duration(value)
            raise ValueError(f"{stands} is not between {least} and {most}")
        return value

    return AfterValidator(check)


def _time_of_day(value: str) -> str:
    if not _TIME_OF_DAY.fullmatch(value.strip()):
        raise ValueError(f"{value!r} is not a time of day; write hours and minutes in quotes, such as '08:00'")
    return value.strip()


def _time_as_text(value: object) -> object:
    """YAML 1.1 reads 08:00 without quotes as text, but 18:30 as a number of minutes."""
    return f"{value // 60:02}:{value % 60:02}" if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1440 else value


def split_address(address: str) -> tuple[str, int]:
    """``127.0.0.1:8080`` or ``[::1]:8080`` as host and port; raises ValueError."""
    host, colon, port = address.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"{address!r} is not an address; write host:port, such as 127.0.0.1:8080")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _address(value: str) -> str:
    split_address(value)
    return value


#: Seconds, written ``15m``.
Duration = Annotated[
    float,
    BeforeValidator(_duration),
    AfterValidator(_positive),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\s*(\d+(\.\d+)?\s*(ms|s|m|h|d|w)\s*)+$", "examples": ["15m"]}),
]
#: Seconds like a duration, which may be none (``0s``).
Pause = Annotated[
    float,
    BeforeValidator(_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\s*(\d+(\.\d+)?\s*(ms|s|m|h|d|w)\s*)+$", "examples": ["1s"]}),
]
#: ``08:00``, in UTC.
TimeOfDay = Annotated[
    str,
    BeforeValidator(_time_as_text),
    AfterValidator(_time_of_day),
    WithJsonSchema({"type": "string", "pattern": r"^\s*([01]\d|2[0-3]):[0-5]\d\s*$", "examples": ["08:00"]}),
]
#: Bytes, written ``5MiB``.
Size = Annotated[
    int,
    BeforeValidator(_size),
    AfterValidator(_positive),
    PlainSerializer(format_size, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*([KMGkmg]i?)?[Bb]\s*$", "examples": ["5MiB"]}),
]
#: Bytes like a size, which may be none (``0B``).
Room = Annotated[
    int,
    BeforeValidator(_size),
    PlainSerializer(format_size, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*([KMGkmg]i?)?[Bb]\s*$", "examples": ["8MiB"]}),
]
Name = Annotated[str, AfterValidator(_name)]
Address = Annotated[str, AfterValidator(_address)]
