"""Build one look-up file: ``python -m monitor.dictionaries LANGUAGE FOLDER``."""

import sys
from pathlib import Path

from monitor.dictionaries.build import build, supported


def main(arguments: list[str]) -> int:
    if len(arguments) != 2 or not supported(arguments[0]):
        print("usage: python -m monitor.dictionaries LANGUAGE FOLDER", file=sys.stderr)
        return 2
    build(arguments[0], Path(arguments[1]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
