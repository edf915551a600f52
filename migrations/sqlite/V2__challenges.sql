CREATE TABLE challenges (
    id             INTEGER PRIMARY KEY,
    phone          INTEGER NOT NULL,
    -- The user whose phone is to be changed; NULL for a login.
    phone_of_user  INTEGER,
    code           TEXT    NOT NULL,
    created_at     INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    wrong_guesses  INTEGER NOT NULL DEFAULT 0,
    spent          INTEGER NOT NULL DEFAULT 0 CHECK (spent IN (0, 1))
) STRICT;

CREATE INDEX challenges_by_phone ON challenges (phone, expires_at);
CREATE INDEX challenges_by_user ON challenges (phone_of_user) WHERE phone_of_user IS NOT NULL;
CREATE INDEX challenges_by_expiry ON challenges (expires_at);
