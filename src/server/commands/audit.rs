//! `wharf audit`: prints the audit log as lines of JSON, oldest first. It needs the database and no key.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use app::audit;
use store::Db;
use store::audit_events::AuditEventRow;
use types::Timestamp;

use crate::config::Config;
use crate::open;

/// Events of one query.
const PAGE: usize = 1000;
/// How often to look for more.
const EVERY: Duration = Duration::from_secs(1);
/// Events are stored a moment after they happened, by several processes, and so out of order by at most this.
const LATE: Duration = Duration::from_secs(15);

pub(crate) async fn run(config: &Config, since: Option<Timestamp>, follow: bool) -> Result<()> {
    let db = open::existing_database(config).await?;
    let mut after = since.map(audit::place).unwrap_or_default();
    // What was printed and may come again.
    let mut printed = BTreeSet::new();
    loop {
        let page = page(&db, &after).await?;
        let full = page.len() == PAGE;
        let mut out = io::stdout().lock();
        for row in page {
            after.clone_from(&row.event_id);
            if printed.insert(row.event_id) {
                writeln!(out, "{}", row.event)?;
            }
        }
        out.flush()?;
        drop(out);
        if full {
            continue;
        }
        if !follow {
            db.close().await;
            return Ok(());
        }
        tokio::time::sleep(EVERY).await;
        let overlap = audit::place(Timestamp::from(SystemTime::now()).before(LATE));
        if overlap < after {
            printed = printed.split_off(&overlap);
            after = overlap;
        }
    }
}

async fn page(db: &Db, after: &str) -> Result<Vec<AuditEventRow>> {
    let now = Timestamp::from(SystemTime::now()).after(LATE);
    audit::list(db, after, now, PAGE).await.context("cannot read the audit log")
}
