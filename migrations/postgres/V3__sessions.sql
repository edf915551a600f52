-- The two generations are the 128 bits that the tokens' jti are made of.
CREATE TABLE sessions (
    id                  BIGINT PRIMARY KEY,
    user_id             BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at          BIGINT NOT NULL,
    used_at             BIGINT NOT NULL,
    expires_at          BIGINT NOT NULL,
    user_agent          TEXT   NOT NULL,
    ip                  TEXT,
    current_generation  BYTEA  NOT NULL CHECK (length(current_generation) = 16),
    issued_at           BIGINT NOT NULL,
    previous_generation BYTEA  CHECK (length(previous_generation) = 16)
);

CREATE INDEX sessions_by_user ON sessions (user_id, expires_at);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
