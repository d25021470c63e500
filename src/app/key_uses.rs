//! When access keys and roles were last used: noted in memory on the way of a request, and written in batches beside it. What was
//! noted since the last batch is lost with the process; nobody is let in or kept out by it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use store::access_keys::{self, LastUse};
use store::{Pending, roles};
use types::Timestamp;

use crate::authn::Login;
use crate::authn::session::Bearer;
use crate::{App, Error, Result};

/// Uses that are written in one transaction.
const BATCH: usize = 200;

/// A use that says nothing new is not noted again for this long.
const GRAIN: Duration = Duration::from_secs(1);

/// What was used, by its id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum User {
    AccessKey(String),
    Role(String),
}

/// The uses since the last batch.
pub(crate) struct KeyUses(Mutex<HashMap<User, LastUse>>);

impl KeyUses {
    pub(crate) fn new() -> Self {
        Self(Mutex::default())
    }

    /// Notes that somebody was let in: a use of the role whose session it is, or of the access key that it goes back to.
    pub(crate) fn record(&self, login: &Login, service: &str, region: &str, now: Timestamp) {
        let user = match &login.identity.session {
            Some(opened) => match &opened.session.bearer {
                Bearer::Role { role_id, .. } => Some(User::Role(role_id.clone())),
                Bearer::AccessKey(access_key_id) => Some(User::AccessKey(access_key_id.clone())),
                Bearer::Scanner(_) => None,
            },
            None => login.access_key_id.clone().map(User::AccessKey),
        };
        if let Some(user) = user {
            self.note(user, service, region, now);
        }
    }

    /// Only keys and roles that exist come here, so their number is bounded.
    fn note(&self, user: User, service: &str, region: &str, now: Timestamp) {
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match uses.get_mut(&user) {
            Some(last) if last.at.after(GRAIN) > now && last.service == service && last.region == region => {}
            Some(last) => *last = last_use(service, region, now),
            None => {
                uses.insert(user, last_use(service, region, now));
            }
        }
    }

    fn take(&self) -> Vec<(User, LastUse)> {
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *uses).into_iter().collect()
    }
}

fn last_use(service: &str, region: &str, at: Timestamp) -> LastUse {
    LastUse { at, region: region.to_owned(), service: service.to_owned() }
}

/// Writes what was noted. A batch that fails is given up: the next use is noted again.
pub async fn flush(app: &App) -> Result<()> {
    let mut uses = app.key_uses.take();
    // In one order everywhere, or two processes could wait for each other.
    uses.sort_by(|(a, _), (b, _)| a.cmp(b));
    for batch in uses.chunks(BATCH) {
        let batch = batch.to_vec();
        app.db
            .write_in_background(move |conn| {
                Box::pin(async move {
                    for (user, last) in &batch {
                        match user {
                            User::AccessKey(id) => access_keys::update_last_used(conn, id, last).await?,
                            User::Role(id) => roles::update_last_used(conn, id, last.at, Some(&last.region)).await?,
                        };
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
        let key = |id: &str| User::AccessKey(id.to_owned());
        let at = |millis: i64| Timestamp::from_micros(1_800_000_000_000_000 + millis * 1000);
        uses.note(key("AKIA1"), "ecr", "us-east-1", at(0));
        uses.note(key("AKIA1"), "ecr", "us-east-1", at(500));
        uses.note(key("AKIA2"), "ecr", "us-east-1", at(0));
        uses.note(key("AKIA2"), "iam", "us-east-1", at(500));
        let mut taken = uses.take();
        taken.sort_by(|(a, _), (b, _)| a.cmp(b));
        assert_eq!(taken[0].1.at, at(0));
        assert_eq!((taken[1].1.at, taken[1].1.service.as_str()), (at(500), "iam"));
        assert!(uses.take().is_empty());
        uses.note(key("AKIA1"), "ecr", "us-east-1", at(0));
        uses.note(key("AKIA1"), "ecr", "us-east-1", at(2000));
        assert_eq!(uses.take()[0].1.at, at(2000));
    }
}
