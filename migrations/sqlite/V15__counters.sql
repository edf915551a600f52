-- Counters: sums over buckets of time, each with the instant of the last that was
-- counted in it. All that is counted is counted once for each width. The numbers of
-- counters are those that books had.
CREATE TABLE counters (
    counter INTEGER NOT NULL,
    width   INTEGER NOT NULL,
    start   INTEGER NOT NULL,
    last    INTEGER NOT NULL,
    count   INTEGER NOT NULL,
    amount  INTEGER NOT NULL,
    PRIMARY KEY (counter, width, start)
) STRICT, WITHOUT ROWID;

-- Books 2 and 3 had what 0 and 1 were to give back, 6 and 7 had how much dearer it was.
INSERT INTO counters (counter, width, start, last, count, amount)
SELECT CASE WHEN book IN (2, 6) THEN 0 WHEN book IN (3, 7) THEN 1 ELSE book END AS counter, width,
       at / width * width AS start, max(at),
       sum(CASE WHEN book IN (2, 3) THEN -1 WHEN book IN (6, 7) THEN 0 ELSE 1 END),
       sum(CASE WHEN book IN (2, 3) THEN -amount ELSE amount END)
FROM notes, (SELECT 1000 AS width UNION ALL SELECT 60000 UNION ALL SELECT 1800000 UNION ALL SELECT 43200000)
GROUP BY 1, 2, 3;

DROP TABLE notes;
