//! How long bytes to which nothing refers are kept: as the installation is set, or longer or shorter in a registry that has
//! a setting of its own. It is a document of the registry, and part of the snapshot: all processes obey within seconds.

use std::collections::HashMap;
use std::time::Duration;

use store::{Conn, Pending, accounts, registry_settings, stamps};
use types::RegistryId;

use crate::{App, Error, Result};

/// The name of the document. It holds seconds.
const NAME: &str = "gc-delay";

/// The longest delay.
pub const MAX: Duration = Duration::from_secs(365 * 86_400);

/// The registries that have a delay of their own.
#[derive(Default)]
pub(crate) struct Delays(HashMap<String, Duration>);

impl Delays {
    pub(crate) async fn load(conn: &mut Conn) -> Result<Self> {
        let documents = registry_settings::list(conn, NAME).await?;
        Ok(Self(documents.into_iter().filter_map(|(id, text)| Some((name(&id), parse(&text)?))).collect()))
    }
}

/// The delay of a registry.
pub(crate) fn of(app: &App, registry: &RegistryId) -> Duration {
    of_named(app, &name(registry))
}

/// The delay of a registry that is named as reviews name it.
pub(super) fn of_named(app: &App, registry: &str) -> Duration {
    app.snapshot().registries().gc_delays().0.get(registry).copied().unwrap_or(app.config().gc_delay)
}

fn name(registry: &RegistryId) -> String {
    format!("{}/{}", registry.account, registry.region)
}

fn parse(document: &str) -> Option<Duration> {
    match document.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(error) => {
            // The installation's own holds until somebody looks.
            tracing::error!(%error, "the delay of garbage collection of a registry cannot be read");
            None
        }
    }
}

/// The delay that a registry has of its own.
pub async fn find(app: &App, registry: &RegistryId) -> Result<Option<Duration>> {
    let mut conn = app.db().reader().await?;
    Ok(registry_settings::find(&mut conn, registry, NAME).await?.as_deref().and_then(parse))
}

/// Gives a registry a delay of its own, or takes it away.
pub async fn set(app: &App, registry: &RegistryId, delay: Option<Duration>) -> Result<()> {
    if delay.is_some_and(|delay| delay > MAX) {
        return Err(Error::Invalid("a delay is at most 365d".to_owned()));
    }
    let (registry, now) = (registry.clone(), app.now());
    app.db()
        .write(move |conn| {
            Box::pin(async move {
                if accounts::find_created_at(conn, &registry.account).await?.is_none() {
                    return Err(Error::Invalid(format!("the account {} does not exist", registry.account)));
                }
                match delay {
                    Some(delay) => {
                        let seconds = delay.as_secs().to_string();
                        registry_settings::upsert(conn, &registry, NAME, &seconds, now).await?;
                    }
                    None => drop(registry_settings::delete(conn, &registry, NAME).await?),
                }
                Ok(stamps::update_next(conn, stamps::AUTHORIZATION).await?)
            }) as Pending<'_, (), Error>
        })
        .await?;
    app.refresh().await
}
