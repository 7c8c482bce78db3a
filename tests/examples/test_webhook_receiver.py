"""The receiver shown to integrators, run as it stands: it takes what is genuine, once, and nothing else."""

import base64
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from infra.embedded.ports import any_free
from schemas.events.room import MessagePosted
from schemas.samples import EVENTS
from schemas.structured import to_structured
from streams.webhooks.line import Failure
from streams.webhooks.sending import client, post
from streams.webhooks.signing import written

RECEIVER = Path(__file__).parent.parent.parent / "examples" / "webhooks" / "python" / "receiver.py"
SECRET = b"k" * 32
EVENT = EVENTS[MessagePosted.TYPE]


@dataclass
class Receiver:
    url: str
    file: Path

    async def sent(self, body: bytes, *secrets: bytes) -> Failure | None:
        async with client(5, 1) as requests:
            return await post(requests, self.url, EVENT.event_id, body, secrets)

    def kept(self) -> list[tuple[str, int, str, str]]:
        with sqlite3.connect(self.file) as db:
            return db.execute("SELECT id, position, key, data FROM events").fetchall()


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    port, file = any_free(), tmp_path / "events.db"
    process = subprocess.Popen(
        [sys.executable, str(RECEIVER), str(file), str(port)],
        env=os.environ | {"YEON_WEBHOOK_SECRET": written(SECRET)},
    )
    url = f"http://127.0.0.1:{port}/"
    deadline = time.monotonic() + 20
    while True:
        try:
            httpx.get(url, timeout=1)
            break
        except httpx.TransportError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    yield Receiver(url, file)
    process.terminate()
    process.wait(10)


async def test_what_is_genuine_is_kept_once(receiver: Receiver) -> None:
    body = to_structured(EVENT)
    for secrets in ((SECRET,), (SECRET,), (b"n" * 32, SECRET)):
        assert await receiver.sent(body, *secrets) is None
    ((event_id, position, key, data),) = receiver.kept()
    assert (event_id, position, key) == (EVENT.event_id, EVENT.position, str(EVENT.data.partition_key))
    assert json.loads(data) == EVENT.data.model_dump(mode="json", by_alias=True)


async def test_what_was_changed_or_is_another_s_or_old_is_refused(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = to_structured(EVENT)
    assert await receiver.sent(body, b"x" * 32) == Failure("answered 401", refused=True)
    signature = base64.b64encode(b"0" * 32).decode()
    forged = {
        "webhook-id": "a",
        "webhook-timestamp": str(int(time.time())),
        "webhook-signature": f"v1,{signature}",
    }
    async with httpx.AsyncClient() as forger:
        assert (await forger.post(receiver.url, content=body, headers=forged)).status_code == 401
    an_hour_ago = time.time() - 3600
    monkeypatch.setattr(time, "time", lambda: an_hour_ago)
    assert await receiver.sent(body, SECRET) == Failure("answered 401", refused=True)
    assert receiver.kept() == []
