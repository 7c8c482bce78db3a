"""One encoder with all that goes with it: the indexes of its vectors, what keeps them at the log, and what finds by
them. A matcher has two while the indexes of another encoder are filled."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from infra.log import EventLog
from infra.settings import Settings
from matcher import positions
from matcher.abreast import Abreast
from matcher.analysts.contract import Analyst
from matcher.analysts.factory import make_analyst
from matcher.answering import Answering
from matcher.archiving import KIND as ARCHIVE
from matcher.archiving import Archive
from matcher.encoders.contract import Encoder
from matcher.encoders.factory import make_encoder
from matcher.encoders.register import Registered
from matcher.encoders.worker import EncoderThread
from matcher.finder import Finder
from matcher.index.answers import AnswerIndex
from matcher.index.contract import ExpertIndex
from matcher.index.factory import make_answer_index, make_index
from matcher.indexing import Indexing
from matcher.lexical.terms import Terms
from matcher.live_ranker import LiveRanker, rankers_in
from matcher.llm.budget import Budget
from matcher.matching import Matching
from matcher.recall import Recall
from matcher.spelling import Spellings
from schemas.port import FeatureSource, Presence
from schemas.topics import ACCOUNTS, CONVERSATIONS, EXPERTS

Pool = AsyncConnectionPool[AsyncConnection]
Index = ExpertIndex | AnswerIndex


@dataclass(frozen=True, slots=True)
class Around:
    """What is the same whichever encoder there is."""

    settings: Settings
    pool: Pool
    log: EventLog
    features: FeatureSource
    presence: Presence
    terms: Terms
    budget: Budget
    load: Callable[[str], Encoder] = make_encoder
    """The encoder that a setting names."""


class Encoded:
    """Made by `encoded`; finds nothing before it is open."""

    def __init__(
        self,
        around: Around,
        setting: str,
        thread: EncoderThread,
        encoder: Encoder,
        analyst: Analyst,
        experts: ExpertIndex,
        answers: AnswerIndex,
        passages: AnswerIndex,
    ) -> None:
        pool, log, terms = around.pool, around.log, around.terms
        self._pool = pool
        self.registered = Registered(encoder.identity, setting)
        self.indexes: tuple[Index, ...] = (experts, answers, passages)
        recall = Recall(answers, encoder.dim, encoder.similarity_range)
        finder = Finder(thread, encoder, experts, around.features, around.presence, recall, terms)
        self.spellings = Spellings(experts)
        self.indexing = Indexing(
            pool, log, thread, encoder.identity, experts, recall.set_free, self.spellings.note
        )
        self.answering = Answering(pool, log, thread, recall, experts, terms)
        self.archive = Archive(pool, log, thread, passages, terms, encoder.similarity_range)
        self._followed: list[Indexing | Answering | Archive] = []
        self.ranker = LiveRanker(log, rankers_in(around.settings), encoder.identity)
        abreast = Abreast(pool, log, self.indexing.consumer)
        self.matching = Matching(finder, analyst, abreast, self.ranker)

    @property
    def consumers(self) -> dict[str, list[str]]:
        """For each topic the names in `ops.tracking` of what follows it."""
        remembering = [self.answering.consumer, self.archive.consumer]
        return {EXPERTS: [self.indexing.consumer], CONVERSATIONS: remembering, ACCOUNTS: remembering}

    @property
    def named(self) -> dict[str, str]:
        """The names of the indexes, by the names that last."""
        return {
            kind: index.name
            for kind, index in zip(("experts", "answers", ARCHIVE), self.indexes, strict=True)
        }

    async def whole(self) -> bool:
        """Whether the indexes are there and were filled to their ends once."""
        for index in self.indexes:
            if not await asyncio.to_thread(index.exists):
                return False
        async with self._pool.connection() as connection:
            for topic, names in self.consumers.items():
                for name in names:
                    held = await positions.read(connection, name)
                    if not positions.everywhere(topic, 0).keys() <= held.keys():
                        return False
        return True

    async def open(self) -> None:
        """Open the indexes, and fill from the store those that are new."""
        for one in (self.indexing, self.answering, self.archive):
            if one not in self._followed:
                await one.open()
                self._followed.append(one)

    async def catch_up(self) -> int:
        """Apply what the store has beyond what was followed, to the indexes that are open; how many events."""
        return sum([await one.catch_up() for one in self._followed])

    async def keep(self) -> None:
        """What is done each second, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.answering.flush_for_ever())
            group.create_task(self.archive.flush_for_ever())
            group.create_task(self.indexing.release_for_ever())

    async def flush(self) -> None:
        await self.answering.flush()
        await self.archive.flush()


@contextlib.asynccontextmanager
async def encoded(around: Around, setting: str) -> AsyncIterator[Encoded]:
    """The encoder that `setting` names, loaded, with its indexes, not open. Raises what loading it raises."""
    settings = around.settings
    async with contextlib.AsyncExitStack() as stack:
        thread = EncoderThread(lambda: around.load(setting))
        encoder = await thread.start()
        stack.push_async_callback(thread.stop)
        analyst = await stack.enter_async_context(make_analyst(settings, thread, around.budget))
        experts = make_index(settings, encoder.identity, encoder.dim)
        stack.push_async_callback(asyncio.to_thread, experts.close)
        kept = [make_answer_index(settings, encoder.identity, encoder.dim, k) for k in ("answers", ARCHIVE)]
        for index in kept:
            stack.push_async_callback(asyncio.to_thread, index.close)
        yield Encoded(around, setting, thread, encoder, analyst, experts, *kept)


async def drop(settings: Settings, pool: Pool, identity: str) -> None:
    """Take away the indexes of an encoder that nobody uses, and forget how far they were."""
    indexes: list[Index] = [
        make_index(settings, identity, 0),
        *(make_answer_index(settings, identity, 0, kind) for kind in ("answers", ARCHIVE)),
    ]
    for index in indexes:
        async with pool.connection() as connection:
            for kind in ("index", "answers", ARCHIVE):
                await positions.forget(connection, f"matcher:{kind}:{index.name}")
        await asyncio.to_thread(index.drop)
        await asyncio.to_thread(index.close)
