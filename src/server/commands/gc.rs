//! `wharf gc`: collects garbage now, as the running servers do by themselves.

use std::io::{Write, stdout};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use app::App;

use crate::config::Config;
use crate::open;

pub(crate) async fn run(config: &Config, delay: Option<Duration>) -> Result<()> {
    let collect = async |app: &Arc<App>| Ok(jobs::collect_garbage(app, delay).await?);
    let collected = open::with_application(config, collect).await?;
    writeln!(
        stdout(),
        "{} deleted manifests forgotten, {} blobs reviewed, {} unlinked, {} freed ({} bytes), {} objects removed",
        collected.manifests,
        collected.reviewed,
        collected.unlinked,
        collected.blobs,
        collected.bytes,
        collected.objects
    )?;
    Ok(())
}
