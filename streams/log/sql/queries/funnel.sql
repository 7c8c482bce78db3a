-- From asked to rated: how many questions came how far, and the share of all that were asked.
SELECT step, questions, round(questions / nullif(first(questions) OVER (ORDER BY number), 0), 3) AS share
FROM (
    SELECT 1 AS number, 'asked' AS step, count(asked_at) AS questions FROM questions
    UNION ALL SELECT 2, 'matched', count(matched_at) FROM questions
    UNION ALL SELECT 3, 'accepted', count(accepted_at) FROM questions
    UNION ALL SELECT 4, 'spoken', count(spoken_at) FROM questions
    UNION ALL SELECT 5, 'resolved', count(resolved_at) FROM questions
    UNION ALL SELECT 6, 'rated', count(rated_at) FROM questions
) ORDER BY number
