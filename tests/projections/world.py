"""A person asks, two experts are found, and a room in which all there is happens."""

from infra.log import EventLog
from projections.queries.reading import Pool
from projections.runner import apply_batch
from tests.projections.history import Conversation, History


class World:
    """One conversation in which everything can be asked for."""

    def __init__(self) -> None:
        self.history = History()
        self.asker = self.history.person("묻는 이")
        self.guest = self.history.person("손님")
        self.first, self.second = self.history.expert("가람"), self.history.expert("나래")
        self.one = Conversation(self.history, "1", self.asker)
        self.one.asked()
        self.one.matched([self.first, self.second])

    def into_a_room(self) -> None:
        self.one.accepted(self.first)
        self.one.opened(self.first)
        self.message = self.one.said(self.asker, "첫 말")
        self.one.said(self.first, "둘째 말")
        self.one.joined(self.guest)
        self.one.read(self.first, 2)
        self.one.redacted(self.message, self.asker)

    async def apply(self, pool: Pool, log: EventLog) -> None:
        await apply_batch(pool, self.history.received(), log)
