-- Which categories lack experts: the share of questions nobody ever accepted, and offers needed for one acceptance.
WITH offered AS (SELECT question, count(*) AS offers FROM offers GROUP BY question),
     taken AS (SELECT question, count(*) AS acceptances FROM answers WHERE answer = 'accepted' GROUP BY question)
SELECT category, count(*) AS questions, count(*) FILTER (accepted_at IS NULL) AS never_accepted,
       round(count(*) FILTER (accepted_at IS NULL) / count(*), 3) AS never_accepted_share,
       round(sum(offers) / nullif(sum(acceptances), 0), 2) AS offers_for_one_acceptance
FROM questions LEFT JOIN offered USING (question) LEFT JOIN taken USING (question)
GROUP BY category ORDER BY never_accepted_share DESC, category
