-- The views, in a schema whose name is given: the live one, or one beside it while a rebuild fills it. Nothing here
-- is precious, and nothing depends on when it was written: the same events give the same rows.
CREATE SCHEMA IF NOT EXISTS {schema};

CREATE TABLE IF NOT EXISTS {schema}.people (
    user_id uuid PRIMARY KEY,
    display_name text NOT NULL DEFAULT '',
    role text NOT NULL DEFAULT 'questioner',
    demo boolean NOT NULL DEFAULT false,
    created_at timestamptz
);

-- `profile_at` is null until the expert has said what they know.
CREATE TABLE IF NOT EXISTS {schema}.experts (
    expert_id uuid PRIMARY KEY,
    display_name text NOT NULL DEFAULT '',
    specialties jsonb NOT NULL DEFAULT '[]',
    experience_years int NOT NULL DEFAULT 0,
    bio text NOT NULL DEFAULT '',
    capacity int NOT NULL DEFAULT 0,
    available boolean NOT NULL DEFAULT false,
    demo boolean NOT NULL DEFAULT false,
    profile_at timestamptz,
    open_rooms int NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS experts_by_name ON {schema}.experts (display_name, expert_id);

-- Sums and latest moments only, since every partition of the conversations adds to them. Seconds are exact decimals:
-- the sum of floating point numbers would depend on the order.
CREATE TABLE IF NOT EXISTS {schema}.expert_figures (
    expert_id uuid PRIMARY KEY,
    offered bigint NOT NULL DEFAULT 0,
    accepted bigint NOT NULL DEFAULT 0,
    declined bigint NOT NULL DEFAULT 0,
    expired bigint NOT NULL DEFAULT 0,
    open_offers bigint NOT NULL DEFAULT 0,
    response_seconds_sum numeric(20, 6) NOT NULL DEFAULT 0,
    rating_sum bigint NOT NULL DEFAULT 0,
    rating_count bigint NOT NULL DEFAULT 0,
    last_active_at timestamptz
);

CREATE TABLE IF NOT EXISTS {schema}.questions (
    question_id uuid PRIMARY KEY,
    asker_id uuid NOT NULL,
    asker_name text NOT NULL DEFAULT '',
    content text NOT NULL DEFAULT '',
    category text,
    urgency text NOT NULL DEFAULT 'medium',
    status text NOT NULL DEFAULT 'pending',
    demo boolean NOT NULL DEFAULT false,
    round int NOT NULL DEFAULT 1,
    room_id uuid,
    model jsonb,
    version bigint NOT NULL DEFAULT 0,
    created_at timestamptz,
    updated_at timestamptz
);
CREATE INDEX IF NOT EXISTS questions_by_asker ON {schema}.questions (asker_id, created_at DESC, question_id DESC);
CREATE INDEX IF NOT EXISTS questions_waiting ON {schema}.questions (created_at) WHERE status = 'unmatched';
CREATE INDEX IF NOT EXISTS questions_by_time ON {schema}.questions (created_at DESC, question_id DESC);

CREATE TABLE IF NOT EXISTS {schema}.candidates (
    question_id uuid NOT NULL,
    expert_id uuid NOT NULL,
    round int NOT NULL DEFAULT 1,
    rank int NOT NULL DEFAULT 1,
    display_name text NOT NULL DEFAULT '',
    score double precision NOT NULL DEFAULT 0,
    reasons jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (question_id, expert_id)
);

-- `state` is open, accepted, declined, expired, taken (enough others accepted) or withdrawn (by the asker).
CREATE TABLE IF NOT EXISTS {schema}.offers (
    question_id uuid NOT NULL,
    expert_id uuid NOT NULL,
    display_name text NOT NULL DEFAULT '',
    score double precision NOT NULL DEFAULT 0,
    reasons jsonb NOT NULL DEFAULT '[]',
    round int NOT NULL DEFAULT 1,
    state text NOT NULL DEFAULT 'open',
    offered_at timestamptz,
    expires_at timestamptz,
    closed_at timestamptz,
    stars int,
    PRIMARY KEY (question_id, expert_id)
);
CREATE INDEX IF NOT EXISTS offers_due ON {schema}.offers (expires_at) WHERE state = 'open';
CREATE INDEX IF NOT EXISTS offers_by_expert ON {schema}.offers (expert_id, question_id);

-- Who lets the archive have their words of a conversation.
CREATE TABLE IF NOT EXISTS {schema}.shares (
    question_id uuid NOT NULL,
    user_id uuid NOT NULL,
    shared boolean NOT NULL DEFAULT false,
    PRIMARY KEY (question_id, user_id)
);

CREATE TABLE IF NOT EXISTS {schema}.rooms (
    room_id uuid PRIMARY KEY,
    question_id uuid,
    asker_id uuid,
    status text NOT NULL DEFAULT 'active',
    closed_reason text,
    last_seq bigint NOT NULL DEFAULT 0,
    created_at timestamptz,
    last_at timestamptz
) WITH (fillfactor = 70);

CREATE TABLE IF NOT EXISTS {schema}.room_members (
    room_id uuid NOT NULL,
    user_id uuid NOT NULL,
    user_name text NOT NULL DEFAULT '',
    role text NOT NULL DEFAULT 'guest',
    joined_at timestamptz,
    -- Their latest message: whoever speaks has read what is above.
    spoke_seq bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (room_id, user_id)
) WITH (fillfactor = 70);
CREATE INDEX IF NOT EXISTS room_members_by_user ON {schema}.room_members (user_id, room_id);

-- The durable history. Of a message, `type` is text, file or system; otherwise it names the frame.
CREATE TABLE IF NOT EXISTS {schema}.room_items (
    room_id uuid NOT NULL,
    seq bigint NOT NULL,
    type text NOT NULL DEFAULT '',
    message_id uuid,
    user_id uuid,
    user_name text,
    content text,
    client_msg_id text,
    redacted boolean NOT NULL DEFAULT false,
    details jsonb,
    created_at timestamptz,
    PRIMARY KEY (room_id, seq)
);

CREATE INDEX IF NOT EXISTS room_items_files ON {schema}.room_items (room_id, message_id) WHERE type = 'file';

CREATE TABLE IF NOT EXISTS {schema}.read_marks (
    room_id uuid NOT NULL,
    user_id uuid NOT NULL,
    up_to_seq bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (room_id, user_id)
);

-- A person's notifications come from many partitions: a number may be here before a smaller one is.
CREATE TABLE IF NOT EXISTS {schema}.inbox (
    user_id uuid NOT NULL,
    inbox_seq bigint NOT NULL,
    frame text NOT NULL DEFAULT '',
    data jsonb NOT NULL DEFAULT '{{}}',
    created_at timestamptz,
    PRIMARY KEY (user_id, inbox_seq)
);

-- Of people's words PostgreSQL keeps no samples for its planner: they would outlive an erasure.
ALTER TABLE {schema}.people ALTER display_name SET STATISTICS 0;
ALTER TABLE {schema}.experts ALTER display_name SET STATISTICS 0, ALTER specialties SET STATISTICS 0,
    ALTER bio SET STATISTICS 0;
ALTER TABLE {schema}.questions ALTER asker_name SET STATISTICS 0, ALTER content SET STATISTICS 0,
    ALTER category SET STATISTICS 0;
ALTER TABLE {schema}.candidates ALTER display_name SET STATISTICS 0, ALTER reasons SET STATISTICS 0;
ALTER TABLE {schema}.offers ALTER display_name SET STATISTICS 0, ALTER reasons SET STATISTICS 0;
ALTER TABLE {schema}.room_members ALTER user_name SET STATISTICS 0;
ALTER TABLE {schema}.room_items ALTER user_name SET STATISTICS 0, ALTER content SET STATISTICS 0,
    ALTER client_msg_id SET STATISTICS 0, ALTER details SET STATISTICS 0;
ALTER TABLE {schema}.inbox ALTER data SET STATISTICS 0;
