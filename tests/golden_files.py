"""Golden files: what a program says, word for word, kept beside the test.

``UPDATE_GOLDEN=1 pytest …`` writes them anew; read the difference before keeping it.
"""

from __future__ import annotations

import os
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"


def assert_golden(name: str, text: str) -> None:
    file = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert file.exists(), f"no golden file {name}; it would be:\n{text}"
    assert text == file.read_text(encoding="utf-8")
