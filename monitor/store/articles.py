"""Articles, their texts and the versions they had.

Most articles are written once. Such a one holds what its version has besides (zones, engine) in its own row: a row in another
place of the record would cost every new article as much as its own does. Written again, it leaves what it was to a row of
``article_version``, and so do all its versions from then on; the first of one text stays as it was. This module must not know
what an article is decided to be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, insert, select, union_all

from monitor.ports import IngestArticle, IngestBatch
from monitor.store import codec
from monitor.store.rows import Adding, Values
from monitor.store.schema import article, article_text, article_version, microseconds
from monitor.store.statements import SOME, add_rows, insert_new, json_text, read_in, run_rows, upsert

_THERE = select(article.c.id).where(article.c.id.in_(SOME))
_TEXTS = Adding(insert_new(article_text), article_text.columns.keys())
_NEW = Adding(insert(article), article.columns.keys())
_AGAIN = Adding(upsert(article), article.columns.keys())
_NEW_VERSION = insert_new(article_version)
_VERSION = ("article", "text_hash", "title", "zones", "engine", "fetched")


def _own_versions(*conditions: ColumnElement[bool]) -> Select[Any]:
    """Those that articles hold themselves, as rows of ``article_version``."""
    of = (article.c.id.label("article"), *(article.c[name] for name in _VERSION[1:]))
    return select(*of).where(article.c.zones.is_not(None), *conditions)


_LEAVE = insert_new(article_version).from_select(_VERSION, _own_versions(article.c.id == bindparam("b_article")))


def versions_of(connection: Connection, id_: str) -> Sequence[Any]:
    """All versions of an article, in the order in which they were read."""
    apart = select(*(article_version.c[name] for name in _VERSION)).where(article_version.c.article == id_)
    found = union_all(apart, _own_versions(article.c.id == id_)).subquery()
    return connection.execute(select(found).order_by(found.c.fetched)).all()


def there(connection: Connection, batch: IngestBatch) -> frozenset[str]:
    """The articles of this batch that are in the record."""
    return frozenset(id_ for (id_,) in read_in(connection, _THERE, list({item.article.id for item in batch.articles})))


def put(connection: Connection, batch: IngestBatch, there: Collection[str]) -> None:
    """The articles with their texts and versions; ``there`` are those that the record had before."""
    many = Counter([item.article.id for item in batch.articles])
    apart = {id_ for id_, times in many.items() if times > 1 or id_ in there}
    again = [item for item in batch.articles if item.article.id in apart] if apart else []
    run_rows(connection, _LEAVE, [{"b_article": id_} for id_ in dict.fromkeys(item.article.id for item in again)])
    _TEXTS.add(connection, [(item.article.text_hash, item.text) for item in batch.articles])
    _NEW.add(connection, [_row(item, alone=True) for item in batch.articles if item.article.id not in apart])
    _AGAIN.add(connection, [_row(item, alone=False) for item in again])
    add_rows(connection, _NEW_VERSION, [_version(item) for item in again])


def _row(item: IngestArticle, *, alone: bool) -> Values:
    """In the order of ``article``'s columns."""
    a = item.article
    return (
        a.id,
        a.source,
        a.key,
        a.url,
        a.title,
        a.language,
        microseconds(a.published),
        microseconds(a.fetched),
        a.text_hash,
        json_text(dict(a.labels)) if a.labels else "{}",
        json_text(list(a.notes)) if a.notes else "[]",
        item.failed,
        codec.zones_json(item.zones).text if alone else None,
        item.engine if alone else None,
    )


def _version(item: IngestArticle) -> dict[str, Any]:
    a = item.article
    version = {"article": a.id, "text_hash": a.text_hash, "title": a.title, "engine": item.engine, "fetched": a.fetched}
    return version | {"zones": codec.zones_json(item.zones)}
