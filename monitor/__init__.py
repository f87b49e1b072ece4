"""A news-monitoring daemon: articles in, watchlists matched, alerts out. DESIGN.md draws the rooms and their rules."""

__version__ = "0.1.0"
