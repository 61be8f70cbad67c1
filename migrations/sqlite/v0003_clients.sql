-- What a client's access tokens look like, beyond what the first schema has: token_algorithm, encryption_jwk, mac_key
-- (wrapped by the master key) and claims (a JSON object of claim names and the users' attributes that they tell).

-- The content encryption (RFC 7518 section 5.1) that goes with encryption_jwk.
ALTER TABLE client ADD COLUMN content_encryption TEXT;

-- What mac_key is for (HS256, HS384, HS512) and the kid of the tokens that it signs, which tells nothing of the key.
ALTER TABLE client ADD COLUMN mac_algorithm TEXT;
ALTER TABLE client ADD COLUMN mac_kid TEXT;

-- The claim that the user's roles stand in. NULL: roles.
ALTER TABLE client ADD COLUMN roles_claim TEXT;

-- Bytes that a signed access token may have. NULL: as the claims ask for.
ALTER TABLE client ADD COLUMN token_size INTEGER;

-- When any of this last changed, in milliseconds since 1970; it rises at each change. A retried refresh that comes after
-- gives a new access token.
ALTER TABLE client ADD COLUMN tokens_changed_at INTEGER NOT NULL DEFAULT 0;
