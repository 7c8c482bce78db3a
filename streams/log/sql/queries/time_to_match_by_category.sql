-- Median seconds from asking to the first offers and to the first acceptance, by category.
SELECT category, count(*) AS questions, round(median(seconds_to_match), 1) AS to_match,
       round(median(seconds_to_acceptance), 1) AS to_acceptance,
       round(quantile_cont(seconds_to_acceptance, 0.9), 1) AS to_acceptance_p90
FROM questions GROUP BY category ORDER BY questions DESC, category
