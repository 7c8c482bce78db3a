"""The readers shown to integrators, in three languages, run as they stand against the broker of the suite.

Each takes every event once, though records come again and their order on the topic is not that of the offsets alone;
goes on where it stopped; tells the story of one question in order; and stops at a gap.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from infra.kafka.topics import bootstrap
from schemas.base import EventData
from schemas.envelope import Event
from schemas.events.question import QuestionAsked, QuestionResolved
from schemas.events.room import MessagePosted
from schemas.mapper import to_kafka
from schemas.samples import EVENTS

READERS = Path(__file__).parent.parent.parent / "examples" / "readers"
PARTITIONS = 2
WORDS = '탭이 없는 말,\n쉼표와 "따옴표" = 그대로'


@dataclass
class Reader:
    """A program that keeps what it read in `file` and prints a question's story."""

    command: list[str]
    file: Path
    directory: Path

    def run(self, kafka: str, topic: str, question: UUID) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.command, str(self.file), str(question)],
            cwd=self.directory,
            env=os.environ | {"YEON_KAFKA": kafka, "YEON_TOPIC": topic},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def story(self, kafka: str, topic: str, question: UUID) -> list[tuple[int, str, object]]:
        done = self.run(kafka, topic, question)
        assert done.returncode == 0, done.stderr
        lines = [line.split(" ", 2) for line in done.stdout.splitlines()]
        return [(int(position), type_name, json.loads(data)) for position, type_name, data in lines]


def _python(tmp_path: Path) -> Reader:
    return Reader([sys.executable, "story.py"], tmp_path / "events.db", READERS / "python")


def _node(tmp_path: Path) -> Reader:
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    directory = tmp_path / "node"
    shutil.copytree(READERS / "node", directory, ignore=shutil.ignore_patterns("node_modules"))
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=directory, check=True, timeout=120)
    return Reader(["node", "story.mjs"], tmp_path / "events.jsonl", directory)


def _kcat(tmp_path: Path) -> Reader:
    if shutil.which("kcat") is None:
        pytest.skip("kcat is not installed")
    return Reader(["./story.sh"], tmp_path / "events.tsv", READERS / "kcat")


@pytest.fixture(params=[_python, _node, _kcat], ids=["python", "node", "kcat"])
def reader(request: pytest.FixtureRequest, tmp_path: Path) -> Reader:
    make: Callable[[Path], Reader] = request.param
    return make(tmp_path)


@pytest.fixture
def kafka(kafka_url: str) -> str:
    return ",".join(bootstrap(kafka_url))


class Log:
    """Events of two questions on two partitions, as the relay would publish them."""

    def __init__(self, kafka: str, topic: str) -> None:
        self._kafka = kafka
        self.topic = topic
        self._last = [0, 0]
        self._position = 0
        self.questions = (uuid4(), uuid4())
        self.told: dict[UUID, list[tuple[int, str, object]]] = {id_: [] for id_ in self.questions}

    def next(self, partition: int, data: EventData) -> tuple[int, bytes, bytes, list[tuple[str, bytes]]]:
        """The record of what is said next of a partition's question."""
        self._position += 3
        question = self.questions[partition]
        data = data.model_copy(update={"question_id": question})
        event = Event(self._position, question, self._position, data, EVENTS[data.TYPE].meta)
        key, value, headers = to_kafka(event, self._last[partition])
        self._last[partition] = self._position
        self.told[question].append((self._position, data.TYPE, json.loads(value)))
        return partition, key, value, headers

    async def publish(self, records: Iterator[tuple[int, bytes, bytes, list[tuple[str, bytes]]]]) -> None:
        async with AIOKafkaProducer(bootstrap_servers=self._kafka) as producer:
            for partition, key, value, headers in records:
                await producer.send_and_wait(
                    self.topic, key=key, value=value, headers=headers, partition=partition
                )


@pytest.fixture
async def log(kafka: str) -> Log:
    topic = f"story.{uuid4().hex[:8]}"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, PARTITIONS, 1)])
    finally:
        await admin.close()
    return Log(kafka, topic)


ASKED = EVENTS[QuestionAsked.TYPE].data
SAID = EVENTS[MessagePosted.TYPE].data.model_copy(update={"content": WORDS})
RESOLVED = EVENTS[QuestionResolved.TYPE].data


@pytest.mark.timeout(240)
async def test_each_event_is_taken_once_and_a_story_told_in_order(
    reader: Reader, log: Log, kafka: str
) -> None:
    mine, others = log.questions
    begun = [log.next(0, ASKED), log.next(1, ASKED), log.next(0, SAID)]
    await log.publish(iter([*begun, begun[0], begun[2]]))
    first = reader.story(kafka, log.topic, mine)
    assert first == log.told[mine]
    assert len(first) == 2

    # What was lost and is published again comes before what is new, at offsets that were never seen.
    await log.publish(iter([begun[2], log.next(0, RESOLVED), log.next(1, SAID)]))
    assert reader.story(kafka, log.topic, mine) == log.told[mine]
    assert reader.story(kafka, log.topic, others) == log.told[others]
    assert reader.story(kafka, log.topic, mine) == log.told[mine]


@pytest.mark.timeout(240)
async def test_a_reader_stops_at_a_gap_and_goes_on_when_it_is_filled(
    reader: Reader, log: Log, kafka: str
) -> None:
    mine = log.questions[0]
    begun, lost, later = log.next(0, ASKED), log.next(0, SAID), log.next(0, RESOLVED)
    await log.publish(iter([begun]))
    reader.story(kafka, log.topic, mine)
    await log.publish(iter([later]))
    stopped = reader.run(kafka, log.topic, mine)
    assert stopped.returncode != 0
    assert f"between {log.told[mine][0][0]} and {log.told[mine][2][0]} is missing" in stopped.stderr

    await log.publish(iter([lost, later]))
    assert reader.story(kafka, log.topic, mine) == log.told[mine]
