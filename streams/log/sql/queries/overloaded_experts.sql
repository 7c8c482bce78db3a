-- Who is overloaded: how often taking a question filled an expert to their capacity, and how many rooms they are in now.
WITH profiles AS (
    SELECT key AS expert, arg_max((data->>'$.capacity')::INT, position) AS capacity
    FROM events WHERE type = 'yeon.expert.profile_set.v1' GROUP BY key
), moves AS (
    SELECT key AS expert, position, type, (data->>'$.openRooms')::INT AS open_rooms
    FROM events WHERE type IN ('yeon.expert.engaged.v1', 'yeon.expert.released.v1')
)
SELECT expert, capacity, count(*) FILTER (type = 'yeon.expert.engaged.v1') AS taken, max(open_rooms) AS most_at_once,
       count(*) FILTER (type = 'yeon.expert.engaged.v1' AND open_rooms >= capacity) AS times_full,
       arg_max(open_rooms, position) AS open_now
FROM moves JOIN profiles USING (expert) GROUP BY expert, capacity ORDER BY times_full DESC, taken DESC, expert
