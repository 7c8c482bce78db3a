"""Early pushes: what commands of this process append is told to rooms at once, before Kafka or any view has it. So is who
came and went.

Listeners here hear it directly, those at other gateways over Redis. The numbers of the append keep the order, as for
every push; what is lost with this process is found by the comparison with the views.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

from redis.exceptions import RedisError

from gateway.batched import Batched
from infra.ids import new_id
from infra.push import PUBLISHED, UNPUBLISHED, Heard, Pushed, channel, encode, note_traced
from projections import rooms
from projections.rows import traced
from schemas.envelope import Event

log = logging.getLogger(__name__)


class Announcer:
    """Hears of every event appended here (`schemas.port.Appended`)."""

    def __init__(self, redis: Batched, here: Callable[[Heard], None]) -> None:
        """`here` is told first, and directly."""
        self.name = str(new_id())
        """Under which it publishes."""
        self._redis = redis
        self._here = here
        self._tasks: set[asyncio.Task[None]] = set()

    def appended(self, events: Sequence[Event]) -> None:
        """Push what is early of `events`, in their order."""
        pushes = [
            push
            for event in events
            for push in traced(rooms.project(event).pushes, event.meta.traceparent)
            if push.early
        ]
        if not pushes:
            return
        for push in pushes:
            self._here(Heard(push.kind, push.id, push.seq, push.frame))
        task = asyncio.create_task(publish(self._redis, pushes, self.name))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def say(self, pushes: Sequence[Heard]) -> None:
        """Push what no command appended, in its order."""
        for push in pushes:
            self._here(push)
        await publish(self._redis, pushes, self.name)


async def publish(redis: Batched, pushes: Sequence[Pushed], by: str = "") -> None:
    """Say `pushes` under the name `by`. Failing to fails nothing: it is counted and logged."""
    said = [redis.run("PUBLISH", channel(push.kind, push.id), encode(push, by)) for push in pushes]
    try:
        await asyncio.gather(*said)
    except (RedisError, OSError) as error:
        UNPUBLISHED.inc(len(pushes))
        log.warning("%d pushes were not published: %s", len(pushes), error)
    else:
        PUBLISHED.inc(len(pushes))
        note_traced(pushes)
