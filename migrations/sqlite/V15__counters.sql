-- Counters: sums over buckets of time, for each span that is asked for, with the
-- instant of the last that was counted. The numbers of counters are those that
-- books had.
CREATE TABLE counters (
    counter INTEGER NOT NULL,
    span    INTEGER NOT NULL,
    start   INTEGER NOT NULL,
    last    INTEGER NOT NULL,
    count   INTEGER NOT NULL,
    amount  INTEGER NOT NULL,
    PRIMARY KEY (counter, span, start)
) STRICT, WITHOUT ROWID;

-- An hour, a day and thirty days. Books 2 and 3 had what 0 and 1 were to give back, 6
-- and 7 how much dearer it was.
INSERT INTO counters (counter, span, start, last, count, amount)
SELECT CASE WHEN book IN (2, 6) THEN 0 WHEN book IN (3, 7) THEN 1 ELSE book END AS counter, span,
       at / (span / 40) * (span / 40) AS start, max(at),
       sum(CASE WHEN book IN (2, 3) THEN -1 WHEN book IN (6, 7) THEN 0 ELSE 1 END),
       sum(CASE WHEN book IN (2, 3) THEN -amount ELSE amount END)
FROM notes, (SELECT 3600000 AS span UNION ALL SELECT 86400000 UNION ALL SELECT 2592000000)
GROUP BY 1, 2, 3;

DROP TABLE notes;
