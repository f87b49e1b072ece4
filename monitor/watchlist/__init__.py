"""What a user may write: the query language, the watchlist and vocabulary files, and what they become.

The doors are ``load`` and ``load_folder``. This room opens no file and knows nothing of texts being matched.
"""

from monitor.watchlist.file import load, load_folder
from monitor.watchlist.grammar import parse_query
from monitor.watchlist.model import Escalation, InlineTest, Loaded, Term, TestKind, Vocabulary, Watchlist
from monitor.watchlist.tokens import QueryError

__all__ = [
    "Escalation",
    "InlineTest",
    "Loaded",
    "QueryError",
    "Term",
    "TestKind",
    "Vocabulary",
    "Watchlist",
    "load",
    "load_folder",
    "parse_query",
]
