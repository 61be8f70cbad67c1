-- Places in token status lists: each is one bit of a list, and no two sessions ever have the same.

-- The place that the session's tokens name; NULL: they name none. A session gets another when some of its tokens are denied
-- though it goes on. No index: it is read with the row, and nobody looks for it.
ALTER TABLE session ADD COLUMN status INTEGER;
-- The place whose bit says so.
ALTER TABLE denied ADD COLUMN status INTEGER;
