-- What happened in each hour (UTC, since 1970): the last days of what `statistics` has by day.
CREATE TABLE hourly_statistics (
    hour    BIGINT NOT NULL,
    measure TEXT COLLATE "C" NOT NULL,
    label   TEXT COLLATE "C" NOT NULL,
    prefix  TEXT COLLATE "C" NOT NULL,
    count   BIGINT NOT NULL,
    cost    BIGINT NOT NULL,
    PRIMARY KEY (hour, measure, label, prefix)
);

-- People by the week in which their accounts were made: weeks since the one of
-- 1970-01-01, from Monday on (UTC).
CREATE TABLE cohorts (
    week     BIGINT NOT NULL,
    -- Accounts that were made, and how many of those are deleted.
    accounts BIGINT NOT NULL,
    deleted  BIGINT NOT NULL DEFAULT 0,
    -- Whom these people invited since.
    invited  BIGINT NOT NULL DEFAULT 0,
    -- As in `counters`.
    shard    BIGINT NOT NULL,
    PRIMARY KEY (week, shard)
);

-- Who may have invited somebody, and was invited by nobody.
CREATE INDEX users_at_top ON users (id) WHERE referrer_id IS NULL AND family_id IS NOT NULL;

-- Deleted users who had invitees then, some of whom may still be there.
CREATE TABLE deleted_referrers (id BIGINT PRIMARY KEY);

-- By the end of a phone, which is what people remember.
CREATE INDEX users_by_last_digits ON users ((phone % 10000));
