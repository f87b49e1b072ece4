"""The dates of feeds to instants: the two forms nearly all are in at once, feedparser's many forms after them, and then
what feedparser leaves: other scripts' digits, months by their names in the languages read, seconds since 1970.

Both ways of reading a feed come here, so that an item's date does not hang on which of them read it.
"""

from __future__ import annotations

import calendar
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Final

from feedparser.datetimes import _parse_date

_MAX: Final = 200  # characters: no date is longer, and feedparser's patterns are not made for more

_RFC822: Final = re.compile(
    r"(?:[A-Za-z]{3}, +)?(\d{1,2}) ([A-Za-z]{3}) (\d{4}) (\d\d):(\d\d)(?::(\d\d))? (?:GMT|UTC?|Z|([+-])(\d\d)(\d\d))", re.ASCII
)
_ISO: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII)
_SECONDS: Final = re.compile(r"1\d{9}(?:\d{3})?", re.ASCII)  # 2001 to 2033, or the same in milliseconds

_NAMES: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS: Final = {name: number for number, name in enumerate(_NAMES, 1)}
# Months as feeds of the languages read write them, by their beginning and in lower case.
_FOREIGN: Final = {
    name: _NAMES[number]
    for names in (
        "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
        "جانفي فيفري مارس أفريل ماي جوان جويلية أوت سبتمبر أكتوبر نوفمبر ديسمبر",
        "ژانویه فوریه مارس آوریل مه ژوئن ژوئیه اوت سپتامبر اکتبر نوامبر دسامبر",
        "янв фев мар апр мая июн июл авг сен окт ноя дек",
        "січ лют бер кві тра чер лип сер вер жов лис гру",
        "janv févr mars avri mai juin juil août sept octo nove déce",
        "ene feb mar abr may jun jul ago sep oct nov dic",
        "oca şub mar nis may haz tem ağu eyl eki kas ara",
        "ינואר פברואר מרץ אפריל מאי יוני יולי אוגוסט ספטמבר אוקטובר נובמבר דצמבר",
    )
    for number, name in enumerate(names.split())
} | {
    # The Levant's months are two words as often as one.
    "كانون الثاني": "jan",
    "شباط": "feb",
    "آذار": "mar",
    "نيسان": "apr",
    "أيار": "may",
    "حزيران": "jun",
    "تموز": "jul",
    "آب": "aug",
    "أيلول": "sep",
    "تشرين الأول": "oct",
    "تشرين الثاني": "nov",
    "كانون الأول": "dec",
}
_BY_NAME: Final = re.compile("(?<![^\\W\\d_])(" + "|".join(sorted(map(re.escape, _FOREIGN), key=len, reverse=True)) + r")[^\W\d_]*")
_DAY_MONTH_YEAR: Final = re.compile(
    r"(?:^|\D)(\d{1,2})\.?\s+(?:de\s+)?([a-z]{3})\s*,?\s+(?:de\s+)?(\d{4})"
    r"(?:\D{1,12}?(\d{1,2}):(\d\d)(?::(\d\d))?)?(?:\s*([+-])(\d\d):?(\d\d))?",
    re.ASCII,
)
_MONTH_DAY_YEAR: Final = re.compile(r"(?:^|[^a-z])([a-z]{3})[a-z]*\.?\s+(\d{1,2}),?\s+(\d{4})(?:\D|$)", re.ASCII)
_YEAR_MONTH_DAY: Final = re.compile(r"(?:^|\D)(\d{4})[\s.-]+([a-z]{3})[a-z]*[\s.-]+(\d{1,2})(?:\D|$)", re.ASCII)
_YEAR_AND_WORD: Final = re.compile(r"\d{4}[\s.,/-]*[^\W\d_TtZzWw]")
#: The Far East's way; the hour is local where nothing else is said, as feedparser has it for Korean sites.
_EASTERN: Final = re.compile(
    r"(\d{4})\s*([年년])\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]?(?:[^\d:]{0,12}(\d{1,2}):(\d\d)(?::(\d\d))?)?", re.ASCII
)
_EASTERN_HOURS: Final = {"년": 9, "年": 8}

#: What nobody could read, until it is too much. A site that writes its dates so writes each of them many times, and asking all
#: readers of dates takes a hundred times what the usual date does.
_UNREAD: Final = set[str]()
_REMEMBERED: Final = 4_096


def instant(raw: str) -> datetime | None:
    """The instant in UTC, to the second; None where nobody can tell. Unbounded: years 1 and 9999 come as they are."""
    raw = raw.strip()
    if not raw or len(raw) > _MAX or raw in _UNREAD:
        return None
    at = _plain(raw) or _odd(raw)
    if at is None:
        if len(_UNREAD) >= _REMEMBERED:
            _UNREAD.clear()
        _UNREAD.add(raw)
    return at


def _odd(raw: str) -> datetime | None:
    if _SECONDS.fullmatch(raw):  # feedparser would read the year 1746
        return datetime.fromtimestamp(int(raw[:10]), UTC)
    if _YEAR_AND_WORD.match(raw):  # feedparser would take the year alone, and the month it is now
        return _eastern(raw) or _others(raw)
    return _feedparsers(raw) or _others(raw)


def _plain(raw: str) -> datetime | None:
    try:
        if found := _RFC822.fullmatch(raw):
            day, name, year, hour, minute, second, *zone = found.groups()
            month = _MONTHS.get(name.lower())
            return (
                datetime(int(year), month, int(day), int(hour), int(minute), int(second or 0), tzinfo=UTC) - _ahead(*zone)
                if month
                else None
            )
        if found := _ISO.fullmatch(raw):
            year, number, day, hour, minute, second, *zone = found.groups()
            return datetime(int(year), int(number), int(day), int(hour), int(minute), int(second), tzinfo=UTC) - _ahead(*zone)
    except (ValueError, OverflowError):
        pass  # 30 February, or before the year 1: feedparser may know better
    return None


@lru_cache(maxsize=256)
def _ahead(sign: str | None, hours: str | None, minutes: str | None) -> timedelta:
    """How far a zone is ahead of UTC; feeds have been seen with +9999."""
    if not sign:
        return timedelta(0)
    ahead = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    return ahead if sign == "+" else -ahead


def _eastern(raw: str) -> datetime | None:
    found = _EASTERN.search(raw)
    if found is None:
        return None
    year, sign, month, day, hour, minute, second = found.groups()
    try:
        at = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=UTC)
        return at - timedelta(hours=_EASTERN_HOURS[sign]) if hour else at
    except (ValueError, OverflowError):
        return None


def _feedparsers(raw: str) -> datetime | None:
    """feedparser's reading: its patterns and tables raise what they like on what they were not made for."""
    try:
        parsed = _parse_date(raw)
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC) if parsed else None
    except Exception:
        return None


def _others(raw: str) -> datetime | None:
    ascii_digits = "".join(str(int(c)) if c.isdecimal() and not c.isascii() else c for c in raw)
    try:
        if ascii_digits != raw:
            return instant(ascii_digits)
        named = _BY_NAME.sub(lambda found: f" {_FOREIGN[found[1]]} ", raw.lower())
        if (found := _DAY_MONTH_YEAR.search(named)) and (month := _MONTHS.get(found[2])):
            day, _, year, hour, minute, second, *zone = found.groups()
            return datetime(int(year), month, int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=UTC) - _ahead(*zone)
        if (found := _MONTH_DAY_YEAR.search(named)) and (month := _MONTHS.get(found[1])):
            return datetime(int(found[3]), month, int(found[2]), tzinfo=UTC)
        if (found := _YEAR_MONTH_DAY.search(named)) and (month := _MONTHS.get(found[2])):
            return datetime(int(found[1]), month, int(found[3]), tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return _librarys(raw)


def _librarys(raw: str) -> datetime | None:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        with suppress(Exception):  # these, too, are for dates that somebody meant
            at = read(raw)
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)
    return None
