-- Signing keys that rotate, the servers that use them, and who fetches the JWK Set.

-- Since when the key stands in the JWK Set that a server serves; NULL: not yet.
ALTER TABLE signing_key ADD COLUMN published_at INTEGER;
-- The longest life of an access token while the key was active, in milliseconds; what was made before this column
-- existed can't have had more than a day.
ALTER TABLE signing_key ADD COLUMN token_lifetime INTEGER NOT NULL DEFAULT 86400000;
-- Of an active key: an operator has asked for its successor.
ALTER TABLE signing_key ADD COLUMN rotation_requested_at INTEGER;
-- An operator's words.
ALTER TABLE signing_key ADD COLUMN revoked_reason TEXT;

-- Servers on this store, as each tells of itself. One that was killed leaves its row; it counts while it is fresh.
CREATE TABLE node (
  id BLOB PRIMARY KEY CHECK (length(id) = 16),
  seen_at INTEGER NOT NULL,
  issuer TEXT NOT NULL,
  -- JWS algorithms: those its OpenSSL can do, and those its configuration offers. Separated by spaces.
  able TEXT NOT NULL,
  offered TEXT NOT NULL,
  -- A digest of the keys it serves by.
  keys TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Who fetched the JWK Set, by address and user agent. Strangers write here, so there is a bound; nothing is decided by it.
CREATE TABLE verifier (
  key INTEGER PRIMARY KEY,
  address TEXT NOT NULL,
  -- What tells one party from another: IPv4 whole, IPv6 by its /64.
  prefix INTEGER NOT NULL,
  user_agent TEXT NOT NULL,
  first_seen_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  UNIQUE (address, user_agent)
) STRICT;
