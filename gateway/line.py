"""Who listens to one room or one inbox at this gateway, and what each of them has already. No I/O of its own."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
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
Page = Callable[[UUID, int, int], Awaitable[Numbered]]
"""What the views hold of a room or a person after a number, ascending; so many at most."""


class Listener(Protocol):
    """One socket, as the fan-out sees it."""

    @property
    def user_id(self) -> UUID:
        """Whose it is."""
        ...

    @property
    def sign_in(self) -> UUID | None:
        """The sign-in its token came from."""
        ...

    def deliver(self, frame: bytes, ephemeral: bool = False) -> None:
        """Write the frame, now; an ephemeral one may be dropped. Never raises, never waits."""
        ...

    def end(self, code: int, reason: str) -> None:
        """Close the socket."""
        ...

    async def catch_up(self, frames: Sequence[bytes]) -> None:
        """Write a page of the past, and wait until the reader has taken most of what it was sent."""
        ...


class Line:
    """One channel's feed and its listeners."""

    __slots__ = ("_ahead", "_moved", "_page", "channel", "feed", "filling", "here", "joining", "key", "live")

    def __init__(self, channel: str, key: UUID, page: Page) -> None:
        """`key` says whose it is; `page` is the same for all lines of a kind."""
        self.channel = channel
        self.key = key
        self._page = page
        self.feed: Feed[Framed] = Feed()
        self.live: set[Listener] = set()
        self.here: tuple[Listener, ...] = ()
        """Of an inbox: every open socket of its person, whether it hears the inbox already or not."""
        self.joining = 0
        self.filling = False
        self._ahead: dict[Listener, int] | None = None
        """Listeners that have more than the feed gave out: they read it from the views."""
        self._moved: dict[UUID, tuple[int, bool]] | None = None
        """Who left or came in by what was given out while somebody was joining: at which number, and which of the two."""

    @property
    def idle(self) -> bool:
        """Whether nobody needs this line."""
        return not self.live and not self.joining and not self.here

    def page(self, after: int, most: int) -> Awaitable[Numbered]:
        """What the views hold after `after`, ascending; so many at most."""
        return self._page(self.key, after, most)

    def begin_joining(self) -> None:
        """Somebody is about to ask the views whether they may hear this."""
        self.joining += 1

    def end_joining(self) -> None:
        """They hear it now, or never will."""
        self.joining -= 1
        if not self.joining:
            self._moved = None

    def moved_since(self, user_id: UUID, number: int) -> bool | None:
        """Whether the person is in by the last of what was given out after `number`; None if that says nothing of them.

        Asked by one who is joining, of what went out since they began to.
        """
        at, inside = (self._moved or {}).get(user_id, (0, False))
        return inside if at > number else None

    def attach(self, listener: Listener, has: int) -> None:
        """From now on `listener`, which has everything up to `has`, hears what goes out."""
        if self.feed.head is not None and has > self.feed.head:
            self._ahead = {**(self._ahead or {}), listener: has}
            self.feed.known(has)
        self.live.add(listener)
        self.emit(self.feed.start(has))

    def detach(self, listener: Listener) -> None:
        """`listener` hears no more."""
        self.live.discard(listener)
        if self._ahead is not None:
            self._ahead.pop(listener, None)

    def emit(self, due: Iterable[tuple[int, Framed]]) -> None:
        """Deliver frames of the feed, in order, to those who do not have them yet. Who left hears no more."""
        for number, framed in due:
            if self.joining and (who := framed.left or framed.joined) is not None:
                self._moved = {**(self._moved or {}), who: (number, framed.left is None)}
            for listener in tuple(self.live):
                if not self._ahead or self._ahead.get(listener, 0) < number:
                    listener.deliver(framed.frame)
                    if framed.left is not None and listener.user_id == framed.left:
                        self.detach(listener)
            if self._ahead:
                self._ahead = {who: has for who, has in self._ahead.items() if has > number} or None

    def whisper(self, frame: bytes, but: UUID | None) -> None:
        """Deliver a frame that is not stored to everyone except the one it is about."""
        for listener in tuple(self.live):
            if listener.user_id != but:
                listener.deliver(frame, ephemeral=True)
