//! What is configured for a registry as a whole: its policy, replication, scanning, signing, cache rules, creation
//! templates, settings of the account, and whose pulls leave no trace.
//!
//! Everything is checked completely and stored as a document with a version. Signing has no effect yet; nothing here says
//! otherwise.

mod check;
mod snapshot;
mod template_settings;
pub(crate) mod wildcard;

pub mod account_settings;
pub mod backfills;
pub mod cache_rules;
pub mod creation_templates;
pub mod policy;
pub mod pull_time_exclusions;
pub mod replication;
pub mod scanning;
pub mod signing;
pub mod upstream;

pub(crate) use snapshot::Registries;

use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{Conn, Pending, registry_settings, stamps};
use types::RegistryId;

use crate::{App, Ctx, Error, Result, page_token};

/// One page of a list.
#[derive(Debug)]
pub struct Page<T> {
    /// In the order of their keys.
    pub items: Vec<T>,
    /// Names the next page, if there is one.
    pub next_token: Option<String>,
}

/// A list of a registry that is read by keys, in pages.
struct List<'l> {
    ctx: &'l Ctx,
    name: String,
}

impl<'l> List<'l> {
    fn new(ctx: &'l Ctx, what: &str) -> Self {
        Self { ctx, name: format!("{what} of {}/{}", ctx.registry.account, ctx.registry.region) }
    }

    /// The key after which the page of a token begins.
    fn after(&self, next_token: Option<&str>) -> Result<String> {
        Ok(page_token::open_next(&self.ctx.app, &self.name, next_token)?.unwrap_or_default())
    }

    /// A page of at most `limit` items, from one more than that if there is one more.
    fn page<T>(&self, mut items: Vec<T>, limit: usize, key: impl Fn(&T) -> &str) -> Result<Page<T>> {
        let place = |last: &T| key(last).to_owned();
        let next_token = page_token::cut(&self.ctx.app, &self.name, &mut items, limit, place)?;
        Ok(Page { items, next_token })
    }
}

/// The names of the documents.
mod name {
    pub(super) const REPLICATION: &str = "replication";
    pub(super) const SCANNING: &str = "scanning";
    pub(super) const SIGNING: &str = "signing";
}

/// The document of that name, if the registry has one.
async fn find<T: DeserializeOwned>(conn: &mut Conn, registry: &RegistryId, name: &str) -> Result<Option<T>> {
    let document = registry_settings::find(conn, registry, name).await?;
    document.as_deref().map(|text| stored(name, text)).transpose()
}

/// Sets the document of that name.
async fn put<T: Serialize>(ctx: &Ctx, name: &'static str, value: &T) -> Result<()> {
    let document = serde_json::to_string(value).map_err(|_| Error::Internal)?;
    let (registry, now) = (ctx.registry.clone(), ctx.app.now());
    ctx.app
        .db
        .write(move |conn| {
            Box::pin(async move {
                registry_settings::upsert(conn, &registry, name, &document, now).await?;
                // Pushes find it in memory.
                stamps::update_next(conn, stamps::AUTHORIZATION).await?;
                Ok(())
            }) as Pending<'_, (), Error>
        })
        .await?;
    obey(&ctx.app).await
}

/// Removes the document of that name and gives it back.
async fn delete<T: DeserializeOwned>(ctx: &Ctx, name: &'static str) -> Result<Option<T>> {
    let registry = ctx.registry.clone();
    let document: Option<String> = ctx
        .app
        .db
        .write(move |conn| {
            Box::pin(async move { Ok(registry_settings::delete(conn, &registry, name).await?) })
                as Pending<'_, Option<String>, Error>
        })
        .await?;
    document.as_deref().map(|text| stored(name, text)).transpose()
}

/// A document that was written by this program, or by a newer one.
fn stored<T: DeserializeOwned>(name: &str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| {
        tracing::error!(setting = name, %error, "a stored setting of a registry cannot be read");
        Error::Internal
    })
}

/// Tells this process at once of a change to the authorization data; the others see it by the stamp.
async fn obey(app: &App) -> Result<()> {
    app.refresh().await
}
