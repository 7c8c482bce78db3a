"""The view `experts`: what experts say of themselves, and how many rooms they are in."""

from projections.rows import NOTHING, Projected, Upsert
from schemas.base import EventData
from schemas.envelope import Event
from schemas.events.expert import EVENTS, ExpertEngaged, ExpertProfileSet, ExpertReleased

TYPES: frozenset[type[EventData]] = frozenset(EVENTS)


def project(event: Event) -> Projected:
    """The rows of one event."""
    match event.data:
        case ExpertProfileSet() as data:
            values = {
                "display_name": data.display_name,
                "specialties": [{"name": s.name, "level": s.level} for s in data.specialties],
                "experience_years": data.experience_years,
                "bio": data.bio,
                "capacity": data.capacity,
                "available": data.available,
                "demo": data.demo,
                "profile_at": event.meta.at,
            }
        case ExpertEngaged() | ExpertReleased() as data:
            values = {"open_rooms": data.open_rooms}
        case _:
            return NOTHING
    return Projected([Upsert("experts", (data.expert_id,), values)])
