"""Names are found in every way they are written, and never another person's."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.match import Engine, compile_engine
from monitor.match.expansion import expansions
from monitor.match.names import Names
from monitor.model import Entity, Facts, Hit
from monitor.text.fold import fold
from monitor.text.forms import readings
from monitor.text.layout import lay_out
from monitor.text.words import WORD
from monitor.watchlist import load
from tests.text.lookups import silent

PYONGYANG = "Pyongyang,بيونغ يانغ;Пхеньян;平壤;평양;פיונגיאנג"
KIM = "Kim Jong Un,كيم جونغ أون;كيم جونغ اون;كيم جونغ وون;Ким Чен Ын;Кім Чен Ин;金正恩;김정은;キム・ジョンウン;קים ג'ונג און;کیم جونگ اون"
IL = "Kim Jong Il,كيم جونغ إيل;Ким Чен Ир;金正日;김정일"


@cache
def engine(*rows: str) -> Engine:
    """An engine over one list of names, a row being ``name,aliases`` (its id is its line's number)."""
    lines = [f"{number},{row}" for number, row in enumerate(rows, 1)]
    files = {"w.yaml": "id: w\ngroups: {n: {from: entities/n.csv}}\nwhen: n\n", "entities/n.csv": "\n".join(["id,name,aliases", *lines])}
    return compile_engine([load("w", files)], silent)


def found(text: str, *rows: str) -> list[Hit]:
    matches = engine(*rows).match(text, lay_out(text, all_body=True), Facts())
    return [hit for match in matches for evidence in match.evidence for hit in evidence.hits]


def texts(text: str, *rows: str) -> list[str]:
    return [hit.text for hit in found(text, *rows)]


def names(text: str, *rows: str) -> list[str]:
    return [hit.entity.name for hit in found(text, *rows) if hit.entity]


# ------------------------------------------------------------------------------------------ spellings
@pytest.mark.parametrize("clitics", ["", "و", "ل", "ب", "ف", "ك", "ول", "وب"])
@pytest.mark.parametrize(
    "name", ["بيونغ يانغ", "بيونغيانغ", "بيونج يانج", "بيونج يانغ", "بيونق يانق", "بيونغ-يانغ", "بيونجيانج", "بيونغ  يانغ", "بيُونغ يَانغ"]
)
def test_every_spelling_of_pyongyang(name: str, clitics: str) -> None:
    assert texts(f"وصل الوفد {clitics}{name} أمس", PYONGYANG) == [clitics + name]


@pytest.mark.parametrize(
    "text",
    [
        "Pyongyang said",
        "Pyong-yang said",
        "Pyong Yang said",
        "PYONGYANG said",
        "Pyongyang's envoy",
        "Pyongyang’s envoy",
        "in Pyongyang.",
        "(Pyongyang)",
        "Pyongyang'da konuştu",
        "в Пхеньяне",
        "из Пхеньяна",
        "Пхеньяну",
        "朝鲜平壤方面",
        "평양에서 열린",
        "평양은",
        "평양",
        "בפיונגיאנג",
    ],
)
def test_pyongyang_in_other_scripts(text: str) -> None:
    assert names(text, PYONGYANG) == ["Pyongyang"]


@pytest.mark.parametrize(
    "name",
    [
        *("كيم جونغ أون", "كيم جونغ اون", "كيم جونغ وون", "كيم جونج أون", "كيم جونق اون", "كيم جونغ-أون", "كيم جونغأون", "كيمجونغ أون"),
        *("وكيم جونغ أون", "لكيم جونغ أون", "بكيم جونغ أون", "ولكيم جونج اون"),
        *(
            "Kim Jong Un",
            "Kim Jong-un",
            "Kim Jongun",
            "KIM JONG UN",
            "Kim Jong Un's",
            "Kim Jong-un’s",
            "Kim Jong‑un",
            "kim jong un",
            "KimJongUn",
        ),
        *(
            "Ким Чен Ын",
            "Ким Чен Ына",
            "Ким Чен Ыну",
            "Ким Чен Ыном",
            "Ким Чен Ыне",
            "КИМ ЧЕН ЫНА",
            "Кім Чен Ин",
            "Кім Чен Ина",
            "Кім Чен Інові",
        ),
        *(
            "金正恩",
            "김정은",
            "김정은이",
            "김정은에게는",
            "김 정은",
            "キム・ジョンウン",
            "キムジョンウン",
            "קים ג'ונג און",
            "לקים ג׳ונג־און",
            "کیم جونگ اون",
            "كيم جونگ اون",
        ),
    ],
)
def test_every_spelling_of_kim_jong_un_and_never_kim_jong_il(name: str) -> None:
    expected = [] if name == "Кім Чен Інові" else ["Kim Jong Un"]  # і is not и: another spelling needs its alias
    assert names(f"{name}", KIM, IL) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("كيم جونغ إيل", "وكيم جونج ايل", "Kim Jong Il", "Kim Jong-il's", "Ким Чен Ир", "Ким Чен Ира", "金正日", "김정일", "김정일의"),
        *("Kim Jong", "Kim Jong Unhwa", "Kim Jong and Un", "Kim, Jong Un", "Kim Jong. Un", "كيم جونغ", "كيم جونغ أونغ", "Ким Чен Ынский"),
        *("Kim Jong / Un", "Kim Jong – Un", "Kim and Jong Un", "정은", "김정"),
    ],
)
def test_kim_jong_un_is_not_found_in(text: str) -> None:
    assert "Kim Jong Un" not in names(text, KIM, IL)


@pytest.mark.parametrize(
    ("row", "text", "is_found"),
    [
        ("José Núñez,", "Jose Nunez", True),
        ("Jose Nunez,", "José Núñez", True),
        ("Recep Tayyip Erdogan,", "Recep Tayyip Erdoğan'ın", True),
        ("Nguyen Phu Trong,", "Nguyễn Phú Trọng", True),
        ("Abdulrahman Salih,", "Abdul Rahman Salih", True),
        ("Abdul Rahman Salih,", "Abdulrahman Salih", True),
        ("Bashar al-Assad,", "Bashar Al Assad", True),
        ("Bashar al-Assad,", "Bashar Alassad", True),
        ("عبد الرحمن صالح,", "عبدالرحمن صالح", True),
        ("عبدالرحمن صالح,", "عبد الرحمن صالح", True),
        ("القذافي,", "للقذافي", True),
        ("O'Brien,", "OBrien", True),
        ("MD Helicopters 500,", "MD Helicopters500", True),
        ("弗拉基米尔·普京,", "弗拉基米尔普京", True),
        # Short keys are parted as the list parts them.
        ("An Na,", "Anna", False),
        ("Anna,", "An Na", False),
        ("Li Na,", "Lina went", False),
        # على the preposition is no علي, and حسن no Hassan then.
        ("علي حسن,", "أثنى على حسن الاستقبال", False),
        ("علي حسن,", "التقى علي حسن", True),
        ("على حسن,", "التقى على حسن", True),
        # A comma parts two names, unless the list writes it.
        ("Ali Hassan,", "with Ali, Hassan and Omar", False),
        ('"Trading Co., Ltd.",', "Trading Co., Ltd. said", True),
        ("Johnson & Sons,", "Johnson & Sons said", True),
        ("Johnson Sons,", "Johnson & Sons said", False),
        # A ship called by a common word is not found in small letters.
        ("Hope,", "the hope of all", False),
        ("HOPE,", "the tanker Hope sailed", True),
        ("HOPE,", "the tanker HOPE sailed", True),
        # Pieces of what stands in the list are not names.
        ("Theodora Ingrid,", "the odora Ingrid", False),
        ("محمد علي حسن,", "محمد علي", False),
        ("김정,", "김정은", False),
        ("김정,", "김정에게", True),
        ("김정은,", "김 정은이", True),
        ("1000 Hills,", "1000 Hills", True),
    ],
)
def test_one_name_one_text(row: str, text: str, is_found: bool) -> None:
    assert bool(found(text, row)) is is_found


# --------------------------------------------------------------------------------------------- cases
@pytest.mark.parametrize(
    ("name", "forms"),
    [
        ("Владимир Путин", "Владимира Путина, Владимиру Путину, Владимиром Путиным, Владимире Путине"),
        ("Сергей Лавров", "Сергея Лаврова, Сергею Лаврову, Сергеем Лавровым, Сергее Лаврове"),
        ("Дмитрий Медведев", "Дмитрия Медведева, Дмитрию Медведеву, Дмитрием Медведевым, Дмитрии Медведеве"),
        ("Игорь Сечин", "Игоря Сечина, Игорю Сечину, Игорем Сечиным, Игоре Сечине"),
        ("Мария Захарова", "Марии Захаровой, Марию Захарову, Марией Захаровой"),
        ("Ольга Любимова", "Ольги Любимовой, Ольге Любимовой, Ольгу Любимову, Ольгой Любимовой"),
        ("Владимир Зеленский", "Владимира Зеленского, Владимиру Зеленскому, Владимиром Зеленским, Владимире Зеленском"),
        ("Володимир Зеленський", "Володимира Зеленського, Володимиру Зеленському, Володимиром Зеленським, Володимирові Зеленському"),
        ("Олена Зеленська", "Олени Зеленської, Олені Зеленській, Олену Зеленську, Оленою Зеленською"),
        ("Тарас Шевченко", "Тараса Шевченка, Тарасові Шевченку, Тарасом Шевченком"),
        ("Александр Лукашенко", "Александра Лукашенко, Александру Лукашенко, Александром Лукашенко"),
        ("Ангела Меркель", "Ангелы Меркель, Ангеле Меркель, Ангелу Меркель, Ангелой Меркель"),
        ("Никита Хрущев", "Никиты Хрущёва, Никите Хрущеву, Никиту Хрущева, Никитой Хрущевым"),
        ("Виктор Янукович", "Виктора Януковича, Виктору Януковичу, Виктором Януковичем, Викторе Януковиче"),
        ("Си Цзиньпин", "Си Цзиньпина, Си Цзиньпину, Си Цзиньпином, Си Цзиньпине"),
        ("Дональд Трамп", "Дональда Трампа, Дональду Трампу, Дональдом Трампом, Дональде Трампе"),
        ("Ольга Петренко", "Ользі Петренко, Ольги Петренко"),
        ("Владимир Владимирович Путин", "Владимира Владимировича Путина, Владимиром Владимировичем Путиным"),
        ("Башар Асад", "Башара Асада, Башару Асаду, Башаром Асадом, Башаре Асаде"),
        ("Хезболла", "Хезболлы, Хезболле, Хезболлу, Хезболлой"),
        ("Группа Вагнер", "группы Вагнер, группе Вагнер, группу Вагнер, группой Вагнер"),
        ("Объединенная авиастроительная корпорация", "Объединенной авиастроительной корпорации, Объединённую авиастроительную корпорацию"),
        ("Министерство обороны", "министерства обороны, Министерству обороны, министерством обороны, Министерстве обороны"),
        ("Рособоронэкспорт", "Рособоронэкспорта, Рособоронэкспорту, Рособоронэкспортом, Рособоронэкспорте"),
    ],
)
def test_a_name_is_found_in_every_case(name: str, forms: str) -> None:
    row = f"{name},"
    assert [form for form in (name, *forms.split(", ")) if not found(f"о {form} сказано", row)] == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        # A woman of the same surname, where the surname is not declined or not hers.
        ("Александр Смит", "Александра Смит"),
        ("Александр Смит", "Александру Смит"),
        ("Александра Смит", "Александра Смита"),
        ("Александра Смит", "Александру Смиту"),
        ("Александра Смит", "об Александре Смите"),
        ("Александр Иванов", "Александры Ивановой"),
        ("Владимир Путин", "Владимира Путиной"),
        ("Мария Захарова", "Марии Захарова"),
        # Two cases in one name.
        ("Владимир Путин", "Владимиру Путина"),
        ("Сергей Лавров", "Сергеем Лаврова"),
        # Other words.
        ("Ким Чен Ын", "Кима Чен Ир"),
        ("Ан", "Ана"),
        ("Путин", "Путиной"),
        ("Иван Петров", "Иванов Петров"),
    ],
)
def test_another_person_is_not_found(name: str, text: str) -> None:
    assert texts(text, f"{name},") == []


def test_what_the_language_leaves_open_is_found_for_both() -> None:
    assert sorted(names("Александра Иванова", "Александр Иванов,", "Александра Иванова,")) == ["Александр Иванов", "Александра Иванова"]


# ------------------------------------------------------------------------------------------ entities
def test_a_hit_carries_its_entity() -> None:
    (hit,) = found("Kim Jong-un's envoy", KIM)
    assert hit.entity == Entity("1", "Kim Jong Un", "entities/n.csv")
    assert (hit.group, hit.term, hit.text, hit.start, hit.end) == ("n", "Kim Jong Un", "Kim Jong-un's", 0, 13)


def test_the_longest_name_is_kept_and_every_entity_of_one_spelling() -> None:
    rows = ("Ali Hassan,", "Ali Hassan Omar,", "Ali Hasan,Ali Hassan Omar")
    assert names("Ali Hassan Omar said", *rows) == ["Ali Hassan Omar", "Ali Hasan"]
    assert names("Ali Hassan said", *rows) == ["Ali Hassan"]


def test_two_spellings_of_one_entity_are_one_hit() -> None:
    assert len(found("Kim Jong Un", "Kim Jong Un,Kim Jong-Un;KIM JONGUN;kim jong un")) == 1


def test_names_stand_beside_terms_and_in_other_groups() -> None:
    text = """id: w
groups:
  n: {from: entities/n.csv, en: [Dear Leader]}
  m: {en: [Kim Jong Un (name), missile]}
when: n NEAR/3 m
"""
    built = compile_engine([load("w", {"w.yaml": text, "entities/n.csv": f"name,aliases\n{KIM}\n"})], silent)
    for article in ("Kim Jong-un fired a missile", "the Dear Leader fired a missile"):
        (match,) = built.match(article, lay_out(article, all_body=True), Facts())
        assert {hit.group for hit in match.evidence[0].hits} == {"n", "m"}


def test_a_list_is_compiled_once_for_all_its_watchlists() -> None:
    files = {f"{name}.yaml": f"id: {name}\ngroups: {{n: {{from: entities/n.csv}}}}\nwhen: n\n" for name in ("a", "b")}
    files["entities/n.csv"] = f"name,aliases\n{KIM}\n"
    lists = [load("a", files), load("b", files)]
    assert lists[0].names["n"][0] is lists[1].names["n"][0]
    built = compile_engine(lists, silent)
    assert [match.watchlist for match in built.match("Kim Jong Un", lay_out("Kim Jong Un", all_body=True), Facts())] == ["a", "b"]


def test_of_too_many_namesakes_twenty_are_told() -> None:
    assert len(found("Ali Hassan said", *["Ali Hassan,"] * 500)) == 20


@pytest.mark.parametrize(
    "text",
    [
        "كيم" * 200_000,
        "김정은" * 200_000,
        "kim" * 200_000 + " jong un",
        "Kim-" * 100_000 + "Jong-Un",
        "Ким Чен " * 100_000,
        "Ким Чен Ына " * 30_000,
        "Kim" + " " * 500_000 + "Jong Un",
        "金正" * 200_000,
        "аааа" * 50_000,
        "'" * 100_000 + "Un's" * 10_000,
    ],
    ids=["one Arabic word", "Hangul", "Latin", "hyphens", "beginnings", "hits", "blanks", "Han", "one Cyrillic word", "apostrophes"],
)
def test_hostile_text_is_read_to_its_end(text: str) -> None:
    found(text, KIM, IL, "аа,", "ааа аа,", "аа ааа ааааб,")


def test_the_names_of_a_list_are_among_its_terms() -> None:
    watchlist = load("w", {"w.yaml": "id: w\ngroups: {n: {from: entities/n.csv}}\nwhen: n\n", "entities/n.csv": f"name,aliases\n{KIM}\n"})
    assert len(list(expansions(watchlist, silent))) == 11
    (found,) = expansions(watchlist, silent, "kim jong-un")
    assert (found.group, found.term.text, found.term.place) == ("n", "Kim Jong Un", "entities/n.csv:2")
    ((word, (form,)),) = found.words
    assert (word, form.text) == ("Kim Jong Un", "kimjongun")


# ---------------------------------------------------------------------------------------- properties
_LATIN = st.text("abdeghiklmnorstu", min_size=2, max_size=7).map(str.capitalize)
_NAME = st.lists(_LATIN, min_size=2, max_size=4)


def spans(name: str, text: str) -> list[str]:
    """Where one name by itself is found, without an engine around it."""
    index, where = Names(), [m.span() for m in WORD.finditer(text)]
    index.add(name, 0)
    index.seal()
    surfaces = [text[start:end] for start, end in where]
    out = []
    for at, surface in enumerate(surfaces):
        folded = fold(surface)
        for start in index.opens(surface, folded, readings(folded)):
            for number, size in index.walk(start, iter(surfaces[at + 1 :])):
                if index.stands(number, text, where[at : at + size]):
                    out.append(text[where[at][0] : where[at + size - 1][1]])
    return out


@given(_NAME, st.data())
def test_however_its_words_are_joined_a_long_name_is_found(words: list[str], data: st.DataObject) -> None:
    joins = data.draw(st.lists(st.sampled_from([" ", "-", ""]), min_size=len(words) - 1, max_size=len(words) - 1))
    text = words[0] + "".join(join + word for join, word in zip(joins, words[1:], strict=True))
    long = len("".join(words)) >= 6 or "" not in joins
    assert (text in spans(" ".join(words), f"said {text} today")) is long


@given(_NAME, _NAME)
def test_a_name_is_never_found_in_another(one: list[str], other: list[str]) -> None:
    inside = "".join(one).lower() in "".join(other).lower()
    assert inside or not spans(" ".join(one), " ".join(other))


@cache
def with_another_term() -> Engine:
    asked = "id: w\ngroups: {n: {from: entities/n.csv}, x: {any: [zzz]}}\nwhen: n OR x\n"
    return compile_engine([load("w", {"w.yaml": asked, "entities/n.csv": f"name,aliases\n{KIM}\n{PYONGYANG}\nAlrahman Omar,\n"})], silent)


_PIECES = (
    *("كيم", "جونغ", "أون", "جون", "غ", "بيونغيانغ", "بيونغ", "يانغ", "و", "ب"),
    *("Kim", "Jong", "Un", "un", "Jongun", "Pyong", "yang", "Al", "rahman", "al-Rahman", "Omar", "Ким", "Чен", "Ына", "Чены"),
    *("'", "’s", "-", "–", ",", "(", ")"),
)


@given(st.lists(st.tuples(st.sampled_from(_PIECES), st.sampled_from([" ", " ", "", "-"])), max_size=8))
def test_what_is_found_does_not_depend_on_what_else_the_sentence_holds(pieces: list[tuple[str, str]]) -> None:
    """The quick look at chunks passes over no name: a sentence that is looked at for another reason finds the same."""

    def hits(article: str) -> set[tuple[str, str]]:
        matches = with_another_term().match(article, lay_out(article, all_body=True), Facts())
        return {(h.term, h.text) for m in matches for e in m.evidence for h in e.hits if h.entity}

    text = "".join(piece + gap for piece, gap in pieces)
    assert hits(text) == hits(f"{text} zzz")
