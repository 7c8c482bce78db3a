"""The view `people`: the name and the role that others may know a person by."""

from projections.rows import NOTHING, Delete, Projected, Upsert
from schemas.base import EventData
from schemas.envelope import Event
from schemas.events.account import EVENTS, AccountErased, AccountProfileChanged, AccountRegistered

TYPES: frozenset[type[EventData]] = frozenset(EVENTS)


def project(event: Event) -> Projected:
    """The rows of one event."""
    match event.data:
        case AccountRegistered() as data:
            values = {
                "display_name": data.display_name,
                "role": data.role,
                "demo": data.demo,
                "created_at": event.meta.at,
            }
        case AccountProfileChanged() as data:
            values = {"display_name": data.display_name, "role": data.role}
        case AccountErased() as data:
            return Projected([Delete("people", (data.user_id,))])
        case _:
            return NOTHING
    return Projected([Upsert("people", (data.user_id,), values)])
