//! `wharf jobs`: lists the background jobs. It needs the database and no key.

use std::io::{self, Write};
use std::time::SystemTime;

use anyhow::Result;
use store::jobs;
use types::Timestamp;

use crate::config::Config;
use crate::open;

/// Jobs of one query.
const PAGE: usize = 1000;

pub(crate) async fn run(config: &Config) -> Result<()> {
    let db = open::existing_database(config).await?;
    let now = Timestamp::from(SystemTime::now());
    let mut out = io::stdout().lock();
    writeln!(out, "{:<30} {:<34} {:<8} {:<27} {:<27} ERROR", "KIND", "SUBJECT", "STATE", "DUE", "LAST RUN")?;
    let (mut kind, mut subject) = (String::new(), String::new());
    loop {
        let mut conn = db.reader().await?;
        let page = jobs::list(&mut conn, (&kind, &subject), PAGE).await?;
        drop(conn);
        for job in &page {
            let state = match () {
                () if job.lease_until > now => "running",
                () if job.attempts > 0 => "failing",
                () if job.due_at <= now => "due",
                () => "waiting",
            };
            let subject = if job.subject.is_empty() { "-" } else { &job.subject };
            let last_run = job.last_run_at.map_or_else(|| "-".to_owned(), |at| at.rfc3339());
            let error = job.last_error.as_deref().unwrap_or_default();
            let due = job.due_at.rfc3339();
            writeln!(out, "{:<30} {subject:<34} {state:<8} {due:<27} {last_run:<27} {error}", job.kind)?;
        }
        let Some(last) = page.last().filter(|_| page.len() == PAGE) else {
            break;
        };
        (kind, subject) = (last.kind.clone(), last.subject.clone());
    }
    out.flush()?;
    db.close().await;
    Ok(())
}
