"""What answers over HTTP: /healthz and /metrics, on loopback unless configured otherwise.

This room is handed what it shows as functions; it must not know the store, the flow or the settings.
"""

from monitor.web.app import Health, create_app
from monitor.web.server import Server, bind

__all__ = ["Health", "Server", "bind", "create_app"]
