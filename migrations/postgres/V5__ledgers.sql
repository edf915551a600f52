-- What limits are counted from. Nothing here refers to a user: ledgers
-- outlive accounts. A party is a keyed hash of a phone, or part of the hash
-- of a known device's secret.

-- Messages; id is the challenge's.
CREATE TABLE sends (
    id        BIGINT PRIMARY KEY,
    at        BIGINT NOT NULL,
    party     BIGINT NOT NULL,
    known     BOOLEAN NOT NULL,
    prefix    BIGINT NOT NULL,
    cost      BIGINT NOT NULL,
    confirmed BOOLEAN NOT NULL DEFAULT FALSE
);

CREATE INDEX sends_by_party ON sends (party, at);
CREATE INDEX sends_by_prefix ON sends (prefix, known, at);

-- Wrong entries, of one-time codes and of invitation codes.
CREATE TABLE misses (
    miss  BIGINT NOT NULL,
    party BIGINT NOT NULL,
    at    BIGINT NOT NULL,
    PRIMARY KEY (miss, party, at)
);

CREATE INDEX misses_by_time ON misses (at);

-- The latest instant that is known to have been, so that a clock that was set
-- back resets no limit.
CREATE TABLE latest (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    at BIGINT NOT NULL
);
