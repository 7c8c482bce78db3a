"""One question's whole story as a timeline in which every step names its cause. Pure."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from schemas.envelope import Event
from schemas.events.expert import ExpertEngaged, ExpertReleased
from streams.log.telling import Names, names_in, sentence, short_type, stamp, who


@dataclass(frozen=True, slots=True)
class Step:
    """One event of the story. `cause` is the position of the event that led to it, or `None` if a person's request
    (or the clock) did; `with_` is the position of the first event of the same command, if that is another."""

    position: int
    time: str
    seconds: float
    """Since the question was asked."""
    type: str
    actor: str
    says: str
    cause: int | None
    with_: int | None
    request: str
    """The id of the request or event that the command named as its cause; empty if it named none."""
    command: str
    correlation: str
    traceparent: str

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {("with" if name == "with_" else name): value for name, value in asdict(self).items()}


def story(events: Iterable[Event], names: Names | None = None) -> list[Step]:
    """The steps of `events`, which are those of one question, in order."""
    known: dict[UUID, str] = dict(names or {})
    all_events = list(events)
    for event in all_events:
        known |= names_in(event.data)
    by_id: dict[str, int] = {}
    by_command: dict[UUID, int] = {}
    steps = []
    for event in all_events:
        by_id[event.event_id] = event.position
        first = by_command.setdefault(event.meta.command_id, event.position)
        steps.append(
            Step(
                position=event.position,
                time=stamp(event.meta.at),
                seconds=round((event.meta.at - all_events[0].meta.at).total_seconds(), 3),
                type=short_type(event.type),
                actor=who(event.meta.actor_id, known),
                says=sentence(event.data, known) or short_type(event.type).split(".")[1].replace("_", " "),
                cause=by_id.get(event.meta.causation_id),
                with_=None if first == event.position else first,
                request=event.meta.causation_id,
                command=str(event.meta.command_id),
                correlation=str(event.meta.correlation_id),
                traceparent=event.meta.traceparent,
            )
        )
    return steps


def belongs(event: Event, question: UUID) -> bool:
    """Whether an event that mentions `question` is one of its story."""
    if isinstance(event.data, ExpertEngaged | ExpertReleased):
        return event.data.question_id == question
    return event.data.partition_key == question


def because(step: Step) -> str:
    """Why, in few words."""
    if step.with_ is not None:
        return f"with #{step.with_}"
    if step.cause is not None:
        return f"because of #{step.cause}"
    if step.request:
        return f"request {step.request[:18]}"
    return f"by {step.actor}"


def elapsed(seconds: float) -> str:
    """`+4.2 s`, `+3 min 5 s`, `+2 h 10 min` or `+3 d 4 h`."""
    if seconds < 60:
        return f"+{seconds:.1f} s"
    whole = round(seconds)
    for unit, size, smaller, part in (
        ("d", 86_400, "h", 3_600),
        ("h", 3_600, "min", 60),
        ("min", 60, "s", 1),
    ):
        if whole >= size:
            return f"+{whole // size} {unit} {whole % size // part} {smaller}"
    return f"+{whole} s"
