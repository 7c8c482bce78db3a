"""Takes webhooks: verifies the signature, keeps every event once in SQLite, and only then says that it was taken.

    python receiver.py events.db 9000            # YEON_WEBHOOK_SECRET=whsec_…

Needs nothing but Python. Answer within ten seconds; what takes longer is done after the answer, from the table.
"""

import base64
import hmac
import json
import os
import sqlite3
import sys
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer

SECRET = base64.b64decode(os.environ["YEON_WEBHOOK_SECRET"].removeprefix("whsec_"))
TOLERANCE_SECONDS = 300
TABLE = "CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, position INTEGER, type TEXT, key TEXT, data TEXT)"


def is_genuine(headers: Mapping[str, str], body: bytes) -> bool:
    """Whether one of the signatures is ours, and young: an old request could be somebody's who recorded it."""
    event_id, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not at.isdigit() or abs(time.time() - int(at)) > TOLERANCE_SECONDS:
        return False
    expected = hmac.digest(SECRET, f"{event_id}.{at}.".encode() + body, "sha256")
    wanted = "v1," + base64.b64encode(expected).decode()
    # While a secret is being replaced there are several. compare_digest: an answer's time gives nothing away.
    return any(hmac.compare_digest(wanted, one) for one in headers.get("webhook-signature", "").split())


def keep(db: sqlite3.Connection, event: Mapping[str, object]) -> None:
    """Keep an event unless it came before. Those of one `partitionkey` (a question) come in order."""
    with db:
        db.execute(
            "INSERT INTO events VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
            (
                *(
                    event["id"],
                    int(str(event.get("position", 0))),
                    event["type"],
                    event.get("partitionkey", ""),
                ),
                json.dumps(event["data"], ensure_ascii=False),
            ),
        )


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if not is_genuine(self.headers, body):
            self._answer(401)
            return
        event = json.loads(body)
        keep(DB, event)  # if this fails there is no answer, and it comes again
        print(event.get("position", "-"), event["type"], flush=True)
        self._answer(204)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


if __name__ == "__main__":
    DB = sqlite3.connect(sys.argv[1])
    DB.execute(TABLE)
    HTTPServer(("127.0.0.1", int(sys.argv[2])), Receiver).serve_forever()
