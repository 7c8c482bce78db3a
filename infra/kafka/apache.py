"""A real Apache Kafka node in KRaft mode from the jars of `pom.xml`, run with the machine's own Java.

One node is broker and controller together. Several make a cluster: give each the same `cluster`.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from uuid import uuid4

from infra.embedded.broker import speaks_kafka
from infra.embedded.part import Part, PartFailed
from infra.embedded.ports import HOST, any_free

JARS = Path(__file__).parent / "target" / "jars"
ARCHIVE = JARS.parent / "kafka.jsa"
"""What `infra.kafka.archive` writes."""
HEAP = ("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError", "-Dlog4j2.level=WARN")


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster's id (22 characters of base64), and the controller port of each node, by node id from 1."""

    id: str
    controllers: tuple[int, ...]

    @property
    def voters(self) -> str:
        return ",".join(f"{node}@{HOST}:{port}" for node, port in enumerate(self.controllers, start=1))


class ApacheKafka(Part):
    """Node `node` of a cluster; by default the only node of its own."""

    name: ClassVar[str] = "Apache Kafka"
    patience: ClassVar[float] = 90.0

    def __init__(
        self,
        directory: Path,
        port: int,
        log: Path,
        *,
        node: int = 1,
        cluster: Cluster | None = None,
        seen_at: int | None = None,
    ) -> None:
        """`seen_at` is the port that clients are told of, where something stands before the node."""
        super().__init__(directory, port, log)
        self.seen_at = seen_at or port
        self._node = node
        self._cluster = cluster

    @property
    def url(self) -> str:
        return f"kafka://{HOST}:{self.seen_at}"

    def prepare(self) -> None:
        java = find_java()
        if not JARS.is_dir():
            raise PartFailed(
                "The jars of Apache Kafka are not here yet; `make kafka-jars` gets them with Maven."
            )
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        cluster = self._cluster or Cluster(self._own_cluster_id(), (any_free(),))
        settings = self.settings(cluster)
        self._properties.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        if (self.directory / "log" / "meta.properties").exists():
            return
        tool = [java, "-cp", f"{JARS}/*", "-XX:TieredStopAtLevel=1", "kafka.tools.StorageTool"]
        done = subprocess.run(
            [*tool, "format", "-t", cluster.id, "-c", str(self._properties), *self.format_options()],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise PartFailed(f"Apache Kafka could not lay out {self.directory}:\n{done.stdout}{done.stderr}")

    def command(self) -> Sequence[str]:
        shared = [f"-XX:SharedArchiveFile={ARCHIVE}"] if ARCHIVE.exists() else []
        return [find_java(), *HEAP, *shared, "-cp", f"{JARS}/*", "kafka.Kafka", str(self._properties)]

    def answers(self) -> bool:
        return speaks_kafka(self.port)

    @property
    def _properties(self) -> Path:
        return self.directory / "server.properties"

    def _own_cluster_id(self) -> str:
        file = self.directory / "cluster.id"
        if not file.exists():
            file.write_text(uuid4().hex[:22])
        return file.read_text()

    def format_options(self) -> Sequence[str]:
        """What the storage is laid out with beside the settings."""
        return ()

    def settings(self, cluster: Cluster) -> dict[str, object]:
        """The lines of `server.properties`."""
        replicas = min(3, len(cluster.controllers))
        return {
            "process.roles": "broker,controller",
            "node.id": self._node,
            "controller.quorum.voters": cluster.voters,
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://{HOST}:{self.port},"
            f"CONTROLLER://{HOST}:{cluster.controllers[self._node - 1]}",
            "advertised.listeners": f"PLAINTEXT://{HOST}:{self.seen_at}",
            "log.dirs": self.directory / "log",
            "auto.create.topics.enable": "false",
            "default.replication.factor": replicas,
            "min.insync.replicas": max(1, replicas - 1),
            "offsets.topic.replication.factor": replicas,
            "offsets.topic.num.partitions": 8,
            "transaction.state.log.replication.factor": replicas,
            "transaction.state.log.min.isr": max(1, replicas - 1),
            "transaction.state.log.num.partitions": 4,
            "share.coordinator.state.topic.replication.factor": replicas,
            "share.coordinator.state.topic.min.isr": max(1, replicas - 1),
            "group.initial.rebalance.delay.ms": 0,
            "log.retention.check.interval.ms": 10_000,
            "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
        }


def find_java() -> str:
    """The `java` of JAVA_HOME, or else of the path. Raises PartFailed."""
    home = os.environ.get("JAVA_HOME", "")
    found = shutil.which("java", path=str(Path(home) / "bin")) if home else None
    found = found or shutil.which("java")
    if found is None:
        raise PartFailed("Apache Kafka needs Java 17 or newer: set JAVA_HOME or put `java` on the path.")
    return found
