//! `wharf sbom REPOSITORY REFERENCE`: prints what an image holds, as its scan noted it.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use app::scanning::sbom::{self, Format};

use crate::config::Config;
use crate::open;

pub(crate) async fn run(config: Config, repository: &str, reference: &str, format: &str) -> ExitCode {
    match print(&config, repository, reference, format).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn print(config: &Config, repository: &str, reference: &str, format: &str) -> Result<()> {
    let format = match format {
        "cyclonedx" => Format::CycloneDx,
        "spdx" => Format::Spdx,
        _ => bail!("'{format}' is neither cyclonedx nor spdx"),
    };
    let name = repository.parse()?;
    let app = open::application(config).await?;
    let found = sbom::find(&app, &app.config().registry, &name, reference, format).await;
    app.db().close().await;
    let document = found?.with_context(|| format!("no scan has found out what {repository} {reference} holds"))?;
    println!("{}", serde_json::to_string_pretty(&document)?);
    Ok(())
}
