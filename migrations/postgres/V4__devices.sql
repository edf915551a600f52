CREATE TABLE devices (
    hash       BYTEA  NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    user_id    BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL
);

CREATE INDEX devices_by_user ON devices (user_id, used_at);
