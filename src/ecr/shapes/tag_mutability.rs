//! `imageTagMutability` with its exclusion filters.

use aws::invalid_parameter;
use serde::{Deserialize, Serialize};
use types::{TagFilter, TagMutability};

use crate::error::Error;

/// `ImageTagMutabilityExclusionFilter`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExclusionFilter {
    pub(crate) filter_type: String,
    pub(crate) filter: String,
}

/// Reads a mode and its filters; mutable if there is neither.
pub(crate) fn read(mode: Option<&str>, filters: Option<&[ExclusionFilter]>) -> Result<TagMutability, Error> {
    const MODE: &str = "imageTagMutability";
    const FILTERS: &str = "imageTagMutabilityExclusionFilters";
    let mode = mode.unwrap_or("MUTABLE");
    if !["MUTABLE", "IMMUTABLE", "MUTABLE_WITH_EXCLUSION", "IMMUTABLE_WITH_EXCLUSION"].contains(&mode) {
        let set = "must satisfy enum value set: [MUTABLE, IMMUTABLE, MUTABLE_WITH_EXCLUSION, IMMUTABLE_WITH_EXCLUSION]";
        return Err(invalid_parameter(MODE, set).into());
    }
    let mut parsed: Vec<TagFilter> = Vec::new();
    for filter in filters.unwrap_or_default() {
        if filter.filter_type != "WILDCARD" {
            return Err(invalid_parameter(FILTERS, "filterType must satisfy enum value set: [WILDCARD]").into());
        }
        parsed.push(filter.filter.parse().map_err(|_| {
            let what = "filter must have 1 to 128 characters of [0-9a-zA-Z._*-] with at most two wildcards";
            invalid_parameter(FILTERS, what)
        })?);
    }
    // What is left to go wrong: too many filters, filters with a plain mode, an exclusion mode without any.
    TagMutability::new(mode, parsed).map_err(|error| invalid_parameter(FILTERS, error.to_string()).into())
}

/// The filters as answers show them; absent for the plain modes.
pub(crate) fn filters(mutability: &TagMutability) -> Option<Vec<ExclusionFilter>> {
    let shown =
        |filter: &TagFilter| ExclusionFilter { filter_type: "WILDCARD".to_owned(), filter: filter.as_str().to_owned() };
    let filters: Vec<ExclusionFilter> = mutability.filters().iter().map(shown).collect();
    (!filters.is_empty()).then_some(filters)
}
