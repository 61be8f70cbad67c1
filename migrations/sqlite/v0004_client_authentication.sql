-- How confidential clients authenticate, beyond what the first schema has: authentication (a method's name as RFC 8414
-- lists it), secret_digest (SHA-256 of 256 random bits), jwks (a JWK Set's JSON) and tls_subject.

-- The secret before the present one, good until then (milliseconds since 1970), so that a service can change over.
ALTER TABLE client ADD COLUMN previous_secret_digest BLOB;
ALTER TABLE client ADD COLUMN previous_secret_until INTEGER;

-- Assertions (RFC 7523) that were taken, each until it expires: none is taken twice. The id is a digest over the client and
-- the assertion's jti.
CREATE TABLE assertion (
  id BLOB PRIMARY KEY CHECK (length(id) = 32),
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX assertion_expiry ON assertion (expires_at);
