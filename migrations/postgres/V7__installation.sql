-- Whose keys this database was filled under: a one-way fingerprint of the key
-- that its ledgers are hashed with. With another key, nobody's limits and
-- nobody's tokens would be found again.
CREATE TABLE installation (
    id   BIGINT PRIMARY KEY CHECK (id = 1),
    keys TEXT   NOT NULL
);

-- The version of what many users are shown at once: it grows where too many
-- versions of `users` would have to.
CREATE TABLE shared_version (
    id      BIGINT PRIMARY KEY CHECK (id = 1),
    version BIGINT NOT NULL
);
INSERT INTO shared_version (id, version) VALUES (1, 0);

-- Rows to lock: what has no row of its own yet, such as a phone that nobody
-- has, is locked by the one that its hash chooses.
CREATE TABLE locks (id BIGINT PRIMARY KEY);
INSERT INTO locks (id) SELECT generate_series(0, 4095);

-- Transactions that were committed or never will be, under the identifiers that they drew, so
-- that whoever lost the answer to a COMMIT can find it out.
CREATE TABLE commits (
    id      BYTEA   PRIMARY KEY CHECK (length(id) = 16),
    -- FALSE of one that was lost, and is not to be committed any more.
    is_kept BOOLEAN NOT NULL,
    at      BIGINT  NOT NULL
);

CREATE INDEX commits_by_time ON commits (at);

-- Work that one node does for all of them, and until when it is its.
CREATE TABLE leases (
    name   TEXT COLLATE "C" PRIMARY KEY,
    holder BIGINT NOT NULL,
    until  BIGINT NOT NULL
);
