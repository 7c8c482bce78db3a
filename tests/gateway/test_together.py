"""Questions of many callers are asked as one, and a failure is theirs alone who were asked for by it."""

import asyncio
from collections.abc import Sequence

import pytest

from gateway.together import PACE_SECONDS, RUSH, Together


class Asked:
    """Doubles numbers when it is let; remembers what it was asked at once."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.let = asyncio.Event()

    async def __call__(self, keys: Sequence[int]) -> list[int]:
        self.batches.append(list(keys))
        await self.let.wait()
        if 13 in keys:
            raise OSError("away")
        return [2 * key for key in keys]


async def test_what_comes_while_one_is_under_way_goes_together_in_the_next() -> None:
    asked = Asked()
    together = Together(asked, most=3)
    first = together.of(1)
    await asyncio.sleep(0)
    others = [together.of(key) for key in (2, 3, 4, 5)]

    asked.let.set()

    assert await asyncio.gather(first, *others) == [2, 4, 6, 8, 10]
    assert asked.batches == [[1], [2, 3, 4], [5]]


async def test_a_failure_is_of_those_asked_together_and_the_next_are_answered() -> None:
    asked = Asked()
    asked.let.set()
    together = Together(asked, most=2)
    failing, beside, after = together.of(13), together.of(1), together.of(4)

    assert await after == 8
    with pytest.raises(OSError, match="away"):
        await failing
    with pytest.raises(OSError, match="away"):
        await beside


async def test_who_went_away_meanwhile_holds_nobody_up() -> None:
    asked = Asked()
    together = Together(asked, most=2)
    gone, stayed = together.of(1), together.of(2)
    await asyncio.sleep(0)
    gone.cancel()

    asked.let.set()

    assert await stayed == 4


async def test_what_weighs_too_much_together_goes_one_after_another_and_too_heavy_a_one_alone() -> None:
    asked = Asked()
    asked.let.set()
    together = Together(asked, most=10, weight=lambda key: key)

    assert await asyncio.gather(*map(together.of, (4, 6, 1, 11, 9, 1))) == [8, 12, 2, 22, 18, 2]

    assert asked.batches == [[4, 6], [1], [11], [9, 1]]


async def test_in_a_rush_what_is_asked_waits_a_little_for_what_comes_after_it() -> None:
    asked = Asked()
    asked.let.set()
    together = Together(asked, most=500)
    clock = asyncio.get_running_loop().time
    began = clock()

    answers = []
    for key in range(100, 200):
        answers += [together.of(key) for _ in range(RUSH)]
        await asyncio.sleep(0.001)
    assert await asyncio.gather(*answers) == [2 * key for key in range(100, 200) for _ in range(RUSH)]

    assert len(asked.batches) <= (clock() - began) / PACE_SECONDS + 2


async def test_a_rush_holds_nobody_up_who_comes_after_it_or_fills_a_question() -> None:
    asked = Asked()
    asked.let.set()
    together = Together(asked, most=RUSH)
    clock = asyncio.get_running_loop().time
    began = clock()

    await asyncio.gather(*map(together.of, range(100, 100 + 50 * RUSH)))
    assert len(asked.batches) == 50
    assert clock() - began < 50 * PACE_SECONDS / 2

    await asyncio.sleep(PACE_SECONDS)
    asked.batches.clear()
    for key in (1, 2, 3):
        assert await together.of(key) == 2 * key
    assert asked.batches == [[1], [2], [3]]
