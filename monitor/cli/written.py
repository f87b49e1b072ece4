"""Files that a person owns, replaced whole: whoever reads one meanwhile sees the one or the other, and its mode stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from monitor.errors import UsageError


def replace(file: Path, raw: bytes, *, check: Callable[[Path], None] = lambda candidate: None) -> None:
    """``check`` is given the new file, beside the old one, before it takes its place; what it raises leaves all as it was. Raises
    UsageError where the file cannot be written."""
    import os
    import tempfile

    file = file.resolve()  # the file itself is changed, and not a link to it
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        try:
            with os.fdopen(handle, "wb") as opened:
                opened.write(raw)
                opened.flush()
                os.fsync(opened.fileno())
            os.chmod(temporary, file.stat().st_mode & 0o777 if file.exists() else 0o644)
            check(Path(temporary))
            os.replace(temporary, file)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from error
