"""What sockets work with, put together once per process."""

from dataclasses import dataclass

from gateway.executor import Executor
from gateway.fanout import Fanout
from gateway.limits import Limits
from gateway.presence import Present
from gateway.sign_ins import SignIns
from gateway.sources import Views
from gateway.typists import Typists
from gateway.writes import Writes


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The services, and the bounds of one person and one socket."""

    executor: Executor
    fanout: Fanout
    views: Views
    writes: Writes
    limits: Limits
    present: Present
    typists: Typists
    sign_ins: SignIns
    sockets_at_once: int
    buffer_bytes: int
