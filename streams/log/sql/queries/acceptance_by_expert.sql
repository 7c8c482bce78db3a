-- What each expert made of the offers they got: counts, the share accepted of those that ended, median seconds to answer.
SELECT expert, count(*) AS ended, count(*) FILTER (answer = 'accepted') AS accepted,
       count(*) FILTER (answer = 'declined') AS declined, count(*) FILTER (answer = 'expired') AS expired,
       count(*) FILTER (answer = 'withdrawn') AS withdrawn,
       round(count(*) FILTER (answer = 'accepted') / count(*), 3) AS accepted_share,
       round(median(seconds), 1) AS seconds_to_answer
FROM answers GROUP BY expert ORDER BY ended DESC, expert
