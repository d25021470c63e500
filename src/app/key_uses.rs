//! When access keys and roles were last used: noted in memory on the way of a request, and written in batches beside it. What was
//! noted since the last batch is lost with the process; nobody is let in or kept out by it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use store::Pending;
use store::access_keys::{self, LastUse};
use store::roles;
use types::Timestamp;

use crate::authn::Login;
use crate::authn::session::Bearer;
use crate::{App, Error, Result};

/// What ids of roles begin with.
const ROLE: &str = "AROA";

/// Keys that are written in one transaction.
const BATCH: usize = 200;

/// A use that says nothing new is not noted again for this long.
const GRAIN: Duration = Duration::from_secs(1);

/// The uses since the last batch.
pub(crate) struct KeyUses(Mutex<HashMap<String, LastUse>>);

impl KeyUses {
    pub(crate) fn new() -> Self {
        Self(Mutex::default())
    }

    /// Notes a use by its key, or by its role. Only those that exist come here, so their number is bounded.
    pub(crate) fn record_login(&self, login: &Login, service: &str, region: &str, now: Timestamp) {
        let session = login.identity.session.as_ref().map(|opened| &opened.session.bearer);
        match (session, &login.access_key_id) {
            (Some(Bearer::Role { role_id, .. }), _) => self.record(role_id, service, region, now),
            (Some(Bearer::AccessKey(id)), _) | (None, Some(id)) => self.record(id, service, region, now),
            (None, None) => {}
        }
    }

    fn record(&self, access_key_id: &str, service: &str, region: &str, now: Timestamp) {
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match uses.get_mut(access_key_id) {
            Some(last) if last.at.after(GRAIN) > now && last.service == service && last.region == region => {}
            Some(last) => *last = last_use(service, region, now),
            None => {
                uses.insert(access_key_id.to_owned(), last_use(service, region, now));
            }
        }
    }

    fn take(&self) -> Vec<(String, LastUse)> {
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *uses).into_iter().collect()
    }
}

fn last_use(service: &str, region: &str, at: Timestamp) -> LastUse {
    LastUse { at, region: region.to_owned(), service: service.to_owned() }
}

/// Writes what was noted. A batch that fails is given up: the next use of its keys is noted again.
pub async fn flush(app: &App) -> Result<()> {
    let mut uses = app.key_uses.take();
    // In one order everywhere, or two processes could wait for each other.
    uses.sort_by(|(a, _), (b, _)| a.cmp(b));
    for batch in uses.chunks(BATCH) {
        let batch = batch.to_vec();
        app.db
            .write_in_background(move |conn| {
                Box::pin(async move {
                    for (id, last) in &batch {
                        if id.starts_with(ROLE) {
                            roles::update_last_used(conn, id, last.at, Some(&last.region)).await?;
                        } else {
                            access_keys::update_last_used(conn, id, last).await?;
                        }
                    }
                    Ok(())
                }) as Pending<'_, (), Error>
            })
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_use_is_kept() {
        let uses = KeyUses::new();
        let at = |millis: i64| Timestamp::from_micros(1_800_000_000_000_000 + millis * 1000);
        uses.record("AKIA1", "ecr", "us-east-1", at(0));
        uses.record("AKIA1", "ecr", "us-east-1", at(500));
        uses.record("AKIA2", "ecr", "us-east-1", at(0));
        uses.record("AKIA2", "iam", "us-east-1", at(500));
        let mut taken = uses.take();
        taken.sort_by(|(a, _), (b, _)| a.cmp(b));
        assert_eq!(taken[0].1.at, at(0));
        assert_eq!((taken[1].1.at, taken[1].1.service.as_str()), (at(500), "iam"));
        assert!(uses.take().is_empty());
        uses.record("AKIA1", "ecr", "us-east-1", at(0));
        uses.record("AKIA1", "ecr", "us-east-1", at(2000));
        assert_eq!(uses.take()[0].1.at, at(2000));
    }
}
