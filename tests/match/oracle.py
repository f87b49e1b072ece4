"""A naive evaluator: the semantics of the query language written down as plainly as possible, with no regard for cost.

Terms are words found as written, each of a language (any, where none is said); a text is a list of sentences, each a list
of words. It answers true or false.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise, product

from monitor.model import Facts
from monitor.watchlist.query import And, Count, Field, FieldKind, Filter, First, Group, Near, Node, Not, Or, Scope, ScopeKind

# One passage: (sentence, zone, paragraph, words)
Sentences = list[tuple[int, str, int, list[str]]]
#: The terms of each group, with their language or without.
Groups = Mapping[str, Sequence[str | tuple[str, str]]]
#: (sentence, first word, word after the last, language)
Span = tuple[int, int, int, str]


def spans(node: Node, text: Sentences, groups: Groups, seen: set[tuple[int, int]]) -> set[Span]:
    """Every hit of a group or an OR of groups among the words that may be seen."""
    if isinstance(node, Or):
        return set().union(*(spans(item, text, groups, seen) for item in node.items))
    assert isinstance(node, Group)
    out = set()
    for number, _, _, words in text:
        for term in groups[node.name]:
            written, language = (term, "any") if isinstance(term, str) else term
            parts = written.split()
            for at in range(len(words) - len(parts) + 1):
                place = range(at, at + len(parts))
                if words[at : at + len(parts)] == parts and all((number, i) in seen for i in place):
                    out.add((number, at, at + len(parts), language))
    return out


def unmasked(text: Sentences, masks: Sequence[str]) -> set[tuple[int, int]]:
    """The words that no mask covers."""
    every = {(number, at) for number, _, _, words in text for at in range(len(words))}
    masked = spans(Group("mask"), text, {"mask": masks}, every)
    return every - {(number, at) for number, first, last, _ in masked for at in range(first, last)}


def true(node: Node, text: Sentences, groups: Groups, seen: set[tuple[int, int]] | None = None, facts: Facts | None = None) -> bool:
    if seen is None:
        seen = {(number, at) for number, _, _, words in text for at in range(len(words))}
    facts = facts or Facts()
    match node:
        case Filter(kind, values, key):
            return {"lang": facts.language, "source": facts.source, "label": facts.labels.get(key)}[kind.value] in values
        case Group():
            return bool(spans(node, text, groups, seen))
        case And(items):
            return all(true(item, text, groups, seen, facts) for item in items)
        case Or(items):
            return any(true(item, text, groups, seen, facts) for item in items)
        case Not(item):
            return not true(item, text, groups, seen, facts)
        case Near(words, items, ordered):
            choices = product(*(spans(item, text, groups, seen) for item in items))
            return any(near(choice, words, ordered) for choice in choices)
        case Scope(kind, items):
            index = 0 if kind is ScopeKind.SENTENCE else 2
            for place in {passage[index] for passage in text}:
                inside = {(n, at) for n, at in seen if next(p for p in text if p[0] == n)[index] == place}
                hit = any(spans(leaf, text, groups, inside) for leaf in node.walk() if isinstance(leaf, Group))
                if hit and all(true(item, text, groups, inside, facts) for item in items):
                    return True
            return False
        case Count(item, least):
            return most_disjoint(spans(item, text, groups, seen)) >= least
        case First(words, item):
            order = [(number, at) for number, _, _, ws in text for at in range(len(ws))]
            return true(item, text, groups, seen & set(order[:words]), facts)
        case Field(kind, item):
            zones = {"title"} if kind is FieldKind.TITLE else {"lead"} if kind is FieldKind.LEAD else {"lead", "body"}
            inside = {(n, at) for n, at in seen if next(p for p in text if p[0] == n)[1] in zones}
            return true(item, text, groups, inside, facts)
    raise AssertionError(node)


def near(choice: tuple[Span, ...], words: int, ordered: bool) -> bool:
    if len({sentence for sentence, _, _, _ in choice}) > 1:
        return False
    if len({language for _, _, _, language in choice} - {"any"}) > 1:
        return False
    in_order = sorted(choice)
    if any(a[2] > b[1] for a, b in pairwise(in_order)):
        return False
    if ordered and list(choice) != in_order:
        return False
    return sum(b[1] - a[2] for a, b in pairwise(in_order)) <= words


def most_disjoint(found: set[Span]) -> int:
    kept: list[Span] = []
    for span in sorted(found, key=lambda s: (s[0], s[2])):
        if not kept or kept[-1][0] != span[0] or kept[-1][2] <= span[1]:
            kept.append(span)
    return len(kept)
