"""Several Apache Kafka nodes as one cluster on this machine, each of which may be killed and started by itself."""

import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from uuid import uuid4

from infra.embedded.part import PartFailed
from infra.embedded.ports import any_free
from infra.kafka.apache import ApacheKafka, Cluster

PATIENCE_SECONDS = 180.0


class KafkaCluster:
    """`size` nodes in KRaft mode, each a broker and a controller, with their state under `directory`."""

    def __init__(self, directory: Path, size: int = 3) -> None:
        ports = _distinct(2 * size)
        self.cluster = Cluster(uuid4().hex[:22], tuple(ports[size:]))
        self.nodes = [
            ApacheKafka(
                directory / f"kafka{node}",
                ports[node - 1],
                directory / f"kafka{node}.log",
                node=node,
                cluster=self.cluster,
            )
            for node in range(1, size + 1)
        ]

    @property
    def url(self) -> str:
        return ",".join(node.url for node in self.nodes)

    def start(self, nodes: Iterable[ApacheKafka] | None = None) -> None:
        """Start `nodes` (all of them) together, since none answers before most are up. Raises PartFailed."""
        wanted = list(self.nodes if nodes is None else nodes)
        for node in wanted:
            node.prepare()
            node.launch()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not all(node.ready() for node in wanted):
            if time.monotonic() > deadline:
                self.stop()
                raise PartFailed(f"the cluster did not answer within {PATIENCE_SECONDS:.0f} s")
            time.sleep(0.05)

    def empty(self, node: ApacheKafka) -> None:
        """Take the records of a stopped node away, as a new disk would; what it knows of the quorum stays."""
        for log in (node.directory / "log").iterdir():
            if log.is_dir() and not log.name.startswith("__cluster_metadata"):
                shutil.rmtree(log)
        for checkpoint in (node.directory / "log").glob("*checkpoint*"):
            checkpoint.unlink()

    def stop(self) -> None:
        for node in self.nodes:
            node.kill()


def _distinct(count: int) -> list[int]:
    found: set[int] = set()
    while len(found) < count:
        found.add(any_free())
    return list(found)
