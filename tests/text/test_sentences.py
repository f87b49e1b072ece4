"""Where a sentence ends: one table of texts in which ``|`` stands where it should."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.text.sentences import closed, split

TABLE = [
    # Latin
    "He left. |She stayed.",
    "Mr. Kim met Dr. Lee and Gen. Park. |They talked.",
    "The U.S. said so. |The U.N. denied it.",
    "He works for the U.S. |He said so.",
    "The U.S. Navy and J. K. Rowling, George W. Bush and Lt. Col. North.",
    "It cost $3.5 billion, v2.3.1 of example.com. |Then it ended.",
    "No. 5 is on p. 7. |He said no. |No one heard.",
    "On Jan. 5 and in Feb. 2024 vs. none.",
    "Acme Inc. bought Foo Ltd. |The price was high.",
    "At 5 p.m. Monday he left. |At 6 a.m. |He came back.",
    "Why? |Because! |Really?! |Yes.",
    '"Why?" he asked. |"No." |"Go." |(He left.) |End',
    "Wait… |He came. |Well... he left... |Then came back.",
    "The whole thing . . . it is over. . . . |Then . . . |He came.",
    "He left. ”. |She stayed. ... |All. !!",
    "... he said. !! |No",
    "Le prix monte. |« Oui.\u00a0» |Il part.",
    "El Sr. Pérez y la Dra. López de EE. UU. llegaron. |¿Por qué? |¡No!",
    "1. First item. |2. Second item.",
    "Toplantı 5. Mayıs günü. |Prof. Dr. Kaya geldi.",
    "Tell me. |He did.",
    # Cyrillic
    "В 2019 г. договор с им. Ленина, ул. Мира подписан. |И т.д. |Это всё.",
    "А. С. Пушкин сказал. |Он ушёл.",
    # Arabic and its neighbours
    "قال د. أحمد م. حسن ذلك. |ثم رحل.",
    "وفي عام 2019 م. |وصل الوفد.",
    "لماذا؟ |لأن؛ الأمر واضح، جدا! |نعم.",
    "لماذا؟|لأنه قال.|ثم رحل.",
    "ذكرت أ.ف.ب. أن الصفقة، بقيمة 3.5 مليار، تمت.",
    "زيارة بوتين.. تصدرت البحث. |انتهى.",
    "وقال: “لا يوجد ما يكفي.” |وأضاف «نعم.» |ثم رحل.",
    "قال ذلك.\u200f |ثم رحل.",
    "این جمله است. |چرا؟ |خیر.",
    "یہ جملہ ہے۔ |وہ گیا۔",
    'ד"ר כהן אמר זאת. |למה? |כי כן.',
    # East Asian: no blank needed
    "他说了。|为什么？|“不。”|他走了！",
    "彼は言った。|「はい。」と述べた。|終わり。",
    "그는 말했다. |왜? |끝.",
    "版本3.5发布了。|完",
    # English
    "Gen. Mark Milley met Rep. Adam Schiff, D-Calif., on Jan. 6. |He left St. Petersburg at 5 p.m. on Friday.",
    "The No. 2 of Co., Ltd. was there. |He left.",
    "The U.S. President spoke. |The U.S. Army denied it.",
    "e.g. missiles, i.e. arms, a.k.a. Carlos, Ph.D. students and Lt. Gen. H.R. McMaster. |End.",
    "He lives in Washington, D.C. |The plane left.",
    "He met Sgt. Maj. Lee of Ft. Bragg, approx. 300 miles away. |Then vs. them.",
    "Smith et al. found it. |See Fig. 3 and Sec. 5. |Done.",
    "The firm, Acme Corp., sold it. |Acme Corp. |The firm.",
    "He said: “We left.” |She said, “No.” |They left.",
    "“We left,” he said. |“They stayed.” |“Why?” she asked.",
    "It rose 3.5% to $1.2bn. |It fell.",
    'Is it over? |"Yes!" he said. |No!',
    "At 10 a.m. |The talks began.",
    "J.P. Morgan and J. Edgar Hoover met Kim Jong Un. |He smiled.",
    "Mt. Paektu and Mt. Fuji. |End.",
    "Resolution 1718 (2006). |It bans arms.",
    "It came in 2006. |Then 2016. |Next.",
    "Sanctions on Iran, N. Korea and S. Sudan. |They agreed.",
    "Mr. Kim, Jr. said so. |Mr. Lee Sr. agreed. |Done.",
    "He scored 3. |The team won.",
    "(He left.) |She stayed. |[Ends.] |Now.",
    'He asked “why?” and left. |She asked "really?" |Then left.',
    "Rev. Al Sharpton, Hon. John, Capt. Cook, Cmdr. Bond, Col. Blimp, Maj. Tom. |End.",
    "At 1426 N. Quincy St., Arlington. |End.",
    "It is worth $7,348. |2.05pm brought more.",
    "Other dates: Jan. 12, 19 and 26. |Ana left.",
    # Russian
    "В 2019 г. договор подписан. |В 2020 г. Россия вышла.",
    "Сумма 5 млн долл. США и 3 тыс. руб. за штуку. |Он ушёл.",
    "Т. е. оружие, т. к. война, и т. д. |Это всё.",
    "По ст. 5 УК РФ и п. 3 ч. 2. |Всё.",
    "Им. А. С. Пушкина, ул. Ленина, д. 5, кв. 7. |Конец.",
    "См. рис. 4 на стр. 5. |Далее.",
    "Ген. Иванов, проф. Петров и акад. Сидоров. |Все.",
    "Скорость 100 км/ч. |Он ехал.",
    "В. В. Путин и С. В. Лавров. |Они вышли.",
    "«Нет!» — сказал он. |«Да». |Всё.",
    "Он жил в США. |Потом уехал.",
    "Это было в 300 г. до н. э. |Потом пришли римляне.",
    "Площадь 20 кв. м. |Затем выросла.",
    "Г-н Ким и г-жа Ли. |Они.",
    "Г. Москва и с. Ивановка. |Всё.",
    "ООО «Рога и Ко». |Всё.",
    "— Нет. |— Да.",
    "В XX в. Россия воевала.",
    "И др. |Все ушли.",
    "Тел. 123-45-67. |Звоните.",
    "напр. ракеты, т. н. «дроны», в т. ч. ударные. |Всё.",
    "1 января 49 года до н. э. |Марк ушёл.",
    # Ukrainian
    "У 2024 р. Україна вийшла. |У 2023 рр. було так.",
    "М. Київ, вул. Хрещатик, буд. 5. |Кінець.",
    "Сума 5 млн грн. |Це багато.",
    "І т. д. |Це все.",
    "Ім. Т. Г. Шевченка. |Він жив.",
    "Ст. 5 КК України. |Все.",
    "В. О. Зеленський сказав. |Він пішов.",
    "С. Іванівка Київської обл. |Там було тихо.",
    "Див. рис. 3. |Далі.",
    "Проф. Петренко та ген. Залужний. |Все.",
    "Напр. ракети. |Все.",
    "Від 26 квітня 2017 р. № 325 прийнято.",
    # French
    "M. Macron et MM. Dupont et Durand. |Ils partent.",
    "Le Dr. Paul et le Pr. Jean. |Fin.",
    "En 50 av. J.-C. César régnait. |Fin.",
    "L'art. 5 et p. ex. les armes. |Fin.",
    "Des armes, etc. |Il est parti.",
    "J.-Y. Le Drian a dit. |Il part.",
    "Cf. page 3, chap. 4, vol. 2, éd. 2. |Fin.",
    "« Non ! » dit-il. |« Oui. » |Il part.",
    "Le général De Gaulle est mort en 1970. |Il avait 79 ans.",
    "Env. 300 chars. |Fin.",
    "Le P.I.B. de la France. |Il monte.",
    "Tél. 01 23. |Fin.",
    "« Nous partons. » |« Bien. » |Fin.",
    "L’O.N.U. a voté. |Fin.",
    "Il est 20 h. |La séance commence.",
    "St. Pierre et Ste. Marie. |Fin.",
    # Spanish
    "El Sr. Pérez, la Sra. López y D. Juan. |Fin.",
    "EE. UU. vende armas. |EE.UU. y Rusia.",
    "P. ej. armas, aprox. 300. |Fin.",
    "Acme S.A. de C.V. vendió. |Fin.",
    "El núm. 5, art. 3, pág. 7. |Fin.",
    "El Gral. Pérez y el Cnel. López. |Fin.",
    "A las 5 p. m. del lunes. |Fin.",
    "Etc. |El hombre salió.",
    "¿Por qué? |¡No! |Sí.",
    "—No —dijo—. |Sí.",
    "«No.» |Salió.",
    "Mons. Romero, Lic. Díaz, Ing. Ruiz, Prof. Gil, Dr. Sanz. |Fin.",
    "Av. Juárez y C/. Mayor. |Fin.",
    "Ud. y Vd. saben. |Fin.",
    "La O.N.U. votó. |Fin.",
    "Murió en 1970. |Tenía 79 años.",
    "Hacia el 1000 a. C. Grecia creció. |Fin.",
    # Turkish
    "Prof. Dr. Kaya, Av. Demir ve Alb. Yılmaz geldi. |Gitti.",
    "Acme A.Ş. şirketi. |T.C. Dışişleri Bakanlığı. |Son.",
    "Silah vb. malzeme, top vs. gibi. |Son.",
    "II. Dünya Savaşı ve 2. Ordu Komutanlığı, 1. Kolordu. |Son.",
    "21. yüzyıl ve 3. kez. |Son.",
    "M.Ö. 300 yılında. |Son.",
    "Bkz. sayfa 5, örn. füze. |Son.",
    "Kur. Bşk. Org. Hulusi Akar. |Son.",
    "5. Mayıs günü. |Son.",
    "Saat 10.30'da geldi. |Gitti.",
    '"Hayır." dedi. |Gitti.',
    "IV. Murat ve II. Abdülhamid dönemi. |Son.",
    "Fiyat 5. |Son gün.",
    "TBMM'nin 27. Dönem milletvekili. |Son.",
    "Mah. Muhtarı ve Yrd. Doç. Dr. Ali Veli. |Son.",
    "Atatürk Cad. Gül Sok. 5. Daire. |Son.",
    # Persian
    "دکتر م. احمدی آمد. |او رفت.",
    "در سال ۵۰ ه.ش. حمله شد. |پایان.",
    "ر.ک. صفحه ۵. |پایان.",
    "قیمت ۳.۵ میلیون است. |چرا؟ |خیر!",
    "گفت: «نه.» |و رفت.",
    "سال ۱۴۰۰. |او رفت.",
    "ق.م. بود. |پایان.",
    "و غیره. |او رفت.",
    "شرکت آ.ب.ث. فروخت. |پایان.",
    # Arabic
    "قال د. أحمد وأ.د. محمد وم. خالد. |ثم رحل.",
    "ص.ب. 55 القاهرة. |انتهى.",
    "عام 1445 هـ. |وقال الوزير.",
    "في 2024م. |وقال الوزير.",
    "سرعة 30 كلم/س. |والبحر هادئ.",
    "قيمة 22160,4 م د. |وتراجعت الواردات.",
    "الأمطار .|وأضاف أنه رحل .|ثم عاد.",
    "إلخ. |وقال الوزير.",
    "(أ.ف.ب.) ذكرت ذلك. |انتهى.",
    "وقالت أ ف ب. |انتهى.",
    'قال: "لا." |وأضاف: "نعم". |ثم رحل.',
    "لماذا؟! |لأن.",
    "جاء في 3.5.2024. |ثم رحل.",
    "قال ذلك.. ثم رحل. |عاد.",
    "قال ذلك… |ثم رحل.",
    "ق.م. كانت مصر. |انتهى.",
    "وقال (الوزير). |ثم رحل.",
    "الفقرة 5. |وقال.",
    "قال أ. محمد. |رحل.",
    "في القرن 20. |وقال الوزير.",
    "بنسبة 5.5%. |وأضاف.",
    "قال: «نعم!». |ورحل.",
    "بكلفة 2.5 م. د. |ثم رحل.",
    "البلاد.|وقال الوزير.|ثم رحل.",
    # Hebrew
    "ד\"ר כהן וכו'. |הוא הלך.",
    "עמ' 5. |סוף.",
    'ב-3.5 מיליון ש"ח. |הוא הלך.',
    "פרופ. לוי וגב. כהן. |סוף.",
    '"לא." |הוא הלך.',
    "למה? |כי כן!",
    "א. ב. יהושע כתב. |סוף.",
    'ארה"ב. |הוא הלך.',
    # Chinese
    "他说：“不。”|他走了。",
    "3.5亿美元。|完。",
    "（完）。|新华社。",
    "……他走了。|好！！|真的？！|是。",
    "A.B.公司。|完。",
    "他说。 |她说。",
    # Japanese
    "「はい。」と述べた。|「いいえ。」などと語った。|終わり。",
    "3.5億円だ。|終わり！|本当？|はい。",
    "（終わり。）|次。",
    "「行く。」|彼は言った。",
    "「攻撃した。」を否定した。|終。",
    # Korean
    "그는 “무기를 공급했다.”고 말했다. |끝.",
    "“공급했다.” 라고 말했다. |끝.",
    "3.5억 달러다. |왜? |끝!",
    '"공급했다." |그는 말했다.',
    "김 모 씨. |그는 갔다.",
    "2024. 7. 4. 발표했다. |끝.",
    "지난 5.18 민주화운동. |끝.",
    "'한다.'며 말했다. |끝.",
    # Line breaks
    "He met Mr.\nKim in the\nU.S.\n|Navy ships left.",
    "It ended.\n|it began again.",
    "قال الوزير\nإن الصفقة تمت.\n|ثم رحل.",
    "",
    "...",
    "؟",
]


@pytest.mark.parametrize("marked", TABLE)
def test_sentences(marked: str) -> None:
    text = marked.replace("|", "")
    expected = [piece.strip(" \n\u200f") for piece in marked.split("|") if piece.strip()]
    assert [text[start:end].rstrip("\u200f") for start, end in split(text, 0, len(text))] == expected


@pytest.mark.parametrize("marked", TABLE)
def test_offsets_are_into_the_whole_text(marked: str) -> None:
    text = marked.replace("|", "")
    alone = list(split(text, 0, len(text)))
    inside = list(split(f"قبل {text} after", 4, 4 + len(text)))
    assert [(start + 4, end + 4) for start, end in alone] == inside


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("He left.", True),
        ('"He left."', True),
        ("رحل.”", True),
        ("لماذا؟ ", True),
        ("走了。」", True),
        ("wait…", True),
        ("ends.\u200f", True),
        ("Background", False),
        ("المصدر:", False),
        ("نعم؛", False),
        ("", False),
        ("”", False),
    ],
)
def test_closed(line: str, expected: bool) -> None:
    assert closed(line) is expected


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=" \n.!?…؟。'\"”»()U.Sabاب٣1\u064b\u200f\u00a0,،", max_size=80), st.integers(0, 80), st.integers(0, 80))
def test_sentences_hold_all_but_blanks(text: str, start: int, end: int) -> None:
    end = min(end, len(text))
    start = min(start, end)
    at = start
    for first, last in split(text, start, end):
        assert at <= first < last <= end
        assert not text[at:first].strip("\u200f \n\u00a0")
        assert text[first:last] == text[first:last].strip()
        at = last
    assert not text[at:end].strip("\u200f \n\u00a0")
