"""The page behind a link in a message: what the alert is, and one button. Pure: what is known in, HTML out.

It holds no script and loads nothing; everything foreign goes through the template's escaping, made plain before. A GET shows
it, only the button acts: mail scanners follow every link and press nothing.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import jinja2

from monitor.render.plain import Piece

_STYLE: Final = """
body { font: 17px/1.5 system-ui, sans-serif; margin: 0; color: #1b1b1b; background: #f3f3f3; }
main { max-width: 36rem; margin: 0 auto; padding: 1.2rem; background: #fff; min-height: 100vh; box-sizing: border-box; }
h1 { font-size: 1.25rem; margin: .2rem 0 .6rem; }
.head { font-weight: 600; color: #555; }
h2 { font-size: 1.05rem; margin: 1.4rem 0 .4rem; }
section { border-top: 1px solid #bbb; }
ul { margin: .3rem 0; padding-inline-start: 1.2rem; }
mark { background: #ffe27a; color: #1b1b1b; }
a { color: #124; }
.how { margin: .8rem 0 -.5rem; font-size: .85rem; font-weight: 600; }
blockquote { margin: .8rem 0; padding: .1rem .9rem; border-inline-start: 4px solid #b3541e; background: #faf6f2; }
label { display: block; margin: .8rem 0 .2rem; }
select, textarea { font: inherit; width: 100%; box-sizing: border-box; padding: .4rem; }
button { font: inherit; font-weight: 600; margin-top: 1rem; padding: .7rem 1.2rem; border: 0; border-radius: .4rem; }
button { background: #124; color: #fff; }
.said { padding: .7rem .9rem; background: #eef5ee; border-radius: .4rem; }
.wrong { padding: .7rem .9rem; background: #fbeeee; border-radius: .4rem; }
"""
#: The one style that a browser may apply.
STYLE_HASH: Final = "sha256-" + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

_ENVIRONMENT: Final = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
_PAGE: Final = _ENVIRONMENT.from_string(
    """{% macro shown(quotes) %}
{% for quote in quotes %}
<p class="how">{{ quote.how }}</p>
<blockquote dir="{{ 'rtl' if quote.rtl else 'ltr' }}">{% for piece in quote.pieces %}{% if piece.hit %}<mark>{{ piece.text }}</mark>
{%- else %}{{ piece.text }}{% endif %}{% endfor %}</blockquote>
{% endfor %}
{% endmacro %}
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<title>{{ page.title }}</title>
<style>{{ style | safe }}</style>
</head>
<body>
<main>
{% if page.said %}
<p class="{{ 'wrong' if page.wrong else 'said' }}">{{ page.said }}</p>
{% endif %}
{% if page.headline %}
<p class="head">{{ page.headline }} · {{ page.state }}</p>
<h1 dir="auto">{{ page.article }}</h1>
{% if page.heading %}
<p class="how">{{ page.heading }}</p>
{% endif %}
{{ shown(page.quotes) }}
{% if page.url %}
<p><a href="{{ page.url }}" rel="noopener noreferrer">Read the article</a></p>
{% endif %}
{% endif %}
{% if page.since %}
<h2>Told since</h2>
{% if page.left_out %}
<p>{{ page.left_out }} between the first and these are not shown: monitor alerts show {{ page.alert }}</p>
{% endif %}
{% for told in page.since %}
<section>
<p class="head">{{ told.head }}</p>
{% if told.title %}
<p dir="auto">{{ told.title }}</p>
{% endif %}
{% if told.news %}
<ul>
{% for line in told.news %}
<li>{{ line }}</li>
{% endfor %}
</ul>
{% endif %}
{{ shown(told.quotes) }}
</section>
{% endfor %}
{% endif %}
{% if page.button %}
<form method="post" action="">
{% if page.dispositions %}
<label for="disposition">What it was</label>
<select id="disposition" name="disposition" required>
<option value="">choose …</option>
{% for value, name in page.dispositions %}
<option value="{{ value }}">{{ name }}</option>
{% endfor %}
</select>
{% endif %}
<label for="comment">Comment, for whoever looks later</label>
<textarea id="comment" name="comment" rows="2" maxlength="500" dir="auto"></textarea>
<button type="submit">{{ page.button }}</button>
</form>
{% endif %}
</main>
</body>
</html>
"""
)


@dataclass(frozen=True, slots=True)
class Quote:
    """A passage, and how it is told: ``DENIED, in the lead``."""

    how: str
    pieces: Sequence[Piece]
    rtl: bool


@dataclass(frozen=True, slots=True)
class Since:
    """One thing told after the first: ``update · 2026-03-01 14:05 UTC``, the title of its article, what was new, and its passages."""

    head: str
    title: str = ""
    news: Sequence[str] = ()
    quotes: Sequence[Quote] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """``said`` is what happened or why nothing can, above all else; ``heading`` is how the title is told, where it is evidence.
    Without a ``button`` nothing can be done. ``since`` is what was told after the first, the newest last, and ``left_out`` how
    many are between. All text is plain already."""

    title: str
    headline: str = ""
    state: str = ""
    article: str = ""
    heading: str = ""
    alert: str = ""
    url: str = ""
    quotes: Sequence[Quote] = ()
    since: Sequence[Since] = ()
    left_out: int = 0
    said: str = ""
    wrong: bool = False
    button: str = ""
    dispositions: Sequence[tuple[str, str]] = ()


def page_html(page: Page) -> str:
    return _PAGE.render(page=page, style=_STYLE)
