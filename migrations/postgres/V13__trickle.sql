-- Of a message that was let through to numbers whose codes do not come back:
-- a keyed hash of the network that asked for it.
ALTER TABLE sends ADD COLUMN network BIGINT;
