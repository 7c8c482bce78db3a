-- The precious tables: the event log with its outcomes, the keys, the accounts. Nothing here can be rebuilt.
CREATE SCHEMA IF NOT EXISTS store;

-- eventsourcing's own `stored_events` and `snapshots` tables are made by the library, in this schema.

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

CREATE TABLE IF NOT EXISTS store.inbox_heads (
    user_id uuid PRIMARY KEY,
    inbox_seq bigint NOT NULL
);

CREATE TABLE IF NOT EXISTS store.person_keys (
    user_id uuid PRIMARY KEY,
    key bytea NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS store.credentials (
    user_id uuid PRIMARY KEY,
    username text NOT NULL UNIQUE,
    email text NOT NULL UNIQUE,
    password_hash text NOT NULL,
    created_at timestamptz NOT NULL
);

-- Each refresh token works once. Only its SHA-256 is kept; reuse ends the family.
CREATE TABLE IF NOT EXISTS store.refresh_tokens (
    digest bytea PRIMARY KEY,
    family uuid NOT NULL,
    user_id uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX IF NOT EXISTS refresh_tokens_family ON store.refresh_tokens (family);
