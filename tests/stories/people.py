"""A person as the system meets one: REST by httpx, one WebSocket, and a memory of every frame received."""

import asyncio
import contextlib
import itertools
from collections.abc import Callable
from typing import Any

import httpx
import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

Frame = dict[str, Any]
PASSWORD = "correct horse battery"


class Person:
    """One signed-in person with at most one open socket."""

    def __init__(self, http: str, ws: str) -> None:
        self.ws = ws
        self.rest = httpx.AsyncClient(base_url=f"{http}/api", timeout=20)
        self.id = ""
        self.token = ""
        self.traceparent = ""
        """Sent with every frame, if there is one."""
        self.frames: list[Frame] = []
        self.arrived = asyncio.Condition()
        self.socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._numbers = itertools.count(1)

    async def register(self, username: str, role: str, name: str) -> None:
        answer = await self.rest.post(
            "/auth/register",
            json={
                "username": username,
                "email": f"{username}@example.org",
                "password": PASSWORD,
                "role": role,
                "displayName": name,
            },
        )
        assert answer.status_code == 201, answer.text
        self.take_tokens(answer.json())

    def take_tokens(self, answer: Frame) -> None:
        self.id = answer["user"]["id"]
        self.token = answer["accessToken"]
        self.rest.headers["Authorization"] = f"Bearer {self.token}"

    async def specialise(self, specialties: list[tuple[str, int]], capacity: int = 3, bio: str = "") -> None:
        answer = await self.rest.post(
            "/experts/specialties",
            json={
                "specialties": [{"name": name, "level": level} for name, level in specialties],
                "experienceYears": 5,
                "capacity": capacity,
                "bio": bio,
                "available": True,
            },
        )
        assert answer.status_code == 200, answer.text
        async with asyncio.timeout(30):
            while not await self._all_caught_up():
                await asyncio.sleep(0.02)

    async def _all_caught_up(self) -> bool:
        """Whether every view and the matcher's index have come to the end of the log."""
        ready = (await self.rest.get(self.rest.base_url.join("/readyz"))).json()
        return not any(lag["behind"] for lag in ready["parts"]["views"]["lag"])

    async def connect(self) -> Frame:
        self.socket = await connect(self.ws, compression=None, max_size=None)
        await self.socket.send(orjson.dumps({"type": "authenticate", "data": {"token": self.token}}).decode())
        self._reader = asyncio.create_task(self._read(self.socket))
        return await self.frame("authenticated", since=len(self.frames))

    async def reconnect(self, within: float = 30) -> None:
        """Connect again, trying until the gateway is back."""
        await self.disconnect()
        deadline = asyncio.get_running_loop().time() + within
        while True:
            try:
                await self.connect()
                return
            except (OSError, ConnectionClosed, InvalidHandshake, TimeoutError):
                if asyncio.get_running_loop().time() > deadline:
                    raise
                await asyncio.sleep(0.1)

    async def _read(self, socket: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for text in socket:
                async with self.arrived:
                    self.frames.append(orjson.loads(text))
                    self.arrived.notify_all()

    async def until(self, condition: Callable[[], Any], within: float = 10, what: str = "") -> Any:
        """What `condition` gives, as soon as that is true of the frames received."""
        async with self.arrived:
            try:
                async with asyncio.timeout(within):
                    while not (result := condition()):
                        await self.arrived.wait()
                    return result
            except TimeoutError:
                seen = [frame["type"] for frame in self.frames]
                raise TimeoutError(f"{what or condition} not seen within {within} s; seen: {seen}") from None

    async def frame(self, kind: str, within: float = 10, since: int = 0, **values: Any) -> Frame:
        """The data of the first frame of `kind` (after the first `since` frames) with these values."""

        def found() -> Frame | None:
            for frame in self.frames[since:]:
                if frame["type"] == kind and all(frame["data"].get(k) == v for k, v in values.items()):
                    return {"found": frame["data"]}
            return None

        data: Frame = (await self.until(found, within, f"{kind} {values}"))["found"]
        return data

    async def offered(self, question: str, within: float = 20) -> Frame:
        """The data of the offer of this question; others may be offered before it."""

        def found() -> Frame | None:
            for frame in self.frames:
                if frame["type"] == "question_assigned" and frame["data"]["question"]["id"] == question:
                    return {"found": frame["data"]}
            return None

        data: Frame = (await self.until(found, within, f"the offer of {question}"))["found"]
        return data

    async def send(self, kind: str, **data: Any) -> Frame:
        """Send one frame; its ack's data. An error frame raises `Rejected`."""
        assert self.socket is not None
        number = f"f{next(self._numbers)}"
        whole = {"type": kind, "id": number, "data": data}
        if self.traceparent:
            whole["traceparent"] = self.traceparent
        await self.socket.send(orjson.dumps(whole).decode())
        answer: Frame = await self.until(
            lambda: next((f for f in self.frames if f.get("id") == number), None), what=f"answer to {kind}"
        )
        if answer["type"] == "error":
            raise Rejected(answer["data"]["code"], answer["data"]["message"])
        result: Frame = answer["data"]
        return result

    async def ask(self, content: str, urgency: str = "medium", **more: Any) -> Frame:
        answer = await self.rest.post("/questions", json={"content": content, "urgency": urgency, **more})
        assert answer.status_code == 201, answer.text
        question: Frame = answer.json()
        return question

    async def say(self, room: str, content: str, client_msg_id: str) -> Frame:
        return await self.send(
            "send_message", roomId=room, message={"content": content, "clientMsgId": client_msg_id}
        )

    async def history(self, room: str) -> list[Frame]:
        """Every durable item of the room, page by page."""
        items: list[Frame] = []
        while True:
            after = items[-1]["seq"] if items else 0
            answer = await self.rest.get(
                f"/chat-rooms/{room}/messages", params={"afterSeq": after, "limit": 500}
            )
            assert answer.status_code == 200, answer.text
            page = answer.json()
            items.extend(page["items"])
            if not page["hasMore"]:
                return items

    async def disconnect(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
            self._reader = None
        if self.socket is not None:
            await self.socket.close()
            self.socket = None

    async def close(self) -> None:
        await self.disconnect()
        await self.rest.aclose()


class Rejected(Exception):
    """An `error` frame came back."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
