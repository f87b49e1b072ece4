"""The loop over HTML fragments in C, where it was compiled when the program was installed; ``markup`` says the same in Python."""

from __future__ import annotations

from typing import Final

__all__ = ["COMPILED", "kernel"]

_compiled = True
try:
    import monitor.sources._markup as kernel
except ImportError:  # there was no compiler
    kernel = None  # type: ignore[assignment]
    _compiled = False

#: Whether ``kernel`` is there; it is called by nobody where it is not.
COMPILED: Final = _compiled
