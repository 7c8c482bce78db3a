"""Who is behind and does not move is told from who is behind and busy."""

from gateway.standing import Flow, Standing, longest
from schemas.topics import ACCOUNTS, CONVERSATIONS


def flow(consumer: str, topic: str = CONVERSATIONS, **waiting: int) -> Flow:
    return Flow((consumer, topic), waiting)


def test_what_is_behind_and_does_not_move_stands() -> None:
    standing = Standing()
    assert longest(standing.look([flow("relay", p0=10)], 100.0)) == {"relay": 0.0}
    assert longest(standing.look([flow("relay", p0=10)], 107.5)) == {"relay": 7.5}


def test_what_moves_or_has_nothing_to_do_does_not_stand() -> None:
    standing = Standing()
    standing.look([flow("relay", p0=10), flow("view:rooms")], 100.0)
    assert longest(standing.look([flow("relay", p0=11), flow("view:rooms")], 200.0)) == {"relay": 0.0}
    # and once something is to be done, it has stood only since then
    assert longest(standing.look([flow("view:rooms", p0=10)], 201.0)) == {"view:rooms": 0.0}
    # and once nothing was, all before is forgotten
    standing.look([flow("view:rooms")], 202.0)
    assert longest(standing.look([flow("view:rooms", p0=10)], 203.0)) == {"view:rooms": 0.0}


def test_who_gets_on_in_one_topic_may_stand_in_another() -> None:
    standing = Standing()
    standing.look([flow("view:people", p0=10), flow("view:people", ACCOUNTS, p0=3)], 100.0)
    found = standing.look([flow("view:people", p0=99), flow("view:people", ACCOUNTS, p0=3)], 109.0)
    assert found == {("view:people", CONVERSATIONS): 0.0, ("view:people", ACCOUNTS): 9.0}
    assert longest(found) == {"view:people": 9.0}


def test_one_partition_that_stands_is_seen_beside_others_that_move() -> None:
    # as with one of two workers frozen: all positions together went on growing
    standing = Standing()
    standing.look([flow("view:rooms", p0=5, p1=10)], 100.0)
    assert longest(standing.look([flow("view:rooms", p0=5, p1=20)], 106.0)) == {"view:rooms": 6.0}
