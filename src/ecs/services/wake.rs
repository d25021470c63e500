//! The job that wakes the services of a cluster, page by page, and waking several of them at once.

use std::collections::BTreeSet;

use app::App;
use store::{Conn, Pending, clusters, jobs, services};
use types::Timestamp;
use uuid::Uuid;

use super::JOB;
use crate::error::{Error, Result};

/// The kind of the job. Its subject is the id of a cluster.
pub const WAKE: &str = "wake services";

/// How many are woken in one transaction.
const AT_ONCE: usize = 500;

/// Has all services of a cluster looked at.
pub async fn wake_cluster(app: &App, cluster_id: &str) -> app::Result<()> {
    let mut after = String::new();
    loop {
        let (id, begin, now) = (cluster_id.to_owned(), after, app.now());
        let woken = app.db().write_in_background(move |conn| {
            Box::pin(async move { wake_page(conn, &id, &begin, now).await }) as Pending<'_, Option<String>, Error>
        });
        match woken.await.map_err(Error::unheard)? {
            Some(last) => after = last,
            None => return Ok(()),
        }
    }
}

/// The name of the last one that was woken, if there are more.
async fn wake_page(conn: &mut Conn, cluster_id: &str, after: &str, now: Timestamp) -> Result<Option<String>> {
    // Whoever wakes several services of a cluster holds it, so that two of them never wait for each other.
    clusters::lock_by_id(conn, cluster_id).await?;
    let mut page = services::list_live(conn, cluster_id, after, AT_ONCE).await?;
    let is_full = page.len() == AT_ONCE;
    let ids = page.iter().map(|(id, _)| id.clone()).collect();
    wake_some(conn, &ids, now).await?;
    Ok(page.pop().map(|(_, name)| name).filter(|_| is_full))
}

/// Has some services looked at. The caller holds their cluster.
pub(crate) async fn wake_some(conn: &mut Conn, service_ids: &BTreeSet<String>, at: Timestamp) -> Result<()> {
    if service_ids.is_empty() {
        return Ok(());
    }
    let prefix = format!("{}-", Uuid::now_v7().simple());
    jobs::upsert_all(conn, &prefix, JOB, service_ids.iter().map(String::as_str), at).await?;
    Ok(())
}
