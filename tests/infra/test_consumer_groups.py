"""Groups by generation, when an application has to be started anew, and records as they come."""

from psycopg import AsyncConnection

from infra.kafka.app import decode
from infra.kafka.generations import count_start, raise_generation, read_generations
from infra.kafka.intake import Broken
from infra.kafka.offsets import Checkpoint, between
from infra.kafka.tracking import Heard, Progress, stuck
from schemas.mapper import to_kafka
from schemas.topics import ACCOUNTS, CONVERSATIONS
from tests.faults.conftest import own_kafka
from tests.projections.history import History

__all__ = ["own_kafka"]


async def test_a_start_reads_nothing_of_a_partition_whose_end_was_seen() -> None:
    assert between(900, 0, 700, Checkpoint(offset=699, position=900)) == (700, 700)
    assert between(890, 0, 1_000_000, Checkpoint(offset=999_999, position=900)) == (998_989, 999_999)
    assert between(900, 0, 700, None) == (0, 700)


def test_an_application_is_stuck_when_events_wait_and_none_is_applied() -> None:
    progress = Progress()
    here, there = (CONVERSATIONS, 0), (CONVERSATIONS, 1)

    def stuck_at(now: float) -> list[tuple[str, int]]:
        return stuck(progress.stood({here: 5, there: 9}, {here: 7, there: 9}, now), patience=30)

    assert [stuck_at(0), stuck_at(29), stuck_at(30)] == [[], [], [here]]


def test_an_application_that_gets_on_elsewhere_is_given_more_time() -> None:
    progress = Progress()
    here, there = (CONVERSATIONS, 0), (CONVERSATIONS, 1)
    ahead = {here: 1_000, there: 1_000}

    found = [stuck(progress.stood({here: 5, there: now}, ahead, now), 30) for now in range(0, 301, 10)]

    assert found[:-1] == [[]] * 30
    assert found[-1] == [here]


def test_an_application_with_nothing_to_do_is_not_stuck() -> None:
    progress = Progress()
    for now in range(0, 100, 10):
        assert stuck(progress.stood({(CONVERSATIONS, 0): 5}, {(CONVERSATIONS, 0): 5}, now), 30) == []


def test_what_was_published_and_never_came_is_told_from_what_came_and_was_forgotten() -> None:
    # given streams made to begin after position 5 in one partition, with another that is given to us later
    here, there = (CONVERSATIONS, 0), (CONVERSATIONS, 1)
    heard = Heard({here: 5})

    # then what is published beyond must come, except in the new one, where others may have committed it
    assert heard.reached([here], {here: 7, there: 9}) == {here: 5}
    assert heard.reached([here, there], {here: 7, there: 9}) == {here: 5, there: 9}

    # and what came is heard, however old, and forgotten when the partition goes to another
    heard.hear(here, 7, now=1.0)
    heard.hear(here, 6, now=2.0)
    assert heard.reached([here], {here: 8, there: 9}) == {here: 7}
    heard.hear(there, 3, now=3.0)
    assert heard.reached([there], {here: 8, there: 9}) == {there: 3}
    assert heard.reached([here, there], {here: 8, there: 9}) == {here: 8, there: 3}


async def test_a_raised_generation_and_a_start_name_a_new_group(module_database: str) -> None:
    async with await AsyncConnection.connect(module_database, autocommit=True) as connection:
        assert await read_generations(connection, [CONVERSATIONS, ACCOUNTS]) == {
            CONVERSATIONS: 1,
            ACCOUNTS: 1,
        }
        assert await raise_generation(connection, CONVERSATIONS) == 2
        assert await raise_generation(connection, CONVERSATIONS) == 3
        assert await read_generations(connection, [CONVERSATIONS, ACCOUNTS]) == {
            CONVERSATIONS: 3,
            ACCOUNTS: 1,
        }
        assert [await count_start(connection, "views") for _ in range(2)] == [1, 2]


class Record:
    """A record as Faust gives it."""

    def __init__(
        self, topic: str, partition: int, value: bytes | None, headers: list[tuple[str, bytes]]
    ) -> None:
        self.topic, self.partition, self.value, self.headers = topic, partition, value, headers
        self.offset, self.timestamp = 3, 0.0


def test_records_are_decoded_and_broken_ones_keep_their_place() -> None:
    history = History()
    history.person("하나")
    (received,) = history.received()
    event = received.event
    _, value, headers = to_kafka(event, 0)

    assert decode(Record(event.topic, event.partition, value, headers)) == received
    spoilt = decode(Record(event.topic, event.partition, b"{", headers))
    assert isinstance(spoilt, Broken)
    assert (spoilt.partition, spoilt.position) == (event.partition, 1)
    astray = decode(Record(CONVERSATIONS, 0, value, headers))
    assert isinstance(astray, Broken)
    foreign = decode(Record(ACCOUNTS, 2, None, []))
    assert isinstance(foreign, Broken)
    assert (foreign.partition, foreign.position) == (2, None)
