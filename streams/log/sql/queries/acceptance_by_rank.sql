-- How often offers are accepted by the rank the matcher gave the expert: whether the ranking means something.
SELECT rank, count(*) AS offered, count(*) FILTER (answer = 'accepted') AS accepted,
       round(count(*) FILTER (answer = 'accepted') / count(*), 3) AS accepted_share
FROM offers JOIN candidates USING (question, round, expert) LEFT JOIN answers USING (question, expert)
GROUP BY rank ORDER BY rank
