//! Packages of RPM: their headers, out of either database that rpm keeps them in (rpm, `lib/backend/`).

mod header;
mod ndb;
mod sqlite;

use super::MOST;
use crate::Package;

/// The packages in a database: `Packages.db` or `rpmdb.sqlite`.
pub(crate) fn read(bytes: &[u8]) -> Vec<Package> {
    if bytes.starts_with(b"SQLite format 3\0") {
        return sqlite::blobs(bytes).iter().filter_map(|blob| header::read(blob)).take(MOST).collect();
    }
    // Many slots may point to one blob.
    ndb::blobs(bytes).filter_map(header::read).take(MOST).collect()
}
