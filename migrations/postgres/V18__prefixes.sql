-- What happened on each day (UTC, since 1970), of which gateway or limit; by the
-- prefix of the phone, as `login.destinations` names it, too: empty where there is
-- no phone.
CREATE TABLE statistics (
    day     BIGINT NOT NULL,
    measure TEXT COLLATE "C" NOT NULL,
    label   TEXT COLLATE "C" NOT NULL,
    prefix  TEXT COLLATE "C" NOT NULL,
    count   BIGINT NOT NULL,
    cost    BIGINT NOT NULL,
    PRIMARY KEY (day, measure, label, prefix)
);
