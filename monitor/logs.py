"""Logging, configured once: JSON lines in service, a readable console on a terminal, always on standard error.

Standard output belongs to what a command prints. Rooms log through ``structlog.get_logger()`` (or plain ``logging``, for
libraries) with a fixed event text and values beside it; text from articles stands only ever in values, and every value
is cleaned of control and direction characters here, so that no headline can move a terminal's cursor. Values under keys
that name secrets are masked, whoever passed them.
"""

from __future__ import annotations

import logging
import re
import sys
import unicodedata
from collections.abc import MutableMapping
from typing import Any, Literal, TextIO

import structlog

Format = Literal["auto", "json", "console"]
SECRET_KEYS = re.compile(r"secret|password|passwd|token|authorization|api_?key|signature", re.IGNORECASE)
#: A log line is for a person to read; an article pasted whole into a value is not.
MAX_VALUE = 2000

#: Tracebacks without local variables: those hold keys and article texts.
TRACEBACKS = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))

#: Libraries that say at INFO what we say ourselves, or that would print addresses with their keys in them.
QUIET = (
    "apscheduler",
    "uvicorn",
    "uvicorn.error",
    "uvicorn.access",
    "alembic",
    "aiohttp.access",
    "trafilatura",
    "htmldate",
    "courlan",
    "urllib3",
    "asyncio",
)

#: Libraries whose warnings name the address they failed at, with the token in it. Their failures are the sink's answers.
SILENT = ("apprise", "aiosmtplib", "oauthlib", "requests_oauthlib", "mail.log")


def configure(format: Format = "auto", level: str = "info", stream: TextIO | None = None) -> None:  # noqa: A002 - the setting's own name
    """Replace whatever logging was configured; calling it again (in a worker process, in a test) is safe."""
    out = stream if stream is not None else sys.stderr
    terminal = out.isatty()
    as_json = format == "json" or (format == "auto" and not terminal)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        mask_secrets,
        structlog.processors.StackInfoRenderer(),
    ]
    rendering: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if as_json:
        rendering += [TRACEBACKS, clean_values, structlog.processors.JSONRenderer(ensure_ascii=False)]
    else:
        rendering += [
            structlog.processors.format_exc_info,
            clean_values,
            lines_below,
            structlog.dev.ConsoleRenderer(colors=terminal, exception_formatter=structlog.dev.plain_traceback),
        ]
    handler = logging.StreamHandler(out)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=rendering))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in SILENT:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    # A tick that is still at work when the next is due is skipped by design; jobs that fail are told by the executor.
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
    logging.captureWarnings(True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def mask_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in event:
        if key != "event" and SECRET_KEYS.search(key):
            event[key] = "(secret)"
    return event


def clean_values(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        # A traceback is the program's own text and keeps its lines; the console renders exc_info after this.
        if key not in ("exception", "exc_info"):
            event[key] = _clean(value)
    return event


def lines_below(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """On a console, a value of several lines (a watchlist's faults with their carets) stands indented below its event:
    readable, and unable to pass for an event of its own."""
    below = [key for key, value in event.items() if isinstance(value, str) and "\n" in value and key not in ("exception", "stack")]
    blocks = [f"{key}:\n{event.pop(key)}".rstrip("\n").replace("\n", "\n      ") for key in below if key != "event"]
    if blocks:
        # The renderer writes a stack as it stands, after everything else.
        event["stack"] = "\n".join([*([event["stack"]] if "stack" in event else []), *(f"    {block}" for block in blocks)])
    event["event"] = str(event["event"]).replace("\n", "\n    ")
    return event


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {clean_text(str(key)): _clean(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(inner) for inner in value]
    return value if isinstance(value, int | float | bool) or value is None else clean_text(str(value))


def clean_text(text: str) -> str:
    """``text`` with control, direction and unpaired surrogate characters written out as escapes, and cut at MAX_VALUE.
    Line ends stay: JSON escapes them, and the console indents what follows."""
    if len(text) > MAX_VALUE:
        text = text[:MAX_VALUE] + "…"
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if char in "\n\t" else _visible(char) for char in text)


def _visible(char: str) -> str:
    # Cc: ESC, newline and their kin; Cs: lone surrogates; Cf without ZWNJ/ZWJ, which Persian and emoji need: bidi
    # overrides, isolates, marks; Zl/Zp: line and paragraph separators, which some viewers break at.
    category = unicodedata.category(char)
    if category in ("Cc", "Cs", "Zl", "Zp") or (category == "Cf" and char not in "\u200c\u200d"):
        return f"\\u{ord(char):04x}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08x}"
    return char
