"""While sockets come in a rush nothing looks for dead objects; afterwards they are found as ever."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from gateway import collecting
from gateway.collecting import LOOK_SECONDS, RUSH, Calm


class Circle:
    """Nothing but the collector frees it."""

    def __init__(self) -> None:
        self.self = self


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    gc.enable()


async def looked() -> None:
    await asyncio.sleep(LOOK_SECONDS * 1.2)


async def test_nothing_is_looked_for_in_a_rush_and_what_died_in_it_is_found_after() -> None:
    calm = Calm()
    for _ in range(RUSH - 1):
        calm.came()
    assert gc.isenabled()
    calm.came()
    assert not gc.isenabled()

    dead = weakref.ref(Circle())
    for _ in range(RUSH):
        calm.came()
    await looked()
    assert not gc.isenabled(), "it went on"

    await looked()
    assert gc.isenabled()
    assert dead() is not None, "nobody looked for it yet"
    assert gc.get_count()[0] < 10_000, "the next round has what came to look at"
    gc.collect()
    assert dead() is None


async def test_a_rush_that_goes_on_for_long_is_none_for_the_collector(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(collecting, "RUSH_AT_MOST_SECONDS", 0.0)
    calm = Calm()
    for _ in range(3):
        for _ in range(RUSH):
            calm.came()
        await looked()
        assert gc.isenabled()
    await looked()  # it is over, and the next one is a new one
    for _ in range(RUSH):
        calm.came()
    assert not gc.isenabled()
    await looked()


async def test_a_few_at_a_time_are_no_rush() -> None:
    calm = Calm()
    for _ in range(3):
        for _ in range(RUSH // 2):
            calm.came()
        await looked()
        assert gc.isenabled()
