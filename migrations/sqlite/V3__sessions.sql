-- The two generations are the 128 bits that the tokens' jti are made of.
CREATE TABLE sessions (
    id                  INTEGER PRIMARY KEY,
    user_id             INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at          INTEGER NOT NULL,
    used_at             INTEGER NOT NULL,
    expires_at          INTEGER NOT NULL,
    user_agent          TEXT    NOT NULL,
    ip                  TEXT,
    current_generation  BLOB    NOT NULL CHECK (length(current_generation) = 16),
    issued_at           INTEGER NOT NULL,
    previous_generation BLOB    CHECK (length(previous_generation) = 16)
) STRICT;

CREATE INDEX sessions_by_user ON sessions (user_id, expires_at);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
