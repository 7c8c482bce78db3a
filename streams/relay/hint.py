"""The store's NOTIFY as a hint that there is something to read. Hints may be missed: whoever waits also polls."""

import asyncio
import logging

from psycopg import AsyncConnection, Error, sql

from infra.log import CHANNEL

log = logging.getLogger(__name__)


class Hint:
    """Listens on a connection of its own, which it makes again for ever."""

    def __init__(self, postgres_url: str) -> None:
        self._url = postgres_url
        self._appended = asyncio.Event()

    async def listen(self) -> None:
        """Listen until cancelled."""
        while True:
            try:
                async with await AsyncConnection.connect(self._url, autocommit=True) as connection:
                    await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL)))
                    self._appended.set()
                    async for _ in connection.notifies():
                        self._appended.set()
            except Error as error:
                log.warning("not listening to the store: %s", error)
            await asyncio.sleep(0.5)

    def clear(self) -> None:
        """Forget hints; call it before reading."""
        self._appended.clear()

    async def wait(self, seconds: float) -> None:
        """Wait for a hint since `clear`, at most `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await self._appended.wait()
        except TimeoutError:
            return
