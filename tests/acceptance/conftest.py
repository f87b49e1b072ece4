"""One nursery for all tests of this folder; a site ends with its test, and its processes with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.harness import Site, environment
from tests.acceptance.nursery import Nursery


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    nursery = Nursery(environment())
    yield nursery
    nursery.close()


@pytest.fixture
def site(tmp_path: Path, nursery: Nursery) -> Iterator[Site]:
    with Site(tmp_path / "site", nursery) as site:
        yield site
