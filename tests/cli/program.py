"""The program called in this process, with what it printed: as fast as a function, as whole as a command."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass

import pytest

from monitor.cli import main


@dataclass(frozen=True, slots=True)
class Done:
    status: int
    out: str
    err: str


class _Output(io.TextIOWrapper):
    """Text over bytes, as a real standard output is."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)

    def text(self) -> str:
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue().decode("utf-8")


@contextmanager
def _input(data: bytes) -> Iterator[None]:
    before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(data), encoding="utf-8")
    try:
        yield
    finally:
        sys.stdin = before


def program(*arguments: object, stdin: bytes = b"") -> Done:
    out, err = _Output(), _Output()
    with redirect_stdout(out), redirect_stderr(err), _input(stdin), pytest.raises(SystemExit) as end:
        main([str(argument) for argument in arguments])
    assert isinstance(end.value.code, int)
    return Done(end.value.code, out.text(), err.text())
