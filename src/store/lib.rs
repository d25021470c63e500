//! All metadata, in SQLite or Postgres. The only crate that knows SQL; one file per table.
