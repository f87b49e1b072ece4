"""Telling systemd how it goes (sd_notify(3)): a datagram to the socket it names, and nothing where there is none."""

from __future__ import annotations

import os
import socket
import time


def notify(message: str) -> None:
    """``READY=1``, ``RELOADING=1``, ``STOPPING=1``, ``STATUS=…``; never raises: a service manager that does not listen
    is no reason to stop."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    if message.startswith("RELOADING=1"):
        # systemd wants to know since when, on its own clock.
        message += f"\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.sendto(message.encode(), address)
    except OSError:
        pass
