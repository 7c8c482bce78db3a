-- The precious tables: the event log with its outcomes, the keys, the accounts. Nothing here can be rebuilt.
CREATE SCHEMA IF NOT EXISTS store;

-- The event log, as `eventsourcing`'s recorders read and write it, with the library's own autovacuum settings. The
-- position (`notification_id`) has no sequence behind it: it is always given from `store.log_head`.
CREATE TABLE IF NOT EXISTS store.stored_events (
    originator_id uuid NOT NULL,
    originator_version bigint NOT NULL,
    topic text NOT NULL,
    state bytea NOT NULL,
    notification_id bigint NOT NULL,
    PRIMARY KEY (originator_id, originator_version)
) WITH (
    autovacuum_vacuum_threshold = 100000000,
    autovacuum_vacuum_scale_factor = 0.5,
    autovacuum_analyze_threshold = 1000,
    autovacuum_analyze_scale_factor = 0.01
);
CREATE UNIQUE INDEX IF NOT EXISTS stored_events_notification_id_idx ON store.stored_events (notification_id);

-- The last snapshot of an aggregate; only a shortcut, which may be emptied at any time.
CREATE TABLE IF NOT EXISTS store.snapshots (
    originator_id uuid NOT NULL,
    originator_version bigint NOT NULL,
    topic text NOT NULL,
    state bytea NOT NULL,
    PRIMARY KEY (originator_id, originator_version)
);

-- The last position given; changed only under the advisory lock of the append.
CREATE TABLE IF NOT EXISTS store.log_head (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    position bigint NOT NULL
);
INSERT INTO store.log_head VALUES (true, 0) ON CONFLICT DO NOTHING;

-- One row per command that was decided, refused ones included. `answer` is JSON.
CREATE TABLE IF NOT EXISTS store.command_outcomes (
    user_id uuid NOT NULL,
    command_id uuid NOT NULL,
    name text NOT NULL,
    position bigint NOT NULL,
    answer bytea NOT NULL,
    PRIMARY KEY (user_id, command_id)
);

-- A whole turn of the writer (`commands/at_once.py`): under the lock, unless somebody appended after `head` or one of
-- the asked commands was decided before; then it does nothing and says false. Each statement sees what was committed
-- before it began, and so, after the lock, everything that any writer did.
CREATE OR REPLACE FUNCTION store.append_turn(
    lock bigint, channel text, head bigint, asked_users uuid[], asked_commands uuid[],
    ids uuid[], versions bigint[], topics text[], states bytea[],
    users uuid[], commands uuid[], names text[], positions bigint[], answers bytea[]
) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(lock);
    IF (SELECT position FROM store.log_head) <> head OR EXISTS (
        SELECT FROM unnest(asked_users, asked_commands) AS asked (user_id, command_id)
        CROSS JOIN LATERAL (
            SELECT FROM store.command_outcomes o
            WHERE o.user_id = asked.user_id AND o.command_id = asked.command_id OFFSET 0
        ) o
    ) THEN
        RETURN false;
    END IF;
    UPDATE store.log_head SET position = head + cardinality(ids);
    INSERT INTO store.stored_events (originator_id, originator_version, topic, state, notification_id)
        SELECT e.id, e.version, e.topic, e.state, head + e.number
        FROM unnest(ids, versions, topics, states) WITH ORDINALITY AS e (id, version, topic, state, number);
    INSERT INTO store.command_outcomes (user_id, command_id, name, position, answer)
        SELECT * FROM unnest(users, commands, names, positions, answers);
    PERFORM pg_notify(channel, '');
    RETURN true;
END $$;

CREATE TABLE IF NOT EXISTS store.inbox_heads (
    user_id uuid PRIMARY KEY,
    inbox_seq bigint NOT NULL
);

CREATE TABLE IF NOT EXISTS store.person_keys (
    user_id uuid PRIMARY KEY,
    key bytea NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now()
);

-- Who is forgotten. No key is ever made for them again. `cleared_at` is when nothing of them was left in the views.
CREATE TABLE IF NOT EXISTS store.erased_persons (
    user_id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    cleared_at timestamptz
);

CREATE TABLE IF NOT EXISTS store.credentials (
    user_id uuid PRIMARY KEY,
    username text NOT NULL UNIQUE,
    email text NOT NULL UNIQUE,
    password_hash text NOT NULL,
    created_at timestamptz NOT NULL
);
-- No samples of them for the planner: they would outlive an erasure.
ALTER TABLE store.credentials ALTER username SET STATISTICS 0, ALTER email SET STATISTICS 0;

-- Each refresh token works once. Only its SHA-256 is kept; reuse ends the family.
CREATE TABLE IF NOT EXISTS store.refresh_tokens (
    digest bytea PRIMARY KEY,
    family uuid NOT NULL,
    user_id uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX IF NOT EXISTS refresh_tokens_family ON store.refresh_tokens (family);

-- Whom an operator wants events sent to over HTTP, and which types (names or patterns such as yeon.room.*).
CREATE TABLE IF NOT EXISTS store.webhook_endpoints (
    name text PRIMARY KEY,
    url text NOT NULL,
    types text[] NOT NULL,
    added_at timestamptz NOT NULL DEFAULT now()
);

-- What signs the requests to an endpoint. A replaced secret signs beside its successor until it retires.
CREATE TABLE IF NOT EXISTS store.webhook_secrets (
    name text NOT NULL REFERENCES store.webhook_endpoints ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    secret bytea NOT NULL,
    retires_at timestamptz,
    PRIMARY KEY (name, secret)
);

-- How a person wants to be told of what happens while they are away; who chose nothing has no row, and the defaults.
CREATE TABLE IF NOT EXISTS store.notification_choices (
    user_id uuid PRIMARY KEY,
    mail boolean NOT NULL DEFAULT true,
    push boolean NOT NULL DEFAULT true,
    preview boolean NOT NULL DEFAULT false,
    language text NOT NULL DEFAULT 'ko',
    time_zone text NOT NULL DEFAULT 'Asia/Seoul',
    quiet_from time,
    quiet_to time
);

-- Browsers to push to (RFC 8030), each one person's: whoever signed in there last and asked for it.
CREATE TABLE IF NOT EXISTS store.push_subscriptions (
    endpoint text PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    user_id uuid NOT NULL,
    p256dh text NOT NULL,
    auth text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS push_subscriptions_by_user ON store.push_subscriptions (user_id);
