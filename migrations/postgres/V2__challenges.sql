CREATE TABLE challenges (
    id             BIGINT PRIMARY KEY,
    phone          BIGINT NOT NULL,
    -- The user whose phone is to be changed; NULL for a login.
    phone_of_user  BIGINT,
    code           TEXT   NOT NULL,
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    wrong_guesses  BIGINT NOT NULL DEFAULT 0,
    spent          BOOLEAN NOT NULL DEFAULT FALSE
);

CREATE INDEX challenges_by_phone ON challenges (phone, expires_at);
CREATE INDEX challenges_by_user ON challenges (phone_of_user) WHERE phone_of_user IS NOT NULL;
CREATE INDEX challenges_by_expiry ON challenges (expires_at);
