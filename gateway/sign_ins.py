"""Whether the sign-ins of open sockets still hold: asked when a socket opens, and of all open ones every few seconds.

A sign-out is also said on Redis, which closes sockets at once. A socket that opens is heard of there first and asks then,
so that none comes in between; what Redis does not say is found by looking.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from psycopg import Error as DatabaseError

from gateway.fanout import Fanout
from gateway.together import Together

LOOK_SECONDS = 5.0
MANY = 500
log = logging.getLogger(__name__)


class SignIns:
    """The sign-ins of this gateway's sockets."""

    def __init__(
        self, going_on: Callable[[Sequence[UUID]], Awaitable[Sequence[bool]]], fanout: Fanout
    ) -> None:
        """`going_on` says of each family of refresh tokens whether it has not been ended."""
        self._going_on = going_on
        self._together = Together(going_on, MANY)
        self._fanout = fanout
        self._soon = asyncio.Event()

    async def holds(self, sign_in: UUID | None) -> bool:
        """Whether it has not been ended; a token that came from none needs none."""
        return sign_in is None or await self._together.of(sign_in)

    async def run(self) -> None:
        """Look every few seconds, for ever. A store that is away is waited for."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._soon.wait(), LOOK_SECONDS)
            self._soon.clear()
            try:
                await self.look()
            except (DatabaseError, OSError) as error:
                log.warning("cannot look whether sign-ins still hold: %s", error)

    def soon(self) -> None:
        """Look at once: what was said on Redis may not have been heard."""
        self._soon.set()

    async def look(self) -> None:
        """Close the sockets of sign-ins that have ended."""
        families = list({one.sign_in for one in self._fanout.here() if one.sign_in is not None})
        ended: set[UUID] = set()
        for start in range(0, len(families), MANY):
            asked = families[start : start + MANY]
            ended.update(
                family for family, on in zip(asked, await self._going_on(asked), strict=True) if not on
            )
        for listener in tuple(self._fanout.here()) if ended else ():
            if listener.sign_in in ended:
                listener.end(4401, "signed out")
