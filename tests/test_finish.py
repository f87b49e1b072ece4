"""Lint, format and types are tests: what does not pass them is not finished."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    "tool",
    [
        pytest.param(("ruff", "check", "--quiet", "monitor", "tests"), id="lint"),
        pytest.param(("ruff", "format", "--check", "--quiet", "monitor", "tests"), id="format"),
        pytest.param(("mypy", "--no-error-summary"), id="types"),
    ],
)
def test_the_code_is_finished(tool: tuple[str, ...]) -> None:
    done = subprocess.run([sys.executable, "-m", *tool], cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, f"{' '.join(tool)}\n{done.stdout}{done.stderr}"
