-- Since when too many codes are guessed wrong, so that its beginning and its
-- end are each told once; no row while they are not.
CREATE TABLE alarm (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    at BIGINT NOT NULL
);
