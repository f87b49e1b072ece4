"""Where the data folder is, read out of a configuration that has faults elsewhere.

People must be able to look at alerts and to act on them while somebody mends a typo. Nothing else of such a configuration is
believed, and the data folder only where what was written leaves no doubt which one is meant: a default, or a guess, could be
another monitor's. Whether the folder exists is for those who use it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path as FilePath

from monitor.errors import ConfigError
from monitor.settings.layers import DELIMITER, PREFIX, FileLayer, Layer
from monitor.settings.load import Surroundings, find_config, merged, own_layers, read_file, settings_schema
from monitor.settings.model import Settings
from monitor.settings.schema import SettingsSchema, closest
from monitor.yamlmap import MAX_BYTES, YamlMap, read_yaml

_KEY = "data_dir"
#: A line of a file that is no YAML as a whole: the key at the margin, in quotes or not, and the line behind it, which may go on.
_LINE = re.compile(rf"^(?P<line>(?P<quote>[\"']?){_KEY}(?P=quote)[ \t]*:[^\r\n]*)(?:\r?\n(?P<next>[^\r\n]*))?", re.MULTILINE)


def data_folder(chosen: FilePath | None = None, *, secrets: FilePath | None = None, around: Surroundings | None = None) -> FilePath | None:
    """The folder that the configuration names, whatever else is wrong with it; None where that is not beyond doubt. Raises
    ConfigError where there is no configuration to read."""
    around = around or Surroundings()
    path = find_config(chosen, around)
    if not path.is_file():  # a slip in --config, and no fault of a configuration
        return None
    schema = settings_schema()
    file_layer = FileLayer(Settings, path.resolve().parent, schema, _document(path, str(chosen or path)))
    layers = own_layers(file_layer, around, schema, secrets=secrets)
    found = merged(layers).get(_KEY)
    if not isinstance(found, str) or not found or _misspelt(layers, around, schema):
        return None
    return FilePath(found)


def _document(path: FilePath, shown: str) -> YamlMap:
    """What stands in the file; of one that is no YAML, or not ours, its line of the data folder."""
    try:
        return read_file(path, shown)
    except ConfigError:
        try:
            with path.open("rb") as opened:
                text = opened.read(MAX_BYTES + 1).decode("utf-8-sig")
            return read_yaml(_line(text), shown)
        except (OSError, ValueError, ConfigError):
            return YamlMap(shown, [])


def _line(text: str) -> str:
    """ "" where there is none, more than one, or one that goes on below."""
    found = list(_LINE.finditer(text))
    if len(found) != 1 or (found[0]["next"] or "")[:1] in (" ", "\t"):
        return ""
    return found[0]["line"]


def _misspelt(layers: Sequence[Layer], around: Surroundings, schema: SettingsSchema) -> bool:
    """Whether a key or a variable that nobody knows may be meant to say where the folder is: it would take the place of what a
    lower layer says."""
    keys = [str(key) for layer in layers for key in layer.data]
    variables = [name[len(PREFIX) :].lower() for name in around.environ if name.upper().startswith(PREFIX)]
    known = schema.keys(())
    return any(closest(name, known) == _KEY for name in (*keys, *variables) if name not in known and DELIMITER not in name)
