"""The commands: what a person types, turned into calls on the rooms, and what they answer, turned into text and a status.

Rooms are imported inside commands, so that ``monitor --help`` does not wait for libraries it does not need. This room must
not decide anything that the service would decide otherwise: it uses the same wiring.
"""

from monitor.cli.main import main

__all__ = ["main"]
