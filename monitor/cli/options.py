"""What several commands share: their options, the configuration they load, JSON and times as they print them."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.errors import ConfigError

if TYPE_CHECKING:
    from monitor.settings import Loaded

_CONFIG = click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The configuration file. Without it the first of ./monitor.yaml, ~/.config/monitor/monitor.yaml and /etc/monitor/monitor.yaml.",
)
_SECRETS = click.option(
    "--secrets",
    "secrets_dir",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="A folder of secret files, named like sinks__desk__secret.",
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where this call's configuration is, as the options said."""

    config: Path | None = None
    secrets: Path | None = None
    _warned: list[ConfigError] = field(default_factory=list, init=False, repr=False, compare=False)

    def load(self, *, lists: bool = True) -> Loaded:
        """Raises ConfigError with every fault; without ``lists`` of sources, with those of the configuration itself."""
        from monitor.settings import load

        return load(self.config, secrets=self.secrets, lists=lists)

    def data_dir(self) -> Path:
        """The data folder, also where the configuration has faults elsewhere: then it is said that it has, once. Raises ConfigError
        where what is written leaves open which folder is meant."""
        try:
            return self.load(lists=False).settings.data_dir  # where it is hangs on no list of sources
        except ConfigError as error:
            return self.data_dir_despite(error)

    @property
    def warned(self) -> bool:
        """Whether faults of the configuration were said and passed over."""
        return bool(self._warned)

    def data_dir_despite(self, error: ConfigError) -> Path:
        """``data_dir`` where ``load`` raised this; raises it again where the folder is in doubt."""
        from monitor.settings import data_folder

        found = data_folder(self.config, secrets=self.secrets)
        if found is None:
            raise error
        if not self._warned:
            self._warned.append(error)
            click.echo(f"{error}\nwarning: the configuration cannot be used as it is; only its data_dir was read: {found}", err=True)
        return found


def config_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--config and --secrets, handed to the command as ``place``."""

    @functools.wraps(command)
    def placed(*args: Any, config_file: Path | None, secrets_dir: Path | None, **kwargs: Any) -> Any:
        return command(*args, place=Place(config_file, secrets_dir), **kwargs)

    return _CONFIG(_SECRETS(placed))


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def print_json(value: Any) -> None:
    """One object on one line. ASCII only: every terminal and every reader of lines takes it, whatever an article holds."""
    click.echo(json.dumps(value, ensure_ascii=True))


def print_pretty(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=True, indent=2))


def terminal_width() -> int:
    import shutil

    return min(shutil.get_terminal_size((100, 24)).columns, 120)


def wants_color() -> bool:
    """Colour is for terminals, and for people who did not say no (https://no-color.org)."""
    import os

    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def counted(number: int, thing: str) -> str:
    """``1 item``, ``2 items``."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def short_time(value: datetime | str | None) -> str:
    """A time, as such or as stored, as ``2026-03-01 14:05``, UTC; a dash where there is none."""
    if not value:
        return "-"
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def point_in_time(text: str) -> datetime:
    """``2h`` or ``7d`` ago, a day (``2026-03-01``, ``today``, ``yesterday``; UTC) or a time with its zone; raises click.BadParameter
    with what to write."""
    from datetime import timedelta

    from monitor.clock import SystemClock
    from monitor.settings import parse_duration

    now = SystemClock().now()
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    days = {"today": midnight, "yesterday": midnight - timedelta(days=1)}
    if text.strip().lower() in days:
        return days[text.strip().lower()]
    try:
        return now - timedelta(seconds=parse_duration(text))
    except (ValueError, OverflowError):
        pass
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no time; write 2h or 7d (ago), yesterday, 2026-03-01, or 2026-03-01T12:00Z") from None
    if found.tzinfo is None and len(text) > len("2026-03-01"):
        raise click.BadParameter(f"{text!r} has no time zone; end it with Z or an offset such as +03:00")
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _read_moment(context: click.Context, parameter: click.Parameter, value: str | None) -> datetime | None:
    return None if value is None else point_in_time(value)


def time_option(name: str, help_text: str) -> Callable[..., Any]:
    return click.option(name, callback=_read_moment, metavar="TIME", help=help_text)


def since_option(
    help_text: str = "Only what was raised since: 2h or 7d (ago), today, a day, or a time with its zone.",
) -> Callable[..., Any]:
    return time_option("--since", help_text)
