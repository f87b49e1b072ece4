"""What an update, a correction or a closing tells that was not told before, in sentences of one line each.

As in ``message``: tamed and bounded, not escaped. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from monitor.model import JsonObject, Severity
from monitor.render.languages import language
from monitor.render.plain import excerpt, isolated, plain, short_name, shortened

#: Names of one kind that are listed, the rest is counted.
_LISTED: Final = 8
#: Of a passage that is all that is new, in characters.
_QUOTED: Final = 120

_REASONS: Final = {
    "new_evidence": "says something new",
    "stance_changed": "is told differently",
    "severity_raised": "is graver than told before",
    "new_language": "is now told in another language",
    "new_sources": "is told by many more",
    "correction": "was corrected",
    "by_hand": "",  # who did it is said instead
    "merged": "its story became part of another",
}


def news_of(data: JsonObject, severity: Severity, event: str) -> Iterable[str]:
    """What an update is about: the reason, then what the document says is new. Names stand in isolates, or those of two directions
    would trade places."""
    change, correction = data.get("change") or {}, data.get("correction")
    reason = short_name(data["reason"])
    by_hand = _by_hand(change, event)
    if by_hand or not correction:
        why = _REASONS.get(reason, reason.replace("_", " "))
        quoted = _quoted(data, change.get("new") or {}) if reason == "new_evidence" else ""
        yield f"{why}: {quoted}" if quoted else why
        yield by_hand
    if correction:
        yield from _corrected(correction, data["article"]["title"])
    new: Mapping[str, Sequence[Any]] = change.get("new") or {}
    names = {str(entity["id"]): str(entity["name"]) for entity in data["entities"]}
    # Where people see what else is new, the query says nothing to them.
    alone = not any(new.get(what) for what in ("entities", "groups", "passages", "stances"))
    for what, word, name in (
        ("entities", "named now", lambda id_: names.get(id_, id_)),
        ("stances", "now told as", str),
        ("languages", "now also in", language),
        ("outlets", "now also told by", str),
        ("groups", "now about", _spoken),
        ("clauses", "found by another part of the query", str),
    ):
        if what == "clauses" and not alone:
            continue
        if said := [isolated(shown) for value in new.get(what) or () if (shown := shortened(name(value), 80))]:
            yield f"{word}: {', '.join(said[:_LISTED])}" + (f" and {len(said) - _LISTED} more" if len(said) > _LISTED else "")
    if (before := change.get("severity_before")) and before != severity:
        yield f"was {short_name(before)} before"


def _quoted(data: JsonObject, new: Mapping[str, Sequence[Any]]) -> str:
    """The first passage that is new, where no name of what is new is told; "" where one is, or the passage is the title."""
    evidence: Sequence[JsonObject] = data["evidence"]
    if any(new.get(what) for what in ("entities", "groups", "stances", "languages")):
        return ""
    for number in new.get("passages") or ():
        if 0 <= int(number) < len(evidence) and evidence[number]["zone"] != "title":
            said = plain("".join(piece.text for piece in excerpt(evidence[number], _QUOTED)))
            return isolated(f"“{said}”") if said else ""
    return ""


def as_said(disposition: str) -> str:
    return disposition.replace("_", " ")


def _spoken(group: str) -> str:
    """A group's name as it is read, not as a query writes it; a quoted phrase stands for itself."""
    return group if group.startswith('"') else group.replace("_", " ")


def _corrected(correction: Mapping[str, Any], title: Any) -> Iterable[str]:
    """The passages below are what is not said any more; the title above is that of now."""
    yield "withdrawn: its article does not say any more what stands below"
    if (was := shortened(title, 200)) and was != shortened(correction["title"], 200):
        yield f"its title was: {isolated(was)}"
    if stances := [short_name(stance) for stance in correction.get("stances") or ()]:
        yield f"now told as: {', '.join(stances)}"


def _by_hand(change: Mapping[str, Any], event: str) -> str:
    """Who closed or reopened it, as what, and what they wrote; "" where nobody did."""
    if not (who := short_name(change.get("by") or "")):
        return ""
    disposition, comment = short_name(change.get("disposition") or ""), shortened(change.get("comment") or "", 300)
    as_what = f" as {as_said(disposition)}" if disposition else ""
    if before := short_name(change.get("disposition_before") or ""):
        as_what += f", no longer as {as_said(before)},"
    # A link's sink is no person: whoever had its message pressed the button.
    by = f"a link sent to {isolated(who)}" if change.get("door") == "link" else isolated(who)
    return f"{event}{as_what} by {by}" + (f": {isolated(comment)}" if comment else "")
