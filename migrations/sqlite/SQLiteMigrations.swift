// The SQL files of this folder, embedded in the binary, in the order in which they are applied.
//
// A file which has been released never changes: its checksum stands in every database it was applied to.

/// The schema's history for SQLite.
package enum SQLiteMigrations {
  /// Every migration's name and its SQL text in UTF-8, oldest first; its place in the list is its version, from 1.
  package static let all: [(name: String, sql: [UInt8])] = [
    ("v0001_initial", PackageResources.v0001_initial_sql),
    ("v0002_keys", PackageResources.v0002_keys_sql),
    ("v0003_clients", PackageResources.v0003_clients_sql),
    ("v0004_client_authentication", PackageResources.v0004_client_authentication_sql),
    ("v0005_denied", PackageResources.v0005_denied_sql),
    ("v0006_status", PackageResources.v0006_status_sql),
  ]
}
