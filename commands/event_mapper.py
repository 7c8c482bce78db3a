"""The library's mapper, with our catalogue in place of its transcoder: stored under stable type names, sealed.

Nothing in the store names a Python class, so that moving one breaks nothing.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from eventsourcing.domain import DomainEventProtocol, Snapshot
from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent
from eventsourcing.utils import get_topic

from commands.account import Account
from commands.expert import Expert
from commands.question import Question
from commands.ranker import Ranker
from commands.reading import Reading
from commands.room import Room
from commands.sourced import Sourced
from schemas.envelope import Event
from schemas.events.account import AccountRegistered
from schemas.events.expert import ExpertProfileSet
from schemas.events.matcher import RankerChosen
from schemas.events.question import QuestionAsked
from schemas.events.room import ReadMarked, RoomOpened
from schemas.mapper import from_stored, seal, to_stored, unseal

FIRST: dict[str, type[Sourced]] = {
    AccountRegistered.TYPE: Account,
    ExpertProfileSet.TYPE: Expert,
    QuestionAsked.TYPE: Question,
    RoomOpened.TYPE: Room,
    ReadMarked.TYPE: Reading,
    RankerChosen.TYPE: Ranker,
}
"""The types of event that begin a stream, and the aggregate each begins."""

_SNAPSHOT = "snapshot."
_AGGREGATES = {_SNAPSHOT + aggregate.NAME: aggregate for aggregate in FIRST.values()}
_ROOT_TOPICS = {get_topic(aggregate): aggregate for aggregate in FIRST.values()}

KeyOf = Callable[[UUID], bytes | None]


class CatalogueMapper(Mapper[UUID]):
    """Between the library's domain events and its stored ones. `key_of` raises if it lacks a key to seal with."""

    def __init__(self, key_of: KeyOf) -> None:
        super().__init__(JSONTranscoder())
        self._key_of = key_of

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        if isinstance(domain_event, Snapshot):
            return self._stored_snapshot(domain_event)
        if not isinstance(domain_event, Sourced.Event):
            raise TypeError(f"{type(domain_event).__name__} is no event of ours")
        stream, version = domain_event.originator_id, domain_event.originator_version
        event = Event(0, stream, version, domain_event.data, domain_event.meta)
        return StoredEvent(stream, version, domain_event.data.TYPE, to_stored(event, self._must_have))

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[UUID]:
        stream, version, topic = _key(stored_event), stored_event.originator_version, stored_event.topic
        if topic in _AGGREGATES:
            return self._snapshot(stream, version, topic, stored_event.state)
        event = from_stored(0, stream, version, topic, stored_event.state, self._key_of)
        said: dict[str, Any] = {
            "originator_id": stream,
            "originator_version": version,
            "timestamp": event.meta.at,
            "data": event.data,
            "meta": event.meta,
        }
        if version == 1:
            aggregate = FIRST[topic]
            return aggregate.Created(originator_topic=get_topic(aggregate), **said)
        return Sourced.Event(**said)

    def _stored_snapshot(self, snapshot: Snapshot) -> StoredEvent:
        topic = _SNAPSHOT + _ROOT_TOPICS[snapshot.topic].NAME
        stream, version = snapshot.originator_id, snapshot.originator_version
        data, sealed = seal(snapshot.state["_state"], _bound(stream, version, topic), self._must_have)
        record = {
            "data": data,
            "sealed": sealed,
            "created": snapshot.state["_created_on"],
            "modified": snapshot.state["_modified_on"],
        }
        state = orjson.dumps(record, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS)
        return StoredEvent(stream, version, topic, state)

    def _snapshot(self, stream: UUID, version: int, topic: str, state: bytes) -> Snapshot:
        aggregate, record = _AGGREGATES[topic], orjson.loads(state)
        bound = _bound(stream, version, topic)
        data = unseal(aggregate.STATE, record["data"], record["sealed"], bound, self._key_of)
        modified = datetime.fromisoformat(record["modified"])
        return Snapshot(
            originator_id=stream,
            originator_version=version,
            timestamp=modified,
            topic=get_topic(aggregate),
            state={
                "_state": aggregate.STATE.model_validate(data),
                "_created_on": datetime.fromisoformat(record["created"]),
                "_modified_on": modified,
            },
        )

    def _must_have(self, owner: UUID) -> bytes:
        key = self._key_of(owner)
        if key is None:
            raise LookupError(f"no key was made for {owner}")
        return key


def _key(stored: StoredEvent) -> UUID:
    return stored.originator_id if isinstance(stored.originator_id, UUID) else UUID(stored.originator_id)


def _bound(stream: UUID, version: int, topic: str) -> bytes:
    return stream.bytes + version.to_bytes(8, "big") + topic.encode()
