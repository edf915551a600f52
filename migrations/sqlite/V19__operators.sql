-- Who operates the service over HTTP: users with a role.
CREATE TABLE operators (
    user_id    INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    role       TEXT    NOT NULL,
    granted_at INTEGER NOT NULL
) STRICT;

-- Of secrets, the SHA-256 alone is kept.
CREATE TABLE operator_sessions (
    hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    user_id    INTEGER NOT NULL REFERENCES operators (user_id) ON DELETE CASCADE,
    epoch      INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    used_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX operator_sessions_by_user ON operator_sessions (user_id, used_at);

CREATE TABLE service_keys (
    id          INTEGER PRIMARY KEY,
    hash        BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    name        TEXT    NOT NULL UNIQUE,
    -- Their names, with commas between them.
    permissions TEXT    NOT NULL,
    epoch       INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    -- NULL if it does not expire.
    expires_at  INTEGER,
    -- NULL as long as it was not used.
    used_at     INTEGER
) STRICT;
