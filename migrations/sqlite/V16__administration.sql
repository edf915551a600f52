-- Since when a user may not log in; NULL if they may.
ALTER TABLE users ADD COLUMN banned_at INTEGER;

CREATE INDEX users_banned ON users (id) WHERE banned_at IS NOT NULL;

-- What operators did. Nobody is named by phone: audits outlive accounts.
CREATE TABLE audits (
    id      INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    -- Who: the system's user that ran the command.
    actor   TEXT    NOT NULL,
    action  TEXT    NOT NULL,
    -- To whom; NULL if to nobody in particular. They may be gone by now.
    user_id INTEGER,
    detail  TEXT    NOT NULL,
    reason  TEXT    NOT NULL
) STRICT;

CREATE INDEX audits_by_user ON audits (user_id, id) WHERE user_id IS NOT NULL;

-- What happened on each day (UTC, since 1970), of which gateway or limit.
CREATE TABLE statistics (
    day     INTEGER NOT NULL,
    measure TEXT    NOT NULL,
    label   TEXT    NOT NULL,
    count   INTEGER NOT NULL,
    cost    INTEGER NOT NULL,
    PRIMARY KEY (day, measure, label)
) STRICT, WITHOUT ROWID;
