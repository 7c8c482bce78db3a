"""Given someone who follows the log, when events are appended, then each is told once, in order, as it comes."""

import json
import os
import subprocess
import sys
from collections.abc import Callable

from tests.streams.chatter import Chatter


def test_what_is_appended_is_told_as_it_comes(fresh_database: Callable[[], str]) -> None:
    url = fresh_database()
    chatter = Chatter(url)
    before = chatter.append(3)
    command = [sys.executable, "-m", "streams.log", "tail", "-f", "-n", "2", "--json"]
    follower = subprocess.Popen(
        command, env={**os.environ, "YEON_POSTGRES_URL": url, "PYTHONUNBUFFERED": "1"}, stdout=subprocess.PIPE
    )
    assert follower.stdout is not None
    try:
        told = [json.loads(follower.stdout.readline())["position"] for _ in range(2)]
        assert told == [event.position for event in before[-2:]]
        for count in (1, 4):
            fresh = chatter.append(count)
            told = [json.loads(follower.stdout.readline())["position"] for _ in fresh]
            assert told == [event.position for event in fresh]
    finally:
        follower.kill()
        follower.wait()
        follower.stdout.close()
        chatter.close()
