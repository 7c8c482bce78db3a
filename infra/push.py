"""What is said on Redis after a commit, and how it is read there.

Most is said once the views hold it; an early push (`projections.rows.Push`) by whoever appended its event.

A push may be lost, repeated or late, since the views hold everything it says: so a failure to publish is counted and
logged, and fails nothing.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, Protocol
from uuid import UUID

import orjson
from prometheus_client import Counter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from infra.tracing import note
from schemas.trace import is_sampled

log = logging.getLogger(__name__)

Kind = Literal["room", "user"]
PROGRESS = "yeon:progress"
"""The channel of `{"topic", "partition", "position"}` after each batch."""
_PREFIX: dict[Kind, str] = {"room": "yeon:room:", "user": "yeon:user:"}

PUBLISHED = Counter("yeon_pushes_published", "Frames published on Redis after their commit.")
UNPUBLISHED = Counter("yeon_pushes_unpublished", "Frames that Redis did not take; gateways read them later.")


class Pushed(Protocol):
    """A frame for everyone in a room, or for one person."""

    @property
    def kind(self) -> Kind: ...
    @property
    def id(self) -> UUID: ...
    @property
    def seq(self) -> int:
        """0 for a frame without a number."""
        ...

    @property
    def frame(self) -> dict[str, Any]: ...
    @property
    def traceparent(self) -> str:
        """Of the request that led to it; empty if that was not traced."""
        ...


class Reached(Protocol):
    """How far a partition has been applied."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def position(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Heard:
    """A push as a subscriber receives it."""

    kind: Kind
    id: UUID
    seq: int
    frame: dict[str, Any]
    traceparent: str = ""


@dataclass(frozen=True, slots=True)
class ProgressHeard:
    """A progress message as a subscriber receives it."""

    topic: str
    partition: int
    position: int


def channel(kind: Kind, id_: UUID) -> str:
    """The channel of a room or a person."""
    return f"{_PREFIX[kind]}{id_}"


def decode(channel_name: str | bytes, payload: bytes) -> Heard | ProgressHeard:
    """What was published on `channel_name`. Raises ValueError or KeyError if it is nothing of ours."""
    name = channel_name.decode() if isinstance(channel_name, bytes) else channel_name
    said = orjson.loads(payload)
    if name == PROGRESS:
        return ProgressHeard(said["topic"], said["partition"], said["position"])
    for kind, prefix in _PREFIX.items():
        if name.startswith(prefix):
            return Heard(kind, UUID(name.removeprefix(prefix)), said["seq"], said["frame"])
    raise ValueError(f"no channel of ours: {name}")


def encode(push: Pushed, by: str = "") -> bytes:
    """What is published of `push`. `by` names the process, if it should know its own pushes again."""
    return orjson.dumps({"by": by, "seq": push.seq, "frame": push.frame})


def said_by(by: str) -> bytes:
    """How the payloads begin that a process published under the name `by`."""
    return b'{"by":%s,' % orjson.dumps(by)


async def publish(redis: Redis, pushes: Iterable[Pushed], progress: Iterable[Reached]) -> bool:
    """Publishes all pushes in their order, then the progress, in one round trip. False if Redis did not take them."""
    pipeline = redis.pipeline(transaction=False)
    said_now = list(pushes)
    count = len(said_now)
    for push in said_now:
        pipeline.publish(channel(push.kind, push.id), encode(push))
    for reached in progress:
        said = {"topic": reached.topic, "partition": reached.partition, "position": reached.position}
        pipeline.publish(PROGRESS, orjson.dumps(said))
    try:
        await pipeline.execute()
    except (RedisError, OSError) as error:
        UNPUBLISHED.inc(count)
        log.warning("%d pushes were not published: %s", count, error)
        return False
    PUBLISHED.inc(count)
    note_traced(said_now)
    return True


def note_traced(pushes: Iterable[Pushed]) -> None:
    """Log and record what was pushed because of requests that somebody traces; of others nothing."""
    for push in pushes:
        if is_sampled(push.traceparent):
            frame = push.frame["type"]
            about: dict[str, str | int] = {f"yeon.{push.kind}": str(push.id), "yeon.seq": push.seq}
            note(f"push {frame}", push.traceparent, "PRODUCER", about)
            log.info(
                "pushed %s to %s %s, seq %d, trace %s", frame, push.kind, push.id, push.seq, push.traceparent
            )
