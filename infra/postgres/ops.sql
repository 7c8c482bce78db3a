-- Where every consumer and the relay stand. Disposable together with what they fed.
CREATE SCHEMA IF NOT EXISTS ops;

-- Per consumer (a view, or an agent of the matcher), topic and partition: the last position applied. The row is
-- locked while a batch is applied, which also fences a worker that woke up late.
CREATE TABLE IF NOT EXISTS ops.tracking (
    consumer text NOT NULL,
    topic text NOT NULL,
    partition int NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (consumer, topic, partition)
);

-- Events that could not be processed, and behind each the later events of its key, in order.
CREATE TABLE IF NOT EXISTS ops.parked (
    consumer text NOT NULL,
    key uuid NOT NULL,
    position bigint NOT NULL,
    topic text NOT NULL,
    partition int NOT NULL,
    reason text NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, key, position)
);
-- Whether an operator wants it tried again by the consumer that parked it, and when it was copied for those who watch.
ALTER TABLE ops.parked ADD COLUMN IF NOT EXISTS again boolean NOT NULL DEFAULT false;
ALTER TABLE ops.parked ADD COLUMN IF NOT EXISTS copied_at timestamptz;

-- What an operator gave up of it: the consumer lives without these events until it is made again from the log.
CREATE TABLE IF NOT EXISTS ops.dropped (
    consumer text NOT NULL,
    key uuid NOT NULL,
    position bigint NOT NULL,
    reason text NOT NULL,
    dropped_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, key, position)
);

-- The generation of each topic: raised when the broker turns out to have lost records.
CREATE TABLE IF NOT EXISTS ops.generations (
    topic text PRIMARY KEY,
    generation int NOT NULL DEFAULT 1
);

-- The last record of each partition the broker acknowledged to the relay.
CREATE TABLE IF NOT EXISTS ops.relay_checkpoints (
    topic text NOT NULL,
    partition int NOT NULL,
    generation int NOT NULL,
    broker_offset bigint NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (topic, partition)
);

-- Files of messages that were taken back, and of erased persons, are removed up to this position.
CREATE TABLE IF NOT EXISTS ops.files_removed (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    position bigint NOT NULL
);

-- Every event up to this position is on its partition, acknowledged.
CREATE TABLE IF NOT EXISTS ops.relay_head (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    position bigint NOT NULL
);
INSERT INTO ops.relay_head VALUES (true, 0) ON CONFLICT DO NOTHING;

-- How often each application was started on the embedded broker (its consumer group is new each time).
CREATE TABLE IF NOT EXISTS ops.starts (
    application text PRIMARY KEY,
    count bigint NOT NULL
);

-- The encoders that the matcher has indexes for, by the identity of their vectors: the setting that loads each, since when
-- it is the live one (null while its indexes are filled; the latest counts), and when a matcher last said that it uses
-- it, or fills its indexes.
CREATE TABLE IF NOT EXISTS ops.encoders (
    identity text PRIMARY KEY,
    setting text NOT NULL,
    live_since timestamptz,
    used_at timestamptz NOT NULL DEFAULT now(),
    filled_at timestamptz NOT NULL DEFAULT '-infinity'
);

-- How far the audit has compared the store, the topics and the views, and of each part the first difference it found.
CREATE TABLE IF NOT EXISTS ops.audit (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    audited bigint NOT NULL DEFAULT 0,
    swept bigint NOT NULL DEFAULT 0,
    looked_at timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO ops.audit DEFAULT VALUES ON CONFLICT DO NOTHING;
CREATE TABLE IF NOT EXISTS ops.differences (
    part text PRIMARY KEY,
    position bigint NOT NULL,
    detail text NOT NULL,
    noticed_at timestamptz NOT NULL DEFAULT now()
);

-- Per endpoint of `store.webhook_endpoints`: every event up to `position` that it wants was sent, waits below, or is
-- parked (as consumer `webhook:<name>`). Both change in one transaction.
CREATE TABLE IF NOT EXISTS ops.webhook_progress (
    name text PRIMARY KEY,
    position bigint NOT NULL,
    succeeded_at timestamptz,
    failed_at timestamptz,
    failure text NOT NULL DEFAULT ''
);
-- What is still to be sent, by position alone: the words stay in the store, sealed, until the moment of sending.
CREATE TABLE IF NOT EXISTS ops.webhook_queue (
    name text NOT NULL,
    position bigint NOT NULL,
    key uuid NOT NULL,
    tries int NOT NULL DEFAULT 0,
    counted int NOT NULL DEFAULT 0,
    failed_at timestamptz,
    due_at timestamptz NOT NULL DEFAULT 'epoch',
    reason text NOT NULL DEFAULT '',
    PRIMARY KEY (name, position)
);

-- What people who are away are to be told, by channel (push or mail): nobody's words, only which event of the log it is
-- about. A later event about the same question or room joins the row. `due_at` is null once nothing waits; `told` and
-- `told_seq` say how far the person was really told, `reached` which browsers already were in the present attempt.
CREATE TABLE IF NOT EXISTS ops.notices (
    user_id uuid NOT NULL,
    about uuid NOT NULL,
    channel text NOT NULL,
    kind text NOT NULL,
    partition int NOT NULL,
    position bigint NOT NULL,
    since timestamptz NOT NULL,
    due_at timestamptz,
    attempts int NOT NULL DEFAULT 0,
    reached uuid[] NOT NULL DEFAULT '{}',
    told bigint NOT NULL DEFAULT 0,
    told_seq bigint NOT NULL DEFAULT 0,
    told_at timestamptz,
    PRIMARY KEY (user_id, about, channel)
);
CREATE INDEX IF NOT EXISTS notices_due ON ops.notices (due_at) WHERE due_at IS NOT NULL;

-- Rooms in which something was said, until it is known who of their members has not read it.
CREATE TABLE IF NOT EXISTS ops.stirred_rooms (
    room_id uuid PRIMARY KEY,
    partition int NOT NULL,
    position bigint NOT NULL,
    since timestamptz NOT NULL,
    due_at timestamptz NOT NULL
);
