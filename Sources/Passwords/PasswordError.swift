// Why a stored password hash, or a set of parameters, is not good. Neither case carries what was read: it may be secret.

/// What is wrong with a hash or its parameters; whoever imports or configures them gets to see it.
package enum PasswordError: Error, Equatable {
  /// Not `$argon2id$v=19$m=…,t=…,p=…$salt$hash` in its one canonical spelling.
  case malformed
  /// Memory, iterations, parallelism, salt or tag outside the limits of `Argon2Parameters` and `PasswordHash`.
  case outOfRange
}
