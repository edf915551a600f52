-- Since when a user may not log in; NULL if they may.
ALTER TABLE users ADD COLUMN banned_at BIGINT;

CREATE INDEX users_banned ON users (id) WHERE banned_at IS NOT NULL;

-- What operators did. Nobody is named by phone: audits outlive accounts.
CREATE TABLE audits (
    id      BIGINT PRIMARY KEY,
    at      BIGINT NOT NULL,
    -- Who: the system's user that ran the command.
    actor   TEXT   NOT NULL,
    action  TEXT   NOT NULL,
    -- To whom; NULL if to nobody in particular. They may be gone by now.
    user_id BIGINT,
    detail  TEXT   NOT NULL,
    reason  TEXT   NOT NULL
);

CREATE INDEX audits_by_user ON audits (user_id, id) WHERE user_id IS NOT NULL;
