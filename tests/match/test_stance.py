"""How a passage speaks, on the shipped watchlists: which cue wins, and which cue is itself denied, negated or supposed."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest

from monitor.dictionaries import default_folder, open_lookup
from monitor.match import Engine, compile_engine
from monitor.model import Evidence, Facts, Stance
from monitor.text.layout import lay_out
from monitor.watchlist import load_folder

ROOT = Path(__file__).parents[2]

#: The stance, and a sentence in Arabic, English or Russian.
TABLE = [
    # What is merely told, and what is claimed.
    ("reported", "سلمت بيونغ يانغ موسكو مليون قذيفة مدفعية خلال الصيف"),
    ("reported", "Poland has delivered fourteen tanks to Kyiv."),
    ("reported", "Польша передала Киеву четырнадцать танков."),
    ("alleged", "اتهمت الخرطوم أبوظبي بتزويد قوات الدعم السريع بالأسلحة"),
    ("alleged", "Khartoum accused Abu Dhabi of supplying weapons to the Rapid Support Forces."),
    ("alleged", "Хартум обвинил Абу-Даби в поставках оружия повстанцам."),
    ("alleged", "ويعتقد خبراء أن طهران أرسلت صواريخ إلى موسكو"),
    ("alleged", "Iran is believed to have shipped hundreds of drones to Russia."),
    # A denial, and the accusation that it governs.
    ("denied", "نفت طهران إرسال صواريخ إلى موسكو"),
    ("denied", "Tehran denied sending missiles to Moscow."),
    ("denied", "Тегеран опроверг поставки ракет Москве."),
    ("denied", "نفت طهران الاتهامات بتزويد موسكو بطائرات مسيرة"),
    ("denied", "Iran denied the accusation that it supplied drones to Russia."),
    ("denied", "Тегеран отрицает обвинения в поставках беспилотников."),
    ("denied", "نفت طهران مزاعم واشنطن بشأن إرسال صواريخ إلى موسكو"),
    ("denied", "The Kremlin dismissed as absurd allegations of arms deliveries to the junta."),
    ("denied", "Белград назвал беспочвенными обвинения в поставках боеприпасов."),
    ("denied", "وصفت بلغراد الاتهامات بأنها باطلة مؤكدة أنها لا تبيع أسلحة لأحد"),
    ("denied", "The claim that Serbia sold ammunition to Ukraine is baseless."),
    ("denied", "Обвинения в поставках оружия беспочвенны и абсурдны."),
    ("denied", "رفضت كيغالي الاتهامات بتسليح المتمردين"),
    ("denied", "Kigali rejected the accusation of arming the rebels."),
    # To reject a deal is not to deny that there is one.
    ("reported", "رفضت الحكومة صفقة أسلحة مع موسكو"),
    ("reported", "The government rejected an arms deal with Moscow."),
    # Who denies one thing and accuses another of the next has not denied the next.
    ("alleged", "نفت موسكو ذلك واتهمت واشنطن بتزويد المتمردين بالأسلحة"),
    ("alleged", "Moscow denied this and accused Washington of supplying the rebels with weapons."),
    ("alleged", "Москва отрицает это и обвиняет Вашингтон в поставках оружия повстанцам."),
    ("alleged", "Moscow, which denies involvement, accused Kyiv of buying weapons from the junta."),
    # A denial that is negated, or refused, is none.
    ("reported", "لم تنف بلغراد بيع ذخائر لكييف"),
    ("reported", "Belgrade did not deny that it sold ammunition to Kyiv."),
    ("reported", "Белград не отрицает поставки боеприпасов Киеву."),
    ("reported", "ولم تنف بلغراد بيع ذخائر لكييف"),
    ("reported", "Belgrade neither confirmed nor denied the sale of ammunition to Kyiv."),
    ("reported", "The ministry declined to confirm or deny the sale of missiles to Taiwan."),
    ("alleged", "لم تنف بلغراد الاتهامات ببيع ذخائر لكييف"),
    ("alleged", "Belgrade did not deny the accusation that it sold ammunition to Kyiv."),
    # The act itself negated.
    ("denied", "وأكد أن بلاده لم ترسل أسلحة إلى أي طرف"),
    ("denied", "We have not supplied any weapons to the rebels, the minister said."),
    ("denied", "Мы не поставляли оружие ни одной из сторон."),
    ("denied", "وقال الوزير إن بلاده لن ترسل دبابات إلى كييف"),
    ("denied", "Budapest will not send weapons to Ukraine, its foreign minister said."),
    # Plans, and plans denied.
    ("planned", "تعتزم برلين تزويد كييف بصواريخ بعيدة المدى"),
    ("planned", "Berlin plans to supply Kyiv with long-range missiles."),
    ("planned", "Берлин намерен поставить Киеву ракеты большой дальности."),
    ("planned", "وافقت واشنطن على صفقة محتملة لبيع صواريخ لتايوان"),
    ("planned", "Washington approved the possible sale of missiles to Taiwan."),
    ("planned", "Вашингтон одобрил возможную продажу ракет Тайваню."),
    ("denied", "The Kremlin denied that it plans to sell missiles to Tehran."),
    ("denied", "نفى الكرملين عزمه بيع صواريخ لطهران"),
    # Suppositions, also of what would be planned or left undone.
    ("conditional", "أي بيع للأسلحة سيشكل انتهاكا لقرارات مجلس الأمن"),
    ("conditional", "Any arms sale would violate Security Council resolutions."),
    ("conditional", "Любая продажа оружия будет нарушением резолюций Совета Безопасности."),
    ("conditional", "إذا باعت واشنطن صواريخ لتايوان فإن بكين سترد"),
    ("conditional", "If Washington sells missiles to Taiwan, Beijing will respond."),
    ("conditional", "Если Вашингтон продаст ракеты Тайваню, Пекин ответит."),
    ("conditional", "Unless Berlin plans to deliver missiles, Kyiv will look elsewhere."),
    ("conditional", "If Berlin does not send missiles soon, Kyiv will look elsewhere."),
    # The month is no modal verb.
    ("reported", "In May 2024 Poland delivered tanks to Kyiv."),
]

#: By seed file: words of a passage of evidence, and how it speaks.
SEEDS = {
    "000": [("تشكل انتهاكا لعقوبات", "conditional")],
    "001": [
        ("اتفق الزعماء على اتفاق", "reported"),
        ("وصف الكرملين التقارير عن صفقة أسلحة", "denied"),
        ("يعتقد أنها تحتوي على ذخيرة", "alleged"),
    ],
    "002": [
        ("مخاوف متزايدة بشأن ترتيبات الأسلحة", "alleged"),
        ("أي تجارة أسلحة مع كوريا الشمالية", "conditional"),
        ("تأمل بيونغ يانغ في الحصول على أسلحة", "planned"),
        ("حريصة على تلقي ذخائر", "planned"),
    ],
    "003": [("وتزعم الدول الغربية", "alleged"), ("تزعم واشنطن وسيول", "alleged")],
    "004": [("صفقة محتملة لتزويد موسكو", "planned"), ("لأنه يتعارض مع قرارات مجلس الأمن", "reported")],
}


@cache
def shipped() -> Engine:
    folder = ROOT / "watchlists"
    files = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.yaml"))}
    loaded = load_folder(files)
    assert not loaded.faults
    return compile_engine(loaded.watchlists, open_lookup(default_folder(os.environ), ["ar", "en", "ru"]))


def evidence(text: str, *, all_body: bool) -> list[Evidence]:
    matches = shipped().match(text, lay_out(text, all_body=all_body), Facts())
    return [passage for match in matches if match.watchlist != "sanctions-measures" for passage in match.evidence]


@pytest.mark.parametrize(("stance", "text"), TABLE)
def test_how_a_sentence_speaks(stance: str, text: str) -> None:
    assert {passage.stance for passage in evidence(text, all_body=True)} == {Stance(stance)}


@pytest.mark.parametrize("seed", sorted(SEEDS))
def test_how_the_passages_of_the_seeds_speak(seed: str) -> None:
    [path] = (ROOT / "seeds").glob(f"{seed}_*.txt")
    passages = evidence(path.read_text(encoding="utf-8"), all_body=False)
    for words, stance in SEEDS[seed]:
        assert {passage.stance for passage in passages if words in passage.quote} == {Stance(stance)}, words
