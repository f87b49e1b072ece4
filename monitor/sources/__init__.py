"""Where articles come from, and the folder of watchlists: the room that reads files and asks servers.

Each source knows how to read what is new and nothing of what becomes of it. What strangers wrote is bounded and cleaned
here, at the border. feedparser lives in ``feedread`` and nowhere else, and runs in a worker process.
"""
