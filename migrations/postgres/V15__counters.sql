-- Counters: sums over buckets of time, for each span that is asked for, with the
-- instant of the last that was counted.
CREATE TABLE counters (
    counter BIGINT NOT NULL,
    span    BIGINT NOT NULL,
    start   BIGINT NOT NULL,
    last    BIGINT NOT NULL,
    count   BIGINT NOT NULL,
    amount  BIGINT NOT NULL,
    -- Each connection adds to rows of its own, so that none waits for another;
    -- what is counted is their sum. 0 has what lies in buckets that are over.
    shard   BIGINT NOT NULL,
    PRIMARY KEY (counter, span, start, shard)
);
