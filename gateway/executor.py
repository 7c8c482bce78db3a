"""Sending commands for people: through the port, remembered for their own reads, measured."""

import time
from uuid import UUID

from gateway.metrics import COMMAND_SECONDS, UNAVAILABLE
from gateway.writes import Writes
from infra.clock import now
from infra.ids import new_traceparent
from infra.tracing import span
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

        Without a `traceparent` a trace begins here. Commands reach the port in the order of the calls: nothing waits
        before it is asked.
        """
        began = time.perf_counter()
        about: dict[str, str | int] = {"yeon.command": command.NAME, "yeon.command_id": str(command_id)}
        try:
            with span(command.NAME, traceparent, "SERVER", about) as noted:
                trace = noted.traceparent or new_traceparent()
                context = Context(command_id, user_id, now(), command_id, request_id, trace)
                outcome = await self._port.execute(command, context)
                noted.tell("yeon.position", outcome.position)
        except Unavailable:
            UNAVAILABLE.labels(command.NAME).inc()
            self.unavailable_at = time.monotonic()
            raise
        await self._writes.wrote(user_id, outcome)
        COMMAND_SECONDS.labels(command.NAME).observe(time.perf_counter() - began)
        return outcome
