"""Commands against a real store, and what a test may look up in it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

from commands.application import Commands
from infra.clock import now
from infra.ids import new_id
from schemas.base import Role
from schemas.commands import Command
from schemas.commands.account import RegisterAccount
from schemas.commands.question import AcceptOffer, AskQuestion
from schemas.commands.room import PostMessage
from schemas.envelope import Context, Outcome
from schemas.ids import SYSTEM, room_of
from tests.commands.deciding import offer, profile


@dataclass(frozen=True)
class OpenRoom:
    """A room with its asker and its experts."""

    id: UUID
    question_id: UUID
    asker: UUID
    experts: tuple[UUID, ...]


class Writer:
    """Sends commands through a started `Commands`."""

    def __init__(self, commands: Commands) -> None:
        self.commands = commands

    async def do(self, user_id: UUID, command: Command, command_id: UUID | None = None) -> Outcome:
        return await self.commands.execute(command, context(user_id, command_id))

    async def person(self, role: Role = "questioner", name: str = "지민", **changes: str) -> UUID:
        user_id = new_id()
        await self.do(user_id, registration(user_id, role, name, **changes))
        return user_id

    async def expert(self, capacity: int = 50) -> UUID:
        user_id = await self.person("expert", "서연")
        await self.do(user_id, profile(capacity=capacity))
        return user_id

    async def room(self, *experts: UUID, asker: UUID | None = None) -> OpenRoom:
        asker = asker or await self.person()
        question_id = new_id()
        await self.do(asker, AskQuestion(question_id=question_id, content="비밀스러운 질문이에요"))
        await self.do(SYSTEM, offer(question_id, *experts))
        await asyncio.gather(*(self.do(one, AcceptOffer(question_id=question_id)) for one in experts))
        return OpenRoom(room_of(question_id), question_id, asker, experts)

    async def say(
        self, room: OpenRoom, content: str = "안녕하세요", command_id: UUID | None = None
    ) -> Outcome:
        return await self.do(room.asker, message(room, content), command_id)


def registration(
    user_id: UUID, role: Role = "questioner", name: str = "지민", **changes: str
) -> RegisterAccount:
    username = f"u{user_id.hex[:24]}"
    given: dict[str, Any] = {
        "user_id": user_id,
        "username": username,
        "email": f"{username}@example.org",
        "password_hash": "$argon2id$hash",
        "role": role,
        "display_name": name,
    }
    return RegisterAccount.model_validate(given | changes)


def message(room: OpenRoom, content: str = "안녕하세요") -> PostMessage:
    return PostMessage(room_id=room.id, message_id=new_id(), content=content)


def context(user_id: UUID, command_id: UUID | None = None) -> Context:
    return Context(command_id or new_id(), user_id, now(), new_id())


def rows(url: str, query: str, *parameters: object) -> Sequence[tuple[Any, ...]]:
    """What the store holds."""
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode(), parameters).fetchall()


def assert_gapless(url: str) -> int:
    """Positions, versions, `seq` and inbox numbers without gaps; returns the number of events."""
    ((head,),) = rows(url, "SELECT position FROM store.log_head")
    positions = [p for (p,) in rows(url, "SELECT notification_id FROM store.stored_events ORDER BY 1")]
    assert positions == list(range(1, head + 1))
    streams = rows(
        url,
        "SELECT count(*), min(originator_version), max(originator_version)"
        " FROM store.stored_events GROUP BY originator_id",
    )
    assert all((first, last) == (1, count) for count, first, last in streams)
    return int(head)
