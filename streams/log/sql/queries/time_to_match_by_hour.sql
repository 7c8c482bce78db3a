-- Median seconds from asking to the first offers and to the first acceptance, by the hour of the day in Seoul.
SELECT (hour(asked_at AT TIME ZONE 'UTC') + 9) % 24 AS hour, count(*) AS questions,
       round(median(seconds_to_match), 1) AS to_match, round(median(seconds_to_acceptance), 1) AS to_acceptance,
       round(quantile_cont(seconds_to_acceptance, 0.9), 1) AS to_acceptance_p90
FROM questions GROUP BY hour ORDER BY hour
