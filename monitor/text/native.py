"""The loops over words in C, where they were compiled when the program was installed.

What they find is what ``fold``, ``forms_split`` and ``fingerprint_codes`` find, which tests hold them to; without them Python
does it all, in a multiple of the time.

This room knows only str.
"""

from __future__ import annotations

from typing import Final

__all__ = ["COMPILED", "kernel"]

_compiled = True
try:
    import monitor.text._native as kernel
except ImportError:  # there was no compiler
    kernel = None  # type: ignore[assignment]
    _compiled = False

#: Whether ``kernel`` is there; it is called by nobody where it is not.
COMPILED: Final = _compiled
