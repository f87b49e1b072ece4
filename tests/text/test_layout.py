"""Layout: the promises of ``Layout`` over any text, and the rules for titles, furniture, headings and paragraphs."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model import Layout, Span, ZoneKind
from monitor.text.layout import lay_out
from monitor.text.phrases import key

PROSE = "The United Nations said on Monday that the deal had been signed in Moscow. Officials denied it."
PROSE_AR = "قالت الأمم المتحدة يوم الاثنين إن الصفقة وقعت في موسكو أمس. ونفى المسؤولون ذلك."


def by_zone(text: str, layout: Layout, kind: ZoneKind) -> list[str]:
    """The lines of all zones of one kind."""
    joined = "\n".join(text[zone.start : zone.end] for zone in layout.zones if zone.kind is kind)
    return [line.strip() for line in joined.splitlines() if line.strip()]


def furniture(text: str, title: Span | None = None) -> list[str]:
    return by_zone(text, lay_out(text, title), ZoneKind.FURNITURE)


def sentences(text: str, title: Span | None = None, *, all_body: bool = False) -> list[str]:
    return [text[s.start : s.end] for s in lay_out(text, title, all_body=all_body).sentences]


# --------------------------------------------------------------------------------------- invariants
def check(text: str, layout: Layout) -> None:
    covered = 0
    for zone in layout.zones:
        assert covered <= zone.start < zone.end <= len(text)
        assert not text[covered : zone.start].strip()
        assert text[zone.start : zone.end] == text[zone.start : zone.end].strip()
        covered = zone.end
    assert not text[covered:].strip()
    before = None
    for sentence in layout.sentences:
        assert sentence.start < sentence.end
        assert not text[sentence.start].isspace()
        assert not text[sentence.end - 1].isspace()
        home = [zone for zone in layout.zones if zone.start <= sentence.start and sentence.end <= zone.end]
        assert [zone.kind for zone in home] == [sentence.zone]
        assert sentence.zone is not ZoneKind.FURNITURE
        if before is not None:
            assert before.end <= sentence.start
            assert sentence.paragraph - before.paragraph in (0, 1)
        before = sentence
    assert not layout.sentences or layout.sentences[0].paragraph == 0
    lead = [zone for zone in layout.zones if zone.kind is ZoneKind.LEAD]
    body = [zone for zone in layout.zones if zone.kind is ZoneKind.BODY]
    assert len(lead) <= 1
    assert not body or lead
    assert "\n" not in layout.title


WORDS = [
    "كوريا", "وقالَ", "أسلـــحة", "السلاح،", "د.", "م.", "؟", "لماذا؟", "ذلك.", "..", "…", "“سلاح”.", "المصدر:", "اترك تعليقاً",
    "U.S.", "Mr.", "arms",
    "Deal.",
    "3.5", "example.com", "why?!", '"no."', "search", "制裁", "武器。", "「はい。」と", "무기", "제재.", "נשק",
    "оружие.", "😀", "👩‍👩‍👧", "e\u0301", "\u200f", "\ufeff",
]  # fmt: skip
GAPS = [" ", " ", " ", " ", "\n", "\n", "\r\n", "\n\n", "\r", "\u00a0", "\u2028", "\n \u00a0\n", "\n\u200f\n", "\t", "", "\x1c", "\u200b"]
mixed = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(GAPS)), max_size=60).map(lambda pairs: "".join(a + b for a, b in pairs))
any_text = st.one_of(mixed, st.text(max_size=200), st.text(alphabet=" \n\r\t.!?؟ـًاب aA\u200f\u0085\u2029。", max_size=120))


@settings(max_examples=300, deadline=None)
@given(any_text)
def test_zones_cover_and_sentences_lie_inside(text: str) -> None:
    check(text, lay_out(text))


@settings(max_examples=150, deadline=None)
@given(any_text, st.integers(-5, 80), st.integers(-5, 80))
def test_with_a_given_title(text: str, start: int, end: int) -> None:
    layout = lay_out(text, Span(start, end))
    check(text, layout)
    titles = [zone for zone in layout.zones if zone.kind is ZoneKind.TITLE]
    piece = text[max(start, 0) : max(end, 0)]
    assert [text[zone.start : zone.end] for zone in titles] == ([piece.strip()] if piece.strip() else [])


@settings(max_examples=150, deadline=None)
@given(any_text)
def test_all_body_is_all_body(text: str) -> None:
    layout = lay_out(text, all_body=True)
    check(text, layout)
    assert {zone.kind for zone in layout.zones} <= {ZoneKind.LEAD, ZoneKind.BODY}


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from([PROSE, PROSE_AR]), min_size=1, max_size=4),
    st.sampled_from(["\n\n", "\r\n\r\n", "\n \u00a0\n", "\n\u200f\n", "\n\n\n\n"]),
)
def test_prose_is_never_furniture(paragraphs: list[str], gap: str) -> None:
    text = gap.join(f"{paragraph} {i}." for i, paragraph in enumerate(paragraphs))
    assert "".join(furniture(text)).strip("\u200f") == ""


# --------------------------------------------------------------------------------------------- title
@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("", ""),
        ("\n \n", ""),
        (f"Putin visits North Korea this week\n\n{PROSE}", "Putin visits North Korea this week"),
        (f"Home\nNews\nBy Jane Doe\n4 July 2024\nPutin visits North Korea this week\n\n{PROSE}", "Putin visits North Korea this week"),
        (f"Arms deal signed\n\n{PROSE}", "Arms deal signed"),  # short, but nothing else can be the headline
        (f"Arms deal signed\n\nRussia signed an arms deal.\n\n{PROSE}", "Arms deal signed"),  # no headline ends in a full stop
        (f"Arms deal signed\n\nWhat Moscow and Pyongyang have agreed upon:\n- rifles\n- shells\n\n{PROSE}", "Arms deal signed"),
        (f"World news\n\nWill Russia sign the deal?\n\n{PROSE}", "Will Russia sign the deal?"),
        (f"\ufeffصفقة أسلحة جديدة\n\n{PROSE_AR}", "صفقة أسلحة جديدة"),
        ("Sanctions on Iran", "Sanctions on Iran"),  # one line is never thrown away
        ("Leave a comment", "Leave a comment"),
        (
            f"{PROSE} {PROSE} {PROSE}\n\n{PROSE}",
            "The United Nations said on Monday that the deal had been signed in Moscow.",
        ),  # a paragraph is no headline
    ],
)
def test_title(text: str, title: str) -> None:
    assert lay_out(text).title == title


REPORTS = {
    "en": "The ministry of Zarechny signed a deal for thirty radars on Monday, the agency said. They leave the port of Gdynia in June.",
    "ar": "وقعت الوزارة صفقة لشراء ثلاثين رادارا يوم الاثنين، حسبما ذكرت الوكالة. وتغادر الرادارات الميناء في يونيو المقبل.",
    "ru": "Министерство подписало сделку о поставке тридцати радаров в понедельник, сообщило агентство. Радары покинут порт в июне.",
}


@pytest.mark.parametrize(("word", "language"), [("War", "en"), ("Sanctions", "en"), ("شروط", "ar"), ("الحرب", "ar"), ("Санкции", "ru")])
@pytest.mark.parametrize("paragraphs", [1, 2])
def test_one_word_set_apart_above_the_first_paragraph_is_the_title(word: str, language: str, paragraphs: int) -> None:
    report = REPORTS[language]
    text = "\n\n".join([word, report, f"{report} {report}"][: paragraphs + 1])
    layout = lay_out(text)
    assert layout.title == word
    assert [zone.kind for zone in layout.zones] == [ZoneKind.TITLE, ZoneKind.LEAD, ZoneKind.BODY][: paragraphs + 1]


@pytest.mark.parametrize(
    ("above", "title"),
    [
        ("Politics\n\n", REPORTS["en"]),  # known labels
        ("Share\n\n", REPORTS["en"]),
        ("عاجل\n\n", REPORTS["en"]),
        ("Sanctions\n", REPORTS["en"]),  # not set apart
        ("Business\n\nRadars for Zarechny leave port\n\n", "Radars for Zarechny leave port"),  # a label above its headline
    ],
)
def test_a_label_is_no_title(above: str, title: str) -> None:
    text = above + REPORTS["en"]
    assert title.startswith(lay_out(text).title)
    assert lay_out(text).title


def test_a_title_is_one_sentence_and_one_paragraph() -> None:
    text = f"Talks fail. War looms over the region\n\n{PROSE}"
    first, second, *_ = lay_out(text).sentences
    assert (text[first.start : first.end], first.zone, first.paragraph) == ("Talks fail. War looms over the region", ZoneKind.TITLE, 0)
    assert (second.zone, second.paragraph) == (ZoneKind.LEAD, 1)


def test_a_given_title_is_believed_and_its_repetition_is_furniture() -> None:
    text = f"Read more\n\nRead more\n\n{PROSE}\n"
    layout = lay_out(text, Span(0, 9))
    assert layout.title == "Read more"
    assert by_zone(text, layout, ZoneKind.FURNITURE) == ["Read more"]


def test_an_empty_title_says_that_there_is_none() -> None:
    text = f"Putin visits North Korea this week\n\n{PROSE}"
    assert {zone.kind for zone in lay_out(text, Span(0, 0)).zones} == {ZoneKind.LEAD, ZoneKind.BODY}


def test_a_short_item_of_a_feed_is_kept() -> None:
    assert furniture("Iran\n\nSanctions imposed", Span(0, 4)) == []


# ----------------------------------------------------------------------------------------- furniture
ENGLISH_PAGE = f"""Skip to content
Home
Sport
Sanctions on North Korea: UN panel reports violations
By Jane Doe
4 July 2024, 10:32 GMT
Share

{PROSE}

Background

{PROSE.replace("Monday", "Tuesday")}
Read more: Putin visits Pyongyang

What happens next?
{PROSE.replace("Monday", "Friday")}

Related articles
Putin and Kim sign pact on mutual defence in Pyongyang

Comments
Leave a Reply
Your email address will not be published. Required fields are marked *
We use cookies to improve your experience on this site.
© 2024 Example News. All rights reserved.
Back to top
"""


def test_an_english_page() -> None:
    layout = lay_out(ENGLISH_PAGE)
    assert layout.title == "Sanctions on North Korea: UN panel reports violations"
    kept = by_zone(ENGLISH_PAGE, layout, ZoneKind.LEAD) + by_zone(ENGLISH_PAGE, layout, ZoneKind.BODY)
    assert kept == [
        PROSE,
        "Background",
        PROSE.replace("Monday", "Tuesday"),
        "What happens next?",
        PROSE.replace("Monday", "Friday"),
    ]


TITLE = "Putin visits North Korea this week"
TITLE_AR = "بوتين يزور كوريا الشمالية هذا الأسبوع"


@pytest.mark.parametrize(
    ("line", "article"),
    [
        ("Published on 4 July 2024", "en"),
        ("Thursday, July 4th, 2024 at 10:32 pm", "en"),
        ("By John Smith and Jane Doe", "en"),
        ("Story continues below advertisement", "en"),
        ("LEAVE A COMMENT", "en"),
        ("Search for:", "en"),
        ("* * *", "en"),
        ("اقرأ المزيد", "en"),  # another script
        ("آخر تحديث: 10:30 مساءً", "ar"),
        ("المَصدر: وكالات", "ar"),
        ("أترك تعليقا", "ar"),
        ("اقرأ أيضاً: بوتين يزور بيونغ يانغ", "ar"),
        ("نحن نستخدم ملفات تعريف الارتباط لتحسين تجربتك على هذا الموقع، وباستمرارك فأنت توافق على ذلك وعلى سياسة الخصوصية.", "ar"),
        ("Jannah Theme License is not validated, Go to the theme options page to validate the license, You need a single license.", "ar"),
        ("Powered by Example Systems", "ar"),
        ("٠٤ يوليو ٢٠٢٤", "ar"),
    ],
)
def test_lines_that_are_furniture(line: str, article: str) -> None:
    title, prose = (TITLE, PROSE) if article == "en" else (TITLE_AR, PROSE_AR)
    for text in (f"{title}\n{line}\n\n{prose}\n", f"{title}\n\n{prose}\n\n{line}\n"):
        assert furniture(text) == [line]
        assert lay_out(text).title == title


@pytest.mark.parametrize(
    "line",
    [
        "Copyright law was not broken, the court in Moscow said",
        "Officials published the list of companies under sanctions",
        "By winning the war Russia would change the balance",
        "Trade in arms resumed.",
        "He denied it.",
        "لا.",
        "وقال: لا!",
        "Sources: Russia shipped missiles to Iran in May",
    ],
)
def test_lines_that_are_not(line: str) -> None:
    title, prose = (TITLE, PROSE) if line.isascii() else (TITLE_AR, PROSE_AR)
    assert furniture(f"{title}\n\n{prose}\n\n{line}\n\nX {prose}") == []


def test_headings_stand_between_prose() -> None:
    other = PROSE.replace("Monday", "Friday")
    assert furniture(f"{TITLE}\n\n{PROSE}\n\nBackground\n\n{other}") == []
    assert furniture(f"{TITLE}\n\nBackground\n\n{PROSE}") == ["Background"]  # a caption: no prose has begun
    assert furniture(f"{TITLE}\n\n{PROSE}\n\nWorld\n\nBackground\n\n{other}") == ["World"]
    assert furniture(f"{TITLE}\n\n{PROSE}\n\nBackground") == ["Background"]


def test_a_repeated_label_is_furniture_and_so_is_a_repeated_headline() -> None:
    text = f"{TITLE}\n\nThe Daily Planet\n\n{PROSE}\n\nThe Daily Planet\n\n{PROSE.replace('Monday', 'Friday')}\n\n{TITLE}\n"
    layout = lay_out(text)
    assert layout.title == TITLE
    assert by_zone(text, layout, ZoneKind.FURNITURE) == ["The Daily Planet", "The Daily Planet", TITLE]


def test_a_list_that_prose_announces_is_kept() -> None:
    text = f"{TITLE}\n\nThe shipment included the following items:\n- 40 rifles\n- 2 mortars\n\n{PROSE}"
    assert furniture(text) == []


@pytest.mark.parametrize(
    ("text", "title", "expected"),
    [
        (
            "朝鲜向俄罗斯提供武器的报告引发关注\n分享\n来源：新华社\n2024年7月4日 10:30\n\n"
            "联合国专家小组周一表示，朝鲜违反了制裁决议。他否认了。\n\n相关新闻\n普京访问平壤\n",
            "朝鲜向俄罗斯提供武器的报告引发关注",
            ["分享", "来源：新华社", "2024年7月4日 10:30", "相关新闻", "普京访问平壤"],
        ),
        (
            "北朝鮮がロシアに武器を供与、国連報告書\nシェア\n2024年7月4日 10時30分\n\n"
            "国連の専門家パネルは月曜日、北朝鮮が制裁に違反したと発表した。\n関連記事\n",
            "北朝鮮がロシアに武器を供与、国連報告書",
            ["シェア", "2024年7月4日 10時30分", "関連記事"],
        ),
        (
            "북한, 러시아에 무기 공급 확인됐다고 발표\n입력 2024.07.04. 오전 10:30\n김철수 기자\n\n"
            "유엔 전문가 패널은 월요일 북한이 제재를 위반했다고 밝혔다.\n",
            "북한, 러시아에 무기 공급 확인됐다고 발표",
            ["입력 2024.07.04. 오전 10:30", "김철수 기자"],
        ),
    ],
    ids=["zh", "ja", "ko"],
)
def test_scripts_without_blanks_count_characters(text: str, title: str, expected: list[str]) -> None:
    assert lay_out(text).title == title
    assert furniture(text) == expected


# ---------------------------------------------------------------------------- paragraphs and wrapped lines
def test_hard_wrapped_prose_is_one_paragraph_of_whole_sentences() -> None:
    text = (
        f"{TITLE}\n\n"
        "The minister said on Monday that the arms\ndeal had been signed in Moscow, and that\n"
        "Washington would be told in May. Officials\ndenied it.\n\n"
        "He left.\n"
    )
    assert sentences(text) == [
        TITLE,
        "The minister said on Monday that the arms\ndeal had been signed in Moscow, and that\nWashington would be told in May.",
        "Officials\ndenied it.",
        "He left.",
    ]
    assert [s.paragraph for s in lay_out(text).sentences] == [0, 1, 1, 2]
    assert sentences(text.replace("\n", "\r\n"))[1].count("\r\n") == 2


def test_hard_wrapped_arabic() -> None:
    text = (
        f"{TITLE_AR}\n\n"
        "وقال الوزير في مؤتمر صحفي عقده أمس في العاصمة إن\n"
        "الصفقة تشمل طائرات مسيرة وصواريخ وذخائر، مشيرا إلى\nأن التسليم سيبدأ في مايو المقبل.\n\n"
        "ونفت موسكو ذلك.\n"
    )
    assert len(sentences(text)) == 3
    assert furniture(text) == []


def test_a_heading_without_a_blank_line_is_its_own_sentence() -> None:
    long = " ".join([PROSE_AR] * 3)
    text = f"{TITLE_AR}\n{long} أولا.\nتفاصيل الزيارة إلى كوريا الشمالية\n{long} ثانيا.\n"
    layout = lay_out(text)
    assert "تفاصيل الزيارة إلى كوريا الشمالية" in sentences(text)
    # Where every line is a paragraph, the heading belongs to the one below it.
    assert [s.paragraph for s in layout.sentences][-7:] == [2] * 7
    assert [zone.kind for zone in layout.zones] == [ZoneKind.TITLE, ZoneKind.LEAD, ZoneKind.BODY]


@pytest.mark.parametrize("blank", ["\n\n", "\r\n\r\n", "\n \n", "\n\u00a0\n", "\n\u200f\n", "\n\u00a0\u200f \n\n"])
def test_a_blank_line_ends_a_sentence_and_a_paragraph(blank: str) -> None:
    text = f"قال الوزير إن الصفقة{blank}لم توقع بعد."
    layout = lay_out(text, all_body=True)
    assert [(text[s.start : s.end], s.paragraph, s.zone) for s in layout.sentences] == [
        ("قال الوزير إن الصفقة", 0, ZoneKind.LEAD),
        ("لم توقع بعد.", 1, ZoneKind.BODY),
    ]


# --------------------------------------------------------------------------------------------------- columns
@pytest.mark.parametrize("line", ["a", "ab.", "ب", "؟", "1", "制", "\u200f", "x\r", "a b c d e"])
@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_of_a_column_only_the_beginning_is_looked_at(line: str, gap: str) -> None:
    column = (line + gap) * 3_000
    text = f"{TITLE}\n\n{PROSE}\n\n{column}\n{PROSE.replace('Monday', 'Friday')}\n"
    layout = lay_out(text)
    check(text, layout)
    assert layout.title == TITLE
    assert [text[s.start : s.end] for s in layout.sentences][-2:] == ["The United Nations said on Friday that the deal had been "
        "signed in Moscow.", "Officials denied it."]  # fmt: skip
    assert len(layout.sentences) < 1_010
    assert any(zone.kind is ZoneKind.FURNITURE and zone.end - zone.start > len(column) // 2 for zone in layout.zones)
    for title in (Span(0, len(TITLE)), Span(0, 0)):
        check(text, lay_out(text, title))
    check(text, lay_out(text, all_body=True))


def test_no_short_list_is_a_column() -> None:
    text = f"{TITLE}\n\n{PROSE}\n\n" + "He left.\n" * 900
    assert len(lay_out(text).sentences) == 3 + 900


# -------------------------------------------------------------------------------------------- linear time
@pytest.mark.parametrize(
    "text",
    [
        "ا" + "\u064b\u0655" * 500_000,
        "ب" * 10_000_000,
        "\n" * 100_000,
        "كلمة هنا\n" * 20_000,
        ". " * 200_000,
        "." * 2_000_000,
        " " * 2_000_000 + "x",
        '."' * 200_000,
        "a word of\n" * 20_000,
        ("." + "(" * 50 + " ") * 10_000,
        "a\n" * 1_000_000,
        "制" * 200_000,
        "\u200f\n" * 500_000,
        "Home\nShare\n\n" * 50_000,
        "\n".join(f"w{i:x} abcde" for i in range(90_000)),
    ],
    ids=[
        "marks",
        "no blanks",
        "newlines",
        "short lines",
        "stops",
        "dots",
        "blanks",
        "quotes",
        "wrapped",
        "brackets",
        "letters",
        "Han",
        "invisible",
        "menu",
        "labels",
    ],
)
def test_hostile_texts_take_no_longer_than_their_length(text: str) -> None:
    begun = process_time()
    check_cheaply(text, lay_out(text))
    assert process_time() - begun < 5


def check_cheaply(text: str, layout: Layout) -> None:
    assert all(zone.start < zone.end <= len(text) for zone in layout.zones)


def test_a_learnt_line_is_furniture_and_never_the_title() -> None:
    label, sentence = "Reporting by our desk in the northern capital and others", "The Wire is the oldest paper of the whole country."
    prose = "The ministry signed an agreement on deliveries this week, officials told us on the phone."
    text = f"{label}\nMinistry signs an agreement on deliveries\n\n{prose}\n\n{prose[4:]}\n\n{sentence}"
    learnt = frozenset(map(key, (label, sentence)))
    layout = lay_out(text, learnt=learnt)
    furniture = [text[zone.start : zone.end] for zone in layout.zones if zone.kind is ZoneKind.FURNITURE]
    assert furniture == [label, sentence]
    assert layout.title == "Ministry signs an agreement on deliveries"
    told = lay_out(text, Span(0, len(label)), learnt=learnt)
    assert told.title == label
    assert told.zones[0].kind is ZoneKind.TITLE
