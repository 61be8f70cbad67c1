package enum SQLiteMigrations {}
