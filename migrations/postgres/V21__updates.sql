-- Rows that are changed soon after they are written: with room beside them, no
-- index has to be told of it. Pages that are full already stay so.
ALTER TABLE locks SET (fillfactor = 20);
ALTER TABLE challenges SET (fillfactor = 70);
ALTER TABLE sends SET (fillfactor = 70);
ALTER TABLE counters SET (fillfactor = 50);
ALTER TABLE users SET (fillfactor = 90);

-- They are forgotten in the order of their identifiers.
DROP INDEX challenges_by_expiry;

-- Identifiers begin with the time now, so they are an index by time themselves.
-- Nodes that are not replaced yet still write the column and read what is there,
-- so both stay until a later version.
DROP INDEX commits_by_time;
ALTER TABLE commits ALTER COLUMN at DROP NOT NULL;
