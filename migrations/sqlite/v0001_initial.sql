-- The first schema. Times are milliseconds since 1970; identifiers are 16 random bytes.
-- No index holds a column which rotating a refresh token changes.

-- Facts about this store itself: its epoch, which a restore draws anew, is part of every refresh token.
CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value ANY NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE user (
  key INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
  username TEXT NOT NULL,
  -- What the username is found by: normalised and lower case.
  username_key TEXT NOT NULL UNIQUE,
  email TEXT,
  email_key TEXT,
  email_verified INTEGER NOT NULL DEFAULT 0,
  password_hash TEXT,
  password_changed_at INTEGER,
  -- A JSON array of strings, as it stands in the access token.
  roles TEXT NOT NULL DEFAULT '[]',
  -- Rises when anything changes that stands in an access token.
  claims_version INTEGER NOT NULL DEFAULT 1,
  disabled_at INTEGER,
  created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX user_email ON user (email_key) WHERE email_verified = 1;

CREATE TABLE client (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('public', 'confidential')),
  first_party INTEGER NOT NULL,
  authentication TEXT NOT NULL DEFAULT 'none',
  secret_digest BLOB,
  jwks TEXT,
  tls_subject TEXT,
  -- JSON arrays of strings. No audience: the configured one.
  grants TEXT NOT NULL,
  audiences TEXT NOT NULL DEFAULT '[]',
  scopes TEXT NOT NULL DEFAULT '[]',
  origins TEXT NOT NULL DEFAULT '[]',
  -- Milliseconds; NULL: as configured.
  access_ttl INTEGER,
  idle_ttl INTEGER,
  absolute_ttl INTEGER,
  token_form TEXT NOT NULL DEFAULT 'jwt',
  token_algorithm TEXT,
  encryption_jwk TEXT,
  mac_key BLOB,
  claims TEXT NOT NULL DEFAULT '{}',
  require_dpop INTEGER NOT NULL DEFAULT 0,
  require_mtls INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL
) STRICT;
INSERT INTO client (key, id, name, kind, first_party, grants, created_at)
  VALUES (1, 'signet', 'Signet', 'public', 1, '["password","refresh_token"]', 0);

-- Scopes, audiences, authentication methods and user agents: few different ones, so sessions hold their numbers.
CREATE TABLE text (
  key INTEGER PRIMARY KEY,
  value TEXT NOT NULL UNIQUE
) STRICT;

-- One login on one device. Rotation is one UPDATE of this row; it never adds one.
CREATE TABLE session (
  id BLOB PRIMARY KEY CHECK (length(id) = 16),
  user INTEGER NOT NULL REFERENCES user (key) ON DELETE CASCADE,
  client INTEGER NOT NULL REFERENCES client (key) ON DELETE CASCADE,
  scope INTEGER NOT NULL REFERENCES text (key),
  audience INTEGER NOT NULL REFERENCES text (key),
  amr INTEGER NOT NULL REFERENCES text (key),
  auth_time INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  idle_deadline INTEGER NOT NULL,
  absolute_deadline INTEGER NOT NULL,
  generation INTEGER NOT NULL DEFAULT 0,
  -- Access tokens of earlier generations are no longer good.
  valid_from INTEGER NOT NULL DEFAULT 0,
  rotated_at INTEGER NOT NULL,
  rotated_from INTEGER NOT NULL,
  -- The user's claims version when the current generation was made.
  claims_version INTEGER NOT NULL,
  retried_elsewhere INTEGER NOT NULL DEFAULT 0,
  revoked_at INTEGER,
  revoked_reason TEXT,
  -- RFC 7638 or RFC 8705 thumbprint of the key the session is bound to.
  confirmation BLOB,
  device TEXT,
  address TEXT NOT NULL,
  user_agent INTEGER REFERENCES text (key)
) STRICT, WITHOUT ROWID;
CREATE INDEX session_user ON session (user, created_at);

-- Keys that sign access tokens. The private part is wrapped by the master key and wiped when the key retires.
CREATE TABLE signing_key (
  kid TEXT PRIMARY KEY,
  algorithm TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'active', 'retired', 'revoked')),
  public_key BLOB NOT NULL,
  -- A MAC over kid, algorithm, state and public key: whoever can write the database alone cannot add or revive a key.
  public_mac BLOB NOT NULL,
  private_key BLOB,
  created_at INTEGER NOT NULL,
  activated_at INTEGER,
  retired_at INTEGER,
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX signing_key_active ON signing_key (algorithm) WHERE state = 'active';
CREATE UNIQUE INDEX signing_key_pending ON signing_key (algorithm) WHERE state = 'pending';

-- Symmetric keys, wrapped by the master key; the one with the highest id of its purpose is in use.
CREATE TABLE secret (
  purpose TEXT NOT NULL,
  id INTEGER NOT NULL CHECK (id BETWEEN 1 AND 255),
  wrapped BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (purpose, id)
) STRICT, WITHOUT ROWID;

-- What happened, each row chained to the one before by its digest.
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  event TEXT NOT NULL,
  cause TEXT,
  actor TEXT NOT NULL,
  user BLOB,
  session BLOB,
  client TEXT,
  address TEXT,
  request TEXT,
  detail TEXT,
  previous BLOB NOT NULL,
  digest BLOB NOT NULL
) STRICT;
CREATE INDEX audit_user ON audit (user, seq) WHERE user IS NOT NULL;
