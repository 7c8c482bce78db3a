"""Feeds the views: each batch in one transaction, then its pushes on Redis, then copies of what was parked."""

import logging
from collections.abc import Iterable

import faust
from redis.asyncio import Redis

from infra.kafka.app import Batch
from infra.log import EventLog
from infra.push import publish
from projections.queries.reading import Pool
from projections.runner import apply_batch
from projections.taking import Parked
from schemas.mapper import to_kafka
from schemas.topics import TOPICS

log = logging.getLogger(__name__)


class Views:
    """Applies batches of any topic."""

    def __init__(self, app: faust.App, pool: Pool, store: EventLog, redis: Redis) -> None:
        self._app = app
        self._pool = pool
        self._store = store
        self._redis = redis

    async def apply(self, batch: Batch) -> None:
        """Returns once the views hold `batch`. Raises what the stores raise, with nothing changed."""
        applied = await apply_batch(self._pool, batch, self._store)
        late = [push for push in applied.pushes if not push.early]
        if late or applied.progress:
            await publish(self._redis, late, applied.progress)
        if applied.parked:
            await self._copy(applied.parked)

    async def _copy(self, parked: Iterable[Parked]) -> None:
        for one in parked:
            log.error("%s parked position %d of key %s: %s", one.consumer, one.position, one.key, one.reason)
            events = await self._store.read_partition(
                one.topic, one.partition, one.position - 1, one.position
            )
            for event in events:
                key, value, headers = to_kafka(event, 0)
                why = [("yeonconsumer", one.consumer.encode()), ("yeonreason", one.reason.encode())]
                await self._app.send(TOPICS[one.topic].parked, key=key, value=value, headers=[*headers, *why])
