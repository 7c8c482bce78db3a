"""The bots as clients: each signs in over REST and talks over one WebSocket, as any client would.

A bot that loses its connection comes back with growing pauses and resumes where it stood.
"""

import asyncio
import logging
import signal
from random import Random
from typing import Any

import httpx
import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from infra.demo.people import BOTS, DEMO_PASSWORD
from infra.demo.person import DemoPerson
from infra.demo.script import Frame, Later, Script
from infra.settings import Settings

log = logging.getLogger(__name__)

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 15.0
_MISSED_AT_MOST = 20
"""How much of its inbox a bot reads again when it starts."""
_RENEW_AT = 0.7
"""The part of a token's life after which a fresh one is asked for."""
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}


class Bot:
    """One demo expert that answers by itself, for as long as `run` runs."""

    def __init__(self, person: DemoPerson, address: str) -> None:
        self._person = person
        self._rest = httpx.AsyncClient(base_url=f"{address}/api", timeout=10, trust_env=False)
        self._random = Random(person.username)
        self._script: Script | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: dict[str, Later] = {}
        """By key; what a lost connection interrupted is done on the next one."""

    async def run(self) -> None:
        """Stay connected until cancelled."""
        pause = _FIRST_PAUSE
        try:
            while True:
                try:
                    await self._connected()
                    pause = _FIRST_PAUSE
                except (OSError, httpx.HTTPError, WebSocketException, TimeoutError) as error:
                    log.info("%s is away for %.1f s: %r", self._person.username, pause, error)
                    pause = min(pause * 2, _LONGEST_PAUSE)
                await asyncio.sleep(pause * self._random.uniform(0.7, 1.3))
        finally:
            await self._rest.aclose()

    async def _connected(self) -> None:
        signed_in = await self._sign_in()
        config = (await self._rest.get("/config")).raise_for_status().json()
        async with connect(config["wsUrl"], compression=None, proxy=None) as socket:
            try:
                inbox_seq = await self._authenticate(socket, signed_in["accessToken"])
                await self._begin(socket, signed_in["user"]["id"], inbox_seq)
                self._spawn(self._renew(socket, signed_in))
                async for text in socket:
                    for later in self._hear(orjson.loads(text)):
                        self._waiting[later.key] = later
                        self._spawn(self._do(socket, later))
            finally:
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)
                self._tasks.clear()

    async def _sign_in(self) -> dict[str, Any]:
        body = {"username": self._person.username, "password": DEMO_PASSWORD}
        answer: dict[str, Any] = (await self._rest.post("/auth/login", json=body)).raise_for_status().json()
        self._rest.headers["Authorization"] = f"Bearer {answer['accessToken']}"
        return answer

    async def _authenticate(self, socket: ClientConnection, token: str) -> int:
        await _send(socket, {"type": "authenticate", "data": {"token": token}})
        async with asyncio.timeout(10):
            while True:
                frame = orjson.loads(await socket.recv())
                if frame["type"] == "authenticated":
                    return int(frame["data"]["inboxSeq"])

    async def _begin(self, socket: ClientConnection, user_id: str, inbox_seq: int) -> None:
        """Resume; at the very first, enter the open rooms and look through the latest notifications."""
        known = dict(self._script.rooms) if self._script else {}
        if self._script is None:
            bots = frozenset(str(person.user_id) for person in BOTS)
            name = self._person.display_name
            self._script = Script(user_id, name, bots, self._random, max(inbox_seq - _MISSED_AT_MOST, 0))
            rooms = (await self._rest.get("/chat-rooms")).raise_for_status().json()["items"]
            for room in rooms:
                if room["status"] == "active":
                    self._waiting |= {later.key: later for later in self._script.enter(room["id"])}
        resume = {"inboxSeq": self._script.inbox_seq, "rooms": known}
        await _send(socket, {"type": "resume", "id": "resume", "data": resume})
        for later in list(self._waiting.values()):
            self._spawn(self._do(socket, later))

    def _hear(self, frame: Frame) -> list[Later]:
        assert self._script is not None
        if frame["type"] == "error":
            log.info("%s was refused: %s", self._person.username, frame["data"])
        return self._script.hear(frame)

    async def _do(self, socket: ClientConnection, later: Later) -> None:
        await asyncio.sleep(later.seconds)
        if self._script is not None and self._script.wanted(later):
            await _send(socket, {**later.frame, "id": later.key[-64:]})
        self._waiting.pop(later.key, None)

    async def _renew(self, socket: ClientConnection, signed_in: dict[str, Any]) -> None:
        """Keep the socket authenticated."""
        while True:
            await asyncio.sleep(signed_in["expiresIn"] * _RENEW_AT)
            try:
                answer = await self._rest.post(
                    "/auth/refresh", json={"refreshToken": signed_in["refreshToken"]}
                )
                signed_in = answer.raise_for_status().json()
            except httpx.HTTPError as error:
                log.info("%s signs in again: %s", self._person.username, error)
                await socket.close()
                return
            self._rest.headers["Authorization"] = f"Bearer {signed_in['accessToken']}"
            await _send(socket, {"type": "authenticate", "data": {"token": signed_in["accessToken"]}})

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) and not isinstance(error, WebSocketException):
            log.error("%s stumbled", self._person.username, exc_info=error)


async def _send(socket: ClientConnection, frame: Frame) -> None:
    await socket.send(orjson.dumps(frame).decode())


async def run_bots(settings: Settings) -> None:
    """Run every bot until SIGTERM or SIGINT."""
    address = f"http://{_EVERYWHERE.get(settings.http_host, settings.http_host)}:{settings.http_port}"
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    stopping = asyncio.create_task(stop.wait())
    bots = [asyncio.create_task(Bot(person, address).run()) for person in BOTS]
    done, _ = await asyncio.wait([stopping, *bots], return_when=asyncio.FIRST_COMPLETED)
    for task in (stopping, *bots):
        task.cancel()
    await asyncio.gather(stopping, *bots, return_exceptions=True)
    for task in done:
        task.result()
