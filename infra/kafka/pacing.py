"""Waits where the embedded broker does not: it answers a fetch at once even when it has nothing, so that a client
would ask it thousands of times a second. Real Kafka holds such a fetch until something comes, or `max_wait` is over.
"""

import asyncio
import time
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.protocol.fetch import FetchRequest
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport

EAGER_SECONDS = 0.012
"""Between two questions while records come: what rooms hear at once has not waited for it."""
LEAST_SECONDS = 0.001
IDLE_SECONDS = 0.02
"""Between two questions when none has come for a while."""
GROWTH = 1.02
"""From the eager pace to the idle one in about a quarter of a second."""
MUCH_BYTES = 4_096
"""An answer of this size, some five events, says that more come than it is worth asking for so often: """
SLOWER = 3
"""then the next question waits so many times as long, and brings that much more."""
MAX_WAIT_SECONDS = 1.5


def pace(consumer: AIOKafkaConsumer, eager: float) -> None:
    """Make `consumer` (not started yet) ask again at a bearable rate instead of spinning.

    `eager` is the time in seconds between two questions while records come: what it saves in work it adds in delay.
    """
    client = consumer._client
    send = client.send
    wait = eager
    free_at = 0.0

    async def paced(node_id: int, request: Any, **options: Any) -> Any:
        nonlocal wait, free_at
        if not isinstance(request, FetchRequest):
            return await send(node_id, request, **options)
        over = time.monotonic() + MAX_WAIT_SECONDS
        while True:
            if (early := free_at - time.monotonic()) > 0:
                await asyncio.sleep(early)
            answer = await send(node_id, request, **options)
            size = _size(answer)
            if size:
                wait = eager
            free_at = time.monotonic() + (wait if size < MUCH_BYTES else SLOWER * wait)
            if size or time.monotonic() > over:
                return answer
            wait = min(max(wait, LEAST_SECONDS) * GROWTH, IDLE_SECONDS)

    client.send = paced


def _size(answer: Any) -> int:
    """Bytes of records; an error counts like a record, since the client must hear of it."""
    return sum(
        len(rest[-1] or b"") if error_code == 0 else 1
        for _, partitions in answer.topics
        for _, error_code, _, *rest in partitions
    )


class _PacedThread(AIOKafkaConsumerThread):  # type: ignore[misc]
    def _create_worker_consumer(self, transport: Any) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        pace(consumer, transport.eager)
        return consumer


class _PacedConsumer(Consumer):  # type: ignore[misc]
    def _new_consumer_thread(self) -> AIOKafkaConsumerThread:
        return _PacedThread(self, loop=self.loop, beacon=self.beacon)


class PacedTransport(Transport):  # type: ignore[misc]
    """Faust's Kafka transport, paced."""

    Consumer = _PacedConsumer

    def __init__(self, *arguments: Any, eager: float, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.eager = eager
