-- Refresh tokens of an earlier service that were exchanged, so that none is
-- exchanged for another session; and which session came of it, which may have
-- ended since.
CREATE TABLE imported_tokens (
    -- The token's jti.
    id         BYTEA  PRIMARY KEY CHECK (length(id) = 16),
    session_id BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX imported_tokens_by_expiry ON imported_tokens (expires_at);
