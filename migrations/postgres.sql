-- What Postgres needs to understand the text that it shares with SQLite.

-- Names sort by bytes whatever the locale of the database, as the OCI specification and SQLite have it.
create domain sorted_text as text collate "C";

create domain blob as bytea;

-- A list of texts arrives as one JSON array: `in (select value from json_each($1))`.
create function json_each(list text) returns table (value text)
language sql immutable strict rows 20
as $$ select jsonb_array_elements_text(list::jsonb) $$;
