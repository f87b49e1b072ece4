"""Notices known by what stands inside them: found in every spelling, in lines of every length, and nowhere else."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from monitor.model import ZoneKind
from monitor.text.layout import lay_out
from monitor.text.notices import Finder
from monitor.text.phrases import key, phrases
from monitor.text.survey import survey

PROSE = {
    "ar": "قالت الأمم المتحدة يوم الاثنين إن الصفقة وقعت في موسكو أمس بحضور الوزراء. ونفى المسؤولون ذلك.",
    "en": "The United Nations said on Monday that the deal had been signed in Moscow. Officials denied it.",
    "es": "Las Naciones Unidas dijeron el lunes que el acuerdo se había firmado en Moscú. Lo negaron.",
    "fa": "سازمان ملل روز دوشنبه اعلام کرد که این توافق در مسکو امضا شده است. مقامات آن را رد کردند.",
    "fr": "Les Nations unies ont dit lundi que l'accord avait été signé à Moscou. Tout a été démenti.",
    "he": "האומות המאוחדות הודיעו ביום שני כי העסקה נחתמה במוסקבה בשבוע שעבר. גורמים רשמיים הכחישו.",
    "ja": "国連は月曜日、この合意がモスクワで署名されたと発表した。当局者はこれを否定した。",
    "ko": "유엔은 월요일 이 합의가 모스크바에서 서명되었다고 밝혔다. 당국자들은 이를 부인했다.",
    "ru": "Организация Объединённых Наций сообщила в понедельник, что сделка подписана. Это отрицают.",
    "tr": "Birleşmiş Milletler pazartesi günü anlaşmanın Moskova'da imzalandığını açıkladı. Reddedildi.",
    "uk": "Організація Об'єднаних Націй повідомила в понеділок, що угоду підписано. Це заперечують.",
    "zh": "联合国周一表示，该协议已在莫斯科签署，双方官员出席了仪式。官员们否认了这一点。",
}
#: Site and year before it, what is forbidden after it: from 81 to 200 characters.
NOTICES = {
    "ar": "هذا الموقع © 2024 وكالة المثال للأنباء والإعلام، {}، ولا يجوز نسخ أي مادة من مواده أو إعادة نشرها بغير إذن خطي",
    "en": "Copyright 2024 Example News and its licensors, {}; this material may not be published, broadcast or rewritten",
    "es": "Diario de Ejemplo, sociedad limitada, 2024: {}; queda prohibida la reproducción total o parcial de este texto",
    "fa": "خبرگزاری نمونه ۱۴۰۳: {} متعلق به خبرگزاری نمونه است و استفاده از مطالب آن فقط با ذکر نام منبع مجاز است",
    "fr": "L'Exemple quotidien, société anonyme, 2024, {} ; toute reproduction, même partielle, est interdite sans accord",
    "he": "סוכנות הידיעות לדוגמה 2024, {} לסוכנות ולשותפיה, ואין להעתיק או לפרסם כל חלק מהחומר באתר ללא רשות בכתב",
    "ja": (
        "このウェブサイトに掲載されている記事、写真、図表、動画などの{}を禁じます。著作権は例示新聞社またはその情報提供"
        "者に帰属し、権利者の許可なく複製、送信、頒布することはできませんので、ご注意くださいますようお願い申し上げます"
    ),
    "ko": (
        "예시뉴스와 그 협력사, 이 사이트에 실린 모든 기사와 사진, 그림, 동영상의 {} 및 재배포를 금지하"
        "며 이를 어길 경우 저작권법에 따라 처벌을 받을 수 있으니 이용에 유의하시기 바랍니다"
    ),
    "ru": "Информационное агентство «Пример», 2024, {}; перепечатка материалов без письменного согласия запрещена",
    "tr": "Örnek Haber Ajansı, anonim şirket, 2024, {}; haberler kaynak gösterilmeden kopyalanamaz ve yayımlanamaz",
    "uk": "Інформаційне агентство «Приклад», 2024, {}; передрук матеріалів без письмової згоди агентства заборонено",
    "zh": (
        "本网站所刊登的各类新闻、信息和专题资料，均由示例通讯社及其合作机构{}，未经协议授权不得转载、摘编或以其他方式使"
        "用，违者将依法追究其相关的法律责任，特此声明，敬请各位读者和各家媒体予以理解和配合并相互转告"
    ),
}


@pytest.mark.parametrize(
    ("language", "phrase"),
    [
        ("ar", "جميع الحقوق محفوظة"),
        ("ar", "جَمِيعُ الحُقُوقِ مَحْفُوظَة"),  # vowels
        ("ar", "جميع الحقـــوق محفوظه"),  # tatweel, and the other last letter
        ("ar", "ﺟﻤﻴﻊ ﺍﻟﺤﻘﻮﻕ ﻣﺤﻔﻮﻇﺔ"),  # presentation forms
        ("ar", "حقوق\u200f النشر، محفوظة"),
        ("en", "all rights reserved"),
        ("en", "All Rights Reserved"),
        ("en", "ＡＬＬ ＲＩＧＨＴＳ ＲＥＳＥＲＶＥＤ"),
        ("es", "TODOS LOS DERECHOS RESERVADOS"),
        ("fa", "تمامی حقوق این سایت"),
        ("fa", "کلیه حقوق مادی"),
        ("fa", "كليه\u200c حقوق مادي"),  # Arabic letters
        ("fr", "Tous droits réservés"),
        ("fr", unicodedata.normalize("NFD", "TOUS DROITS RÉSERVÉS")),
        ("he", "כל הזכויות שמורות"),
        ("he", "כל הַזְּכֻוּיוֹת שמורות"),
        ("ja", "無断転載"),
        ("ko", "무단 전재"),
        ("ko", unicodedata.normalize("NFD", "무단전재")),
        ("ru", "все права защищены"),
        ("ru", "ВСЕ ПРАВА ЗАЩИЩЕНЫ"),
        ("tr", "tüm hakları saklıdır"),
        ("tr", "TÜM HAKLARI SAKLIDIR"),
        ("uk", "усі права захищені"),
        ("zh", "版权所有"),
        ("zh", "版權所有"),
    ],
)
def test_a_notice_is_furniture_however_it_is_written_and_however_long(language: str, phrase: str) -> None:
    for notice in (NOTICES[language].format(phrase), f"© {phrase}"):
        text = f"{PROSE[language]}\n\n{notice}.\n\n{PROSE[language].rpartition(' ')[0]}\n"
        assert 80 < len(notice) < 200 or notice.startswith("©")
        furniture = [text[zone.start : zone.end] for zone in lay_out(text).zones if zone.kind is ZoneKind.FURNITURE]
        assert furniture == [f"{notice}."]


@pytest.mark.parametrize("language", NOTICES)
def test_such_a_line_without_the_phrase_is_none(language: str) -> None:
    text = f"{PROSE[language]}\n\n{NOTICES[language].format('')}.\n\n{PROSE[language]} {PROSE[language]}\n"
    assert ZoneKind.FURNITURE not in {zone.kind for zone in lay_out(text).zones}


MARKS = {"Arabic": "\u064b\u0651\u0640\u0670", "Hebrew": "\u05b7\u05bc", "": "\u200d\u00ad\u2060"}
LIKE = {
    "ا": "اأإآٱ", "ي": "يىیئ", "ه": "هةہ", "ك": "كک", "و": "وؤ",
    "i": "iİıI", "е": "еЕёЁ", "é": ["é", "É", "e\u0301", "E\u0301"],
}  # fmt: skip


@given(st.data())
def test_no_spelling_of_a_phrase_is_passed_by(data: st.DataObject) -> None:
    phrase = data.draw(st.sampled_from(phrases().inside))
    script = unicodedata.name(phrase[0]).partition(" ")[0].capitalize()
    spelled = ""
    for letter in phrase:
        spelled += data.draw(st.sampled_from(LIKE.get(letter, [letter, letter.upper()])))
        if letter != " ":
            spelled += data.draw(st.text(alphabet=MARKS.get(script, "") + MARKS[""], max_size=2))
        else:
            spelled += data.draw(st.text(alphabet=" \u00a0،.-_", max_size=2))
    around = data.draw(st.text(alphabet=" .,؛abАحق制é\u0301\u200f", max_size=20))
    text = f"{around} {spelled} {around}"
    assume(phrase in key(text))
    assert phrases().finder.may_be_in(text, survey(text))


@given(st.text(alphabet=st.characters(codec=None, categories=None), max_size=80))
def test_any_text_can_be_asked(text: str) -> None:
    assert phrases().finder.may_be_in(text, survey(text)) in (False, True)


def test_a_finder_of_nothing_finds_nothing() -> None:
    assert not Finder([]).may_be_in("all rights reserved", survey(""))


def test_a_phrase_that_every_spelling_changes_may_be_in_every_text() -> None:
    assert Finder(["i"]).may_be_in("x", survey("x"))
