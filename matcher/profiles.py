"""Folds the events of experts into what the index holds of them. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from matcher.analysis import expertise_of, languages_of
from matcher.index.contract import IndexedExpert
from schemas.base import EventData
from schemas.events.expert import ExpertEngaged, ExpertProfileSet, ExpertReleased

PASSAGE_CHARACTERS = 800
"""How much of a profile is encoded, the specialties first."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a batch of events makes of the index."""

    experts: Mapping[UUID, IndexedExpert]
    """Everyone who changed, as they are now."""
    passages: Mapping[UUID, str]
    """The texts to encode, of those among them whose profile was set."""


def expert_of(data: EventData) -> UUID | None:
    """Whose state this event changes in the index, if any."""
    return data.expert_id if isinstance(data, ExpertProfileSet | ExpertEngaged | ExpertReleased) else None


def fold(known: Mapping[UUID, IndexedExpert], events: Iterable[EventData], encoder: str) -> Changes:
    """Apply `events`, in order, to what the index holds of the experts in them (`known`).

    An expert without a profile is not in the index, whatever else happens to them.
    """
    changed: dict[UUID, IndexedExpert] = {}
    passages: dict[UUID, str] = {}
    for event in events:
        expert_id = expert_of(event)
        if expert_id is None:
            continue
        before = changed.get(expert_id) or known.get(expert_id)
        if isinstance(event, ExpertProfileSet):
            changed[expert_id] = _profiled(event, before, encoder)
            passages[expert_id] = passage_of(event)
        elif isinstance(event, ExpertEngaged | ExpertReleased) and before is not None:
            changed[expert_id] = replace(before, open_rooms=event.open_rooms)
    return Changes(changed, passages)


def passage_of(profile: ExpertProfileSet) -> str:
    """The text by which an expert is found: their specialties, the strongest first, and what they say of themselves."""
    strongest = sorted(profile.specialties, key=lambda specialty: -specialty.level)
    return f"{', '.join(specialty.name for specialty in strongest)}\n{profile.bio}".strip()[
        :PASSAGE_CHARACTERS
    ]


def _profiled(event: ExpertProfileSet, before: IndexedExpert | None, encoder: str) -> IndexedExpert:
    return IndexedExpert(
        expert_id=event.expert_id,
        display_name=event.display_name,
        expertise=tuple(expertise_of(specialty.name, specialty.level) for specialty in event.specialties),
        languages=languages_of(passage_of(event)),
        available=event.available,
        capacity=event.capacity,
        open_rooms=before.open_rooms if before else 0,
        demo=event.demo,
        encoder=encoder,
    )
