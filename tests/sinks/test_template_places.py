"""Where the fault of an operator's template is shown: at the name that is at fault, and not at the first that is spelled like it."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.errors import Fault
from monitor.sinks.webhook.formats import read_template


@pytest.mark.parametrize(
    "marked",
    [
        "{{ message.«titel» }}",
        "titel {{ message.title }} {{ message.«titel» }}",
        "{{ message.title }} {{ document.«title» }}",
        "{% set titel = text %}{{ titel }} {{ message.«titel» }}",
        "{{ message.title }} {{ message.«titl» }}",
        "{{ text }} 'texts' {{ «texts» }}",
        "{% if text %}{{ message['«kicker»'] }}{% endif %}",
        'titles: {{ message.title | json }}, "{{ «titles» }}"',
        "{{ text | upper }} {{ text | «uper» }}",
        "a ~ b {{ text «~» text }}",
        "{# titel #}\u2028{{ message.title }} {{ message.«titel» }}",
    ],
)
def test_the_caret_stands_at_what_is_at_fault(marked: str, tmp_path: Path) -> None:
    file = tmp_path / "body.j2"
    line = marked.replace("«", "").replace("»", "")
    file.write_text(f"{{# first #}}\n{line}\nlast\n")
    fault = read_template(file)
    assert isinstance(fault, Fault)
    start, end = fault.column - 1, fault.column - 1 + fault.length
    shown = f"{fault.source[:start]}«{fault.source[start:end]}»{fault.source[end:]}"
    assert (fault.line, shown) == (2, marked)
