-- The known device that the login made or recognised; NULL in sessions that
-- are older than this column. It may have been forgotten since.
ALTER TABLE sessions ADD COLUMN device BYTEA CHECK (length(device) = 32);
