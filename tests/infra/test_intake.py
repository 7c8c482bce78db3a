"""The chain guard: whatever happens to a log on its way, each partition's events come out once and in order."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.kafka.intake import Apply, Broken, Fill, Passing, in_order, plan
from schemas.envelope import Event, Received
from tests.projections.history import Conversation, History

Place = tuple[str, int]


def told() -> History:
    """A log over several partitions."""
    history = History()
    asker = history.person("묻는 이")
    conversations = [Conversation(history, f"{number}", asker) for number in range(6)]
    for _ in range(4):
        for number, conversation in enumerate(conversations):
            conversation.asked()
            history.person(f"{len(history.events)}-{number}")
    return history


HISTORY = told()
RECEIVED = HISTORY.received()


@dataclass
class Store:
    """The log of `HISTORY`, read as `infra.log.EventLog` is; it counts what is asked of it."""

    reads: int = 0

    async def read_partition(self, topic: str, partition: int, after: int, upto: int) -> Sequence[Event]:
        self.reads += 1
        return [
            event
            for event in HISTORY.events
            if (event.topic, event.partition) == (topic, partition) and after < event.position <= upto
        ]

    async def head(self) -> int:
        return len(HISTORY.events)


def by_partition(events: Sequence[Event]) -> dict[Place, list[int]]:
    found: dict[Place, list[int]] = defaultdict(list)
    for event in events:
        found[event.topic, event.partition].append(event.position)
    return found


def broken(received: Received, tells: bool) -> Broken:
    event = received.event
    return Broken(event.topic, event.partition, event.position if tells else None, "spoilt on the way")


@st.composite
def ways(draw: st.DrawFn) -> list[Received | Broken]:
    """The log as it may come: pieces of it, again and again from earlier places, with records missing or spoilt."""
    come: list[Received | Broken] = []
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(RECEIVED)))
        end = draw(st.integers(start, len(RECEIVED)))
        for received in RECEIVED[start:end]:
            fate = draw(st.sampled_from(["comes", "comes", "comes", "lost", "spoilt", "unreadable"]))
            if fate == "comes":
                come.append(received)
            elif fate != "lost":
                come.append(broken(received, tells=fate == "spoilt"))
    return come


@given(ways(), st.integers(0, len(RECEIVED)), st.data())
async def test_every_event_up_to_the_last_seen_comes_once_and_in_order(
    come: list[Received | Broken], begun: int, data: st.DataObject
) -> None:
    # given a consumer that has applied the log up to some position
    positions: dict[Place, int] = {
        place: max(p for p in applied) for place, applied in by_partition(HISTORY.events[:begun]).items()
    }
    start = dict(positions)
    applied: list[Event] = []

    # when the log comes in batches of any size
    rest = list(come)
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        events = await in_order(positions, rest[:size], Store())
        applied += events
        for event in events:
            positions[event.topic, event.partition] = event.position
        rest = rest[size:]

    # then each partition got exactly what lies between, in order
    for place, found in by_partition(applied).items():
        everything = by_partition(HISTORY.events)[place]
        assert found == [p for p in everything if start.get(place, 0) < p <= found[-1]]
    # and nothing that came is missing
    for record in come:
        if isinstance(record, Received):
            assert record.event.position <= positions[record.event.topic, record.event.partition]
        elif record.position is not None:
            assert record.position <= positions[record.topic, record.partition]


@given(
    st.sets(st.sampled_from(RECEIVED).map(lambda r: r.event.position)), st.sets(st.integers(1, len(RECEIVED)))
)
async def test_events_passed_over_leave_no_gap_and_hide_none(passed: set[int], lost: set[int]) -> None:
    """A consumer that reads some types gets each of those once, whatever of the others or of its own is lost."""
    come = [
        Passing(r.event.topic, r.event.partition, r.event.position, r.previous)
        if r.event.position in passed
        else r
        for r in RECEIVED
        if r.event.position not in lost
    ]

    got = [event.position for event in await in_order({}, come, Store())]

    assert len(got) == len(set(got))
    last: dict[Place, int] = {}
    for record in come:
        event = record.event if isinstance(record, Received) else record
        last[event.topic, event.partition] = event.position
    due = {e.position for e in HISTORY.events if e.position <= last.get((e.topic, e.partition), 0)}
    assert due - (passed - lost) <= set(got) <= due


async def test_a_whole_log_needs_no_fill() -> None:
    store = Store()
    assert await in_order({}, RECEIVED, store) == HISTORY.events
    assert store.reads == 0


def test_a_gap_is_filled_before_what_came_after_it() -> None:
    chain = [r for r in RECEIVED if (r.event.topic, r.event.partition) == place_of_first()]
    first, _, third = chain[:3]

    steps = plan({}, [first, third], head=0)

    assert steps == [
        Apply(first.event),
        Fill(*place_of_first(), first.event.position, third.previous),
        Apply(third.event),
    ]


def test_positions_set_past_the_partitions_own_events_are_respected() -> None:
    # a rebuild sets every partition to one position of the whole log, which may be none of the partition's
    chain = [r for r in RECEIVED if (r.event.topic, r.event.partition) == place_of_first()]
    between = chain[1].event.position + 1

    assert plan({place_of_first(): between}, chain[:3], head=0) == [Apply(chain[2].event)]


@pytest.mark.parametrize("position", [None, 7])
def test_a_spoilt_record_is_read_from_the_store(position: int | None) -> None:
    topic, partition = place_of_first()

    assert plan({}, [Broken(topic, partition, position, "")], head=9) == [
        Fill(topic, partition, 0, 9 if position is None else 7)
    ]


def place_of_first() -> Place:
    event = next(r.event for r in RECEIVED if r.previous)
    return event.topic, event.partition
