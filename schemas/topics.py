"""The Kafka topics, and which partition a key belongs to.

The hash is murmur2 as in Apache Kafka's default partitioner (org.apache.kafka.common.utils.Utils.murmur2), so
every other client that writes or looks up by key agrees with us.
"""

from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

CONVERSATIONS = "yeon.conversations.v1"
EXPERTS = "yeon.experts.v1"
ACCOUNTS = "yeon.accounts.v1"
MATCHER = "yeon.matcher.v1"

PARKED_PARTITIONS = 1
"""Of each topic of parked events, which promise no order."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic: its name, its partition count (fixed at creation) and what its key is."""

    name: str
    partitions: int
    key: str
    description: str

    @property
    def parked(self) -> str:
        """The topic that carries copies of parked events for people who watch."""
        return self.name.removesuffix(".v1") + ".parked.v1"


TOPICS: dict[str, Topic] = {
    topic.name: topic
    for topic in (
        Topic(
            CONVERSATIONS, 8, "question id", "Questions, offers, rooms and messages, one story per question."
        ),
        Topic(EXPERTS, 4, "expert id", "Expert profiles, availability and load."),
        Topic(ACCOUNTS, 4, "user id", "Accounts as others may know them."),
        # Two, though it has one key: a topic of one partition looks like one that a broker made by itself.
        Topic(MATCHER, 2, "matcher id", "Which ranker the matchers use."),
    )
}


@lru_cache(maxsize=65_536)
def partition_of(topic: str, key: UUID) -> int:
    """The partition of `key` (its canonical string, UTF-8) in `topic`."""
    return (murmur2(str(key).encode()) & 0x7FFFFFFF) % TOPICS[topic].partitions


def murmur2(data: bytes) -> int:
    """Apache Kafka's murmur2 of `data`, as an unsigned 32-bit integer."""
    length = len(data)
    m = 0x5BD1E995
    mask = 0xFFFFFFFF
    h = (0x9747B28C ^ length) & mask
    whole = length & ~3
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i : i + 4], "little")
        k = (k * m) & mask
        k ^= k >> 24
        k = (k * m) & mask
        h = ((h * m) & mask) ^ k
    rest = data[whole:]
    if rest:
        h ^= int.from_bytes(rest, "little")
        h = (h * m) & mask
    h ^= h >> 13
    h = (h * m) & mask
    return h ^ (h >> 15)
