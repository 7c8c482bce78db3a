"""Who leads: the relay that holds the lock, and the Kafka node that leads the metadata quorum, the active controller."""

import socket
import struct
from contextlib import suppress
from uuid import uuid4

import psutil

from infra.embedded.ports import HOST
from infra.kafka.apache import ApacheKafka
from tests.faults.cluster.site import RELAY, Site
from tests.faults.loading import query

_DESCRIBE_QUORUM, _VERSION, _CORRELATION = 55, 0, 1
_METADATA = b"__cluster_metadata"
_NO_TAGS = b"\0"
_HOLDING = """
    SELECT client_port FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND granted
"""


def active_relay(site: Site) -> int:
    """Which of the relays holds the lock; the first if none does."""
    ports = {port for (port,) in query(site.roles, _HOLDING)}
    relays = [p for p in site.roles.running if site.roles.arguments[p.pid] == RELAY]
    for which, process in enumerate(relays):
        if any(c.laddr.port in ports for c in psutil.Process(process.pid).net_connections()):
            return which
    return 0


def controller(site: Site) -> ApacheKafka | None:
    """The node that leads the metadata quorum, as the first broker that knows says; None while there is none."""
    for node in site.kafka.nodes:
        with suppress(OSError):
            return site.kafka.nodes[leader(HOST, node.port) - 1]
    return None


class NoQuorum(ConnectionError):
    """The broker cannot say who leads."""


def leader(host: str, port: int, seconds: float = 2.0) -> int:
    """The id of the node that leads, as the broker at this address answers DescribeQuorum.

    Raises OSError, and NoQuorum if it knows none.
    """
    client = f"tests-{uuid4().hex[:6]}".encode()
    header = struct.pack(">hhih", _DESCRIBE_QUORUM, _VERSION, _CORRELATION, len(client)) + client + _NO_TAGS
    partitions = b"\2" + struct.pack(">i", 0) + _NO_TAGS  # lengths are told plus one: here one partition, 0
    topics = b"\2" + bytes([len(_METADATA) + 1]) + _METADATA + partitions + _NO_TAGS
    request = header + topics + _NO_TAGS
    with socket.create_connection((host, port), timeout=seconds) as connection:
        connection.sendall(struct.pack(">i", len(request)) + request)
        (size,) = struct.unpack(">i", _exactly(connection, 4))
        answer = _exactly(connection, size)
    # After the header (4 + 1 bytes): the error, one topic (1 + its name), one partition (1 + index, error, leader).
    at = 4 + len(_NO_TAGS)
    (error,) = struct.unpack_from(">h", answer, at)
    if error:
        raise NoQuorum(f"DescribeQuorum was answered with error {error}")
    at += 2 + 1 + 1 + len(_METADATA) + 1 + 4
    error, node = struct.unpack_from(">hi", answer, at)
    if error or node < 1:
        raise NoQuorum(f"the quorum has no leader: error {error}, leader {node}")
    return int(node)


def _exactly(connection: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        more = connection.recv(size - len(found))
        if not more:
            raise NoQuorum("the broker hung up")
        found += more
    return found
