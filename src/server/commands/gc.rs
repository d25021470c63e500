//! `wharf gc`: collects garbage now, as the running servers do by themselves.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;

use crate::config::Config;
use crate::open;

pub(crate) async fn run(config: Config, delay: Option<Duration>) -> ExitCode {
    match collect(&config, delay).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn collect(config: &Config, delay: Option<Duration>) -> Result<()> {
    let app = open::application(config).await?;
    let collected = jobs::collect_garbage(&app, delay).await?;
    app.db().close().await;
    println!(
        "{} deleted manifests forgotten, {} blobs reviewed, {} unlinked, {} freed ({} bytes), {} objects removed",
        collected.manifests,
        collected.reviewed,
        collected.unlinked,
        collected.blobs,
        collected.bytes,
        collected.objects
    );
    Ok(())
}
