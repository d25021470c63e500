//! The pull-through cache: what is asked for here, is not here, and belongs to a repository that stands for one of
//! another registry, is fetched from there, given to whoever asked, and kept.
//!
//! What is here is always served from here, whatever the other registry does. Only what is asked for is fetched. What was
//! fetched is verified before it gets its rows, so nobody ever sees it under a digest that it does not have. A process
//! fetches a thing once at a time, however many clients want it; two processes may fetch it twice, without harm.

mod arrival;
mod blobs;
mod credentials;
mod flights;
mod manifests;
mod memory;
mod rooms;
mod source;

use std::sync::Arc;
use std::time::Duration;

pub use self::arrival::Arriving;
pub use self::blobs::{Found, blob, blob_size};
pub(crate) use self::blobs::{bring, is_coming};
pub(crate) use self::credentials::open as credential;
use self::flights::Flights;
pub use self::manifests::{Pulled, manifest};
use self::memory::Memory;
use self::rooms::Rooms;
use self::source::Source;
pub use self::source::mirrored;
pub(crate) use self::source::{asker, is_cached};
use crate::registry::cache_rules::CacheRule;
use crate::{Action, Ctx, Error, Permit, Result, UpstreamFailure, authz};

/// Blobs that one process fetches at the same time. Each holds a window of its bytes for its readers.
const BLOBS_AT_ONCE: usize = 32;

/// How long a registry may take until it begins to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What this process has under way, and what it remembers of other registries.
pub(crate) struct Cache {
    client: upstream::Client,
    memory: Memory,
    manifests: Flights<manifests::Outcome>,
    blobs: Flights<Arc<arrival::Arrival>>,
    rooms: Rooms,
}

impl Cache {
    pub(crate) fn new(outbound: Arc<outbound::Client>) -> Self {
        Self {
            client: upstream::Client::new(outbound),
            memory: Memory::new(),
            manifests: Flights::new(),
            blobs: Flights::new(),
            rooms: Rooms::new(BLOBS_AT_ONCE),
        }
    }

    /// The client of other registries, with the logins that it remembers.
    pub(crate) fn client(&self) -> &upstream::Client {
        &self.client
    }

    /// Remembers what can be learned from a failure, and says it in the words of the rules. What is not there is `absent`.
    fn failed(&self, source: &Source, key: &str, error: &upstream::Error, absent: Error) -> Error {
        let host = source.host();
        let failure = match error {
            upstream::Error::Missing => {
                self.memory.miss(key);
                return absent;
            }
            upstream::Error::Busy { retry_after } => {
                UpstreamFailure::Busy { retry_after: self.memory.rest(&source.asker(), *retry_after) }
            }
            upstream::Error::Refused(_) => UpstreamFailure::Refused,
            upstream::Error::Nonsense(_) | upstream::Error::Outbound(outbound::Error::TooLong(..)) => {
                UpstreamFailure::Wrong
            }
            upstream::Error::Outbound(outbound::Error::Forbidden(..)) => UpstreamFailure::Forbidden,
            upstream::Error::Rejected { .. } | upstream::Error::Status(_) | upstream::Error::Outbound(_) => {
                self.memory.trouble(host);
                UpstreamFailure::Down
            }
        };
        tracing::warn!(upstream = host, repository = source.repository(), %error, "an upstream registry did not give what it was asked for");
        source.failure(failure)
    }

    /// Fails when nothing can come of asking now: a registry wants to be left alone, or has just said that there is nothing.
    fn look_before(&self, source: &Source, key: &str, absent: &Error) -> Result<()> {
        if self.memory.is_missing(key) {
            return Err(absent.clone());
        }
        match self.memory.resting(&source.asker()) {
            Some(retry_after) => Err(source.failure(UpstreamFailure::Busy { retry_after })),
            None => Ok(()),
        }
    }
}

/// Names something in a repository, for what this process has under way and remembers.
fn key(permit: &Permit, what: &str) -> String {
    let registry = permit.registry();
    format!("{}/{}/{}@{what}", registry.account, registry.region, permit.repository())
}

/// Whether the caller may bring something in from elsewhere.
fn require_import(ctx: &Ctx, permit: &Permit) -> Result<()> {
    authz::authorize(ctx, &[Action::BatchImportUpstreamImage], permit.repository()).map(drop)
}

/// Why a rule cannot work, if that shows: whether its registry answers, and takes the credentials.
pub(crate) async fn try_out(ctx: &Ctx, rule: &CacheRule) -> Option<String> {
    /// Somebody waits for the answer.
    const PATIENCE: Duration = Duration::from_secs(10);
    let host = &rule.upstream_url;
    let upstream = match Source::new(&ctx.app, rule, String::new()).open(&ctx.app).await {
        Ok(upstream) => upstream,
        Err(Error::Upstream { failure: UpstreamFailure::NoSecret, .. }) => {
            let secret = rule.credential_arn.as_deref().unwrap_or_default();
            return Some(format!(
                "The secret {secret} cannot be read: there is none of that ARN, or it is no JSON text with username and accessToken"
            ));
        }
        Err(_) => return Some(format!("The upstream registry {host} is not supported any more")),
    };
    match ctx.app.cache.client.ping(&upstream, PATIENCE).await {
        Ok(()) => None,
        Err(upstream::Error::Refused(_)) => Some(format!("The upstream registry {host} does not take the credentials")),
        Err(upstream::Error::Status(status)) => {
            Some(format!("The upstream registry {host} answered with status {status}"))
        }
        Err(error) => {
            tracing::info!(%error, "an upstream registry does not answer");
            Some(format!("The upstream registry {host} cannot be reached"))
        }
    }
}
