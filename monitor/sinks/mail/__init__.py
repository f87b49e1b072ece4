"""Mail: a letter a notification, threaded by story, handed to one SMTP server, with an answer kept for each recipient."""

from monitor.sinks.mail.sender import Mail
from monitor.sinks.mail.settings import MailSettings

__all__ = ["Mail", "MailSettings"]
