"""How fairly questions were spread over experts of late, for operators."""

from datetime import datetime
from typing import Any

from projections.queries.reading import Pool, row

MOST_QUESTIONS = 5_000
"""Only so many of the newest are looked at, so that a busy day costs no more than that."""

_FAIRNESS = """
    WITH asked AS (
        SELECT question_id FROM views.questions WHERE created_at >= %(since)s
        ORDER BY created_at DESC, question_id DESC LIMIT %(most)s
    ), places AS (
        SELECT c.question_id, c.round, c.expert_id, o.state, c.reasons @> '[{"feature": "exploration"}]' AS explored
        FROM asked JOIN views.candidates c USING (question_id)
        LEFT JOIN views.offers o ON o.question_id = c.question_id AND o.expert_id = c.expert_id
        WHERE c.rank <= 5
    ), totals AS (
        SELECT count(DISTINCT (question_id, round)) AS lists, count(*) AS places,
               count(*) FILTER (WHERE explored) AS explored,
               count(*) FILTER (WHERE explored AND state = 'accepted') AS accepted,
               count(*) FILTER (WHERE explored AND state IN ('accepted', 'declined', 'expired')) AS answered
        FROM places
    )
    SELECT lists,
           (SELECT max(n) FROM (SELECT count(*) AS n FROM places GROUP BY expert_id) AS often)::float8
               / nullif(lists, 0) AS "topShare",
           explored::float8 / nullif(places, 0) AS "exploredShare",
           accepted::float8 / nullif(answered, 0) AS "exploredAcceptance"
    FROM totals
"""


async def fairness(pool: Pool, since: datetime) -> dict[str, Any]:
    """Of the questions since then: `lists` of five, `topShare` of them with the expert who stands in most,
    `exploredShare` of their places that somebody new was given, `exploredAcceptance` of those who answered or let it
    run out. Shares are None of nothing."""
    return await row(pool, _FAIRNESS, {"since": since, "most": MOST_QUESTIONS}) or {}
