"""People and rooms for a benchmark, made through the real commands against the stack's own store."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from commands.application import Commands
from infra.clock import now
from infra.ids import new_id
from infra.settings import Settings
from schemas.commands import Command
from schemas.commands.account import RegisterAccount
from schemas.commands.expert import SetExpertProfile, SpecialtyGiven
from schemas.commands.question import AcceptOffer, AskQuestion, OfferCandidates
from schemas.commands.room import InviteToRoom
from schemas.envelope import Context, Outcome
from schemas.events.question import Candidate, ModelRef
from schemas.ids import SYSTEM, room_of

MODEL = ModelRef(encoder="bench", index="bench", ranker="bench")
FIELDS = (
    "파이썬",
    "데이터베이스",
    "세법",
    "요리",
    "여행",
    "수학",
    "정원 가꾸기",
    "Kubernetes",
    "marketing",
    "piano",
)


@dataclass(frozen=True)
class Room:
    """One open room and who is in it."""

    id: UUID
    members: tuple[UUID, ...]


class World:
    """Sends commands as anyone."""

    def __init__(self, settings: Settings) -> None:
        self._commands = Commands(settings)

    async def __aenter__(self) -> "World":
        await self._commands.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._commands.stop()

    async def do(self, user_id: UUID, command: Command) -> Outcome:
        return await self._commands.execute(command, Context(new_id(), user_id, now(), new_id()))

    async def person(self, number: int, role: str) -> UUID:
        user_id = new_id()
        name = f"{role[0]}{user_id.hex[-12:]}{number}"
        await self.do(
            user_id,
            RegisterAccount.model_validate(
                {
                    "userId": user_id,
                    "username": name,
                    "email": f"{name}@example.org",
                    "passwordHash": "!",
                    "role": role,
                    "displayName": f"사람 {number}",
                }
            ),
        )
        return user_id

    async def expert(self, number: int) -> UUID:
        user_id = await self.person(number, "expert")
        field, other = FIELDS[number % len(FIELDS)], FIELDS[(number * 7 + 3) % len(FIELDS)]
        await self.do(
            user_id,
            SetExpertProfile(
                specialties=(
                    SpecialtyGiven(name=field, level=1 + number % 5),
                    SpecialtyGiven(name=other, level=2),
                ),
                experience_years=number % 30,
                bio=f"{field} 분야에서 일하고 {other}도 조금 알아요. {number}번째 전문가예요.",
                capacity=50,
            ),
        )
        return user_id

    async def room(self, asker: UUID, expert: UUID, others: tuple[UUID, ...]) -> Room:
        """A room of `asker`, `expert` and `others`, by way of a question, an offer and an acceptance."""
        question_id = new_id()
        await self.do(asker, AskQuestion(question_id=question_id, content="벤치마크를 위한 질문이에요."))
        await self.do(
            SYSTEM,
            OfferCandidates(
                question_id=question_id,
                round=1,
                model=MODEL,
                candidates=(Candidate(expert_id=expert, score=1.0),),
            ),
        )
        await self.do(expert, AcceptOffer(question_id=question_id))
        room_id = room_of(question_id)
        for other in others:
            await self.do(asker, InviteToRoom(room_id=room_id, user_id=other))
        return Room(room_id, (asker, expert, *others))

    async def rooms(self, count: int, members: int) -> list[Room]:
        """`count` rooms of `members` people, nobody in two."""

        async def one(number: int) -> Room:
            asker = await self.person(number, "questioner")
            expert = await self.expert(number)
            others = await asyncio.gather(*(self.person(number, "questioner") for _ in range(members - 2)))
            return await self.room(asker, expert, tuple(others))

        return list(await asyncio.gather(*(one(number) for number in range(count))))

    async def pairs_of_rooms(self, people: int, members: int) -> dict[UUID, tuple[Room, Room]]:
        """`people` people (a multiple of `members`), each in two rooms with `members` in each."""
        at_once = asyncio.Semaphore(100)

        async def group(number: int) -> tuple[Room, Room]:
            async with at_once:
                asker = await self.person(number, "questioner")
                expert = await self.expert(number)
                others = [await self.person(number, "questioner") for _ in range(members - 2)]
                first = await self.room(asker, expert, tuple(others))
                return first, await self.room(asker, expert, tuple(others))

        pairs = await asyncio.gather(*(group(number) for number in range(people // members)))
        return {member: pair for pair in pairs for member in pair[0].members}
