"""What the gateway hands on of a request: its trace, or one that it begins."""

from typing import Any, cast
from uuid import uuid4

from gateway.executor import Executor
from schemas.commands import Command
from schemas.commands.account import EraseAccount
from schemas.envelope import Context, Outcome
from schemas.trace import is_sampled, read_traceparent

CLIENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class Port:
    """Notes what it is asked within."""

    def __init__(self) -> None:
        self.contexts: list[Context] = []

    async def execute(self, command: Command, context: Context) -> Outcome:
        self.contexts.append(context)
        return Outcome(1, "yeon.accounts.v1", 0)


class Writes:
    async def wrote(self, *_: object) -> None: ...


async def test_a_request_without_a_trace_begins_one_that_nobody_records() -> None:
    port = Port()
    executor = Executor(cast(Any, port), cast(Any, Writes()))
    for given in ("", "", CLIENT):
        await executor.execute(uuid4(), EraseAccount(), uuid4(), given)
    first, second, third = (context.traceparent for context in port.contexts)
    assert read_traceparent(first) == first != second
    assert not is_sampled(first)
    assert third == CLIENT
