-- The last wrong guess while too many were made: short codes that strangers
-- were sent before it stay dead, also once there are fewer again.
CREATE TABLE dead_codes (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    until BIGINT NOT NULL
);
