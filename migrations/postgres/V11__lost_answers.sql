-- By what it is known that a client never got an answer.

-- Whether a token of the current generation was ever used. The client of a
-- session that is older than this column is taken to have got its tokens.
ALTER TABLE sessions ADD COLUMN is_used BOOLEAN NOT NULL DEFAULT TRUE;

-- A keyed hash of where the code was asked for from; NULL when unknown.
ALTER TABLE challenges ADD COLUMN source BIGINT;
