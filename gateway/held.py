"""Reading what was just heard: a message is pushed at its append, and the views hold it some 30 ms later.

A history that is asked for in between waits until it has what somebody in the room was already told at this gateway.
"""

import asyncio
import time
from uuid import UUID

from gateway.fanout import Fanout
from gateway.sources import Views

FIRST_PAUSE_SECONDS = 0.005
LAST_PAUSE_SECONDS = 0.05


class Held:
    """How far the views are behind what was given out here."""

    def __init__(self, fanout: Fanout, views: Views, patience: float) -> None:
        """A read waits at most `patience` seconds."""
        self._fanout = fanout
        self._views = views
        self._patience = patience

    async def caught_up(self, room_id: UUID) -> bool:
        """Wait until the views hold what was given out of the room before this call. False if they do not in time."""
        wanted = self._fanout.given_out(room_id)
        if wanted == 0:
            return True
        deadline, pause = time.monotonic() + self._patience, FIRST_PAUSE_SECONDS
        while True:
            rooms, _ = await self._views.heads({room_id: wanted - 1}, {})
            if rooms.get(room_id, 0) >= wanted:
                return True
            if time.monotonic() + pause > deadline:
                return False
            await asyncio.sleep(pause)
            pause = min(2 * pause, LAST_PAUSE_SECONDS)
