"""Which article is this? The table at the head of monitor/flow/identity.py, row by row, and what it must not do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.flow.identity import Kind, Verdict, aliases, alike, content_hash, judge, prepared, probe, remembered
from monitor.model import Document, SourceKind, SourceSpec, Span, identity
from monitor.ports import Known, Owner, Probe
from monitor.text.aliases import hashes
from tests.fakes import START

HERE = SourceSpec("here", SourceKind.FEED, "https://example.org/feed.xml", 900)
THERE = SourceSpec("there", SourceKind.FEED, "https://example.org/other.xml", 900)
PAGES = replace(HERE, full_text=True)
STRANGER = SourceSpec("stranger", SourceKind.FEED, "https://feeds.example.net/all.xml", 900)

TITLE = "Ministry signs a contract for forty rocket launchers"
BODY = "The ministry said on Thursday that it had signed a contract for forty rocket launchers with a company abroad."


def document(
    key: str = "1", body: str = BODY, *, title: str = TITLE, url: str = "https://example.org/a", dated: bool = True, source: str = "here"
) -> Document:
    text = f"{title}\n\n{body}" if title else body
    return Document(source, key, text, Span(0, len(title)) if title else None, url, START if dated else None)


@dataclass
class Record:
    """What a store knows, as the port promises it, kept by applying verdicts; the real one is held to the same in its own tests."""

    seen: dict[tuple[str, str], tuple[str, str]]
    aliases: dict[str, str]
    articles: dict[str, Owner]

    @classmethod
    def empty(cls) -> Record:
        return cls({}, {}, {})

    def known(self, source: str, asked: Sequence[Probe]) -> list[Known]:
        return [self._known(source, one) for one in asked]

    def _known(self, source: str, asked: Probe) -> Known:
        hash_, article = self.seen.get((source, asked.key), ("", ""))
        links = [self.aliases.get(alias, "") for alias in asked.aliases]
        link, content = ([""] * (2 - len(links)) + links)[:2]
        siblings = frozenset(
            key for (its, key), (_, stands_for) in self.seen.items() if link and its == source and stands_for == link and key != asked.key
        )
        owner = {name: self.articles.get(id_) for name, id_ in (("key", article), ("link", link), ("content", content))}
        return Known(hash_, owner["key"], owner["link"], owner["content"], siblings)

    def poll(self, spec: SourceSpec, *documents: Document, failed: bool = False) -> list[Verdict]:
        ready = prepared(documents, spec)
        asked = [probe(one) for one in ready]
        verdicts = judge(spec, ready, asked, self.known(spec.name, asked))
        for verdict in verdicts:
            self.write(spec, verdict, failed=failed)
        return verdicts

    def write(self, spec: SourceSpec, verdict: Verdict, *, failed: bool = False) -> None:
        if verdict.kind is Kind.UNCHANGED:
            return
        self.seen[spec.name, verdict.document.key] = (remembered(verdict, failed=failed), verdict.article)
        for alias in verdict.aliases:
            assert self.aliases.setdefault(alias, verdict.article) == verdict.article, "an alias is another article's"
        if verdict.kind is not Kind.SIGHTED:
            title = verdict.document.text.partition("\n")[0]
            length = len(verdict.document.text)
            url = verdict.owner.url if verdict.foreign and verdict.owner else verdict.document.url
            own = self.seen.get((verdict.source, verdict.key), ("", ""))[0]
            feed = {one.name: one.location for one in (HERE, THERE, STRANGER)}.get(verdict.source, "")
            self.articles[verdict.article] = Owner(verdict.article, verdict.source, verdict.key, length, own, title, url, feed=feed)

    def kinds(self, spec: SourceSpec, *documents: Document) -> list[Kind]:
        return [verdict.kind for verdict in self.poll(spec, *documents)]


def after(*polls: tuple[SourceSpec, Sequence[Document]]) -> Record:
    record = Record.empty()
    for spec, documents in polls:
        record.poll(spec, *documents)
    return record


NEW, EDITED, SIGHTED, UNCHANGED = Kind.NEW, Kind.EDITED, Kind.SIGHTED, Kind.UNCHANGED
EDIT = BODY + " It was denied on Friday."
LONG = BODY * 3
OTHER = "Floods close three mountain roads in the north"

#: (rule, what was there before in HERE, what comes now into HERE, its verdicts)
WITHIN: Sequence[tuple[str, Sequence[Document], Sequence[Document], Sequence[Kind]]] = [
    ("1 same item", [document()], [document()], [UNCHANGED]),
    (
        "1 reordered",
        [document("1"), document("2", url="https://example.org/b")],
        [document("2", url="https://example.org/b"), document("1")],
        [UNCHANGED, UNCHANGED],
    ),
    (
        "1 other tracking parameters",
        [document(url="https://example.org/a?utm_source=rss")],
        [document(url="http://example.org/a?utm_source=x")],
        [UNCHANGED],
    ),
    ("2 edited", [document()], [document(body=EDIT)], [EDITED]),
    ("2 shortened by its own source", [document()], [document(body="Withdrawn.")], [EDITED]),
    ("2 edited without a link", [document(url="")], [document(url="", body=EDIT)], [EDITED]),
    ("2 moved to another address", [document()], [document(url="https://example.org/moved")], [EDITED]),
    ("2 retitled at one address", [document()], [document(title=OTHER)], [EDITED]),
    ("2 id given again", [document()], [document(title=OTHER, body="Roads are closed.", url="https://example.org/b")], [NEW]),
    ("3 id made anew", [document("1")], [document("2")], [SIGHTED]),
    ("3 id made anew, no link, same date", [document("1", url="")], [document("2", url="")], [SIGHTED]),
    ("3 no link and no date", [document("1", url="", dated=False)], [document("2", url="", dated=False)], [NEW]),
    ("3 same text at another address", [document("1")], [document("2", url="https://example.org/b")], [NEW]),
    (
        "3 the front page is no link",
        [document("1", url="https://example.org/", dated=False)],
        [document("2", url="https://example.org/", dated=False)],
        [NEW],
    ),
    ("3 listed twice in one body", [], [document("1"), document("2")], [NEW, SIGHTED]),
    ("4 id made anew and edited", [document("1")], [document("2", body=EDIT)], [EDITED]),
    ("4 the old one is still listed", [document("1")], [document("1"), document("2", body=EDIT)], [UNCHANGED, NEW]),
    ("4 another title at one address", [document("1")], [document("2", body=EDIT, title=OTHER)], [NEW]),
    (
        "4 a live blog",
        [document("1", title="Live: election")],
        [document("2", title="Live: election", body="B"), document("3", title="Live: election", body="C")],
        [NEW, NEW],
    ),
    (
        "4 entries of a page",
        [document("1", url="https://example.org/live#1")],
        [document("2", body=EDIT, url="https://example.org/live#2")],
        [NEW],
    ),
    ("6 something else", [document("1")], [document("2", title=OTHER, url="https://example.org/b")], [NEW]),
]


@pytest.mark.parametrize(("before", "now", "expected"), [row[1:] for row in WITHIN], ids=[row[0] for row in WITHIN])
def test_fault_43_within_a_source(before: Sequence[Document], now: Sequence[Document], expected: Sequence[Kind]) -> None:
    record = after((HERE, before))
    assert record.kinds(HERE, *now) == list(expected)


def there(key: str = "t1", **more: object) -> Document:
    return document(key, source="there", **more)  # type: ignore[arg-type]


#: (rule, what was in HERE and in THERE, what comes now into THERE, its verdicts)
ACROSS: Sequence[tuple[str, Sequence[Document], Sequence[Document], Sequence[Document], Sequence[Kind]]] = [
    ("5 one article in two feeds", [document()], [], [there()], [SIGHTED]),
    ("5 under a headline of its own", [document()], [], [there(title=OTHER)], [SIGHTED]),
    ("5 as a teaser", [document()], [], [there(body="The ministry said on Thursday…")], [SIGHTED]),
    ("5 in full", [document()], [], [there(body=LONG)], [EDITED]),
    ("5 wrapped by an aggregator", [document()], [], [there(url="https://www.google.com/url?url=https://example.org/a&ct=ga")], [SIGHTED]),
    ("5 twice in the other feed, one edited", [document()], [], [there("t1"), there("t2")], [SIGHTED, SIGHTED]),
    ("5 a live blog of the other feed", [document()], [there("t1")], [there("t1"), there("t2", body=EDIT)], [UNCHANGED, NEW]),
    ("5 the next entry of a live blog", [document()], [there("t1")], [there("t2", title=OTHER, body=EDIT)], [NEW]),
    ("5 id made anew and edited", [document()], [there("t1")], [there("t2", body=EDIT)], [SIGHTED]),
    ("3 id made anew of a sighting", [document()], [there("t1")], [there("t2")], [SIGHTED]),
    ("1 a sighting unchanged", [document()], [there("t1")], [there("t1")], [UNCHANGED]),
    ("2 an edit of a sighting", [document()], [there("t1")], [there("t1", body=EDIT)], [EDITED]),
    ("2 an edit of its beginning", [document(body=LONG * 2)], [there("t1", body="It said…")], [there("t1", body="It denied…")], [SIGHTED]),
    ("6 without a link", [document(url="")], [], [there(url="")], [NEW]),
    ("6 the same text elsewhere", [document()], [], [there(url="https://elsewhere.example/a")], [NEW]),
]


@pytest.mark.parametrize(("here", "before", "now", "expected"), [row[1:] for row in ACROSS], ids=[row[0] for row in ACROSS])
def test_fault_43_across_sources(
    here: Sequence[Document], before: Sequence[Document], now: Sequence[Document], expected: Sequence[Kind]
) -> None:
    record = after((HERE, here), (THERE, before))
    assert record.kinds(THERE, *now) == list(expected)


#: (what a stranger to the link brought first, what its own site brings then, the verdict)
BY_A_STRANGER: Sequence[tuple[str, Document, Document, Kind]] = [
    ("the same words", document(), document(), SIGHTED),
    ("another title", document(title=OTHER), document(), NEW),
    ("another title, a long text", document(title=OTHER, body=LONG * 9), document(), NEW),
    ("other words", document(body="Nothing of it is true."), document(), EDITED),
    ("other words, many", document(body=LONG * 9), document(), EDITED),
    ("the same title, other labels", document(body=EDIT), replace(document(), labels={"country": "EG"}), NEW),
]


@pytest.mark.parametrize(("theirs", "its", "expected"), [row[1:] for row in BY_A_STRANGER], ids=[row[0] for row in BY_A_STRANGER])
def test_a_stranger_who_names_an_article_first_does_not_keep_it_from_being_read(theirs: Document, its: Document, expected: Kind) -> None:
    record = after((STRANGER, [theirs]))
    (verdict,) = record.poll(HERE, its)
    assert (verdict.kind, verdict.if_grown) == (expected, False)
    assert record.kinds(HERE, its) == [UNCHANGED]
    after_all = replace(its, text=f"{TITLE}\n\nIt was signed.")
    assert record.kinds(HERE, after_all) == [EDITED], "nor a short edit of it"


def test_what_is_sent_under_ids_of_its_own_is_never_taken_for_a_sight_of_something_else() -> None:
    wire = SourceSpec("wire", SourceKind.PUSH, "", 900)

    def sent(key: str, body: str = BODY, **more: object) -> Document:
        return document(key, body, source="wire", **more)  # type: ignore[arg-type]

    record = after((HERE, [document()]))
    assert record.kinds(wire, sent("w1")) == [SIGHTED], "the same words"
    assert record.kinds(wire, sent("w2", EDIT, title=OTHER)) == [NEW]
    record = after((HERE, [document()]))
    assert record.kinds(wire, sent("w1", "Nothing came of it.")) == [EDITED]
    record = after((wire, [sent("w1")]))
    assert record.kinds(wire, sent("w2", EDIT)) == [NEW], "one address, another id"
    assert record.kinds(wire, sent("w1")) == [UNCHANGED]
    record = after((wire, [sent("w1", LONG)]))
    assert record.kinds(HERE, document()) == [EDITED], "its feed is read whatever was sent before"


def test_of_one_key_twice_in_one_body_the_later_counts() -> None:
    assert [one.text for one in prepared([document(), document("2"), document(body=EDIT)], HERE)] == [
        document(body=EDIT).text,
        document("2").text,
    ]


def test_a_stranger_may_sight_an_article_and_bring_it_in_full() -> None:
    record = after((HERE, [document()]))
    assert record.kinds(STRANGER, document(source="stranger")) == [SIGHTED]
    record = after((HERE, [document()]))
    assert record.kinds(STRANGER, document(source="stranger", body=LONG)) == [EDITED]


def test_fault_43_guid_changed_each_fetch_is_no_new_article() -> None:
    record = after((HERE, [document("0"), document("b0", url="https://example.org/b")]))
    for fetch in range(1, 6):
        kinds = record.kinds(HERE, document(str(fetch)), document(f"b{fetch}", url="https://example.org/b"))
        assert kinds == [SIGHTED, SIGHTED]
    assert record.kinds(HERE, document("6", body=EDIT)) == [EDITED]
    assert record.kinds(HERE, document("7", body=EDIT)) == [SIGHTED]
    assert len(record.articles) == 2


def test_fault_43_guid_changed_each_fetch_in_the_second_feed_is_no_new_article_either() -> None:
    record = after((HERE, [document()]))
    for fetch in range(5):
        assert record.kinds(THERE, there(str(fetch))) == [SIGHTED]
    assert len(record.articles) == 1


def test_fault_43_an_id_given_again_keeps_both_articles() -> None:
    first = document("1")
    second = document("1", title=OTHER, body="Three roads are closed.", url="https://example.org/b")
    record = after((HERE, [first]))
    (verdict,) = record.poll(HERE, second)
    assert verdict.kind is NEW
    assert verdict.key != "1"
    assert record.kinds(HERE, second) == [UNCHANGED]
    assert record.kinds(HERE, replace(second, text=second.text + " A fourth is open.")) == [EDITED]
    assert record.kinds(HERE, first) == [SIGHTED], "given back to the first"
    assert {owner.title for owner in record.articles.values()} == {TITLE, OTHER}


def test_two_items_that_were_one_article_may_part() -> None:
    record = after((HERE, [document("1"), document("2")]))
    assert len(record.articles) == 1
    assert record.kinds(HERE, document("1", body=EDIT), document("2", body=LONG)) == [EDITED, NEW]
    assert {owner.length for owner in record.articles.values()} == {len(document(body=text).text) for text in (EDIT, LONG)}
    assert record.kinds(HERE, document("1", body=EDIT), document("2", body=LONG)) == [UNCHANGED, UNCHANGED]


def test_an_article_of_another_source_keeps_its_source_and_id() -> None:
    record = after((HERE, [document()]))
    (sighted,) = record.poll(THERE, there("t9"))
    (edited,) = record.poll(THERE, there("t9", body=LONG))
    assert sighted.article == edited.article == identity("here", "1")
    assert (edited.source, edited.key, edited.foreign) == ("here", "1", True)


def test_a_teaser_beside_a_teaser_waits_for_its_page() -> None:
    record = after((HERE, [document()]))
    spec = replace(THERE, full_text=True)
    (verdict,) = record.poll(spec, there())
    assert (verdict.kind, verdict.if_grown) == (EDITED, True)
    full = after((HERE, [document(body=LONG)]))
    assert full.kinds(spec, there()) == [SIGHTED], "its page would bring nothing"


def test_a_page_that_failed_is_asked_for_three_times_more() -> None:
    record = Record.empty()
    kinds = [record.poll(PAGES, document(), failed=True)[0].kind for _ in range(6)]
    assert kinds == [NEW, EDITED, EDITED, EDITED, UNCHANGED, UNCHANGED]
    record = after((HERE, [document()]))
    record.poll(PAGES, document("2", url="https://example.org/b"), failed=True)
    (verdict,) = record.poll(PAGES, document("2", url="https://example.org/b"))
    assert (verdict.kind, verdict.tries) == (EDITED, 1)
    (verdict,) = record.poll(PAGES, document("2", url="https://example.org/b", body=EDIT), failed=True)
    assert verdict.tries == 0, "an edit counts anew"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (TITLE, TITLE, True),
        (TITLE, TITLE.upper(), True),
        (TITLE, f"Update: {TITLE}", True),
        ("وزارة الدفاع توقّع صفقة صواريخ", "وزارة الدفاع توقع صفقة صواريخ جديدة", True),
        ("国防省が新型ミサイルの契約を結ぶ", "国防省が新型ミサイルの契約を締結", True),
        (TITLE, OTHER, False),
        ("Live", "Live", True),
        ("Live", "Live: the election", False),
        ("", "", False),
        (TITLE, "", False),
    ],
)
def test_titles_alike(one: str, other: str, expected: bool) -> None:
    assert alike(one, other) is alike(other, one) is expected


def test_what_is_remembered_of_an_item_tells_contents_apart() -> None:
    assert content_hash(document(body="ab", url="c")) != content_hash(document(body="a", url="bc"))
    plain = Document("here", "1", "ab")
    assert content_hash(replace(plain, title=Span(0, 1))) != content_hash(plain)
    assert content_hash(replace(plain, labels={"a": "b"}, published=START)) == content_hash(plain)
    assert aliases(plain) == ()
    dated = replace(plain, published=START)
    assert len(aliases(dated)) == 1
    assert aliases(dated) != aliases(replace(dated, published=START + timedelta(seconds=1)))
    assert aliases(dated) != aliases(replace(dated, source="there"))


_ITEMS = st.builds(
    document,
    st.sampled_from("123"),
    st.sampled_from([BODY, EDIT, LONG, "Short."]),
    title=st.sampled_from([TITLE, OTHER, "", "Live"]),
    url=st.sampled_from(["", "https://example.org/", *(f"https://example.org/{name}" for name in "abc")]),
    dated=st.booleans(),
)


@given(_ITEMS, st.booleans())
def test_what_is_asked_of_the_record_is_what_each_question_says_alone(item: Document, linked: bool) -> None:
    one = replace(item, link=item.url) if linked else item
    assert probe(one) == Probe(one.key, content_hash(one), aliases(one))


_POLLS = st.lists(st.tuples(st.sampled_from([HERE, THERE, PAGES, STRANGER]), st.lists(_ITEMS, max_size=4)), max_size=6)


@given(_POLLS)
def test_whatever_comes_nothing_is_lost_and_a_repeat_is_unchanged(polls: Sequence[tuple[SourceSpec, Sequence[Document]]]) -> None:
    record = Record.empty()
    for spec, documents in polls:
        verdicts = record.poll(spec, *documents)  # ``write`` holds that no alias is taken from an article
        written = [verdict.article for verdict in verdicts if verdict.kind in (NEW, EDITED)]
        assert len(written) == len(set(written)), "an article is written once in a poll"
        texts: Mapping[str, str] = {verdict.document.key: verdict.document.text for verdict in verdicts}
        assert set(texts) == {one.key for one in documents}
        for verdict in verdicts:
            assert verdict.article in record.articles
            assert (verdict.kind is NEW) == (verdict.owner is None)
        assert set(record.kinds(spec, *documents)) <= {UNCHANGED}


@given(st.lists(_ITEMS, max_size=5, unique_by=lambda one: one.key), st.sampled_from(["here", "there"]))
def test_what_was_worked_out_where_it_was_read_holds_for_what_is_judged(items: list[Document], source: str) -> None:
    """Also where another source polls it, or a link turns out to be that of several."""
    known = [replace(one, hashes=hashes(one)) for one in items]
    spec = replace(HERE, name=source)
    assert [probe(one) for one in prepared(known, spec)] == [probe(one) for one in prepared(items, spec)]
    assert all(one.hashes in ((), hashes(one)) for one in prepared(known, spec))
