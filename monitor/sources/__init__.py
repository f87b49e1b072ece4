"""Where articles come from, and the folder of watchlists: the room that reads files and asks servers.

Each source knows how to read what is new and nothing of what becomes of it. What strangers wrote is bounded and cleaned
here, at the border. Feeds are read in a worker process; feedparser and its dates live in ``slowread`` and ``dates``.
"""
