-- Statistics by the prefix of the phone, too, as `login.destinations` names it;
-- empty where there is no phone, and in what was counted before.
CREATE TABLE statistics_by_prefix (
    day     INTEGER NOT NULL,
    measure TEXT    NOT NULL,
    label   TEXT    NOT NULL,
    prefix  TEXT    NOT NULL,
    count   INTEGER NOT NULL,
    cost    INTEGER NOT NULL,
    PRIMARY KEY (day, measure, label, prefix)
) STRICT, WITHOUT ROWID;

INSERT INTO statistics_by_prefix SELECT day, measure, label, '', count, cost FROM statistics;
DROP TABLE statistics;
ALTER TABLE statistics_by_prefix RENAME TO statistics;
