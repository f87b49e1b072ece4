"""Negated acts in the twelve shipped languages: what denies the act that was found, and what only looks like it."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest

from monitor.dictionaries import default_folder, open_lookup
from monitor.match import Engine, compile_engine
from monitor.model import Facts, Stance
from monitor.text.layout import lay_out
from monitor.watchlist import load_folder

LISTS = Path(__file__).parents[2] / "watchlists"

#: The act that the watchlists find is negated.
DENIED = {
    "ru": [
        "Москва пока не поставила ракеты Тегерану.",
        "Москва не только не поставила ракеты Тегерану, но и осудила его.",
        "Поставок ракет Тегерану нет и не будет, заявил министр.",
        "Москва не поставила ракеты Тегерану.",
        "Москва не продала ракеты Тегерану.",
        "Москва не отправила оружие Тегерану.",
        "Поставок ракет Тегерану не было, заявил министр.",
        "Поставок оружия Тегерану не будет, заявил министр.",
        "Москва не будет поставлять ракеты Тегерану.",
        "Москва не продаст ракеты Тегерану.",
        "Москва никогда не поставит ракеты Тегерану.",
        "Москва не намерена поставить ракеты Тегерану.",
        "Москва не собирается поставлять ракеты Тегерану.",
        "Москва так и не поставила ракеты Тегерану.",
        "Москва не стала поставлять ракеты Тегерану.",
        "Никаких поставок оружия Тегерану нет, заявил министр.",
        "Россия не поставляет оружие Ирану.",
        "Берлин не может поставить ракеты Киеву.",
        "Ни одной ракеты Тегерану Москва не поставила.",
        "Россия и не поставляла, и не поставит ракеты Ирану.",
        "Ракеты Тегерану не были поставлены.",
        "Оружия мы им не поставляли и поставлять не будем.",
    ],
    "uk": [
        "Москва може не поставити ракети Тегерану.",
        "Берлін не передасть ракети Києву.",
        "Москва не поставила ракети Тегерану.",
        "Берлін не буде постачати ракети Києву.",
        "Поставок зброї Тегерану не було, заявив міністр.",
        "Берлін не має наміру постачати ракети Києву.",
        "Москва не планує поставити ракети Тегерану.",
    ],
    "en": [
        '"We do not supply missiles to Tehran," he said.',
        "No missiles were shipped to Tehran.",
        "No weapons have been supplied to the rebels.",
        "Moscow has not supplied missiles to Tehran.",
        "Moscow will never supply missiles to Tehran.",
        "Moscow is not going to supply missiles to Tehran.",
        "There were no arms deliveries to Tehran, the minister said.",
        "Moscow won't supply missiles to Tehran.",
        "Moscow has not yet delivered the missiles to Tehran.",
        "Moscow is not going to supply missiles to Tehran.",
    ],
    "ar": [
        "لم تقم موسكو بإرسال أسلحة إلى طهران.",
        "لم تقم موسكو أبدا بإرسال أسلحة إلى طهران.",
        "موسكو ما أرسلت صواريخ إلى طهران.",
        "ما أرسلت موسكو صواريخ إلى طهران.",
        "موسكو لا ترسل صواريخ إلى طهران.",
        "موسكو قد لا ترسل صواريخ إلى طهران.",
        "لم ترسل موسكو صواريخ إلى طهران.",
        "لن ترسل موسكو صواريخ إلى طهران.",
        "وأكد أن موسكو لا ترسل أسلحة إلى طهران.",
        "ولن ترسل موسكو أسلحة إلى طهران.",
        "وما أرسلت موسكو أسلحة إلى طهران.",
        "لم يتم إرسال أسلحة إلى طهران.",
    ],
    "fr": [
        "Moscou n'a pas livré de missiles à Téhéran.",
        "Moscou ne livrera pas de missiles à Téhéran.",
        "Aucun missile n'a été livré à Téhéran.",
        "Moscou n'a jamais vendu d'armes à Téhéran.",
        "Moscou ne va pas livrer de missiles à Téhéran.",
        "Paris ne peut pas livrer de missiles à Kiev.",
        "Aucune arme n'a été vendue à Téhéran.",
    ],
    "es": [
        "Moscú no entregó misiles a Teherán.",
        "Moscú no entregará misiles a Teherán.",
        "Ningún misil fue entregado a Teherán.",
        "Moscú nunca entregó misiles a Teherán.",
        "Moscú no va a suministrar armas a Teherán.",
        "Moscú no ha entregado misiles a Teherán.",
        "España no vende armas a Israel.",
        "Ninguna arma fue vendida a Teherán.",
    ],
    "tr": [
        "Moskova Tahran'a füze göndermedi.",
        "Moskova Tahran'a füze göndermeyecek.",
        "Moskova Tahran'a füze vermeyecek.",
        "Bakan, Tahran'a füze gönderilmediğini söyledi.",
        "Moskova Tahran'a silah tedarik etmeyecek.",
        "Moskova Tahran'a silah vermeyecek.",
        "Türkiye, Rusya'ya silah satmadı.",
    ],
    "fa": [
        "مسکو به تهران موشک نفرستاد.",
        "مسکو به تهران موشک نخواهد فرستاد.",
        "مسکو به تهران موشک نفرستاده است.",
        "مسکو به تهران سلاح نمی‌فروشد.",
        "مسکو به تهران سلاح ارسال نخواهد کرد.",
        "ایران به روسیه موشک نفروخته است.",
        "ایران هیچ سلاحی به روسیه ارسال نکرده است.",
    ],
    "he": [
        "מוסקבה לא סיפקה טילים לטהראן.",
        "מוסקבה לא תספק טילים לטהראן.",
        "מוסקבה מעולם לא מכרה נשק לטהראן.",
        "מוסקבה אינה מספקת נשק לטהראן.",
        "ישראל לא מכרה נשק לאוקראינה.",
        "מוסקבה לא תמכור נשק לטהראן.",
    ],
    "zh": [
        "俄罗斯没有向伊朗提供导弹。",
        "俄罗斯没有提供导弹给伊朗。",
        "俄罗斯未提供武器给伊朗。",
        "俄罗斯不会向伊朗出售武器。",
        "俄罗斯从未向伊朗出售武器。",
        "俄羅斯沒有向伊朗出售武器。",
        "中国不会向冲突方提供武器。",
        "中国从未向冲突方提供武器。",
    ],
    "ja": [
        "ロシアはイランに武器を供与していない。",
        "ロシアはイランにミサイルを供与しない。",
        "イランへの武器供与はなかった。",
        "ロシアはイランに武器を売却しなかった。",
        "日本はウクライナに武器を供与しておらず、今後も供与しない。",
        "武器は供与されていない。",
    ],
    "ko": [
        "러시아는 이란에 무기를 지원하지 않았다.",
        "러시아는 이란에 무기를 제공하지 않을 것이다.",
        "러시아는 이란에 미사일을 안 보냈다.",
        "러시아는 이란에 무기를 판매하지 않는다.",
        "한국은 우크라이나에 무기를 지원하지 않는다고 밝혔다.",
        "한국은 우크라이나에 무기를 제공하지 않겠다고 밝혔다.",
    ],
}

#: Another verb is negated, or nothing is: questions, "not only", demands.
NOT_DENIED = {
    "ru": [
        "Москва ждёт, пока не поставит ракеты Тегерану.",
        "Москва не остановила поставки ракет Тегерану.",
        "Москва не скрывает, что поставила ракеты Тегерану.",
        "Москва не только поставила ракеты Тегерану, но и обучила расчёты.",
        "Москва не могла не поставить ракеты Тегерану.",
        "Москва чуть не поставила ракеты Тегерану.",
        "Если не поставить ракеты Киеву, фронт рухнет.",
        "Не поставила ли Москва ракеты Тегерану?",
        "Москва поставила Тегерану танки, а не ракеты.",
        "Москва не намерена прекращать поставки ракет Тегерану.",
        "Москва не продала, а подарила ракеты Тегерану.",
        "Москва поставила ракеты Тегерану, и никто об этом не знал.",
        "Министр призвал не поставлять оружие Тегерану.",
        "Поставка ракет Тегерану не будет остановлена, заявил министр.",
        "Москва не будет прекращать поставки ракет Тегерану.",
        "Не Москва поставила ракеты Тегерану, а Минск.",
        "Москва не раз поставляла ракеты Тегерану.",
        "Неизвестно, поставила ли Москва ракеты Тегерану или нет.",
    ],
    "uk": [
        "Москва не зупинила поставки ракет Тегерану.",
        "Москва не приховує, що поставила ракети Тегерану.",
        "Москва не лише поставила ракети Тегерану, а й навчила розрахунки.",
        "Москва мало не поставила ракети Тегерану.",
        "Якщо не поставити ракети Києву, фронт впаде.",
        "Вашингтон просить не постачати ракети Тегерану.",
        "Не Москва поставила ракети Тегерану, а Мінськ.",
    ],
    "en": [
        "Moscow supplied missiles to Tehran, not tanks.",
        "Moscow did not stop shipping missiles to Tehran.",
        "Moscow not only supplied missiles to Tehran but trained crews.",
        "Did Moscow not supply missiles to Tehran?",
        "No other country has supplied missiles to Tehran like Moscow, which sent missiles to Tehran.",
        "Moscow shipped tanks but no missiles to Tehran.",
        "Moscow does not intend to halt the supply of missiles to Tehran.",
        "Moscow cannot but supply missiles to Tehran.",
        "Moscow will not only supply missiles to Tehran but train crews.",
        "The supply of missiles to Tehran will not be halted.",
        "Washington urged Moscow not to supply missiles to Tehran.",
        "Moscow may well supply missiles to Tehran, whether or not Washington agrees.",
        "Moscow has no doubt supplied missiles to Tehran.",
        "No sooner were missiles shipped to Tehran than sanctions followed.",
        "There is no secret that Moscow shipped missiles to Tehran.",
        "It is not clear whether Moscow shipped missiles to Tehran.",
        "Moscow did not say it had shipped missiles to Tehran.",
    ],
    "ar": [
        "وفي ما أرسلت موسكو صواريخ إلى طهران صمتت واشنطن.",
        "مقابل ما أرسلت موسكو من صواريخ إلى طهران.",
        "لم توقف موسكو إرسال صواريخ إلى طهران.",
        "قال الوزير إن ما أرسلته موسكو إلى طهران صواريخ متطورة.",
        "لا تخفي موسكو أنها أرسلت صواريخ إلى طهران.",
        "هذا ما أرسلت موسكو من صواريخ إلى طهران.",
        "هل لم ترسل موسكو صواريخ إلى طهران؟",
        "لا تزال موسكو ترسل صواريخ إلى طهران.",
        "ما زالت موسكو ترسل صواريخ إلى طهران.",
        "أرسلت موسكو صواريخ لا تملكها طهران.",
        "لا شك أن موسكو أرسلت صواريخ إلى طهران.",
        "لم تكتف موسكو ببيع صواريخ لطهران بل دربت الجنود.",
        "كل ما أرسلت موسكو إلى طهران صواريخ قديمة.",
    ],
    "fr": [
        "Moscou n'a pas cessé de livrer des missiles à Téhéran.",
        "Moscou ne cache pas avoir livré des missiles à Téhéran.",
        "Moscou n'a pas seulement livré des missiles à Téhéran.",
        "Moscou n'aurait-il pas livré des missiles à Téhéran ?",
        "Moscou livre des missiles à Téhéran mais pas de chars.",
        "Paris demande à Moscou de ne pas livrer de missiles à Téhéran.",
        "Moscou livre des missiles à Téhéran, pas des chars.",
        "Moscou n'exclut pas de livrer des missiles à Téhéran.",
    ],
    "es": [
        "Moscú entregó misiles a Teherán, no tanques.",
        "Moscú no dejó de entregar misiles a Teherán.",
        "Moscú no oculta que entregó misiles a Teherán.",
        "Moscú no solo entregó misiles a Teherán, sino que entrenó a las tropas.",
        "¿No entregó Moscú misiles a Teherán?",
        "Washington pidió no entregar misiles a Teherán.",
        "Moscú no niega que entregó misiles a Teherán.",
        "Moscú no descarta entregar misiles a Teherán.",
    ],
    "tr": [
        "Moskova Tahran'a füze göndermeyi durdurmadı.",
        "Moskova Tahran'a füze gönderdiğini gizlemiyor.",
        "Moskova Tahran'a sadece füze göndermedi, asker de eğitti.",
        "Moskova Tahran'a füze göndermedi mi?",
        "Moskova Tahran'a füze gönderdi.",
        "Moskova Tahran'a füze göndermekten vazgeçmedi.",
        "Moskova, Tahran'a füze gönderdiğini yalanlamadı.",
    ],
    "fa": [
        "مسکو ارسال موشک به تهران را متوقف نکرده است.",
        "مسکو پنهان نمی‌کند که به تهران موشک فرستاده است.",
        "آیا مسکو به تهران موشک نفرستاد؟",
        "مسکو نه تنها به تهران موشک فرستاد بلکه نیرو هم آموزش داد.",
        "ایران ارسال سلاح به روسیه را انکار نکرد.",
    ],
    "he": [
        "מוסקבה לא הפסיקה לספק טילים לטהראן.",
        "מוסקבה לא מסתירה שסיפקה טילים לטהראן.",
        "מוסקבה לא רק סיפקה טילים לטהראן אלא גם אימנה צוותים.",
        "האם מוסקבה לא סיפקה טילים לטהראן?",
        "וושינגטון ביקשה לא לספק טילים לטהראן.",
        "אין ספק שמוסקבה סיפקה טילים לטהראן.",
    ],
    "zh": [
        "俄罗斯没有停止向伊朗提供导弹。",
        "俄罗斯不仅向伊朗提供导弹，还训练人员。",
        "俄罗斯没有否认向伊朗提供导弹。",
        "俄罗斯没有向伊朗提供导弹吗？",
        "俄罗斯不得不向伊朗提供导弹。",
        "未来俄罗斯将向伊朗提供导弹。",
        "俄罗斯不会停止向伊朗出售武器。",
        "俄罗斯未经许可向伊朗出售武器。",
        "中国没有批评俄罗斯向伊朗出售武器。",
    ],
    "ja": [
        "ロシアはイランへの武器供与を停止していない。",
        "ロシアはイランに武器を供与したことを隠していない。",
        "ロシアはイランに武器を供与しなければならない。",
        "ロシアはイランに武器を供与したのではないか。",
        "政府は武器の供与をやめない。",
        "ロシアがイランに武器を供与しないわけではない。",
        "ロシアはイランへの武器供与を否定していない。",
    ],
    "ko": [
        "러시아는 이란에 무기 공급을 중단하지 않았다.",
        "러시아는 이란에 무기를 공급한 사실을 숨기지 않았다.",
        "러시아는 이란에 무기를 공급하지 않을 수 없었다.",
        "러시아는 이란에 무기를 제공하지 않았나?",
        "러시아는 이란에 대한 무기 판매를 중단하지 않을 것이다.",
        "러시아는 이란에 무기를 지원하지 않겠느냐는 질문을 받았다.",
        "러시아는 이란에 무기를 공급했다는 사실을 부인하지 않았다.",
    ],
}


@cache
def shipped() -> Engine:
    files = {path.relative_to(LISTS).as_posix(): path.read_text(encoding="utf-8") for path in sorted(LISTS.rglob("*.yaml"))}
    loaded = load_folder(files)
    assert not loaded.faults
    return compile_engine(loaded.watchlists, open_lookup(default_folder(os.environ), sorted(DENIED)))


def stances(language: str, text: str) -> set[Stance]:
    matches = shipped().match(text, lay_out(text, all_body=True), Facts(language=language))
    return {passage.stance for match in matches if match.watchlist != "sanctions-measures" for passage in match.evidence}


@pytest.mark.parametrize(("language", "text"), [(language, text) for language, texts in DENIED.items() for text in texts])
def test_what_denies_the_act(language: str, text: str) -> None:
    assert stances(language, text) == {Stance.DENIED}


@pytest.mark.parametrize(("language", "text"), [(language, text) for language, texts in NOT_DENIED.items() for text in texts])
def test_what_does_not_deny_it(language: str, text: str) -> None:
    found = stances(language, text)
    assert found
    assert Stance.DENIED not in found
