//! The condition keys that policies ask for.

use std::collections::BTreeSet;

use serde::Serialize;

use super::sources::Source;

/// What the operations that list them answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    context_key_names: Vec<String>,
}

/// The keys of all these policies, each once.
pub(crate) fn of(sources: &[Source]) -> Output {
    let mut seen = BTreeSet::new();
    let keys = sources.iter().flat_map(|source| source.document.context_keys());
    Output { context_key_names: keys.filter(|key| seen.insert(key.to_lowercase())).map(str::to_owned).collect() }
}
