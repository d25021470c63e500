//! The repository of a push or of the first pull through the cache, which may not exist yet: then it is created, by the
//! creation template for its name if there is one.

use policy::{Document, Kind};
use store::{Conn, stamps};
use types::{RegistryId, RepoName, TagMutability};

use super::{RepositoryRow, find, new, unknown};
use crate::registry::creation_templates::{self, Settings as Template};
use crate::{Action, App, Ctx, Permit, Result, authz, lifecycle, limits, repository_policies};

/// The repository of a push.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    row: RepositoryRow,
    stored: bool,
    /// What it gets when it is created.
    template: Option<Box<Template>>,
}

impl Target {
    /// The id of a stored repository; of another, the id that it gets if nobody else creates it first.
    pub(crate) fn id(&self) -> &str {
        &self.row.repository_id
    }

    /// Its row; of one that is not stored, as it is going to be.
    pub(crate) fn row(&self) -> &RepositoryRow {
        &self.row
    }

    /// Whether there is such a repository already.
    pub(crate) fn is_stored(&self) -> bool {
        self.stored
    }

    /// Whether creating it changes what requests are judged by. Then [`obey`] is called after the transaction.
    pub(crate) fn brings_rules(&self) -> bool {
        self.template.as_ref().is_some_and(|template| template.repository_policy.is_some() || !template.tags.is_empty())
    }

    /// The repository, created now if it does not exist, in the transaction of what needs it: what is refused creates
    /// none. Of several first pushes one creates it; the others find it.
    pub(crate) async fn create(self, conn: &mut Conn, app: &App) -> Result<Created> {
        if self.stored {
            return Ok(Created { row: self.row, template: None });
        }
        let is_new = store::repositories::insert(conn, &self.row).await?;
        if is_new {
            limits::require_repository(conn, app, &self.row.registry).await?;
        }
        let row = store::repositories::find(conn, &self.row.registry, &self.row.name)
            .await?
            .ok_or_else(|| unknown(&self.row.registry, &self.row.name))?;
        Ok(Created { row, template: self.template.filter(|_| is_new) })
    }
}

/// The repository of a push, inside the transaction of what needs it.
#[must_use = "what a template gives is given by `finish`"]
pub(crate) struct Created {
    /// The repository.
    pub(crate) row: RepositoryRow,
    /// What it gets, if it was created just now.
    template: Option<Box<Template>>,
}

impl Created {
    /// Gives it what its template says, at the end of the transaction: this moves stamps, which many others move, and whoever has
    /// moved one must not wait for those who wait for it.
    pub(crate) async fn finish(self, conn: &mut Conn, app: &App) -> Result<()> {
        match &self.template {
            Some(template) => apply(conn, app, &self.row, template).await,
            None => Ok(()),
        }
    }
}

/// Gives a new repository what is not in its own row.
async fn apply(conn: &mut Conn, app: &App, row: &RepositoryRow, template: &Template) -> Result<()> {
    let (id, now) = (&row.repository_id, row.created_at);
    if let Some(text) = &template.lifecycle_policy {
        lifecycle::set(conn, &app.new_id(), id, text, now).await?;
    }
    // The policy before the tags, as where they are deleted: both move stamps, and whoever moves one holds it.
    if let Some(text) = &template.repository_policy {
        // Of the principals that the template names some may be gone, or not be there yet.
        repository_policies::put(conn, id, text, &Document::from_stored(text, Kind::Resource), now).await?;
    }
    for tag in &template.tags {
        store::resource_tags::upsert(conn, id, &tag.key, &tag.value).await?;
    }
    if !template.tags.is_empty() {
        stamps::update_next(conn, stamps::RESOURCE_TAGS).await?;
    }
    Ok(())
}

/// Lets this process see at once what came with a new repository; the others see it by the stamps.
pub(crate) async fn obey(app: &App, brings_rules: bool) {
    if brings_rules && let Err(error) = app.refresh().await {
        // What was pushed is there. This process sees the rest within a second, as the others do.
        tracing::warn!(%error, "the policy and the tags of a new repository could not be looked at");
    }
}

/// The repository of a push that must exist.
pub(crate) async fn existing(ctx: &Ctx, permit: &Permit) -> Result<Target> {
    let row = find(&mut ctx.app.db.reader().await?, permit).await?;
    Ok(Target { row, stored: true, template: None })
}

/// Finds the repository of a push. An absent one can be created by a template or if that is switched on, and if the
/// caller may.
pub(crate) async fn target(ctx: &Ctx, permit: &Permit) -> Result<Target> {
    let (registry, name) = (permit.registry(), permit.repository());
    let mut conn = ctx.app.db.reader().await?;
    if let Some(row) = store::repositories::find(&mut conn, registry, name).await? {
        return Ok(Target { row, stored: true, template: None });
    }
    let template = creation_templates::applying(&mut conn, registry, name, creation_templates::CREATE_ON_PUSH).await?;
    drop(conn);
    if template.is_none() && !ctx.app.config.create_on_push {
        return Err(permit.repository_unknown());
    }
    absent(ctx, permit, template)
}

/// Finds the repository of something that another registry has. An absent one is created by a template or with the
/// settings that nobody chose, if the caller may.
pub(crate) async fn cached(ctx: &Ctx, permit: &Permit) -> Result<Target> {
    let (registry, name) = (permit.registry(), permit.repository());
    let mut conn = ctx.app.db.reader().await?;
    if let Some(row) = store::repositories::find(&mut conn, registry, name).await? {
        return Ok(Target { row, stored: true, template: None });
    }
    let scenario = creation_templates::PULL_THROUGH_CACHE;
    let template = creation_templates::applying(&mut conn, registry, name, scenario).await?;
    drop(conn);
    absent(ctx, permit, template)
}

/// One that is created when something is put into it, if the caller may.
fn absent(ctx: &Ctx, permit: &Permit, template: Option<Template>) -> Result<Target> {
    let (registry, name) = (permit.registry(), permit.repository());
    authz::authorize(ctx, &[Action::CreateRepository], name)?;
    let mut row = new(ctx.app.new_id(), registry, name, TagMutability::default(), ctx.app.now());
    if let Some(template) = &template {
        row.tag_mutability = template.tag_mutability.clone();
        row.encryption = template.encryption.clone();
    }
    Ok(Target { row, stored: false, template: template.map(Box::new) })
}

/// Finds the repository that images are replicated to. An absent one gets what a template for replications says, and not
/// the settings of the repository that they come from.
pub(crate) async fn replicated(conn: &mut Conn, app: &App, registry: &RegistryId, name: &RepoName) -> Result<Target> {
    if let Some(row) = store::repositories::find(conn, registry, name).await? {
        return Ok(Target { row, stored: true, template: None });
    }
    let template = creation_templates::applying(conn, registry, name, creation_templates::REPLICATION).await?;
    let mut row = new(app.new_id(), registry, name, TagMutability::default(), app.now());
    if let Some(template) = &template {
        row.tag_mutability = template.tag_mutability.clone();
        row.encryption = template.encryption.clone();
    }
    Ok(Target { row, stored: false, template: template.map(Box::new) })
}
