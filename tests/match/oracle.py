"""A naive evaluator: the semantics of the query language written down as plainly as possible, with no regard for cost.

Terms are single words found as written; a text is a list of sentences, each a list of words. It answers true or false.
"""

from __future__ import annotations

from itertools import pairwise, product

from monitor.watchlist.query import And, Count, Field, FieldKind, First, Group, Near, Node, Not, Or, Scope, ScopeKind

# One passage: (sentence, zone, paragraph, words)
Sentences = list[tuple[int, str, int, list[str]]]


def spans(node: Node, text: Sentences, groups: dict[str, list[str]], seen: set[tuple[int, int]]) -> set[tuple[int, int, int]]:
    """(sentence, first, last) of every hit of a group or an OR of groups among the words that may be seen."""
    if isinstance(node, Or):
        return set().union(*(spans(item, text, groups, seen) for item in node.items))
    assert isinstance(node, Group)
    out = set()
    for number, _, _, words in text:
        for term in groups[node.name]:
            parts = term.split()
            for at in range(len(words) - len(parts) + 1):
                place = range(at, at + len(parts))
                if words[at : at + len(parts)] == parts and all((number, i) in seen for i in place):
                    out.add((number, at, at + len(parts)))
    return out


def true(node: Node, text: Sentences, groups: dict[str, list[str]], seen: set[tuple[int, int]] | None = None) -> bool:
    if seen is None:
        seen = {(number, at) for number, _, _, words in text for at in range(len(words))}
    match node:
        case Group():
            return bool(spans(node, text, groups, seen))
        case And(items):
            return all(true(item, text, groups, seen) for item in items)
        case Or(items):
            return any(true(item, text, groups, seen) for item in items)
        case Not(item):
            return not true(item, text, groups, seen)
        case Near(words, items, ordered):
            choices = product(*(spans(item, text, groups, seen) for item in items))
            return any(near(choice, words, ordered) for choice in choices)
        case Scope(kind, items):
            index = 0 if kind is ScopeKind.SENTENCE else 2
            for key in {passage[index] for passage in text}:
                inside = {(n, at) for n, at in seen if next(p for p in text if p[0] == n)[index] == key}
                hit = any(spans(leaf, text, groups, inside) for leaf in node.walk() if isinstance(leaf, Group))
                if hit and all(true(item, text, groups, inside) for item in items):
                    return True
            return False
        case Count(item, least):
            return most_disjoint(spans(item, text, groups, seen)) >= least
        case First(words, item):
            order = [(number, at) for number, _, _, ws in text for at in range(len(ws))]
            return true(item, text, groups, seen & set(order[:words]))
        case Field(kind, item):
            zones = {"title"} if kind is FieldKind.TITLE else {"lead"} if kind is FieldKind.LEAD else {"lead", "body"}
            inside = {(n, at) for n, at in seen if next(p for p in text if p[0] == n)[1] in zones}
            return true(item, text, groups, inside)
    raise AssertionError(node)


def near(choice: tuple[tuple[int, int, int], ...], words: int, ordered: bool) -> bool:
    if len({sentence for sentence, _, _ in choice}) > 1:
        return False
    in_order = sorted(choice)
    if any(a[2] > b[1] for a, b in pairwise(in_order)):
        return False
    if ordered and list(choice) != in_order:
        return False
    return sum(b[1] - a[2] for a, b in pairwise(in_order)) <= words


def most_disjoint(found: set[tuple[int, int, int]]) -> int:
    kept: list[tuple[int, int, int]] = []
    for span in sorted(found, key=lambda s: (s[0], s[2])):
        if not kept or kept[-1][0] != span[0] or kept[-1][2] <= span[1]:
            kept.append(span)
    return len(kept)
