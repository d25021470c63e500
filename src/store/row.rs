//! A row that was read, from either database.

use sqlx::Row as _;
use sqlx::postgres::PgRow;
use types::Timestamp;

use crate::{Error, Result};

/// A row that was read. Columns are numbered from 0, in the order that the statement names them.
pub(crate) enum Row<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r PgRow),
}

impl Row<'_> {
    pub(crate) fn text(&self, column: usize) -> Result<String> {
        Ok(match self {
            Self::Sqlite(row) => row.get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }

    pub(crate) fn optional_text(&self, column: usize) -> Result<Option<String>> {
        Ok(match self {
            Self::Sqlite(row) => row.get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }

    pub(crate) fn integer(&self, column: usize) -> Result<i64> {
        Ok(match self {
            Self::Sqlite(row) => row.get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }

    pub(crate) fn size(&self, column: usize) -> Result<u64> {
        u64::try_from(self.integer(column)?)
            .map_err(|_| Error::Damaged { column: "size", reason: "negative".to_owned() })
    }

    pub(crate) fn time(&self, column: usize) -> Result<Timestamp> {
        self.integer(column).map(Timestamp::from_micros)
    }

    pub(crate) fn optional_size(&self, column: usize) -> Result<Option<u64>> {
        Ok(self.optional_time(column)?.map(|value| value.micros().unsigned_abs()))
    }

    pub(crate) fn optional_time(&self, column: usize) -> Result<Option<Timestamp>> {
        let micros: Option<i64> = match self {
            Self::Sqlite(row) => row.get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        };
        Ok(micros.map(Timestamp::from_micros))
    }

    pub(crate) fn real(&self, column: usize) -> Result<f64> {
        Ok(match self {
            Self::Sqlite(row) => row.get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }

    pub(crate) fn bytes(&self, column: usize) -> Result<Vec<u8>> {
        Ok(match self {
            Self::Sqlite(row) => row.get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }

    /// A text that was valid when it was stored, parsed into its type.
    pub(crate) fn parsed<T: std::str::FromStr<Err = types::Invalid>>(
        &self,
        column: usize,
        name: &'static str,
    ) -> Result<T> {
        self.text(column)?
            .parse()
            .map_err(|error: types::Invalid| Error::Damaged { column: name, reason: error.to_string() })
    }

    /// Like [`Row::parsed`], of a column that may be null.
    pub(crate) fn optional_parsed<T: std::str::FromStr<Err = types::Invalid>>(
        &self,
        column: usize,
        name: &'static str,
    ) -> Result<Option<T>> {
        match self.optional_text(column)? {
            Some(_) => self.parsed(column, name).map(Some),
            None => Ok(None),
        }
    }
}
