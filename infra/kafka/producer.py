"""Writes batches to given partitions, acknowledged by all replicas or failed, and never on an unknown connection.

aiokafka reconnects and repeats without a word; behind the new connection may stand a broker that came back with less
than it had acknowledged. Here a connection that is not the one from the start, and any error, fails the batch instead,
so that the caller can look at what the broker holds before anything is written after a gap. No transactions: Faust
reads uncommitted records.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, for_code
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.protocol.produce import ProduceRequest

from infra.kafka.access import Access

Headers = Sequence[tuple[str, bytes]]

BATCH_BYTES = 900_000
"""Below Kafka's default limit of a record batch, 1 MiB."""
SEND_SECONDS = 10.0


class Interrupted(KafkaError):  # type: ignore[misc]
    """The connection to a broker is not the one it was; what was sent may or may not have arrived."""

    retriable = False


class Producer:
    """An idempotent producer for one connection's life: after any failure it is closed and another made."""

    def __init__(self, access: Access) -> None:
        self._producer = AIOKafkaProducer(
            **access.client(),
            acks="all",
            enable_idempotence=True,
            max_batch_size=BATCH_BYTES,
            max_request_size=16 * BATCH_BYTES,
            request_timeout_ms=int(SEND_SECONDS * 1000),
            linger_ms=0,
        )

    async def start(self) -> None:
        """Connect to every broker there is. Raises `KafkaError` if none answers."""
        await self._producer.start()
        client = self._producer.client
        for broker in client.cluster.brokers():
            await client.ready(broker.nodeId)
        known = dict(client._conns)
        send = client.send

        async def on_known_connection(node_id: int, request: Any, **options: Any) -> Any:
            if not isinstance(request, ProduceRequest):
                return await send(node_id, request, **options)
            key = next((key for key in known if key[0] == node_id), None)
            if key is None or client._conns.get(key) is not known[key] or not known[key].connected():
                raise Interrupted(f"the connection to broker {node_id} is a new one")
            try:
                answer = await send(node_id, request, **options)
            except KafkaError as error:
                raise Interrupted(f"broker {node_id}: {error!r}") from error
            for topic, partitions in answer.topics:
                for partition, code, *_ in partitions:
                    if code:
                        raise Interrupted(f"{topic}/{partition} answered {for_code(code).__name__}")
            return answer

        client.send = on_known_connection

    def batch(self) -> BatchBuilder:
        """A batch to fill: `append(timestamp=, key=, value=, headers=)` answers None once it is full."""
        return self._producer.create_batch()

    async def send(self, batches: Mapping[tuple[str, int], BatchBuilder]) -> dict[tuple[str, int], int]:
        """Write one batch to each partition, and return the offset of the first record of each.

        Raises `KafkaError` or `TimeoutError` if any was not acknowledged; some may have been. Close it then.
        """
        async with asyncio.timeout(SEND_SECONDS):
            sent = [
                await self._producer.send_batch(batch, topic, partition=partition)
                for (topic, partition), batch in batches.items()
            ]
            answers = await asyncio.gather(*sent, return_exceptions=True)
        offsets: dict[tuple[str, int], int] = {}
        for at, answer in zip(batches, answers, strict=True):
            if isinstance(answer, BaseException):
                raise answer
            offsets[at] = answer.offset
        return offsets

    async def close(self) -> None:
        """Let go of it, unsent batches and all."""
        try:
            async with asyncio.timeout(0.5):
                await self._producer.stop()
        except (TimeoutError, KafkaError):
            # An idempotent producer of aiokafka tries for ever to deliver what it holds, even while it stops.
            await self._producer._sender.close()
            await self._producer.client.close()
