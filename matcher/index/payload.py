"""An indexed expert as the payload of a Qdrant point, and back.

Truth values are 0 and 1, because in filters of the embedded engine booleans match nothing.
"""

from typing import Any
from uuid import UUID

from matcher.index.contract import Expertise, IndexedExpert

FORM = "v1"
"""Of the payload; a change of it makes a new index."""

INTEGER_KEYS = ("available", "at_capacity", "demo")
KEYWORD_KEYS = ("terms",)
"""The keys that searches filter by."""


def to_payload(expert: IndexedExpert) -> dict[str, Any]:
    """The payload of `expert`; the id is the point's own."""
    return {
        "display_name": expert.display_name,
        "expertise": [{"name": s.name, "level": s.level, "terms": list(s.terms)} for s in expert.expertise],
        "terms": list(expert.terms),
        "languages": list(expert.languages),
        "available": int(expert.available),
        "capacity": expert.capacity,
        "open_rooms": expert.open_rooms,
        "at_capacity": int(expert.at_capacity),
        "demo": int(expert.demo),
        "encoder": expert.encoder,
    }


def from_payload(expert_id: UUID, payload: dict[str, Any]) -> IndexedExpert:
    """The expert of a point."""
    return IndexedExpert(
        expert_id=expert_id,
        display_name=payload["display_name"],
        expertise=tuple(Expertise(s["name"], s["level"], tuple(s["terms"])) for s in payload["expertise"]),
        languages=tuple(payload["languages"]),
        available=payload["available"] == 1,
        capacity=payload["capacity"],
        open_rooms=payload["open_rooms"],
        demo=payload["demo"] == 1,
        encoder=payload["encoder"],
    )
