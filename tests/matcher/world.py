"""A small world on the real event store: people who are registered, profiles that are set, questions that are asked.

No Kafka: what the matcher would read there is taken from the log.
"""

from dataclasses import dataclass
from uuid import UUID

from psycopg_pool import AsyncConnectionPool

from commands.application import Commands
from infra.clock import now
from infra.ids import new_id
from infra.log import EventLog
from schemas.base import Role
from schemas.commands import Command
from schemas.commands.account import RegisterAccount
from schemas.commands.expert import SetExpertProfile, SpecialtyGiven
from schemas.commands.question import AskQuestion
from schemas.envelope import Context, Event, Outcome, Received
from schemas.events.question import QuestionMatched


@dataclass(frozen=True, slots=True)
class World:
    """The real commands and the real log."""

    url: str
    pool: AsyncConnectionPool
    commands: Commands
    log: EventLog

    async def send(self, user_id: UUID, command: Command) -> Outcome:
        return await self.commands.execute(command, Context(new_id(), user_id, now(), new_id()))

    async def person(self, role: Role = "questioner", *, demo: bool = False, name: str = "지민") -> UUID:
        user_id = new_id()
        await self.send(
            user_id,
            RegisterAccount(
                user_id=user_id,
                username=f"u{user_id.hex[-12:]}",
                email=f"{user_id.hex}@example.org",
                password_hash="x",
                role=role,
                display_name=name,
                demo=demo,
            ),
        )
        return user_id

    async def expert(
        self,
        skills: dict[str, int],
        bio: str = "",
        *,
        role: Role = "expert",
        demo: bool = False,
        capacity: int = 2,
    ) -> UUID:
        user_id = await self.person(role, demo=demo, name="전문가")
        specialties = tuple(SpecialtyGiven(name=name, level=level) for name, level in skills.items())
        await self.send(
            user_id, SetExpertProfile(specialties=specialties, experience_years=5, bio=bio, capacity=capacity)
        )
        return user_id

    async def ask(self, asker: UUID, content: str) -> UUID:
        question_id = new_id()
        await self.send(asker, AskQuestion(question_id=question_id, content=content))
        return question_id

    async def events(self, topic: str) -> list[Event]:
        return [event for event in await self.log.read(0, 10_000) if event.topic == topic]

    async def received(self, topic: str) -> list[Received]:
        """Everything of `topic`, as Kafka would bring it."""
        last: dict[int, int] = {}
        batch = []
        for event in await self.events(topic):
            batch.append(Received(event, last.get(event.partition, 0)))
            last[event.partition] = event.position
        return batch

    async def matched(self, question_id: UUID) -> list[QuestionMatched]:
        """The matches of a question so far."""
        events = [event.data for event in await self.log.read(0, 10_000)]
        return [e for e in events if isinstance(e, QuestionMatched) and e.question_id == question_id]
