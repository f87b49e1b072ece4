"""What answers over HTTP: /healthz, /metrics and pushed articles on loopback unless configured otherwise, and the commands of
the control socket.

This room is handed what it shows and does as functions and ports; it must not know the store, the flow or the settings.
"""

from monitor.web.app import Health, create_app
from monitor.web.control import ControlProtocol, create_control_app, name_of
from monitor.web.links import Asked, Expired, Links
from monitor.web.push import Push
from monitor.web.server import Server, bind

__all__ = [
    "Asked",
    "ControlProtocol",
    "Expired",
    "Health",
    "Links",
    "Push",
    "Server",
    "bind",
    "create_app",
    "create_control_app",
    "name_of",
]
