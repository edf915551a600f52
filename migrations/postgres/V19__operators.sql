-- Who operates the service over HTTP: users with a role.
CREATE TABLE operators (
    user_id    BIGINT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    role       TEXT   NOT NULL,
    granted_at BIGINT NOT NULL
);

-- Of secrets, the SHA-256 alone is kept.
CREATE TABLE operator_sessions (
    hash       BYTEA  NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    user_id    BIGINT NOT NULL REFERENCES operators (user_id) ON DELETE CASCADE,
    epoch      BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL
);

CREATE INDEX operator_sessions_by_user ON operator_sessions (user_id, used_at);

CREATE TABLE service_keys (
    id          BIGINT PRIMARY KEY,
    hash        BYTEA  NOT NULL UNIQUE CHECK (length(hash) = 32),
    name        TEXT COLLATE "C" NOT NULL UNIQUE,
    -- Their names, with commas between them.
    permissions TEXT   NOT NULL,
    epoch       BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    -- NULL if it does not expire.
    expires_at  BIGINT,
    -- NULL as long as it was not used.
    used_at     BIGINT
);
