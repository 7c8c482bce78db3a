"""Feeds the views: each batch in one transaction, then its pushes on Redis."""

import time

from redis.asyncio import Redis

from infra.kafka.app import Batch
from infra.log import EventLog
from infra.push import publish
from infra.steps import Step, reached
from infra.tracing import note
from projections.queries.reading import Pool
from projections.runner import apply_batch
from schemas.envelope import Received


class Views:
    """Applies batches of any topic."""

    def __init__(self, pool: Pool, store: EventLog, redis: Redis) -> None:
        self._pool = pool
        self._store = store
        self._redis = redis

    async def apply(self, batch: Batch) -> None:
        """Returns once the views hold `batch`. Raises what the stores raise, with nothing changed."""
        began = time.time_ns()
        applied = await apply_batch(self._pool, batch, self._store)
        _note(batch, began)
        reached(Step.after_view_commit)
        late = [push for push in applied.pushes if not push.early]
        if late or applied.progress:
            await publish(self._redis, late, applied.progress)
        reached(Step.after_push)


def _note(batch: Batch, began: int) -> None:
    """Record that the views hold the events of `batch` that somebody traces."""
    for record in batch:
        if isinstance(record, Received) and (trace := record.event.meta.traceparent):
            event = record.event
            about: dict[str, str | int] = {"yeon.event": event.event_id, "yeon.position": event.position}
            note(f"apply {event.type}", trace, "CONSUMER", about, began)
