"""Who is behind and does not move is told from who is behind and busy."""

from gateway.standing import Flow, Standing, longest
from schemas.topics import ACCOUNTS, CONVERSATIONS


def flow(consumer: str, done: int, behind: int, topic: str = CONVERSATIONS) -> Flow:
    return Flow((consumer, topic), done, behind)


def test_what_is_behind_and_does_not_move_stands() -> None:
    standing = Standing()
    assert longest(standing.look([flow("relay", 10, 5)], 100.0)) == {"relay": 0.0}
    assert longest(standing.look([flow("relay", 10, 9)], 107.5)) == {"relay": 7.5}


def test_what_moves_or_has_nothing_to_do_does_not_stand() -> None:
    standing = Standing()
    standing.look([flow("relay", 10, 5), flow("view:rooms", 10, 0)], 100.0)
    assert longest(standing.look([flow("relay", 11, 50), flow("view:rooms", 10, 0)], 200.0)) == {"relay": 0.0}
    # and once something is to be done, it has stood only since then
    assert longest(standing.look([flow("view:rooms", 10, 3)], 201.0)) == {"view:rooms": 1.0}


def test_who_gets_on_in_one_topic_may_stand_in_another() -> None:
    standing = Standing()
    standing.look([flow("view:people", 10, 5), flow("view:people", 3, 1, ACCOUNTS)], 100.0)
    found = standing.look([flow("view:people", 99, 5), flow("view:people", 3, 1, ACCOUNTS)], 109.0)
    assert found == {("view:people", CONVERSATIONS): 0.0, ("view:people", ACCOUNTS): 9.0}
    assert longest(found) == {"view:people": 9.0}
