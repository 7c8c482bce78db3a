"""What a handler is: a decision on a desk, and the aggregates it is known to need."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from commands.desk import Desk
from commands.refusals import Forbidden
from schemas.envelope import Context, Meta
from schemas.ids import SYSTEM


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sender is answered: camelCase names, JSON types only."""

    result: dict[str, Any] = field(default_factory=dict)
    personal: bool = False
    """Whether it repeats anyone's words or name."""


class Handling(NamedTuple):
    """How one kind of command is handled: `decide(desk, command, meta)`, and `needs(command, user)`, loaded ahead."""

    decide: Callable[[Desk, Any, Meta], Answer]
    needs: Callable[[Any, UUID], tuple[UUID, ...]]
    refusal_stands: bool = True
    """Whether the same command id is refused for ever. A message keeps its id while its sender tries again."""


def meta_of(context: Context) -> Meta:
    """What every event of a command says about its cause."""
    return Meta(
        at=context.at,
        actor_id=context.user_id,
        command_id=context.command_id,
        correlation_id=context.correlation_id,
        causation_id=context.causation_id,
        traceparent=context.traceparent,
    )


text_of = lru_cache(maxsize=16_384)(str)
"""The text of an id that comes up again and again."""


def stamp(at: datetime) -> str:
    """RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def must_be_system(meta: Meta) -> None:
    """Refuses what no person may send."""
    if meta.actor_id != SYSTEM:
        raise Forbidden("no person sends this command")
