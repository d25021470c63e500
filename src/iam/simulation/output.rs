//! Pages of results. They are made anew for each page: policies may have changed since the one before.

use app::api::Call;
use aws::Fault;
use http::StatusCode;
use serde::Serialize;

use super::input::Simulated;
use super::{EvaluationResult, Scene};
use crate::error::Error;
use crate::paging::{Page, Paging};

/// What the operations of the simulator answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    evaluation_results: Vec<EvaluationResult>,
    is_truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
}

/// The page that an input wants.
pub(crate) fn page(call: &Call, operation: &str, scene: &Scene, simulated: &Simulated) -> Result<Output, Error> {
    let paging = Paging::read(call, operation, &[], simulated.marker.as_deref(), simulated.max_items)?;
    let from: usize = paging.after.parse().unwrap_or_default();
    let mut found = Vec::new();
    for (index, (action, resource)) in simulated.pairs().enumerate().skip(from).take(paging.wanted()) {
        let result = scene.evaluate(action, resource).map_err(|_| {
            let message = "The policies are too complex to be evaluated.";
            Fault::with_status("PolicyEvaluation", StatusCode::INTERNAL_SERVER_ERROR, message)
        })?;
        // A page goes on after this one.
        found.push(((index + 1).to_string(), result));
    }
    let Page { items, is_truncated, marker } = paging.page(call, found, |(key, _)| key)?;
    Ok(Output { evaluation_results: items.into_iter().map(|(_, result)| result).collect(), is_truncated, marker })
}
