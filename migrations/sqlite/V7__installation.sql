-- Whose keys this database was filled under: a one-way fingerprint of the key
-- that its ledgers are hashed with. With another key, nobody's limits and
-- nobody's tokens would be found again.
CREATE TABLE installation (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    keys TEXT NOT NULL
) STRICT;
