"""Sending commands for people: through the port, remembered for their own reads, measured."""

import time
from uuid import UUID

from gateway.metrics import COMMAND_SECONDS, UNAVAILABLE
from gateway.writes import Writes
from infra.clock import now
from schemas.commands import Command
from schemas.envelope import Context, Outcome
from schemas.port import CommandPort, Unavailable


class Executor:
    """The only way in which the gateway changes anything."""

    def __init__(self, port: CommandPort, writes: Writes) -> None:
        self._port = port
        self._writes = writes
        self.unavailable_at: float | None = None
        """When a command was last not carried out because the store was away, by the monotonic clock."""

    async def execute(
        self, user_id: UUID, command: Command, command_id: UUID, traceparent: str = "", request_id: str = ""
    ) -> Outcome:
        """Carry out `command` for `user_id`; what they read from now on holds it. Raises `Refused`, `Unavailable`.

        Commands reach the port in the order of the calls: nothing waits before it is asked.
        """
        began = time.perf_counter()
        context = Context(command_id, user_id, now(), command_id, request_id, traceparent)
        try:
            outcome = await self._port.execute(command, context)
        except Unavailable:
            UNAVAILABLE.labels(command.NAME).inc()
            self.unavailable_at = time.monotonic()
            raise
        await self._writes.wrote(user_id, outcome)
        COMMAND_SECONDS.labels(command.NAME).observe(time.perf_counter() - began)
        return outcome
