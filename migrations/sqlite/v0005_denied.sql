-- What was ended before its access tokens expired: such tokens are refused until then. A row goes once nothing that it
-- speaks of can live any longer.
CREATE TABLE denied (
  -- The order in which rows were committed: there is one writer at a time. Never used twice, since the last row never
  -- goes; AUTOINCREMENT would write a second table for that at every logout.
  seq INTEGER PRIMARY KEY,
  -- 1: every token of the session; 2: one token; 3: every token that a signing key has signed.
  kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 3),
  -- The session's id, the token's jti (16 bytes each), or the key's kid as text.
  id BLOB NOT NULL,
  -- Of a session that goes on after a change of the password: only tokens of earlier generations are denied. 0: all.
  valid_from INTEGER NOT NULL DEFAULT 0,
  -- Whom it concerns: the audience of the tokens. NULL: everybody.
  audience INTEGER REFERENCES text (key),
  denied_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
-- There is no index on the expiry, which would cost every logout another page: expired rows are found by walking.
CREATE UNIQUE INDEX denied_id ON denied (kind, id, valid_from);
