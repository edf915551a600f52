-- What limits are counted from. Nothing here refers to a user: ledgers
-- outlive accounts. A party is a keyed hash of a phone, or part of the hash
-- of a known device's secret.

-- Messages; id is the challenge's.
CREATE TABLE sends (
    id        INTEGER PRIMARY KEY,
    at        INTEGER NOT NULL,
    party     INTEGER NOT NULL,
    known     INTEGER NOT NULL CHECK (known IN (0, 1)),
    prefix    INTEGER NOT NULL,
    cost      INTEGER NOT NULL,
    confirmed INTEGER NOT NULL DEFAULT 0 CHECK (confirmed IN (0, 1))
) STRICT;

CREATE INDEX sends_by_party ON sends (party, at);
CREATE INDEX sends_by_prefix ON sends (prefix, known, at);

-- Wrong entries, of one-time codes and of invitation codes.
CREATE TABLE misses (
    miss  INTEGER NOT NULL,
    party INTEGER NOT NULL,
    at    INTEGER NOT NULL,
    PRIMARY KEY (miss, party, at)
) STRICT, WITHOUT ROWID;

CREATE INDEX misses_by_time ON misses (at);

-- Running totals: number and total count all lines of the book up to this one.
CREATE TABLE notes (
    book   INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    number INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    total  INTEGER NOT NULL,
    PRIMARY KEY (book, at, number)
) STRICT, WITHOUT ROWID;

-- The latest instant that is known to have been, so that a clock that was set
-- back resets no limit.
CREATE TABLE latest (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    at INTEGER NOT NULL
) STRICT;
