"""Who is behind and does not move is told from who is behind and busy."""

from gateway.standing import Flow, Standing


def test_what_is_behind_and_does_not_move_stands() -> None:
    standing = Standing()
    assert standing.look([Flow("relay", 10, 5)], 100.0) == {"relay": 0.0}
    assert standing.look([Flow("relay", 10, 9)], 107.5) == {"relay": 7.5}


def test_what_moves_or_has_nothing_to_do_does_not_stand() -> None:
    standing = Standing()
    standing.look([Flow("relay", 10, 5), Flow("view:rooms", 10, 0)], 100.0)
    assert standing.look([Flow("relay", 11, 50), Flow("view:rooms", 10, 0)], 200.0) == {"relay": 0.0}
    # and once something is to be done, it has stood only since then
    assert standing.look([Flow("view:rooms", 10, 3)], 201.0) == {"view:rooms": 1.0}
