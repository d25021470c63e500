//! `wharf sbom-referrers …`: whether images of the default registry get their bill of materials beside them.

use std::process::ExitCode;

use anyhow::Result;
use app::scanning::referrers::{self, Wanted};
use app::scanning::sbom::Format;
use app::{App, audit};
use serde_json::json;

use crate::config::{Config, SbomFormat, SbomReferrersCommand};
use crate::open;

pub(crate) async fn run(config: Config, command: SbomReferrersCommand) -> ExitCode {
    match carry_out(&config, command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn carry_out(config: &Config, command: SbomReferrersCommand) -> Result<()> {
    let app = open::application(config).await?;
    let result = obey(&app, command).await;
    app.db().close().await;
    result
}

async fn obey(app: &App, command: SbomReferrersCommand) -> Result<()> {
    let registry = &app.config().registry;
    let (name, wanted) = match command {
        SbomReferrersCommand::Show => {
            match referrers::find(app, registry).await? {
                None => println!("no bill of materials is put beside an image"),
                Some(Wanted { filters, formats }) => {
                    let formats: Vec<&str> = formats.iter().map(|format| format.as_str()).collect();
                    println!("{} beside the images of {}", formats.join(" and "), filters.join(", "));
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
    let result = referrers::set(app, registry, wanted).await;
    let failure = result.as_ref().err().map(ToString::to_string);
    audit::record_command(app, name, parameters, failure.as_deref()).await;
    Ok(result?)
}
