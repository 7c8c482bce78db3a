"""Who listens to one room or one inbox at this gateway, and what each of them has already. No I/O of its own."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import orjson

from gateway.feed import Feed


@dataclass(frozen=True, slots=True)
class Framed:
    """An encoded frame, and the one who left or came in by it."""

    frame: bytes
    left: UUID | None = None
    joined: UUID | None = None


def framed(frame: dict[str, Any]) -> Framed:
    """A frame as it is delivered: encoded once, for all who hear it."""
    kind = frame["type"]
    encoded = orjson.dumps(frame)
    if kind == "user_left":
        return Framed(encoded, left=UUID(frame["data"]["userId"]))
    if kind == "user_joined":
        return Framed(encoded, joined=UUID(frame["data"]["userId"]))
    return Framed(encoded)


Numbered = list[tuple[int, Framed]]
Page = Callable[[int], Awaitable[Numbered]]
"""What the views hold after a number, ascending, as much as fits a page."""


class Listener(Protocol):
    """One socket, as the fan-out sees it."""

    @property
    def user_id(self) -> UUID:
        """Whose it is."""
        ...

    def deliver(self, frame: bytes, ephemeral: bool = False) -> None:
        """Write the frame, now; an ephemeral one may be dropped. Never raises, never waits."""
        ...

    def end(self, code: int, reason: str) -> None:
        """Close the socket."""
        ...

    async def drained(self) -> None:
        """Wait until the reader has taken most of what it was sent."""
        ...


class Line:
    """One channel's feed and its listeners."""

    __slots__ = ("_ahead", "channel", "feed", "filling", "joining", "live", "page")

    def __init__(self, channel: str, page: Page) -> None:
        self.channel = channel
        self.page = page
        self.feed: Feed[Framed] = Feed()
        self.live: set[Listener] = set()
        self.joining = 0
        self.filling = False
        self._ahead: dict[Listener, int] = {}
        """Listeners that have more than the feed gave out: they read it from the views."""

    @property
    def idle(self) -> bool:
        """Whether nobody needs this line."""
        return not self.live and not self.joining

    def attach(self, listener: Listener, has: int) -> None:
        """From now on `listener`, which has everything up to `has`, hears what goes out."""
        if self.feed.head is not None and has > self.feed.head:
            self._ahead[listener] = has
            self.feed.known(has)
        self.live.add(listener)
        self.emit(self.feed.start(has))

    def detach(self, listener: Listener) -> None:
        """`listener` hears no more."""
        self.live.discard(listener)
        self._ahead.pop(listener, None)

    def emit(self, due: Iterable[tuple[int, Framed]]) -> None:
        """Deliver frames of the feed, in order, to those who do not have them yet. Who left hears no more."""
        for number, framed in due:
            for listener in tuple(self.live):
                if not self._ahead or self._ahead.get(listener, 0) < number:
                    listener.deliver(framed.frame)
                    if framed.left is not None and listener.user_id == framed.left:
                        self.detach(listener)
            if self._ahead:
                self._ahead = {who: has for who, has in self._ahead.items() if has > number}

    def whisper(self, frame: bytes, but: UUID | None) -> None:
        """Deliver a frame that is not stored to everyone except the one it is about."""
        for listener in tuple(self.live):
            if listener.user_id != but:
                listener.deliver(frame, ephemeral=True)
