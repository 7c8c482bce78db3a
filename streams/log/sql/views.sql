-- What the queries stand on. `events` has every exported event; the rest are what analysts ask of them most.
CREATE VIEW events AS
SELECT * REPLACE (data::JSON AS data) FROM read_parquet({files});

CREATE VIEW sealed AS SELECT * FROM {sealed};

-- Personal words by the position and the field of their event, as far as keys were joined.
CREATE TABLE words (position BIGINT, person VARCHAR, field VARCHAR, text VARCHAR);

CREATE VIEW asked AS
SELECT question, time AS asked_at, actor AS asker, data->>'$.urgency' AS urgency,
       coalesce(text, (SELECT if(count(*) > 0, '(none)', '(sealed)') FROM words)) AS category
FROM events LEFT JOIN (SELECT position, text FROM words WHERE field = 'category') USING (position)
WHERE type = 'yeon.question.asked.v1';

-- The whole ranking of each match: rank 1 is the best.
CREATE VIEW candidates AS
SELECT question, time AS matched_at, (data->>'$.round')::INT AS round, rank, found[rank].expertId AS expert,
       found[rank].score AS score
FROM (
    SELECT *, unnest(generate_series(1, len(found))) AS rank
    FROM (
        SELECT *, from_json(data->'$.candidates', '[{{"expertId":"VARCHAR","score":"DOUBLE"}}]') AS found
        FROM events WHERE type = 'yeon.question.matched.v1'
    )
);

CREATE VIEW offers AS
SELECT question, time AS offered_at, offer.expertId AS expert, offer.round AS round, offer.score AS score,
       (offer.expiresAt)::TIMESTAMPTZ AS expires_at
FROM (
    SELECT question, time, unnest(from_json(data->'$.offers',
        '[{{"expertId":"VARCHAR","round":"INTEGER","score":"DOUBLE","expiresAt":"VARCHAR"}}]')) AS offer
    FROM events WHERE type IN ('yeon.question.matched.v1', 'yeon.question.offered.v1')
);

-- How each offer ended: accepted, declined, expired, or withdrawn.
CREATE VIEW answers AS
SELECT question, time AS answered_at, data->>'$.expertId' AS expert,
       CASE type WHEN 'yeon.question.offer_accepted.v1' THEN 'accepted' ELSE 'declined' END AS answer,
       epoch(time) - epoch((data->>'$.offeredAt')::TIMESTAMPTZ) AS seconds
FROM events WHERE type IN ('yeon.question.offer_accepted.v1', 'yeon.question.offer_declined.v1')
UNION ALL
SELECT question, time, unnest(from_json(data->'$.expertIds', '["VARCHAR"]')),
       CASE type WHEN 'yeon.question.offers_expired.v1' THEN 'expired' ELSE 'withdrawn' END, NULL
FROM events WHERE type IN ('yeon.question.offers_expired.v1', 'yeon.question.offers_withdrawn.v1');

-- One row a question: the moments of its life, empty where it did not come so far.
CREATE VIEW questions AS
SELECT asked.*, matched_at, accepted_at, spoken_at, resolved_at, rated_at, unmatched_at, cancelled_at,
       epoch(matched_at) - epoch(asked_at) AS seconds_to_match,
       epoch(accepted_at) - epoch(asked_at) AS seconds_to_acceptance
FROM asked LEFT JOIN (
    SELECT question,
        min(time) FILTER (type = 'yeon.question.matched.v1') AS matched_at,
        min(time) FILTER (type = 'yeon.question.offer_accepted.v1') AS accepted_at,
        min(time) FILTER (type = 'yeon.room.message_posted.v1') AS spoken_at,
        min(time) FILTER (type = 'yeon.question.resolved.v1') AS resolved_at,
        min(time) FILTER (type = 'yeon.question.expert_rated.v1') AS rated_at,
        min(time) FILTER (type = 'yeon.question.unmatched.v1') AS unmatched_at,
        min(time) FILTER (type = 'yeon.question.cancelled.v1') AS cancelled_at
    FROM events WHERE question IS NOT NULL GROUP BY question
) USING (question);
