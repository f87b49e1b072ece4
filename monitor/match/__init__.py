"""Matching: watchlists compiled into tables, a text scanned into hits, queries evaluated over them, evidence with offsets.

The doors are ``compile_engine`` and ``run_tests``. Pure: no file, clock or network; blind to stories and to rendering.
"""

from monitor.match.engine import ENGINE_VERSION, Engine, compile_engine, languages_of
from monitor.match.selftest import run_tests

__all__ = ["ENGINE_VERSION", "Engine", "compile_engine", "languages_of", "run_tests"]
