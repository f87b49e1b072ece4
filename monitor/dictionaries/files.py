"""Writing a file whole or not at all.

This module must not know what is in it.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path


def replace_file(target: Path, parts: Iterable[bytes]) -> None:
    """Write ``target`` beside its name and rename: readers see the old file or the new one, and any number may race. Raises OSError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=target.name, suffix=".part")
    try:
        with open(descriptor, "wb") as stream:
            stream.writelines(parts)
        os.chmod(temporary, 0o644)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
