-- Times are Unix milliseconds, identifiers are drawn by the application.
-- A referrer may be deleted while the invitee stays: referrer_id then names
-- nobody (identifiers are never drawn again), which is why it is no foreign key.
CREATE TABLE users (
    id              INTEGER PRIMARY KEY,
    phone           INTEGER NOT NULL UNIQUE,
    invitation_code TEXT    NOT NULL UNIQUE,
    first_name      TEXT    NOT NULL,
    last_name       TEXT    NOT NULL,
    email           TEXT    NOT NULL,
    referrer_id     INTEGER,
    referral_number INTEGER,
    redeemed_at     INTEGER,
    -- Of this user's invitees: how many were deleted, and the highest number among those.
    invitees_gone    INTEGER NOT NULL DEFAULT 0,
    last_number_gone INTEGER NOT NULL DEFAULT 0,
    created_at       INTEGER NOT NULL,
    CHECK ((referrer_id IS NULL) = (redeemed_at IS NULL)),
    CHECK ((referrer_id IS NULL) = (referral_number IS NULL)),
    CHECK (referrer_id <> id)
) STRICT;

-- Holds all that a list of invitees shows, so that no list touches the table.
CREATE INDEX users_by_referrer ON users (referrer_id, referral_number, phone, redeemed_at)
    WHERE referrer_id IS NOT NULL;

-- What deleted users leave behind: that their identifier and code are used
-- up, and the link they were in the chain from referrer to invitee.
CREATE TABLE retired_users (
    id              INTEGER PRIMARY KEY,
    invitation_code TEXT    NOT NULL UNIQUE,
    referrer_id     INTEGER
) STRICT;
