-- What became of messages that providers were given; of the challenge with the same id.
CREATE TABLE deliveries (
    id          BIGINT PRIMARY KEY,
    -- 0 under way, 1 unknown, 2 taken, 3 undelivered, 4 delivered: it only grows.
    state       BIGINT NOT NULL CHECK (state BETWEEN 0 AND 4),
    -- Until when whoever sees to it may still be at it.
    lease_until BIGINT NOT NULL,
    gateway     TEXT COLLATE "C",
    -- The provider's name for it.
    message     TEXT COLLATE "C",
    taken_at    BIGINT
);

CREATE INDEX deliveries_by_message ON deliveries (gateway, message) WHERE message IS NOT NULL;
CREATE INDEX deliveries_under_way ON deliveries (lease_until) WHERE state = 0;
