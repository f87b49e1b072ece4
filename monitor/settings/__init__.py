"""The settings: one YAML file, secrets, MONITOR_ variables and options, read strictly and explained value by value.

The rooms below never see this package; wiring.py hands each of them the few values it needs.
"""

from monitor.settings.load import Loaded, Surroundings, find_config, load, secret_file_faults, settings_schema
from monitor.settings.model import FeedSettings, FetchSettings, FolderSettings, MatchSettings, PushSettings, RouteSettings, Settings
from monitor.settings.rhythms import rules_of
from monitor.settings.show import Shown, mask_url, show
from monitor.settings.sources import ConfiguredSources, push_tokens, source_specs
from monitor.settings.values import format_duration, format_size, parse_duration, parse_size, split_address
from monitor.settings.whereabouts import data_folder

__all__ = [
    "ConfiguredSources",
    "FeedSettings",
    "FetchSettings",
    "FolderSettings",
    "Loaded",
    "MatchSettings",
    "PushSettings",
    "RouteSettings",
    "Settings",
    "Shown",
    "Surroundings",
    "data_folder",
    "find_config",
    "format_duration",
    "format_size",
    "load",
    "mask_url",
    "parse_duration",
    "parse_size",
    "push_tokens",
    "rules_of",
    "secret_file_faults",
    "settings_schema",
    "show",
    "source_specs",
    "split_address",
]
