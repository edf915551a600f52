-- All whom invitations bind to one another, over any number of steps, are one
-- family, also when some of them are deleted. Two that are united point to the
-- one that stands for both, the lower to the higher, so that it is never far
-- however long the chains of invitations are.
CREATE TABLE families (
    -- The user who was the first in it.
    id        INTEGER PRIMARY KEY,
    -- NULL in the one that stands for itself.
    parent_id INTEGER REFERENCES families (id),
    -- At most so many point to one another below it.
    rank      INTEGER NOT NULL
) STRICT;

-- NULL as long as no invitation binds the user to anybody.
ALTER TABLE users ADD COLUMN family_id INTEGER REFERENCES families (id);

CREATE TABLE links (id INTEGER PRIMARY KEY, referrer_id INTEGER NOT NULL) STRICT;
INSERT INTO links SELECT id, referrer_id FROM users WHERE referrer_id IS NOT NULL;
INSERT INTO links SELECT id, referrer_id FROM retired_users WHERE referrer_id IS NOT NULL;
CREATE INDEX links_by_referrer ON links (referrer_id);

INSERT INTO families (id, rank)
    SELECT DISTINCT referrer_id, 0 FROM links WHERE referrer_id NOT IN (SELECT id FROM links);

WITH RECURSIVE tree (id, family_id) AS (
    SELECT id, id FROM families
    UNION ALL
    SELECT links.id, tree.family_id FROM tree JOIN links ON links.referrer_id = tree.id
)
UPDATE users SET family_id = tree.family_id FROM tree WHERE users.id = tree.id;

-- Deleted users were links of the chain; families outlive them.
DROP TABLE links;
ALTER TABLE retired_users DROP COLUMN referrer_id;
