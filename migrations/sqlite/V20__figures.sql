-- What happened in each hour (UTC, since 1970): the last days of what `statistics` has by day.
CREATE TABLE hourly_statistics (
    hour    INTEGER NOT NULL,
    measure TEXT    NOT NULL,
    label   TEXT    NOT NULL,
    prefix  TEXT    NOT NULL,
    count   INTEGER NOT NULL,
    cost    INTEGER NOT NULL,
    PRIMARY KEY (hour, measure, label, prefix)
) STRICT, WITHOUT ROWID;

-- People by the week in which their accounts were made: weeks since the one of
-- 1970-01-01, from Monday on (UTC).
CREATE TABLE cohorts (
    week     INTEGER PRIMARY KEY,
    -- Accounts that were made, and how many of those are deleted.
    accounts INTEGER NOT NULL,
    deleted  INTEGER NOT NULL DEFAULT 0,
    -- Whom these people invited since.
    invited  INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Whoever is deleted by now is in no week. Ten thousand weeks more than none,
-- since a division rounds towards zero.
INSERT INTO cohorts (week, accounts)
    SELECT (created_at + 6048259200000) / 604800000 - 10000, count(*) FROM users GROUP BY 1;
UPDATE cohorts SET invited = counted.invited
    FROM (SELECT (referrers.created_at + 6048259200000) / 604800000 - 10000 AS week, count(*) AS invited
          FROM users JOIN users AS referrers ON referrers.id = users.referrer_id GROUP BY 1) AS counted
    WHERE counted.week = cohorts.week;

-- Who may have invited somebody, and was invited by nobody.
CREATE INDEX users_at_top ON users (id) WHERE referrer_id IS NULL AND family_id IS NOT NULL;

-- Deleted users who had invitees then, some of whom may still be there.
CREATE TABLE deleted_referrers (id INTEGER PRIMARY KEY) STRICT;
INSERT INTO deleted_referrers
    SELECT DISTINCT referrer_id FROM users
    WHERE referrer_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM users AS referrers WHERE referrers.id = users.referrer_id);

-- By the end of a phone, which is what people remember.
CREATE INDEX users_by_last_digits ON users (phone % 10000);
