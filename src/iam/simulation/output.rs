//! Pages of results. They are made anew for each page: policies may have changed since the one before.

use app::api::Call;
use aws::Fault;
use http::StatusCode;
use serde::Serialize;

use super::input::Simulated;
use super::{EvaluationResult, Scene, Setting, TooComplex};
use crate::error::Error;
use crate::paging::{Page, Paging};

/// A page that is longer than this, in bytes, ends.
const LONGEST_PAGE: usize = 2 << 20;

/// A page that took more steps of matching than this ends: some tens of milliseconds.
const PAGE_STEPS: u64 = 5_000_000;

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
pub(crate) async fn page(
    call: &Call,
    operation: &str,
    setting: Setting,
    simulated: Simulated,
) -> Result<Output, Error> {
    let paging = Paging::read(call, operation, &[], simulated.marker.as_deref(), simulated.max_items)?;
    let from: usize = paging.after.parse().unwrap_or_default();
    let items = paging.items;
    // Not on a thread that serves requests.
    let evaluated = tokio::task::spawn_blocking(move || results(&Scene::new(setting), &simulated, from, items));
    let evaluated = evaluated.await.map_err(|error| {
        tracing::error!(%error, "a simulation failed");
        Error::from(Fault::internal())
    })?;
    let (found, more) = evaluated.map_err(|TooComplex| {
        let message = "The policies are too complex to be evaluated.";
        Fault::with_status("PolicyEvaluation", StatusCode::INTERNAL_SERVER_ERROR, message)
    })?;
    // A page goes on after this one.
    let next = (from + found.len()).to_string();
    let Page { items, is_truncated, marker } = paging.page_of(call, found, more, |_| next)?;
    Ok(Output { evaluation_results: items, is_truncated, marker })
}

/// The results of a page, and whether there are more. It ends early rather than become long or take long; one result is
/// always on it, so that clients get on.
pub(super) fn results(
    scene: &Scene,
    simulated: &Simulated,
    from: usize,
    items: usize,
) -> Result<(Vec<EvaluationResult>, bool), TooComplex> {
    let (mut found, mut bytes, mut steps) = (Vec::new(), 0, 0);
    while let Some((action, resource)) = simulated.pair(from + found.len()) {
        if found.len() == items || bytes > LONGEST_PAGE || steps > PAGE_STEPS {
            return Ok((found, true));
        }
        let result = scene.evaluate(action, resource)?;
        bytes += result.bytes();
        steps += result.steps;
        found.push(result);
    }
    Ok((found, false))
}
