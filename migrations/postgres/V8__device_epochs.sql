-- Devices that were known before belong to the epoch of a key file that names none.
ALTER TABLE devices ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;
-- Where the latest login came from, for its user to recognise it.
ALTER TABLE devices ADD COLUMN user_agent TEXT NOT NULL DEFAULT '';
ALTER TABLE devices ADD COLUMN ip TEXT;

CREATE INDEX devices_by_use ON devices (used_at);
