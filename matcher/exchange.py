"""Something that is exchanged while it is used: who began with the old one ends with it, and only then is it closed."""

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class _Held(Generic[T]):
    value: T
    users: int = 0
    left: asyncio.Event = field(default_factory=asyncio.Event)


class Exchangeable(Generic[T]):
    """Holds what is used now. For one event loop."""

    def __init__(self, now: T) -> None:
        self._held = _Held(now)

    @property
    def now(self) -> T:
        """To look at; what waits while it uses it goes through `use`."""
        return self._held.value

    @contextmanager
    def use(self) -> Iterator[T]:
        """What is used now, and until the block ends."""
        held = self._held
        held.users += 1
        try:
            yield held.value
        finally:
            held.users -= 1
            held.left.set()

    def exchange(self, new: T) -> Awaitable[T]:
        """From now on `new` is used; what is returned waits until nobody uses the old one, and returns it."""
        old, self._held = self._held, _Held(new)
        return _left(old)


async def _left(held: _Held[T]) -> T:
    while held.users:
        held.left.clear()
        await held.left.wait()
    return held.value
