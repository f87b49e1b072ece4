"""What a reader makes of the raw headers of a letter: no two words of a title or of a name arrive as one, wherever a line ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from email.header import decode_header
from email.headerregistry import Address
from email.parser import BytesParser
from email.policy import default
from email.utils import getaddresses

from hypothesis import example, given
from hypothesis import strategies as st

from monitor.render.mail import header, mail
from monitor.render.message import read
from monitor.sinks.mail.letter import Envelope, letter
from tests.render.samples import DOCUMENTS

_MESSAGE = read(DOCUMENTS["english"])
_DESK = Address("", "desk", "example.org")
_ENCODED = re.compile(r"=\?utf-8\?([bq])\?([^? ]*)\?=")
_PHRASE = re.compile(r"[A-Za-z0-9!*+\-/=_]*")

_ARABIC = st.text("ابتثجحخدذرزسشصضطظعغفقكلمنهويىةءآأؤئ", min_size=1, max_size=12)
_HEBREW = st.text("אבגדהוזחטיכלמנסעפצקרשת", min_size=1, max_size=12)
_CHINESE = st.text("朝鮮半島核協議制裁武器輸出俄羅斯", min_size=1, max_size=30)
_LATIN = st.from_regex(r"[A-Za-z0-9'\"():,;.<>?=_-]{1,90}", fullmatch=True)
_ANY = st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Cn", "Zs", "Zl", "Zp"]), min_size=1, max_size=20)
_TITLES = st.lists(_ARABIC | _HEBREW | _CHINESE | _LATIN | _ANY, min_size=1, max_size=14).map(" ".join)


def _raw(made: bytes, name: str) -> str:
    """The header as it stands between its name and the next header, folds and all."""
    found = re.search(rf"^{name}: (.*(?:\r\n[ \t].*)*)\r\n", made.decode("ascii"), re.MULTILINE)
    assert found is not None
    return found[1]


def _decoded(raw: str) -> str:
    return "".join(part if isinstance(part, str) else part.decode(charset or "ascii") for part, charset in decode_header(raw)).replace(
        "\r\n", ""
    )


def _lines_of(name: str, raw: str) -> Iterator[str]:
    yield from f"{name}: {raw}".split("\r\n")


@given(_TITLES, st.sampled_from(["", "[news]", "[أخبار اليوم]"]))
@example("زيارة بوتين لكوريا الشمالية تثير قلقاً في سيول وطوكيو بعد توقيع اتفاق دفاعي جديد بين البلدين", "")
@example("The minister said today that nothing of it is true: לא היו דברים מעולם, אמר השר " + "and more " * 8, "[news]")
@example("a =?utf-8?q?forged?= =?utf-8?q?word?=", "")
def test_a_subject_arrives_word_for_word(title: str, prefix: str) -> None:
    message = replace(_MESSAGE, title=title)
    made = letter(message, Envelope("desk", _DESK, (_DESK,), prefix=prefix))
    subject = mail(message).subject
    expected = header(f"{prefix} {subject}") if prefix else subject
    raw = _raw(made, "Subject")
    assert _decoded(raw) == expected
    assert str(BytesParser(policy=default).parsebytes(made)["Subject"]) == expected
    assert all(line.strip() and len(line) <= 78 for line in _lines_of("Subject", raw))
    assert all(len(word) <= 75 for word in raw.split())


@given(st.lists(_TITLES, min_size=1, max_size=4), _TITLES)
@example(["وكالة الأنباء المركزية قسم الشؤون الدولية والتحقيقات الخاصة في الشرق الأوسط وشمال أفريقيا"], "Desk, of <news>")
def test_names_before_addresses_arrive_word_for_word(names: list[str], sender: str) -> None:
    to = tuple(Address(name, f"u{number}", "example.org") for number, name in enumerate(names))
    own = Address(sender, "monitor", "example.org")
    made = letter(_MESSAGE, Envelope("desk", own, to, reply_to=own))
    for name, given_ in (("To", to), ("From", (own,)), ("Reply-To", (own,))):
        # By hand: Python 3.11's own parser keeps a blank between two encoded words of a name.
        found = [(_decoded(phrase), address) for phrase, address in getaddresses([_raw(made, name).replace("\r\n", "")])]
        assert found == [(each.display_name, each.addr_spec) for each in given_]
        assert all(line.strip() and len(line) <= 78 for line in _lines_of(name, _raw(made, name)))
        # RFC 2047 §5 (3): what an encoded word before an address may hold.
        assert all(_PHRASE.fullmatch(text) for way, text in _ENCODED.findall(_raw(made, name)) if way == "q")
