"""The phrase list: all twelve languages, nothing empty, nothing that prose could begin with by accident."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from monitor.text.phrases import key, known_lines, parse_phrases, phrases
from monitor.text.survey import survey

SOURCE = resources.files("monitor.text").joinpath("data/furniture.txt").read_text(encoding="utf-8")


def test_every_language_is_there() -> None:
    sections = set(re.findall(r"^\[(\w+)\]$", SOURCE, re.MULTILINE))
    assert sections == {"ar", "en", "es", "fa", "fr", "he", "ja", "ko", "ru", "tr", "uk", "zh"}
    assert set(re.findall(r"^\[(\w+) dates\]$", SOURCE, re.MULTILINE)) == sections


def test_no_phrase_is_empty_and_no_part_of_a_line_is_one_word() -> None:
    known = phrases()
    for group in (known.whole, known.labels, known.short, known.names, known.dates, known.inside):
        assert "" not in group
    assert all(len(part) >= 4 for part in known.inside)
    assert all(" " in phrase for word, group in known.notices.items() if word for phrase in group)


def test_the_marks_of_the_list() -> None:
    known = parse_phrases(
        "# note\n[en]\nMenu\nsource:\nshare on ~\nby @\n> Related News\nwe use cookies ...\nmore: ...\n... rights reserved ...\n\n"
        "[en dates]\nMay am\n"
    )
    assert known.whole == {"menu", "related news"}
    assert known.openers == {"related news"}
    assert (known.labels, known.short, known.names) == ({"source"}, {"share on"}, {"by"})
    assert (known.links, known.notices) == ({"more"}, {"we": ("we use cookies",)})
    assert (known.inside, known.dates) == (("rights reserved",), {"may", "am"})


@pytest.mark.parametrize(
    ("line", "known"),
    [
        ("« MENU »", True),
        ("Source: Reuters", True),
        ("Share on Facebook", True),
        ("By Jane van Dyke", True),
        ("By winning the war", False),
        ("5 May 2024", True),
        ("5 May in Moscow", False),
        ("المصدر : وكالات", True),
        ("مصدر مسؤول ينفي الصفقة", False),
        ("使用cookie", False),
        ("メールアドレスが公開されることはありません。 * が付いている欄は必須項目です", True),
        ("", False),
    ],
)
def test_known_lines(line: str, known: bool) -> None:
    assert is_known(line) is known


def is_known(line: str) -> bool:
    return bool(known_lines([line], [len(line.split())], [False], survey(line)))


def test_a_list_of_headlines_is_opened_by_a_whole_line() -> None:
    assert known_lines(["Kim", "Related articles", "Menu"], [1, 2, 1], [False] * 3, survey("")) == {1: True, 2: False}


@pytest.mark.parametrize(
    "line",
    [
        "E-posta hesabınız yayımlanmayacak, ancak yorumunuz onaylandıktan sonra burada görünecektir, gerekli alanlar işaretlenmiştir",
        "« We use cookies » to improve your experience on this site, and by continuing you agree to our use of them and to our terms",
        "— Your email address will not be published by us, and the fields that are required are marked with an asterisk, as always *",
        "* لَن يتم نشـر عنوان بريدك الإلكتروني بأي حال من الأحوال، والحقول الإلزامية مشار إليها بعلامة النجمة في هذا النموذج أدناه *",
    ],
)
def test_a_long_notice_is_known_by_its_first_words(line: str) -> None:
    assert 80 < len(line) <= 200
    assert is_known(line)


@pytest.mark.parametrize(
    "line",
    [
        "Related: U.S. imposes sanctions on two key figures in North Korea's weapons program, officials say",
        "MORE: Photos: See the world's most powerful rocket before it launches",
        "READ MORE: North Korea solution depends on ‘containment of the US’",
        "اقرأ أيضاً: كوريا الشمالية تطلق صاروخا باليستيا جديدا باتجاه بحر اليابان وسيول تتوعد برد حازم على التجارب",
        "إقرأ أيضا.. موسكو تنفي تزويد طهران بالسلاح",
        "ذات صلة: موسكو تنفي تزويد طهران بالسلاح وتتهم واشنطن بتضليل الرأي العام العالمي",
        "Lire aussi : La Corée du Nord a tiré un nouveau missile balistique en direction de la mer du Japon, selon Séoul",
        "Te puede interesar: Corea del Norte lanza un nuevo misil balístico",
        "Читайте также: КНДР запустила новую баллистическую ракету в сторону Японского моря, сообщили в Сеуле",
        "По теме: КНДР запустила новую баллистическую ракету",
        "Читайте також: КНДР запустила нову балістичну ракету в бік Японського моря, повідомили в Сеулі вранці",
        "بیشتر بخوانید: کره شمالی یک موشک بالستیک تازه به سوی دریای ژاپن شلیک کرد",
        "קראו גם: צפון קוריאה שיגרה טיל בליסטי חדש לעבר ים יפן",
        "İlgili haber: Kuzey Kore, Japon Denizi'ne doğru yeni bir balistik füze fırlattı",
        "相关阅读：朝鲜向日本海方向发射新型弹道导弹",
        "関連記事：北朝鮮が日本海に向けて新型弾道ミサイルを発射",
        "[관련기사: 북한, 동해상으로 신형 탄도미사일 발사",
    ],
)
def test_what_leads_to_another_article_is_known_however_long(line: str) -> None:
    assert is_known(line)


@pytest.mark.parametrize(
    "line", ["Related companies: none was named", "More: than ever" * 20, "More missiles: that is what they said", "More than ever"]
)
def test_what_only_begins_so_is_not(line: str) -> None:
    assert not is_known(line)


def test_a_key_is_folded_and_without_punctuation() -> None:
    assert key("  « أُترك تعليقـاً » … ") == key("اترك تعليقا")
