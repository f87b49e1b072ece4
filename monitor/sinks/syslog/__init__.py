"""Syslog: one RFC 5424 record a notification, over TCP or TLS, counted in octets."""

from monitor.sinks.syslog.sender import Syslog
from monitor.sinks.syslog.settings import SyslogSettings

__all__ = ["Syslog", "SyslogSettings"]
