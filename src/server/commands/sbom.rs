//! `wharf sbom REPOSITORY REFERENCE`: prints what an image holds, as its scan noted it.

use std::io::{Write, stdout};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use app::App;
use app::scanning::sbom::{self, Format};

use crate::config::Config;
use crate::open;

pub(crate) async fn run(config: &Config, repository: &str, reference: &str, format: &str) -> Result<()> {
    let format = match format {
        "cyclonedx" => Format::CycloneDx,
        "spdx" => Format::Spdx,
        _ => bail!("'{format}' is neither cyclonedx nor spdx"),
    };
    let name = repository.parse()?;
    let find = async |app: &Arc<App>| Ok(sbom::find(app, &app.config().registry, &name, reference, format).await?);
    let found = open::with_application(config, find).await?;
    let document = found.with_context(|| format!("no scan has found out what {repository} {reference} holds"))?;
    writeln!(stdout(), "{}", serde_json::to_string_pretty(&document)?)?;
    Ok(())
}
