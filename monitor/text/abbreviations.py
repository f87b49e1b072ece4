"""Abbreviations: the words that carry a full stop without ending a sentence, for the languages that ship.

Keys are case-folded and without their last full stop. What is not here and not an initial ends its sentence.

This room knows only str.
"""

from __future__ import annotations

from typing import Final


def _words(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Abbreviations that stand before what they belong to, so that no sentence ends there, not even at a line break.
BEFORE_A_NAME: Final = _words("""
    mr mrs ms dr prof sen sens rep reps gov gen lt col maj capt cpt cmdr cdr sgt cpl adm brig rev hon st ste mt ft pres supt insp det
    messrs mme mlle mgr mm me pr vs v cf ca approx
    sr sra srta dra dña ing lic fray ud uds gral cnel tte cmdte mons arq
    doç yrd av sn alb org kor tuğ tüm yzb bşk kur gnkur öğr gör
    им ул пр просп д г гр тов проф акад ген полк адм см ср напр пос наб пер
    вул буд просп ім св див смт т.е т.к т.н т.зв
    د م أ ا ص ج ه ود وم
    פרופ גב וגב
    """)
# Of those, the ones written small in Latin letters; the others are words of a language unless they have a capital ("me", "gen").
SMALL: Final = _words("vs v cf ca approx dr prof")
# Abbreviations that end nothing when a number follows them.
BEFORE_A_NUMBER: Final = _words("""
    no nos nr nrs fig figs art arts sec secs ch chap vol vols p pp eq ed éd res
    jan feb mar apr jun jul aug sep sept oct nov dec janv févr avr juil déc ene abr ago dic
    núm num pág págs cap tel tél тел п пп ст стр № рис табл гл ч кв оф корп
    """)
# Abbreviations that may also be the last word: a sentence ends there only before a line break or a word that begins sentences.
ANYWHERE: Final = _words("""
    inc ltd corp co cos bros plc jr esq dept univ assn intl govt est al seq
    cie sté env av apr j.-c
    ee uu aprox admon cía a.c d.c
    şti ltd a.ş t.c cad sok mah bul apt
    млн млрд тыс руб долл гг вв обл р-н т.н тис грн рр
    """)
# Abbreviations that a capital after them shows to be the last word.
MAY_END: Final = _words("a.m p.m etc и.т.д т.д т.п н.э usw vb vd ad.es e.t.c")
# Years and eras: after a number that begins a sentence they do not end it.
YEAR: Final = _words("г р")
# Roman numerals, which are ordinals before some words.
ROMAN: Final = _words("ii iii iv vi vii viii ix xi xii xiii xiv xv xvi xvii xviii xix xx xxi")
# What stands after "5 p.m." without beginning a sentence.
AFTER_A_TIME: Final = _words("""
    Monday Tuesday Wednesday Thursday Friday Saturday Sunday GMT UTC EST EDT ET PT CET BST Eastern local
    """)
# Words that begin sentences far more often than they are names.
STARTERS: Final = _words("""
    The A An He She It They We You I But And In On At For From With This That These Those There His Her Its Their Our My If When While
    After Before As By To Of Not No Yes So However Meanwhile Also Both Some Many Most All Since Under Last Earlier According
    Le La Les Un Une Il Elle Ils Elles Ce Cette Ces Mais Et En Dans Au Aux Du Des Pour Par Sur
    El Los Las Una Y Pero De Del Al Con Por Para Se Su Sus Este Esta
    Bu Ve Ancak Bir O Ama Fakat
    Он Она Они Оно Это Эти Этот Эта Но И В На По Как При Для Также Там Тогда Затем Потом После Позже Ранее Кроме Однако Если Когда Его
    Ему Её Ее Их Мы Вы Так Такие Такой Все Всё Об От За Из До Под Без Среди Сейчас Теперь Сегодня Вчера Между Согласно Поэтому
    Він Вона Вони Воно Це Ці Цей Ця Але А Та Там Тоді Потім Після Пізніше Раніше Крім Однак Якщо Коли Його Йому Її Їх Ми Ви Усі Всі Про
    Від За Із До Без Серед Зараз Тепер Сьогодні Вчора Між Згідно Тому У
    """)
# Before these, in the languages that write ordinals with a full stop, a number is one: months (``5. Mayıs``), armies, wars, courts.
AFTER_AN_ORDINAL: Final = _words("""
    Januar Jänner Februar März April Mai Juni Juli August September Oktober November Dezember
    Weltkrieg Jahrhundert Bundesliga Armee Strafsenat Zivilsenat
    Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık
    Dünya Ordu Kolordu Kolordusu Tümen Tümeni Tugay Tugayı Alay Tabur Filo Komando Zırhlı Mekanize Piyade Jandarma Bölge
    Ağır Asliye Sulh İdare Ceza Hukuk Daire Dairesi Cumhurbaşkanı Başbakan Dönem Genel Olağan Olağanüstü Uluslararası Ulusal
    Madde Maddesi Yıl Yılı Yüzyıl Köprü Boğaz Cadde Sokak Etap
    """)
# Before these a Roman numeral is one too.
RULERS: Final = _words(
    "Abdülhamid Abdülhamit Murat Murad Mehmet Mehmed Mahmut Mahmud Selim Bayezid Osman Ahmet Ahmed Mustafa Wilhelm Nikolay"
)
