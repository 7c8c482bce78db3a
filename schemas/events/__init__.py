"""The catalogue of events: every type ever written, by its stable name."""

from schemas.base import EventData
from schemas.events import account, expert, matcher, question, room

CATALOGUE: dict[str, type[EventData]] = {
    event.TYPE: event for module in (account, expert, matcher, question, room) for event in module.EVENTS
}
