"""Dictionaries as look-up files: the one home of simplemma.

Loading and inverting a dictionary (form -> lemma into lemma -> every form) takes seconds and hundreds of megabytes, so
it is done once, in a process of its own (``python -m monitor.dictionaries LANGUAGE FOLDER``), into one file for each
language and simplemma version (``build``). Those files are opened read-only and shared between processes through the page
cache; a look-up takes a microsecond or two (``lookup_file``). Files that are missing or damaged are built on opening
(``opening``).

This room must not know what a term or a watchlist is.
"""

from monitor.dictionaries.build import build, path_for, supported
from monitor.dictionaries.lookup_file import DictionaryError, LookupFile
from monitor.dictionaries.opening import Dictionary, default_folder, open_dictionary, open_lookup

__all__ = [
    "Dictionary",
    "DictionaryError",
    "LookupFile",
    "build",
    "default_folder",
    "open_dictionary",
    "open_lookup",
    "path_for",
    "supported",
]
