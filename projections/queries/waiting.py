"""Which of the questions that nobody was found for can be served now: the most urgent and oldest for which somebody is free."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from projections.queries.reading import Pool, row

_NEXT = """
    WITH free AS MATERIALIZED (
        SELECT e.expert_id, e.demo
        FROM views.experts e
        LEFT JOIN (
            SELECT expert_id, count(*) AS offers FROM views.offers WHERE state = 'open' GROUP BY expert_id
        ) o USING (expert_id)
        WHERE e.available AND e.open_rooms + coalesce(o.offers, 0) < e.capacity
    )
    SELECT w.question_id, w.round, f.expert_id
    FROM (
        SELECT question_id, asker_id, round, demo, created_at,
            array_position(ARRAY['high', 'medium', 'low'], urgency) AS urgency
        FROM views.questions
        WHERE status = 'unmatched' AND created_at > %(since)s
        ORDER BY urgency, created_at, question_id
    ) w
    CROSS JOIN LATERAL (
        SELECT f.expert_id FROM free f
        WHERE f.expert_id <> w.asker_id AND (w.demo OR NOT f.demo)
          AND NOT EXISTS (
            SELECT FROM views.offers o WHERE o.question_id = w.question_id AND o.expert_id = f.expert_id)
          AND NOT EXISTS (
            SELECT FROM unnest(%(questions)s::uuid[], %(experts)s::uuid[]) AS t (question_id, expert_id)
            WHERE (t.question_id, t.expert_id) = (w.question_id, f.expert_id))
        ORDER BY f.expert_id LIMIT 1
    ) f
    ORDER BY w.urgency, w.created_at, w.question_id
    LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Servable:
    """A waiting question after its last round, and somebody with a free place who was never asked it."""

    question_id: UUID
    round: int
    expert_id: UUID

    @property
    def pair(self) -> tuple[UUID, UUID]:
        """Question and expert."""
        return self.question_id, self.expert_id


async def next_servable(
    pool: Pool, since: datetime, but: Sequence[tuple[UUID, UUID]] = ()
) -> Servable | None:
    """The first to be served of those asked after `since`, passing over the (question, expert) pairs in `but`.

    A free place is one that neither a room nor an open offer takes.
    """
    questions, experts = [one for one, _ in but], [one for _, one in but]
    found = await row(pool, _NEXT, {"since": since, "questions": questions, "experts": experts})
    return None if found is None else Servable(**found)


async def is_settled(pool: Pool, question_id: UUID, round_number: int) -> bool:
    """Whether the views know what came of the rounds of this question after `round_number`."""
    found = await row(
        pool,
        "SELECT round > %(round)s AND status <> 'pending' AS settled FROM views.questions WHERE question_id = %(id)s",
        {"round": round_number, "id": question_id},
    )
    return found is None or bool(found["settled"])
