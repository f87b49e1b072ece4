"""A receiver and a workspace for each test; processes that a test leaves behind end with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.receiver import ThreadedReceiver
from tests.service.harness import SECRET, Workspace


@pytest.fixture
def receiver() -> Iterator[ThreadedReceiver]:
    with ThreadedReceiver() as receiver:
        yield receiver


@pytest.fixture
def workspace(tmp_path: Path, receiver: ThreadedReceiver) -> Iterator[Workspace]:
    workspace = Workspace(tmp_path / "space", receiver.url, secret=SECRET)
    yield workspace
    workspace.close()
