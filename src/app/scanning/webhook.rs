//! Scanners that are asked by a signed message and post what they found back: see [`super::receive`].

use std::sync::Arc;
use std::time::Duration;

use outbound::ChosenBy;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Pending;
use types::Secret;

use super::remote;
use super::scanner::{OtherScanner, Scan, Scanner, Step};
use crate::events::signature;
use crate::{App, Error};

/// Where results are posted to, with the id of the request behind it.
pub const RESULTS_PATH: &str = "/scan-results/";

/// Somebody who is told what is to be scanned.
pub(super) struct Webhook {
    pub(super) other: OtherScanner,
    pub(super) secret: Secret,
}

/// How far a request has come.
#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    /// Whether the scanner has taken it.
    #[serde(default)]
    sent: bool,
}

impl Scanner for Webhook {
    fn step<'s>(&'s self, app: &'s Arc<App>, scan: &'s Scan) -> Pending<'s, Step, Error> {
        Box::pin(async move {
            let request = remote::request(app, scan, self.other.timeout).await?;
            if let Some(step) = remote::overdue(app, &request, &self.other) {
                return Ok(step);
            }
            let state: State = serde_json::from_str(&request.state).unwrap_or_default();
            if !state.sent {
                let (registry, artifact) = remote::described(app, scan, &request, &self.other, true)?;
                let message = json!({
                    "type": "scan.requested",
                    "timestamp": app.now().rfc3339(),
                    "data": {
                        "id": request.request_id,
                        "registry": registry,
                        "artifact": artifact,
                        "results_url": format!("{}{RESULTS_PATH}{}", self.other.registry_url, request.request_id),
                        "expires_at": request.expires_at.rfc3339(),
                    },
                });
                match self.post(app, &request.request_id, message.to_string()).await {
                    Ok(200..=299) => {}
                    Ok(status @ (410 | 422)) => {
                        return Ok(remote::given_up(app, format!("the scanner refused the image with {status}")));
                    }
                    Ok(status) => return Err(remote::unreachable(scan, &format!("it answered with {status}"))),
                    Err(error) => return Err(remote::unreachable(scan, &error)),
                }
                remote::note(app, &request, &State { sent: true }).await?;
            }
            // Results wake whoever looks; else this is when they are too late.
            let left = u64::try_from(request.expires_at.micros() - app.now().micros()).unwrap_or_default();
            Ok(Step::Wait(Duration::from_micros(left)))
        })
    }
}

impl Webhook {
    async fn post(&self, app: &App, id: &str, body: String) -> Result<u16, String> {
        let timestamp = app.now().seconds();
        let signature =
            signature::sign(self.secret.expose(), id, timestamp, &body).ok_or("the secret cannot be read")?;
        let headers = [
            ("content-type", "application/json".to_owned()),
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", timestamp.to_string()),
            ("webhook-signature", signature),
        ];
        let sent = app.outbound.post(&self.other.url, &headers, body, ChosenBy::Operator).await;
        sent.map_err(|error| error.to_string())
    }
}
