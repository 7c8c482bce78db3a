"""What the gateway counts for operators."""

from collections.abc import Iterable

from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector


class LoopCounter(Collector):
    """A counter that is raised on the event loop only, `value` itself: without the lock, for what happens most."""

    __slots__ = ("_documentation", "_name", "value")

    def __init__(self, name: str, documentation: str) -> None:
        self._name, self._documentation = name, documentation
        self.value = 0
        REGISTRY.register(self)

    def collect(self) -> Iterable[CounterMetricFamily]:
        """What is scraped."""
        yield CounterMetricFamily(self._name, self._documentation, value=self.value)


SOCKETS = Gauge("yeon_gateway_sockets", "Open sockets.")
FRAMES_IN = LoopCounter("yeon_gateway_frames_received", "Frames from clients.")
FRAMES_OUT = LoopCounter("yeon_gateway_frames_sent", "Frames to clients, ephemeral ones included.")
FRAMES_DROPPED = Counter("yeon_gateway_frames_dropped", "Ephemeral frames not sent to slow readers.")
FULLEST = Gauge(
    "yeon_gateway_fullest_queue_bytes", "The most that ever waited for one reader, since the start."
)
TURNED_AWAY = Counter("yeon_gateway_turned_away", "Handshakes answered without a WebSocket.", ["status"])
CLOSED = Counter("yeon_gateway_closed", "Sockets ended by us.", ["code"])
UNAVAILABLE = Counter(
    "yeon_gateway_unavailable", "Commands not carried out since the store was away.", ["command"]
)
COMMAND_SECONDS = Histogram(
    "yeon_gateway_command_seconds",
    "From a command's arrival to its outcome.",
    ["command"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
