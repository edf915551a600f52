-- Times are Unix milliseconds, identifiers are drawn by the application.
-- A referrer may be deleted while the invitee stays: referrer_id then names
-- nobody (identifiers are never drawn again), which is why it is no foreign key.
-- Text in keys is compared by its bytes, whatever the locale of the database is.
CREATE TABLE users (
    id              BIGINT PRIMARY KEY,
    phone           BIGINT NOT NULL UNIQUE,
    invitation_code TEXT COLLATE "C" NOT NULL UNIQUE,
    first_name      TEXT   NOT NULL,
    last_name       TEXT   NOT NULL,
    email           TEXT   NOT NULL,
    referrer_id     BIGINT,
    referral_number BIGINT,
    redeemed_at     BIGINT,
    -- Of this user's invitees: how many were deleted, and the highest number among those.
    invitees_gone    BIGINT NOT NULL DEFAULT 0,
    last_number_gone BIGINT NOT NULL DEFAULT 0,
    created_at       BIGINT NOT NULL,
    -- Grows with each change of what this user is shown.
    version          BIGINT NOT NULL DEFAULT 0,
    CHECK ((referrer_id IS NULL) = (redeemed_at IS NULL)),
    CHECK ((referrer_id IS NULL) = (referral_number IS NULL)),
    CHECK (referrer_id <> id)
);

-- Holds all that a list of invitees shows, so that no list touches the table.
CREATE INDEX users_by_referrer ON users (referrer_id, referral_number, phone, redeemed_at)
    WHERE referrer_id IS NOT NULL;

-- What deleted users leave behind: that their identifier and code are used up.
CREATE TABLE retired_users (
    id              BIGINT PRIMARY KEY,
    invitation_code TEXT COLLATE "C" NOT NULL UNIQUE
);
