"""The command port of a process: `start`, `execute`, `stop`."""

import gc
import sys

from commands.connection import WriterDatastore
from commands.group_commit import GroupCommit
from commands.rules import rules_of
from commands.turn import Turns
from infra.settings import Settings
from schemas.commands import Command
from schemas.envelope import Context, Outcome
from schemas.port import Appended

SWITCH_SECONDS = 0.0005
"""How long a busy event loop may keep the writer from going on, each time it heard from the server (Python: 5 ms)."""
GARBAGE_AFTER = 20_000
"""Objects made between two looks for cycles. A turn makes thousands that all live to its end and none in cycles:
looking after every 700, as Python does, costs a fifth of its time."""


class Commands:
    """Decides commands and appends their events to the store that `settings` name (`CommandPort`)."""

    def __init__(self, settings: Settings) -> None:
        turns = Turns(WriterDatastore(settings.postgres_url), rules_of(settings))
        self._group_commit = GroupCommit(turns)

    async def start(self) -> None:
        """Begin to take commands, on the running event loop. The tables must be there.

        The interpreter is set up for a worker thread beside a busy event loop: for the whole process.
        """
        sys.setswitchinterval(min(sys.getswitchinterval(), SWITCH_SECONDS))
        gc.freeze()
        gc.set_threshold(max(gc.get_threshold()[0], GARBAGE_AFTER))
        self._group_commit.start()

    async def execute(self, command: Command, context: Context) -> Outcome:
        """Return once the events are in the event store.

        Raises `Refused` if a rule forbids it, `Unavailable` if the store is away. If the caller is cancelled the
        command may still take effect; the same command again tells.
        """
        return await self._group_commit.execute(command, context)

    def tell(self, appended: Appended) -> None:
        """From now on `appended` is called, on the event loop, with what is appended here, once it is in the store."""
        self._group_commit.tell(appended)

    async def stop(self) -> None:
        """Answer what waits, and end."""
        await self._group_commit.stop()
