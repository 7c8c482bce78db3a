"""The command port of a process: `start`, `execute`, `stop`."""

from commands.connection import WriterDatastore
from commands.group_commit import GroupCommit
from commands.rules import rules_of
from commands.turn import Turns
from infra.settings import Settings
from schemas.commands import Command
from schemas.envelope import Context, Outcome


class Commands:
    """Decides commands and appends their events to the store that `settings` name (`CommandPort`)."""

    def __init__(self, settings: Settings) -> None:
        turns = Turns(WriterDatastore(settings.postgres_url), rules_of(settings))
        self._group_commit = GroupCommit(turns)

    async def start(self) -> None:
        """Begin to take commands, on the running event loop. The tables must be there."""
        self._group_commit.start()

    async def execute(self, command: Command, context: Context) -> Outcome:
        """Return once the events are in the event store.

        Raises `Refused` if a rule forbids it, `Unavailable` if the store is away. If the caller is cancelled the
        command may still take effect; the same command again tells.
        """
        return await self._group_commit.execute(command, context)

    async def stop(self) -> None:
        """Answer what waits, and end."""
        await self._group_commit.stop()
