//! `wharf pull-gate`: whether a repository gives out images with known vulnerabilities. Running servers obey within
//! seconds.

use std::io::{Write, stdout};

use anyhow::{Context, Result};
use app::scanning::gate::{self, Allowed, Gate};
use scan::osv::Severity;
use serde_json::json;
use types::Timestamp;

use super::audited;
use crate::config::{Config, PullGateCommand};
use crate::open;

pub(crate) async fn run(config: &Config, command: PullGateCommand) -> Result<()> {
    let (repository, to) = match command {
        PullGateCommand::Set { repository, severity, allow, require_scan } => {
            let severity = Severity::parse(&severity.to_ascii_uppercase()).with_context(|| {
                format!("'{severity}' is not LOW, MEDIUM, HIGH, CRITICAL, INFORMATIONAL or UNDEFINED")
            })?;
            let allowed = allow.iter().map(|text| allowed(text)).collect::<Result<_>>()?;
            (repository, Some(Some(Gate { severity, allowed, require_scan })))
        }
        PullGateCommand::Remove { repository } => (repository, Some(None)),
        PullGateCommand::Show { repository } => (repository, None),
    };
    let name = repository.parse()?;
    open::with_application(config, async |app| {
        let registry = &app.config().registry;
        let Some(gate) = to else {
            return show(gate::find(app, registry, &name).await?);
        };
        let parameters = json!({ "repositoryName": repository, "gate": gate });
        audited(app, "SetPullGate", parameters, gate::set(app, registry, &name, gate)).await
    })
    .await
}

fn show(gate: Option<Gate>) -> Result<()> {
    let Some(gate) = gate else {
        writeln!(stdout(), "every image is given out")?;
        return Ok(());
    };
    writeln!(stdout(), "images with findings of severity {} and above are refused", gate.severity.as_str())?;
    if gate.require_scan {
        writeln!(stdout(), "images without a complete scan are refused")?;
    }
    for allowed in gate.allowed {
        let until = allowed.until.map(|until| format!(" until {}", Timestamp::from_micros(until).rfc3339()));
        writeln!(stdout(), "{} is allowed{}", allowed.name, until.unwrap_or_default())?;
    }
    Ok(())
}

/// `CVE-2024-1`, or `CVE-2024-1=2027-01-31`: to the beginning of that day in UTC.
fn allowed(text: &str) -> Result<Allowed> {
    let Some((name, until)) = text.split_once('=') else {
        return Ok(Allowed { name: text.to_owned(), until: None });
    };
    let time = if until.contains('T') { until.to_owned() } else { format!("{until}T00:00:00Z") };
    let until: Timestamp =
        time.parse().ok().with_context(|| format!("'{until}' is neither a date such as 2027-01-31 nor a time"))?;
    Ok(Allowed { name: name.to_owned(), until: Some(until.micros()) })
}
