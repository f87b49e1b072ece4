"""The five sample articles, zone by zone and sentence by sentence, against golden files a person can read."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.model import Layout, ZoneKind
from monitor.text.layout import lay_out
from tests.golden_files import assert_golden

SEEDS = sorted((Path(__file__).parents[2] / "seeds").glob("*.txt"))


def drawn(text: str, layout: Layout) -> str:
    """One line of text a line, its zone before it, each sentence in brackets with its paragraph."""
    lines = [f"# {layout.title}"]
    for zone in layout.zones:
        at, marked = zone.start, ""
        for sentence in layout.sentences:
            if zone.start <= sentence.start < zone.end:
                marked += f"{text[at : sentence.start]}[{sentence.paragraph}: {text[sentence.start : sentence.end]}]"
                at = sentence.end
        marked += text[at : zone.end]
        lines += [f"{zone.kind.value:<9} | {line.strip()}" for line in marked.splitlines() if line.strip()]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("seed", SEEDS, ids=lambda path: path.stem[:3])
def test_layout_of_the_samples(seed: Path) -> None:
    text = seed.read_bytes().decode()
    assert_golden(f"layout/{seed.stem[:3]}.txt", drawn(text, lay_out(text)))


def zones(number: str) -> list[tuple[ZoneKind, str]]:
    text = next(path for path in SEEDS if path.name.startswith(number)).read_bytes().decode()
    return [(zone.kind, text[zone.start : zone.end]) for zone in lay_out(text).zones]


def furniture(number: str) -> list[str]:
    return [line.strip() for kind, text in zones(number) if kind is ZoneKind.FURNITURE for line in text.splitlines() if line.strip()]


def test_samples_furniture() -> None:
    """What each page carries beside its article, and nothing else."""
    assert furniture("000") == ["حجم الخط", "بوتين", "المصدر:", "العربية", "خبر عاجل"]
    assert furniture("001") == []
    assert [line[:20] for line in furniture("002")] == [
        "Jannah Theme License",
        "اخبار",
        "اترك تعليقاً",
        "لن يتم نشر عنوان بري",
        "زر الذهاب إلى الأعلى",
    ]
    assert furniture("003") == [
        "الخميس، 04 يوليو 2024",
        "04:32 ص",
        "الرئيس الروسي فلاديمير بوتين",
        "الرئيس الروسي فلاديمير بوتين",
        "أحمد سعد قاسم",
        "A A",
        "سفاح التجمع",
        "search",
    ]
    assert furniture("004") == ["رئيس مجلس الإدارة", "د. رائد العزاوي", "نشر", "الأمصار"]


@pytest.mark.parametrize(
    ("number", "heading"),
    [
        ("001", "تفاصيل زيارة بوتين لكوريا الشمالية"),
        ("001", "معاهدة شراكة استراتيجية بين روسيا وكوريا الشمالية"),
        ("001", "هل تحاول روسيا عرقلة العقوبات ضد كوريا الشمالية؟"),
        ("004", "رئيس كوريا الجنوبية يحذر من التعاون بين روسيا وكوريا الشمالية"),
        ("004", "كوريا الجنوبية وتحذيرات من التعاون العسكري بين روسيا وكوريا الشمالية"),
    ],
)
def test_subheadings_are_sentences_of_their_own(number: str, heading: str) -> None:
    text = next(path for path in SEEDS if path.name.startswith(number)).read_bytes().decode()
    assert heading in [text[s.start : s.end] for s in lay_out(text).sentences if s.zone is not ZoneKind.TITLE]
