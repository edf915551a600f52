-- The known device that the login made or recognised; NULL in sessions that
-- are older than this column. It may have been forgotten since.
ALTER TABLE sessions ADD COLUMN device BLOB CHECK (length(device) = 32);
