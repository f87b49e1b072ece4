"""Receives webhooks of the monitor: verifies signatures, drops duplicates. It needs the package ``standardwebhooks``.

WEBHOOK_SECRET=whsec_… python receiver.py 8000
"""

import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

WEBHOOK = Webhook(os.environ["WEBHOOK_SECRET"])
SEEN: set[str] = set()  # in earnest: a table with a unique column, written in the transaction that keeps the event


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            event = WEBHOOK.verify(body, dict(self.headers))
        except WebhookVerificationError:
            self.send_error(401)  # the sender's secret is another: it pauses and keeps what waits; 400 would give each message up
            return
        if self.headers["webhook-id"] not in SEEN:
            print(event["type"], event["subject"], event["data"], flush=True)
            SEEN.add(self.headers["webhook-id"])  # after the work: what fails before is sent again
        self.send_response(204)
        self.end_headers()


HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
