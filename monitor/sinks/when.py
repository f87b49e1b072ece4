"""When a sink may be sent something: quiet hours and a rate, as they are written in the configuration.

    quiet: {from: "22:00", to: "07:00", zone: Europe/Berlin, days: [mon, tue, wed, thu, fri]}
    rate: 30/h

What follows from them is decided in ``flow/moment.py``; this module must not know it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: Final[tuple[Day, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")
_RATE: Final = re.compile(r"(\d{1,6})\s*/\s*(\d{0,4})\s*([smhd])")
_SECONDS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
#: A window must be remembered and waited for.
_LONGEST: Final = 7 * 86400.0


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (OSError, ValueError, KeyError):
        known = sorted(available_timezones())
        ends = [name for name in known if name.rpartition("/")[2].casefold() == value.casefold().replace(" ", "_")]
        close = ends or difflib.get_close_matches(value, known, n=1, cutoff=0.6)
        meant = f"did you mean {close[0]}?" if close else "write it as Europe/Berlin or Asia/Tehran"
        raise ValueError(f"{value!r} is no time zone; {meant}") from None
    return value


def _clock(value: str) -> str:
    if not _CLOCK.fullmatch(value.strip()):
        raise ValueError(f"{value!r} is not a time of day; write hours and minutes in quotes, such as '22:00' (24:00 is midnight)")
    return value.strip()


def _as_text(value: object) -> object:
    """YAML 1.1 reads 22:00 without quotes as a number of minutes."""
    return f"{value // 60:02}:{value % 60:02}" if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1440 else value


def parse_rate(text: str) -> tuple[int, float]:
    """``30/h`` is (30, 3600.0), ``5/10m`` (5, 600.0); raises ValueError with what to write."""
    found = _RATE.fullmatch(text.strip())
    if found is None or not int(found[1]) or found[2] == "0" * len(found[2]) != "":
        raise ValueError(f"{text!r} is no rate; write so many in a time, such as 30/h or 5/10m")
    count, seconds = int(found[1]), float(found[2] or 1) * _SECONDS[found[3]]
    if seconds > _LONGEST:
        raise ValueError(f"{text!r}: the time of a rate is 7 days at most")
    return count, seconds


def _rate(value: str) -> str:
    parse_rate(value)
    return value.strip()


def _one_or_more(value: Any) -> Any:
    return (value,) if isinstance(value, Mapping | QuietSettings) else value


#: A time zone of the IANA database.
Zone = Annotated[str, AfterValidator(_zone), Field(json_schema_extra={"examples": ["Europe/Berlin"]})]
Clock = Annotated[
    str,
    BeforeValidator(_as_text),
    AfterValidator(_clock),
    WithJsonSchema({"type": "string", "pattern": r"^\s*(([01]\d|2[0-3]):[0-5]\d|24:00)\s*$", "examples": ["22:00"]}),
]
RateText = Annotated[
    str,
    AfterValidator(_rate),
    WithJsonSchema({"type": "string", "pattern": r"^\s*\d{1,6}\s*/\s*\d{0,4}\s*[smhd]\s*$", "examples": ["30/h"]}),
]


class QuietSettings(BaseModel):
    """Hours in which only what is critical is sent. Over midnight where ``to`` is not later than ``from``."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    from_: Clock = Field(alias="from", description="When they begin, on the clock on the wall.")
    to: Clock = Field(description="When they end; what was held is then told in one digest.")
    zone: Zone = Field(default="UTC", description="The time zone of both.")
    days: tuple[Day, ...] = Field(default=DAYS, min_length=1, description="The days on which they begin.")


#: One span of quiet hours, or a list of them.
QuietHours = Annotated[tuple[QuietSettings, ...], BeforeValidator(_one_or_more)]
