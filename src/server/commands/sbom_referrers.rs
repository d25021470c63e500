//! `wharf sbom-referrers …`: whether images of the default registry get their bill of materials beside them.

use std::io::{Write, stdout};

use anyhow::Result;
use app::App;
use app::scanning::referrers::{self, Wanted};
use app::scanning::sbom::Format;
use serde_json::json;

use super::audited;
use crate::config::{Config, SbomFormat, SbomReferrersCommand};
use crate::open;

pub(crate) async fn run(config: &Config, command: SbomReferrersCommand) -> Result<()> {
    open::with_application(config, async |app| obey(app, command).await).await
}

async fn obey(app: &App, command: SbomReferrersCommand) -> Result<()> {
    let registry = &app.config().registry;
    let (name, wanted) = match command {
        SbomReferrersCommand::Show => {
            match referrers::find(app, registry).await? {
                None => writeln!(stdout(), "no bill of materials is put beside an image")?,
                Some(Wanted { filters, formats }) => {
                    let formats: Vec<&str> = formats.iter().map(|format| format.as_str()).collect();
                    writeln!(stdout(), "{} beside the images of {}", formats.join(" and "), filters.join(", "))?;
                }
            }
            return Ok(());
        }
        SbomReferrersCommand::Set { formats, repositories } => {
            let formats = [(SbomFormat::Cyclonedx, Format::CycloneDx), (SbomFormat::Spdx, Format::Spdx)]
                .into_iter()
                .filter(|(named, _)| formats.contains(named))
                .map(|(_, format)| format)
                .collect();
            ("SetSbomReferrers", Some(Wanted { filters: repositories, formats }))
        }
        SbomReferrersCommand::Remove => ("RemoveSbomReferrers", None),
    };
    let parameters = json!(wanted);
    audited(app, name, parameters, referrers::set(app, registry, wanted)).await
}
