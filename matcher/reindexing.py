"""Changes the encoder while questions are answered: the new indexes are filled beside the old, and take their place
when they are full.

Until then the encoder before answers, by its own indexes, which follow the log as ever. The new ones are filled from
the store, so nothing that comes meanwhile is missed. The old ones go when no matcher uses them. If the encoder before
cannot be loaded any more, the new indexes are filled before anything is answered.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from prometheus_client import Gauge

from infra.kafka.app import AWAY, Batch
from matcher.encoded import Around, Encoded, drop, encoded
from matcher.encoders import register
from matcher.exchange import Exchangeable
from matcher.index.factory import name_live

log = logging.getLogger(__name__)

REINDEXING = Gauge(
    "yeon_matcher_reindexing", "1 while the indexes of another encoder are filled beside those that answer."
)

LOOK_SECONDS = 5.0
RETRY_SECONDS = 10.0
NEARLY = 50
"""Events that the new indexes may be behind when what comes is held up for them to catch up."""

Switch = Callable[[Encoded], Awaitable[None]]


class Encoders:
    """The encoder that answers, and the one that is to take its place. `start` first, `stop` last."""

    def __init__(self, around: Around) -> None:
        self._around = around
        self._alone = not around.settings.qdrant_url
        self._stacks: dict[Encoded, AsyncExitStack] = {}
        self._coming: Encoded | None = None
        self._switched, self._let_go = asyncio.Event(), asyncio.Event()
        self._of_experts, self._of_conversations = asyncio.Lock(), asyncio.Lock()

    async def start(self) -> None:
        """Open the indexes that answer: those of the wanted encoder, or of the one before while those are not full.

        Raises what loading the wanted encoder raises.
        """
        wanted = await self._load(self._around.settings.encoder)
        before = await self._before(wanted)
        if before is None:
            await wanted.open()
            await self._make_live(wanted)
        else:
            self._coming = wanted
        self.exchangeable = Exchangeable(before or wanted)
        self.indexes = list(self.now.indexes)
        self.consumers = {topic: list(names) for topic, names in self.now.consumers.items()}

    @property
    def now(self) -> Encoded:
        """The encoder that answers."""
        return self.exchangeable.now

    async def apply_experts(self, batch: Batch) -> None:
        """Bring the indexes past `batch`, which is of experts."""
        async with self._of_experts:
            await self.now.indexing.apply(batch)

    async def apply_conversations(self, batch: Batch) -> None:
        """Bring the indexes past `batch`, which is of conversations or accounts."""
        async with self._of_conversations:
            await self.now.answering.apply(batch)
            await self.now.archive.apply(batch)

    async def keep_for_ever(self) -> None:
        """What is done each second for the indexes that answer."""
        while True:
            keeping = asyncio.ensure_future(self.now.keep())
            switched = asyncio.ensure_future(self._switched.wait())
            try:
                await asyncio.wait({keeping, switched}, return_when=asyncio.FIRST_COMPLETED)
                if keeping.done():
                    keeping.result()
            finally:
                for task in (keeping, switched):
                    task.cancel()
                await asyncio.gather(keeping, switched, return_exceptions=True)
            self._switched.clear()
            self._let_go.set()

    async def change_for_ever(self, switch: Switch) -> None:
        """Fill the indexes of the encoder that is to come, then let it answer; and take away those nobody uses.

        `switch` is told when, and returns when nothing is answered by the old one any more.
        """
        await asyncio.gather(self._change(switch), self._tidy_for_ever())

    async def stop(self) -> None:
        """Write the last positions, and close everything."""
        for one in list(self._stacks):
            await self._close(one)

    async def _change(self, switch: Switch) -> None:
        while (coming := self._coming) is not None:
            REINDEXING.set(1)
            try:
                await self._fill(coming)
                await self._switch(coming, switch)
            except AWAY as error:
                log.warning("the indexes for %s wait for a store: %s", coming.registered.identity, error)
            except Exception:  # whatever is wrong with the new encoder, questions are answered by the old one
                log.exception("the indexes for %s are not full, trying again", coming.registered.identity)
            if self._coming is not None:
                await asyncio.sleep(RETRY_SECONDS)

    async def _fill(self, coming: Encoded) -> None:
        identity = coming.registered.identity
        log.warning(
            "filling the indexes for %s; %s answers meanwhile", identity, self.now.registered.identity
        )
        await self._say_used()
        while not await coming.whole():
            if await self._fills(identity, already=self._alone):
                saying = asyncio.ensure_future(self._keep_filling(coming))
                try:
                    await coming.open()
                finally:
                    saying.cancel()
                    await asyncio.gather(saying, return_exceptions=True)
                break
            await asyncio.sleep(1.0)  # another matcher fills them
        else:
            await coming.open()
        while await coming.catch_up() > NEARLY:
            pass

    async def _switch(self, coming: Encoded, switch: Switch) -> None:
        async with self._of_conversations, self._of_experts:
            await coming.catch_up()
            await self.now.catch_up()  # for questions that wait until its index has what came before them
            await self._make_live(coming)
            before, self._coming = self.now, None
            REINDEXING.set(0)
            for topic, names in coming.consumers.items():
                others = [one for one in self.consumers[topic] if one not in before.consumers[topic]]
                self.consumers[topic][:] = [*others, *names]
            left = self.exchangeable.exchange(coming)
            self.indexes[:] = coming.indexes
            self._switched.set()
        await switch(coming)
        await left
        await self._let_go.wait()
        log.warning("%s answers from now on", coming.registered.identity)
        before.ranker.leave()
        await self._close(before)
        await self._tidy()

    async def _tidy_for_ever(self) -> None:
        while True:
            others = False
            try:
                await self._say_used()
                others = await self._tidy()
            except AWAY as error:
                log.warning("what no matcher uses is taken away later, since a store is away: %s", error)
            except Exception:  # no question waits for it
                log.exception("what no matcher uses could not be taken away, trying again")
            await asyncio.sleep(1.0 if others else LOOK_SECONDS)

    async def _tidy(self) -> bool:
        """Take away what nobody uses. While another matcher uses another encoder, which is returned, what Kafka brings
        to it and not to us is read from the store."""
        ours = [one.registered.identity for one in self._stacks]
        async with self._around.pool.connection() as connection:
            for identity in await register.unused(connection, ours, alone=self._alone):
                await drop(self._around.settings, self._around.pool, identity)
                await register.forget(connection, identity)
                log.warning("the indexes for %s are taken away", identity)
            others = not self._alone and await register.others(connection, ours)
        if others:
            await self.now.catch_up()
        return others

    async def _before(self, wanted: Encoded) -> Encoded | None:
        """The encoder that is live, open, if it is another than the wanted one, whose indexes are not full yet."""
        async with self._around.pool.connection() as connection:
            live = await register.live(connection)
        if live is None or live.identity == wanted.registered.identity or await wanted.whole():
            return None
        try:
            return await self._opened(live)
        except AWAY:
            raise
        except Exception as error:  # of a package or model that is gone; which one, only the loader knows
            log.error(
                "%s answered until now, and cannot while the indexes for %s are filled, for which questions wait: %r",
                live.identity,
                wanted.registered.identity,
                error,
            )
        return None

    async def _opened(self, live: register.Registered) -> Encoded:
        """The live encoder with its indexes. Raises what loading it raises, or LookupError."""
        if live.setting == self._around.settings.encoder:
            raise LookupError(f"{live.setting} is another encoder now")
        before = await self._load(live.setting)
        try:
            if before.registered != live:
                raise LookupError(f"{live.setting} is {before.registered.identity} now")
            if not await before.whole():
                raise LookupError("its indexes are not full")
            await before.open()
        except BaseException:
            await self._close(before)
            raise
        return before

    async def _load(self, setting: str) -> Encoded:
        stack = AsyncExitStack()
        one = await stack.enter_async_context(encoded(self._around, setting))
        stack.push_async_callback(one.flush)
        self._stacks[one] = stack
        return one

    async def _close(self, one: Encoded) -> None:
        await self._stacks[one].aclose()
        del self._stacks[one]

    async def _make_live(self, one: Encoded) -> None:
        async with self._around.pool.connection() as connection:
            await register.make_live(connection, one.registered)
        try:
            await asyncio.to_thread(name_live, self._around.settings, one.named)
        except AWAY:
            raise
        except Exception as error:  # they are for people: no question waits for them
            log.warning("the aliases of the indexes are not moved: %r", error)

    async def _say_used(self) -> None:
        async with self._around.pool.connection() as connection:
            await register.use(connection, [one.registered for one in self._stacks])

    async def _fills(self, identity: str, *, already: bool) -> bool:
        async with self._around.pool.connection() as connection:
            return await register.fills(connection, identity, already=already)

    async def _keep_filling(self, coming: Encoded) -> None:
        """Say that we fill its indexes, and let the full ones follow while the others are filled."""
        while True:
            with suppress(*AWAY):
                await self._fills(coming.registered.identity, already=True)
                await coming.catch_up()
            await asyncio.sleep(1.0)


@asynccontextmanager
async def opened(around: Around) -> AsyncIterator[Encoders]:
    """The encoder that answers with its indexes, open."""
    encoders = Encoders(around)
    try:
        await encoders.start()
        yield encoders
    finally:
        await encoders.stop()
