-- By what it is known that a client never got an answer.

-- Whether a token of the current generation was ever used. The client of a
-- session that is older than this column is taken to have got its tokens.
ALTER TABLE sessions ADD COLUMN is_used INTEGER NOT NULL DEFAULT 1 CHECK (is_used IN (0, 1));

-- A keyed hash of where the code was asked for from; NULL when unknown.
ALTER TABLE challenges ADD COLUMN source INTEGER;
