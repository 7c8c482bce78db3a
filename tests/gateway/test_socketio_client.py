"""The Socket.IO client of npm, unmodified, against a whole gateway."""

import asyncio
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.conftest import World

HERE = Path(__file__).parent / "socket_io"


@pytest.fixture(scope="module")
def client() -> None:
    """The client of the lock file, installed beside its script."""
    if shutil.which("npm") is None:
        if os.environ.get("CI"):
            pytest.fail("Node is needed for the Socket.IO client")
        pytest.skip("no Node here for the Socket.IO client")
    command = ("npm", "ci", "--no-audit", "--no-fund")
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr


async def talk(**given: Any) -> dict[str, Any]:
    """What the script saw."""
    process = await asyncio.create_subprocess_exec(
        "node",
        str(HERE / "talk.mjs"),
        json.dumps(given),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        said, wrong = await asyncio.wait_for(process.communicate(), 60)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, wrong.decode()
    seen: dict[str, Any] = json.loads(said)
    return seen


async def test_the_clients_of_the_first_design_work_as_they_are(client: None, world: World) -> None:
    alice, bob = await world.person(), await world.expert("밥")
    room = await world.room(alice, bob)
    where = world.gateway.websocket

    said = await talk(
        url=f"http://{where.host}:{where.port}",
        alice={"id": str(alice.id), "token": alice.tokens["accessToken"]},
        bob={"id": str(bob.id), "token": bob.tokens["accessToken"]},
        room=room,
    )

    assert said["authenticated"]["userId"] == str(alice.id)
    assert (said["late"]["ok"], said["late"]["userId"]) == (True, str(bob.id))
    assert (said["joined"]["ok"], said["joined"]["lastSeq"]) == (True, 0)
    assert (said["sent"]["ok"], said["sent"]["seq"]) == (True, 1)
    assert said["message"]["message"]["content"] == "안녕"
    assert said["message"]["sender"]["userId"] == str(alice.id)
    assert said["typing"] == {"roomId": room, "userId": str(bob.id), "isTyping": True}
    assert said["answer"]["message"]["content"] == "옛 클라이언트"
    assert said["read"]["ok"]
    assert (said["readMark"]["userId"], said["readMark"]["upToSeq"]) == (str(bob.id), 2)
    assert (said["unknown"]["ok"], said["unknown"]["code"]) == (False, "unknown_type")
    assert (said["forOthers"]["ok"], said["forOthers"]["code"]) == (False, "forbidden")
    assert said["error"]["code"] == "unknown_type"
    assert (said["resumed"]["ok"], said["resumed"]["rooms"]) == (True, {room: 3})
    assert said["missed"]["message"]["content"] == "그사이"
    assert said["refused"]["data"]["code"] == "unauthenticated"
    assert not said["refused"]["active"]
    assert said["namespace"] == "Invalid namespace"
    assert not said["disconnected"]
    at_bob = [
        one["data"]["seq"] for one in said["seen"] if (one["name"], one["event"]) == ("b", "new_message")
    ]
    assert at_bob == [1, 2, 3]
