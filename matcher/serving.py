"""What the internal endpoint asks, of whichever encoder answers at that moment."""

from collections.abc import Mapping
from uuid import UUID

from matcher.archiving import Like
from matcher.encoded import Encoded
from matcher.exchange import Exchangeable
from matcher.finder import Search
from matcher.ranking import Ranked
from matcher.spelling import Spelt

Now = Exchangeable[Encoded]


class FindsNow:
    """Finds experts, and shared conversations like a text."""

    def __init__(self, now: Now) -> None:
        self._now = now

    async def find(self, searches: list[Search]) -> list[list[Ranked]]:
        with self._now.use() as one:
            return await one.matching.finder.find(searches)

    async def like(self, content: str, *, demo: bool, but: UUID | None, limit: int) -> list[Like]:
        with self._now.use() as one:
            return await one.archive.like(content, demo=demo, but=but, limit=limit)


class SpeltNow:
    """How the specialties of everybody in the index are spelt. Asked on threads."""

    def __init__(self, now: Now) -> None:
        self._now = now

    def find(self, text: str) -> Mapping[UUID, Spelt]:
        return self._now.now.spellings.find(text)

    def terms_of(self, category: str) -> frozenset[str]:
        return self._now.now.spellings.terms_of(category)
