"""`python -m infra.kafka.archive`: keeps the classes that a node loads as the Java machine has them, beside the jars.

A node then answers after two thirds of the time. Without the archive, or with one of other jars or another Java, all is
as before. See `java -XX:ArchiveClassesAtExit` (class data sharing, Java 13 and newer).
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from infra.embedded.part import PartFailed
from infra.embedded.ports import any_free
from infra.kafka.apache import ARCHIVE, ApacheKafka

WRITING_SECONDS = 120.0


class _Recorded(ApacheKafka):
    """A node that writes the archive when it ends."""

    def command(self) -> Sequence[str]:
        java, *rest = super().command()
        return [java, f"-XX:ArchiveClassesAtExit={ARCHIVE}", *rest]


def main() -> None:
    """Start a node once and end it. Raises `PartFailed` if it does not start."""
    ARCHIVE.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="yeon-kafka-") as directory:
        node = _Recorded(Path(directory) / "node", any_free(), Path(directory) / "log")
        node.start()
        assert node.child is not None
        node.child.stop(node.stop_signal, WRITING_SECONDS)
    if not ARCHIVE.exists():
        raise PartFailed("Java wrote no archive of the classes of Apache Kafka")


if __name__ == "__main__":
    main()
