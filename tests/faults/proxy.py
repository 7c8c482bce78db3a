"""A TCP proxy between two parts, on a thread of its own, that a test can slow down, cut, or make deaf in one direction."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from infra.embedded.ports import HOST

Direction = Literal["there", "back"]
"""`there` is from whoever connected to the server, `back` is what the server says."""
CHUNK = 65_536


@dataclass(slots=True)
class Weather:
    """What becomes of bytes just now."""

    delay: float = 0.0
    """Seconds that every piece waits, each way."""
    deaf: frozenset[Direction] = frozenset()
    """Directions in which nothing comes through, while connections stay open."""
    cut: bool = False


class Proxy:
    """Listens on `port` and passes everything on to `target`, as the weather allows."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._weather = Weather()
        self._changed = asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._do(lambda: asyncio.start_server(self._serve, HOST, 0))
        self.port: int = self._server.sockets[0].getsockname()[1]

    def slow(self, seconds: float) -> None:
        """Every piece waits so long, in both directions."""
        self._set(Weather(delay=seconds))

    def deafen(self, *directions: Direction) -> None:
        """Nothing comes through in these directions; nobody is told."""
        self._set(Weather(deaf=frozenset(directions)))

    def cut(self) -> None:
        """Every connection is reset, and new ones are closed as soon as they come."""
        self._set(Weather(cut=True))

    def heal(self) -> None:
        """As if nothing had been; what was held up comes through."""
        self._set(Weather())

    def close(self) -> None:
        """End every connection, whatever the weather, and the thread."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _end(self) -> None:
        self._weather = Weather(cut=True)
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        serving = asyncio.all_tasks() - {asyncio.current_task()}
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        await asyncio.sleep(0)  # for the transports to close

    def _do(self, work: Callable[[], object]) -> asyncio.Server:
        found: asyncio.Server = asyncio.run_coroutine_threadsafe(work(), self._loop).result(10)  # type: ignore[arg-type]
        return found

    def _set(self, weather: Weather) -> None:
        def change() -> None:
            self._weather = weather
            self._changed.set()
            self._changed = asyncio.Event()
            if weather.cut:
                for writer in self._writers:
                    writer.transport.abort()

        self._loop.call_soon_threadsafe(change)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._weather.cut:
            writer.transport.abort()
            return
        try:
            answers, onward = await asyncio.open_connection(HOST, self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, onward}
        try:
            await asyncio.gather(self._pass("there", reader, onward), self._pass("back", answers, writer))
        finally:
            self._writers -= {writer, onward}

    async def _pass(
        self, direction: Direction, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(CHUNK):
                if self._weather.delay:
                    await asyncio.sleep(self._weather.delay)
                while direction in self._weather.deaf:
                    await self._changed.wait()
                writer.write(piece)
                await writer.drain()
        writer.transport.abort() if self._weather.cut else writer.close()
