-- All whom invitations bind to one another, over any number of steps, are one
-- family, also when some of them are deleted. Two that are united point to the
-- one that stands for both, the lower to the higher, so that it is never far
-- however long the chains of invitations are.
CREATE TABLE families (
    -- The user who was the first in it.
    id        BIGINT PRIMARY KEY,
    -- NULL in the one that stands for itself.
    parent_id BIGINT REFERENCES families (id),
    -- At most so many point to one another below it.
    rank      BIGINT NOT NULL
);

-- NULL as long as no invitation binds the user to anybody.
ALTER TABLE users ADD COLUMN family_id BIGINT REFERENCES families (id);
