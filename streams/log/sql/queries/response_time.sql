-- Seconds experts take to answer an offer, by the question's urgency: median, 90th and 99th percentile.
SELECT urgency, answer, count(*) AS answers, round(median(seconds), 1) AS p50,
       round(quantile_cont(seconds, 0.9), 1) AS p90, round(quantile_cont(seconds, 0.99), 1) AS p99
FROM answers JOIN asked USING (question) WHERE seconds IS NOT NULL
GROUP BY urgency, answer ORDER BY urgency, answer
