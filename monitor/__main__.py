"""``python -m monitor``: the same program where its script is not on the path."""

from monitor.cli.main import main

main()
