"""Templates of an operator's own: what they can say, how their faults are told, and that none reaches out, runs on or blows up."""

from __future__ import annotations

import gc
import json
import re
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from monitor.render.message import read
from monitor.render.template import _CALLED, TemplateFault, render
from monitor.render.template import compile as compiled
from monitor.render.template_filters import _FILTERS, HANDLED, LONGEST, STEPS, Budget
from tests.render.samples import DOCUMENTS

DOCUMENT: dict[str, Any] = json.loads(DOCUMENTS["update"])


def rendered(source: str, name: str = "update") -> str:
    document = DOCUMENTS[name]
    return render(compiled(source, "body.j2"), json.loads(document), read(document))


@pytest.mark.parametrize(
    ("source", "body"),
    [
        ("plain words", "plain words"),
        ("{{ message.headline }}", "[HIGH] Arms transfer (update)"),
        ("{{ message.severity }}/{{ message.outlets }}", "high/7"),
        ("{{ document.data.alert.severity | upper }}", "HIGH"),
        ("{{ document['data']['alert']['severity'].upper() }}", "HIGH"),
        ("{{ text.split('\n')[0] }}", "[HIGH] Arms transfer (update)"),
        ("{{ message.title[:8] }}", "Ministry"),
        ("{{ message.title | truncate(9) }}", "Ministry…"),
        ('{"text": {{ message.title | json }}}', '{"text": "Ministry denies arms deal with Moscow"}'),
        ("{% for p in message.passages %}{{ loop.index }}{{ p.stance }} {% endfor %}", "1denied 2reported 3denied "),
        (
            "{% for p in message.passages if p.stance == 'reported' %}{{ p.text }}{% endfor %}",
            "Two officials said the weapons were shipped in March.",
        ),
        ("{% for k, v in document.data.alert.labels.items() %}{{ k }}={{ v }}{% endfor %}", "topic=proliferation"),
        (
            "{% for p in message.passages[2:3] %}{% for r in p.pieces %}{% if r.hit %}<{{ r.text }}>{% endif %}{% endfor %}{% endfor %}",
            "<arms deal>",
        ),
        ("{{ document.data.nothing | default('-') }}", "-"),
        ("{% if document.data.nothing is defined %}a{% else %}b{% endif %}", "b"),
        ("{% if message.severity in ['high', 'critical'] %}!{% endif %}", "!"),
        ("{{ message.languages | join(', ') }}", "ar, en, fa"),
        ("{{ message.languages | sort | first }} {{ message.languages | length + 1 }}", "ar 4"),
        ("{% set who = 'a' + 'b' %}{{ who }}{{ 2 - 1 }}", "ab1"),
        ("{{ '<a href=\"x\">' | e }} {{ 'a b/ص' | urlencode }}", "&lt;a href=&quot;x&quot;&gt; a%20b%2F%D8%B5"),
        ("{{ 'a\u202e\x1b[2J\nb' | plain }} {{ 'abcdef' | line(3) }}", "a[2J b abc…"),
        ("{{ 'aXb' | replace('X', '-') }} {{ 'ab' if 1 > 0 else 'c' }}", "a-b ab"),
        ("{{ none }}{{ true }}", "True"),
        ("one\ntwo\n", "one\ntwo\n"),
    ],
)
def test_what_a_template_can_say(source: str, body: str) -> None:
    assert rendered(source) == body


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("a\nb {{ message.title", 2, "unexpected end of template"),
        ("a\n{% endfor %}", 2, "Encountered unknown tag 'endfor'."),
        ("\n\n{{ message.title | shout }}", 3, "No filter named 'shout'."),
        ("{{ 'a' ~ 'b' }}", 1, "~ is not available here: write two {{ … }} beside each other, or +"),
        ("{% include 'x' %}", 1, "a template stands alone: there is nothing to include"),
        ("{{ cycler('a') }}", 1, "only these can be called: "),
        ("x" * 70_000, 1, "a template has at most 64 KiB"),
    ],
)
def test_a_fault_says_where_and_what(source: str, line: int, message: str) -> None:
    with pytest.raises(TemplateFault) as raised:
        compiled(source, "body.j2")
    assert raised.value.line == line
    assert raised.value.message.startswith(message)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("a\nb\n{{ message.titel }}", "body.j2:3: there is no 'titel'"),
        ("{{ nobody }}", "body.j2:1: 'nobody' is undefined"),
        ("{{ message.passages }}", "body.j2:1: a list or an object is written with {{ … | json }}"),
        ("{% for c in text %}{{ c }}{% endfor %}", "body.j2:1: a loop goes through a list, and this is text"),
        ("{{ document.data.nothing.more }}", "body.j2:1: there is no 'nothing'"),
    ],
)
def test_what_a_document_does_not_have_is_said(source: str, message: str) -> None:
    with pytest.raises(ValueError) as raised:
        rendered(source)
    assert str(raised.value) == message


#: Each is refused when it is read, or ends as an error; none takes memory, and none says anything of Python's insides.
ESCAPES_AND_BOMBS = (
    "{{ ''.__class__ }}",
    "{{ ''['__class__'] }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ document.__init__.__globals__ }}",
    "{{ message.__class__ }}",
    "{{ document | attr('__class__') }}",
    "{{ ['__class__'] | map('upper') | list }}",
    "{{ '{0.__class__}'.format(text) }}",
    "{{ ''['format']('x') }}",
    "{{ '{:>999999999}'.format(1) }}",
    "{{ 'a'.ljust(999999999) }}",
    "{{ 'a'.center(999999999) }}",
    "{{ 'a'.zfill(999999999) }}",
    "{{ 'a' | center(999999999) }}",
    "{{ 'a' | indent(999999999) }}",
    "{{ 'a' | wordwrap(1) }}",
    "{{ '%999999999d' % 1 }}",
    "{{ 'a' * 999999999 }}",
    "{{ [0] * 999999999 }}",
    "{{ 9**9**9 }}",
    "{{ 9 // 0 }}",
    "{{ " + "9" * 5000 + " }}",
    "{{ range(999999999) | join }}",
    "{% for x in range(999999999) %}{% endfor %}",
    "{{ lipsum(n=99999) }}",
    "{% set c = cycler('a') %}",
    "{% set n = namespace(x='a') %}{% for i in text.split('a') %}{% set n.x = n.x + n.x %}{% endfor %}",
    "{% set a = 'aaaaaaaa' %}" + "{% set a = a + a %}" * 40 + "{{ a }}",
    "{% set a %}aaaaaaaa{% endset %}" + "{% set a %}{{ a }}{{ a }}{% endset %}" * 40,
    "{% set a = [1] %}" + "{% set a = [a, a] %}" * 40 + "{{ a | json }}",
    "{% set a = {'x': 1} %}" + "{% set a = {'x': a, 'y': a} %}" * 40 + "{{ a | json }}",
    "{{ '\"' " + "| json " * 60 + "}}",
    "{{ text | replace('', text) | replace('', text) | replace('', text) | replace('', text) }}",
    "{% set a = text + text + text %}{{ (a + a + a + a + a + a + a + a) | replace('e', a + a + a + a) | replace('e', a + a) }}",
    "{% for a in text.split('e') %}{% for b in text.split('e') %}{% for c in text.split('e') %}{% endfor %}{% endfor %}{% endfor %}",
    "{% for a in text %}{% for b in text %}{% for c in text %}{% endfor %}{% endfor %}{% endfor %}",
    "{% set a = 'ab' %}" + "{% set a = a + a %}" * 17 + "{% if a.strip(a) %}{% endif %}",
    "{% set a = 'ccb' %}" + "{% set a = a + a %}" * 16 + "".join(f"{{% set a{n} = a.split('b') %}}" for n in range(200)),
    "{% set a = 'ccb' %}" + "{% set a = a + a %}" * 10 + "".join(f"{{% set a{n} = a.split('b') %}}" for n in range(200)),
    "{% set a = 'ab' %}" + "{% set a = a + a %}" * 16 + "".join(f"{{% set a{n} = a[1:] %}}" for n in range(200)),
    "{% set a = 'ab' %}" + "{% set a = a + a %}" * 16 + "".join(f"{{% set a{n} = a + 'b' %}}" for n in range(200)),
    "{% for a in [1] %}" * 4 + "{% endfor %}" * 4,
    "{% for a in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    "{% for a in document.data.evidence %}{{ loop.changed(a) }}{{ loop.cycle('a') }}{% endfor %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% call m() %}{% endcall %}",
    "{% filter upper %}a{% endfilter %}",
    "{% import 'os' as os %}",
    "{% from 'os' import system %}",
    "{% extends 'x' %}",
    "{% block a %}{% endblock %}",
    "{% do document.clear() %}",
    "{{ document.clear() }}",
    "{{ document.update({}) }}",
    "{{ self }}",
    "{{ caller() }}",
    "{{ joiner() }}",
    "{{ dict(a=1) }}",
    "{{ text.upper(*text) }}",
    "{{ _budget }}",
    "{% set _budget = 1 %}",
    "{% for _budget in [1] %}{% endfor %}",
    "{{ text | _each }}",
    "{{ text | _seen }}",
    "{{ " + "(" * 20_000 + "1" + ")" * 20_000 + " }}",
    "{{ " + "- " * 20_000 + "1 }}",
)  # fmt: skip


@pytest.mark.parametrize("source", ESCAPES_AND_BOMBS, ids=lambda source: source[:40])
def test_none_reaches_out_or_blows_up(source: str) -> None:
    # Twice, and the least counts: what a process fills its caches with the first time, or does in another thread, is not the template's.
    most = min(_most(source), _most(source))
    assert most < 10_000_000 or len(source) > 20_000  # the two that are big themselves: the parser's own stack
    assert most < 40_000_000


def _most(source: str) -> int:
    """Bytes that a rendering held at the most before it was refused."""
    gc.collect()
    tracemalloc.start()
    try:
        with pytest.raises(ValueError) as raised:
            rendered(source)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "object at 0x" not in str(raised.value)
    return most


def test_the_bounds_are_the_ones_told() -> None:
    long = "{% for a in text.split('e') %}{% for b in text.split('e') %}{{ text }}{% endfor %}{% endfor %}"
    with pytest.raises(ValueError, match=f"the body is longer than {LONGEST // 1024} KiB"):
        rendered(long)
    with pytest.raises(ValueError, match=f"the loops go round more than {STEPS:,} times"):
        rendered(long.replace("{{ text }}", "{% for c in text.split('e') %}{% endfor %}"))


TEN = "[1,2,3,4,5,6,7,8,9,0]"
#: A thousand rounds of some step on a text of 64 Ki characters, which no bound of rounds or of the body notices.
STEPS_OF_A_LOOP = (
    *("a | e", "a | escape", "a | join", "a | json", "a | line(99999)", "a | lower", "a | plain", "a | replace('a', 'b')", "a | sort"),
    *("a | title", "a | truncate", "a | upper", "a | urlencode", "a | default(a) | length", "a | first", "a | last"),
    *("a.upper()", "a.lower()", "a.title()", "a.strip()", "a.startswith(a)", "a.endswith(a)", "a.split('-')", "a.split('a', 9)"),
    *("a + 'b'", "a[1:]", "a[::-1]", "'ab' in a", "'b' < a", "a == text", "a is eq(text)", "'ab' is in(a)", "a is ne(text)"),
    *("{a} | replace({a}, text)".replace("{a}", "a"), "text | replace('e', a[:99]) | replace('e', '')", "'e' | truncate(0, a)"),
)


@pytest.mark.parametrize("step", STEPS_OF_A_LOOP)
def test_each_step_is_charged_for_what_it_handles(step: str) -> None:
    loops = f"{{% for i in {TEN} %}}" * 3 + f"{{% if {step} %}}{{% endif %}}" + "{% endfor %}" * 3
    with pytest.raises(TemplateFault, match=r"handles more than 8 million characters: shorten texts first, as with \| truncate\(200\)"):
        rendered("{% set a = 'a ' %}" + "{% set a = a + a %}" * 15 + loops)


@pytest.mark.parametrize(
    "step",
    [
        "{{ e }}" * 3,
        "{% if message.title %}{% endif %}",
        "{% set b = e %}",
        "{% if document.data %}{% endif %}",
        "{% if 1 < 2 %}{% endif %}",
    ],
)
def test_what_costs_next_to_nothing_is_charged_by_the_round(step: str) -> None:
    loops = f"{{% for i in {TEN} %}}" * 3 + step * 1000 + "{% endfor %}" * 3
    with pytest.raises(TemplateFault, match="handles more than 8 million characters"):
        rendered("{% set e = '' %}" + loops)


def test_a_text_is_split_into_so_many_parts() -> None:
    with pytest.raises(TemplateFault, match=rf"\.split\(\) makes more than {STEPS:,} parts: shorten the text first"):
        rendered("{% set a = 'a ' %}" + "{% set a = a + a %}" * 14 + "{{ a.split() | length }}")
    assert (
        rendered("{{ 'a b c'.split(' ', 1) | json }} {{ 'a b c'.split(maxsplit=1) | last }} {{ 'a'.split() | first }}")
        == '["a","b c"] b c a'
    )


def test_the_largest_document_has_room_to_spare() -> None:
    """Forty passages of fifteen hundred letters, twelve hits each, every value written several times over: not an eighth of what may be."""
    document = json.loads(DOCUMENTS["update"])
    hit = document["data"]["evidence"][0]["hits"][0]
    passage = document["data"]["evidence"][0] | {"quote": "صفقة " * 300, "hits": [hit] * 12}
    document["data"]["evidence"] = [passage] * 40
    source = (
        "{% for p in document.data.evidence %}{% set q = p.quote | replace('ص', 's') | plain | upper %}{{ q[:80] | truncate(60) | json }}"
        "{% for h in p.hits if h.text != '' and p.stance in ['denied', 'reported'] %}{{ h.text | plain | e | json }}{{ h.term | lower }}"
        "{{ document.data.evidence | length }}{% if not loop.last %},{% endif %}{% endfor %}{% endfor %}{{ text | plain | json }}"
    )
    budget = Budget()
    render(compiled(source, "body.j2"), document, read(json.dumps(document).encode()), budget)
    assert budget.characters > HANDLED * 7 / 8
    assert budget.rounds > STEPS / 2


def test_rendering_leaves_nothing_behind() -> None:
    template = compiled("{% for p in message.passages %}{% set x = p.text %}{{ x }}{% endfor %}", "body.j2")
    message = read(DOCUMENTS["update"])
    before = json.dumps(DOCUMENT)
    assert render(template, DOCUMENT, message) == render(template, DOCUMENT, message)
    assert json.dumps(DOCUMENT) == before


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_template_of_the_documents_is_right(name: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "messages.md").read_text(encoding="utf-8")
    (source,) = re.findall(r"```jinja\n(.*?)```", page, re.DOTALL)
    body = json.loads(rendered(source, name))
    assert body["title"] == read(DOCUMENTS[name]).title
    assert body["owner"] == ("monitor" if name in {"operation", "digest"} else "desk")
    assert body["hits"][-1] is None


def test_the_documents_name_every_filter_and_method() -> None:
    page = (Path(__file__).parents[2] / "docs" / "messages.md").read_text(encoding="utf-8")
    for name in ("default", *_FILTERS):
        assert f"`{name}`" in page or f"`{name}(" in page or f"| {name} " in page or name == "escape"
    assert all(f"`.{name}()`" in page for name in _CALLED)
