"""Patterns of paths below a folder: ``*.txt`` in it, ``2026/*.html`` in one below, ``**/*.eml`` at any depth.

As in a shell that knows ``**``: ``*`` and ``?`` stay within one name, ``[abc]`` is one of these characters, ``**`` stands for
any number of folders, none among them. Only strings here, and no pattern takes long, whatever it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase


def matches(path: str, patterns: Sequence[str]) -> bool:
    """Whether one of the patterns fits; without any, all paths do."""
    names = path.split("/")
    return not patterns or any(_fits(names, pattern.strip("/").split("/")) for pattern in patterns)


def _fits(names: Sequence[str], parts: Sequence[str]) -> bool:
    """Name by name: at which places of the pattern one may be, instead of one try after the other."""
    places = _after_folders({0}, parts)
    for name in names:
        reached = set()
        for place in places:
            if place == len(parts):
                continue
            if parts[place] == "**":
                reached.add(place)
            elif fnmatchcase(name, parts[place]):
                reached.add(place + 1)
        places = _after_folders(reached, parts)
    # What ends in ** takes everything below.
    return len(parts) in places


def _after_folders(places: set[int], parts: Sequence[str]) -> set[int]:
    """Where ``**`` may stand for nothing, the place after it counts as well."""
    found = set(places)
    for place, part in enumerate(parts):
        if part == "**" and place in found:
            found.add(place + 1)
    return found
