"""The active relay: publishes the log in position order, batch by batch, and goes on from the truth after any doubt."""

import asyncio
import logging
import time
from typing import Any

from aiokafka.errors import KafkaError

from infra.kafka.access import Access
from infra.kafka.producer import Producer
from infra.kafka.topics import TopicRefused
from infra.log import EventLog
from infra.settings import Settings
from infra.steps import Step, reached
from schemas.envelope import Event
from schemas.mapper import to_kafka
from streams.relay.hint import Hint
from streams.relay.ledger import Ledger
from streams.relay.probe import Probe
from streams.relay.remake import remake_topics
from streams.relay.standing import Mark, Partition
from streams.relay.survey import lost_now, survey

log = logging.getLogger(__name__)

TURN = 1_000
"""Most events read and sent at once."""
GATHER_SECONDS = 0.01
"""How long a hint waits for company. Messages are in their rooms long before."""
BUSY = 4
"""Events in a turn from which on more come than it is worth turning for so often: """
BUSY_GATHER_SECONDS = 0.03
"""then a hint waits so long."""
POLL_SECONDS = 0.25
CHECK_SECONDS = 1.0
REPORT_SECONDS = 60.0
CHECKPOINT_SECONDS = 0.05
"""Between two checkpoints. What a relay that died had published after its last one, the next finds on the broker."""
SLOWEST_RETRY = 5.0


class Doubt(Exception):
    """The broker answered with what it should not hold: everything has to be looked at again."""


class ActiveRelay:
    """Publishes while its ledger's connection, and with it the advisory lock, lasts."""

    def __init__(self, settings: Settings, store: EventLog, ledger: Ledger, hint: Hint) -> None:
        self._settings = settings
        self._store = store
        self._ledger = ledger
        self._hint = hint
        self._marks: dict[Partition, Mark] = {}
        self._next: dict[Partition, int] = {}
        self._generations: dict[str, int] = {}
        self._head = 0
        self._unsaved: dict[Partition, Mark] = {}
        self._moved = asyncio.Event()

    async def run(self) -> None:
        """Publish until cancelled, through any failure of the broker. Raises what the database raises."""
        pause = 0.1
        while True:
            began = time.monotonic()
            try:
                await self._publish_on_one_connection()
            except (KafkaError, OSError, TimeoutError, Doubt, TopicRefused) as error:
                if time.monotonic() - began > SLOWEST_RETRY:
                    pause = 0.1
                log.warning(
                    "publishing stopped after position %d: %r; again in %.1f s", self._head, error, pause
                )
            await asyncio.sleep(pause)
            pause = min(pause * 2, SLOWEST_RETRY)

    async def _publish_on_one_connection(self) -> None:
        access = Access.of(self._settings)
        await remake_topics(self._settings)
        probe, producer = Probe(access), Producer(access)
        tasks: list[asyncio.Task[Any]] = []
        try:
            # The producer first: it writes only on connections older than the survey.
            await producer.start()
            await probe.start()
            await self._survey(probe)
            work = (self._publish(producer), self._check(probe), self._checkpoint())
            tasks = [asyncio.create_task(one) for one in work]
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await producer.close()
            await probe.close()

    async def _checkpoint(self) -> None:
        while True:
            await self._moved.wait()
            self._moved.clear()
            changed, self._unsaved = self._unsaved, {}
            await self._ledger.save(changed, self._generations, self._head)
            await asyncio.sleep(CHECKPOINT_SECONDS)

    async def _survey(self, probe: Probe) -> None:
        self._unsaved.clear()
        self._moved.clear()
        found = await survey(probe, self._store, await self._ledger.marks())
        self._marks, self._next = found.marks, found.next_offsets
        self._head = await self._ledger.head()
        if found.lost:
            topics = sorted({topic for topic, _ in found.lost})
            self._head = min(self._head, *(found.marks[at].position for at in found.lost))
            self._generations = await self._ledger.raise_for(topics, self._marks, self._head)
            log.warning("records were lost in %s: publishing again after %d", found.lost, self._head)
        else:
            self._generations = await self._ledger.generations()
            await self._ledger.save(self._marks, self._generations, self._head)
        log.info("publishing after position %d, generations %s", self._head, self._generations)

    async def _check(self, probe: Probe) -> None:
        reported = time.monotonic()
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            marks = dict(self._marks)
            if lost := await lost_now(probe, marks, await probe.extents(marks)):
                raise Doubt(f"the records at the checkpoints of {lost} are gone")
            if time.monotonic() - reported > REPORT_SECONDS:
                reported = time.monotonic()
                log.info("published up to position %d of %d", self._head, await self._store.head())

    async def _publish(self, producer: Producer) -> None:
        more, gather = True, GATHER_SECONDS
        while True:
            if not more:
                await self._hint.wait(POLL_SECONDS)
                await asyncio.sleep(gather)
            self._hint.clear()
            events = await self._store.read(self._head, TURN)
            if events:
                await self._send(producer, events)
            gather = BUSY_GATHER_SECONDS if len(events) >= BUSY else GATHER_SECONDS
            more = bool(events) and (len(events) == TURN or self._head < events[-1].position)

    async def _send(self, producer: Producer, events: list[Event]) -> None:
        """Send as many of `events` as fit into one batch for each partition, and note what was acknowledged."""
        batches: dict[Partition, Any] = {}
        last: dict[Partition, int] = {}
        head = self._head
        for event in events:
            at = (event.topic, event.partition)
            previous = last.get(at, self._marks[at].position)
            if event.position > previous:
                batch = batches.get(at) or batches.setdefault(at, producer.batch())
                key, value, headers = to_kafka(event, previous)
                at_ms = int(event.meta.at.timestamp() * 1000)
                if batch.append(timestamp=at_ms, key=key, value=value, headers=headers) is None:
                    break
                last[at] = event.position
            head = event.position
        offsets = await producer.send(batches) if batches else {}
        reached(Step.after_publish)
        for at, offset in offsets.items():
            if offset != self._next[at]:
                raise Doubt(f"{at} gave offset {offset} where {self._next[at]} was next")
            self._next[at] = offset + batches[at].record_count()
            self._unsaved[at] = self._marks[at] = Mark(self._next[at] - 1, last[at])
        self._head = head
        self._moved.set()
