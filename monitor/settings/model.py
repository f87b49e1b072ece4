"""The settings, as types: every key of the configuration file with its kind, its default and what it means.

The descriptions are printed by ``monitor schema config``. This module must not know where a value comes from (layers.py)
nor how a fault is worded for its place (faults.py). Sinks bring their own settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    SecretStr,
    Tag,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from monitor.flow.digests import Rhythm
from monitor.model import Severity, Stance
from monitor.settings.rhythms import rhythm
from monitor.settings.values import Address, Duration, Name, Pause, Room, Size, TimeOfDay, between
from monitor.sinks import SinkSettings
from monitor.sinks.when import Zone


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an http:// or https:// address")
    return value


def _language(value: str) -> str:
    if value and not (value.isascii() and value.isalpha() and value.islower() and len(value) in (2, 3)):
        raise ValueError("must be a language code such as ar, en or ru")
    return value


def _true(value: bool) -> bool:
    if not value:
        raise ValueError("must be true; a source that takes no articles is left out")
    return value


HttpUrl = Annotated[str, AfterValidator(_http_url)]
Language = Annotated[str, AfterValidator(_language)]


#: Characters of a push source's token. Shorter ones can be guessed.
MIN_TOKEN = 16


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceSettings(Section):
    """What every source may say."""

    language: Language = Field(default="", description="The language its articles are written in, where detection should not decide alone.")
    labels: dict[str, str] = Field(default_factory=dict, description="Labels of its articles, for label(key=value) in queries.")
    important: bool = Field(default=False, description="Its silence is an alarm sooner than that of others.")
    fresh: Duration = Field(default=86_400.0, description="Its first reading tells of articles younger than this; older ones are kept.")


class FolderSettings(SourceSettings):
    folder: Path = Field(description="Text and HTML files in this folder are articles.")
    every: Annotated[Duration, between("100ms", "365d")] = Field(default=10.0, description="How often the folder is read.")
    match: tuple[str, ...] = Field(default=(), description="Which files below the folder, as patterns such as **/*.txt. Without any, all.")


class FeedSettings(SourceSettings):
    feed: HttpUrl = Field(description="Address of an RSS, Atom or JSON feed, or of a sitemap with news entries.")
    every: Annotated[Duration, between("30s", "365d")] | None = Field(
        default=None, description="How often the feed is asked. Without it the interval follows the feed's own rhythm."
    )
    full_text: bool = Field(default=False, description="Fetch the page of items that are teasers and read the article there.")


class PushSettings(SourceSettings):
    push: Annotated[bool, AfterValidator(_true)] = Field(
        description="Others hand in documents for this source: POST /v1/articles, monitor ingest."
    )
    secret: SecretStr | None = Field(default=None, description="The token that names this source; better in a file.")
    secret_file: Path | None = Field(default=None, description="A file that holds the token and nothing else.")

    @model_validator(mode="after")
    def _one_secret(self) -> PushSettings:
        if (self.secret is None) == (self.secret_file is None):
            raise ValueError("a pushed source needs exactly one of secret and secret_file")
        if self.secret is not None and len(self.secret.get_secret_value()) < MIN_TOKEN:
            raise ValueError(f"the secret is shorter than {MIN_TOKEN} characters: make one with `openssl rand -hex 24`")
        return self


_KINDS: Mapping[str, type[SourceSettings]] = {"folder": FolderSettings, "feed": FeedSettings, "push": PushSettings}


def _kind_of_source(value: Any) -> str | None:
    if isinstance(value, SourceSettings):
        return next(f"source:{kind}" for kind, settings in _KINDS.items() if isinstance(value, settings))
    if not isinstance(value, Mapping):
        return None
    # The tags differ from every key, so that a fault's path never takes one for the other.
    kinds = [kind for kind in _KINDS if kind in value]
    return f"source:{kinds[0]}" if len(kinds) == 1 else None


AnySource = Annotated[
    Annotated[FolderSettings, Tag("source:folder")]
    | Annotated[FeedSettings, Tag("source:feed")]
    | Annotated[PushSettings, Tag("source:push")],
    Discriminator(
        _kind_of_source,
        custom_error_type="source_kind",
        custom_error_message="a source needs exactly one of 'folder', 'feed' and 'push'",
    ),
]
AnySink = Annotated[SinkSettings, Field(discriminator="type")]


def _one_or_more(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


OneOrMore = Annotated[tuple[str, ...], Field(min_length=1), BeforeValidator(_one_or_more)]


class MatchSettings(Section):
    """Which notifications a route takes. Every key given must hold; a list holds when one of its values does, and is
    not empty: that would not say whether everything or nothing is meant."""

    severity: tuple[Severity, ...] = Field(default=(), min_length=1)
    stance: tuple[Stance, ...] = Field(default=(), min_length=1, description="The stance of any evidence.")
    watchlist: tuple[str, ...] = Field(default=(), min_length=1)
    source: tuple[str, ...] = Field(default=(), min_length=1)
    language: tuple[str, ...] = Field(default=(), min_length=1)
    owner: tuple[str, ...] = Field(default=(), min_length=1, description="The owner of the watchlist.")
    entity: tuple[str, ...] = Field(default=(), min_length=1, description="Somebody or something named in the evidence, by id or name.")
    term: tuple[str, ...] = Field(default=(), min_length=1, description="A term found in the evidence, as the watchlist writes it.")
    story: tuple[str, ...] = Field(default=(), min_length=1, description="The story's id.")
    labels: dict[str, OneOrMore] = Field(default_factory=dict, min_length=1, description="Labels of the watchlist or of the source.")


class RouteSettings(Section):
    """``match`` and ``not`` choose, ``to`` names sinks, ``stop`` ends the reading of routes when this one matched. With a
    ``digest`` what it takes is told together, at its time."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    name: Name | None = Field(default=None, description="What people call it; routes[0] and so on where it has none.")
    match: MatchSettings = MatchSettings()
    not_: MatchSettings | None = Field(default=None, alias="not", description="What this route leaves out of what it matches.")
    to: tuple[Name, ...] = Field(min_length=1, description="Names of sinks.")
    stop: bool = Field(default=False, description="Where this route matches, later ones are not read.")
    digest: str | None = Field(
        default=None,
        description="Tell in one digest: every 1h, 1d, or by a cron line. What is critical is told at once.",
        json_schema_extra={"examples": ["1h", "0 8 * * 1-5"]},
    )
    zone: Zone | None = Field(default=None, description="The time zone of the digest; UTC unless said.")
    tell: tuple[Literal["raised", "updated", "corrected", "closed", "reopened"], ...] = Field(
        default=(),
        min_length=1,
        description="What of an alert its sinks are told; everything unless said.",
        json_schema_extra={"examples": [["raised", "closed"]]},
    )
    group_by: tuple[Literal["watchlist", "owner", "story", "severity", "source"], ...] = Field(
        default=(), description="One digest for each group of what has these in common."
    )

    @field_validator("digest")
    @classmethod
    def _comes(cls, value: str | None) -> str | None:
        rhythm(value, "UTC")
        return value

    @model_validator(mode="after")
    def _digests(self) -> RouteSettings:
        if self.digest is None and (self.group_by or self.zone):
            raise ValueError("zone and group_by are for a route with a digest")
        return self

    @property
    def rhythm(self) -> Rhythm | None:
        return rhythm(self.digest, self.zone or "UTC")


class FetchSettings(Section):
    user_agent_contact: str | None = Field(default=None, description="A mail or web address that publishers may complain to.")
    allow_private: tuple[Address, ...] = Field(default=(), description="host:port pairs that sources may fetch although they are private.")
    every_least: Annotated[Duration, between("30s", "24h")] = Field(default=300.0, description="The shortest interval that is learnt.")
    every_most: Annotated[Duration, between("30s", "24h")] = Field(default=21_600.0, description="The longest interval that is learnt.")
    spacing: Annotated[Pause, between("0s", "1h")] = Field(default=1.0, description="Pause between two requests to one host.")
    concurrency: int = Field(default=64, ge=1, le=512, description="Polls at a time.")
    starts_a_second: int = Field(default=20, ge=1, le=10_000, description="How many polls may begin in a second.")

    @model_validator(mode="after")
    def _bounds_in_order(self) -> FetchSettings:
        if self.every_least > self.every_most:
            raise ValueError("every_least is longer than every_most")
        return self


class CoverageSettings(Section):
    """When silence is an alarm."""

    language_silence: Annotated[Duration, between("1h", "30d")] = Field(
        default=86_400.0, description="A language without a new article for so long is an alarm."
    )
    daily: TimeOfDay = Field(default="08:00", description="When ordinary silence of sources is told, once a day (UTC).")
    silence_factor: float = Field(default=3.0, ge=1.5, le=20, description="A source is silent beyond so many times its longest usual gap.")


class StorySettings(Section):
    """Which articles tell one story."""

    remember: int = Field(default=20_000, ge=1_000, le=1_000_000, description="Articles that a new one may be a copy or a rewrite of.")
    outlets: int = Field(default=5, ge=0, le=1_000, description="People are told again when so many outlets have a story; 0 is never.")


class StorageSettings(Section):
    """What the record keeps for bad days."""

    ballast: Annotated[Room, between("0B", "1GiB")] = Field(
        default=8 * 1024 * 1024, description="Size of a file that is given up when the disk is full; 0B keeps none."
    )
    backups: int = Field(default=3, ge=0, le=100, description="Automatic backups that are kept.")


class ServerSettings(Section):
    listen: Address = Field(default="127.0.0.1:8080", description="Where /healthz and /metrics answer; port 0 takes any free one.")
    max_push: Annotated[Size, between("1KiB", "64MiB")] = Field(default=16 * 1024 * 1024, description="The largest body of one push.")
    public_url: HttpUrl | None = Field(default=None, description="The address people reach this server under, for links in messages.")
    links_for: Annotated[Duration, between("1h", "90d")] = Field(
        default=14 * 86_400.0, description="How long links in messages can be used."
    )


class WorkerSettings(Section):
    match: int = Field(default=1, ge=1, le=64, description="Processes that match articles.")
    parse: int = Field(default=1, ge=1, le=64, description="Processes that read feeds and pages.")


class LogSettings(Section):
    format: Literal["auto", "json", "console"] = Field(default="auto", description="auto is console on a terminal, otherwise JSON.")
    level: Literal["debug", "info", "warning", "error"] = "info"


class Settings(BaseSettings):
    """The configuration of the news monitor."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, title="monitor.yaml")

    data_dir: Path = Field(description="The folder of the record (database, lock).")
    watchlists: Path = Field(description="The folder of watchlists; also the home of vocabulary/ and entities/.")
    sources: dict[Name, AnySource] = Field(default_factory=dict)
    sources_from: tuple[Path, ...] = Field(default=(), description="OPML files (.opml, .xml) and YAML files of more sources.")
    sinks: dict[Name, AnySink] = Field(default_factory=dict)
    routes: tuple[RouteSettings, ...] = Field(default=(), description="First to last. Without any, every sink gets everything.")
    fetch: FetchSettings = FetchSettings()
    coverage: CoverageSettings = CoverageSettings()
    stories: StorySettings = StorySettings()
    storage: StorageSettings = StorageSettings()
    server: ServerSettings = ServerSettings()
    workers: WorkerSettings = WorkerSettings()
    log: LogSettings = LogSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Built directly, settings hold what they are given and nothing from around; load.py binds the real layers."""
        return (init_settings,)
