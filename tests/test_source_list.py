"""The shipped lists of feeds: readable, in twelve languages, honest about what was never tried, and polled by nobody unasked."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from monitor.sources.opml import Outline, read
from monitor.text.links import canonical

FOLDER = Path(__file__).parents[1] / "deploy" / "sources"
LANGUAGES = ("ar", "en", "es", "fa", "fr", "he", "ja", "ko", "ru", "tr", "uk", "zh")
#: Publishers that have been seen to answer only without TLS.
WITHOUT_TLS = {"www.people.com.cn", "feeds.cnn.co.jp"}


def outlines(language: str) -> list[Outline]:
    found, faults = read((FOLDER / f"{language}.opml").read_bytes(), f"{language}.opml")
    assert not faults
    return found


def test_there_is_a_list_for_each_language() -> None:
    assert tuple(sorted(path.stem for path in FOLDER.glob("*.opml"))) == LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_feed_says_its_language_country_and_site(language: str) -> None:
    found = outlines(language)
    assert len(found) >= (40 if language == "ar" else 10)
    for outline in found:
        assert outline.language == language
        assert len(outline.labels["country"]) == 2
        assert outline.labels["country"].isupper()
        assert urlsplit(outline.site).hostname
        assert not outline.verified
        assert outline.url.startswith("https://") or urlsplit(outline.url).hostname in WITHOUT_TLS


def test_no_feed_and_no_name_stands_twice() -> None:
    every = [outline for language in LANGUAGES for outline in outlines(language)]
    assert len({outline.name for outline in every}) == len(every)
    assert len({canonical(outline.url) for outline in every}) == len(every)


def test_the_configuration_that_is_shipped_names_none_of_them() -> None:
    for path in FOLDER.parent.glob("*.yaml"):
        assert "sources_from" not in "".join(line.split("#")[0] for line in path.read_text(encoding="utf-8").splitlines(keepends=True))
