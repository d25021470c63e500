//! `ListImageReferrers`: the artifacts whose subject is an image: signatures, SBOMs and the like.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ListImageReferrers.html>
//!
//! Authorized as `BatchGetImage`. A subject that does not exist has no referrers: that is no error here either.

use app::api::Call;
use app::{Action, Grant, images, referrers};
use aws::{Need, Operation, invalid_parameter};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use types::{Digest, StorageClass};

use crate::error::Error;
use crate::shapes::paging;
use crate::shapes::target::Target;

/// The operation.
pub(crate) struct ListImageReferrers;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    registry_id: Option<String>,
    repository_name: String,
    subject_id: SubjectIdentifier,
    filter: Option<Filter>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SubjectIdentifier {
    image_digest: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filter {
    artifact_types: Option<Vec<String>>,
    artifact_status: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    referrers: Vec<Referrer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Referrer {
    digest: String,
    media_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_type: Option<String>,
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Value>,
    artifact_status: &'static str,
}

impl Operation for ListImageReferrers {
    type Call = Call;
    const NAME: &'static str = "ListImageReferrers";
    const ACTION: &'static str = Action::BatchGetImage.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![target(call, input)?.need(Action::BatchGetImage)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let target = target(call, &input)?;
        let limit = paging::limit(input.max_results, 50)?;
        if !images::is_digest(&input.subject_id.image_digest) {
            let what = "must satisfy regular expression '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'";
            return Err(invalid_parameter("imageDigest", what).into());
        }
        let types = match input.filter.as_ref().and_then(|filter| filter.artifact_types.as_deref()) {
            Some(types) if types.len() > 5 => {
                return Err(invalid_parameter("artifactTypes", "must have length less than or equal to 5").into());
            }
            types => types.unwrap_or_default(),
        };
        let (any, class) = match input.filter.as_ref().and_then(|filter| filter.artifact_status.as_deref()) {
            None | Some("ACTIVE") => (true, Some(StorageClass::Standard)),
            Some("ARCHIVED") => (true, Some(StorageClass::Archive)),
            Some("ANY") => (true, None),
            // Restoring takes no time.
            Some("ACTIVATING") => (false, None),
            Some(_) => {
                let set = "must satisfy enum value set: [ACTIVE, ARCHIVED, ACTIVATING, ANY]";
                return Err(invalid_parameter("artifactStatus", set).into());
            }
        };
        let subject: Option<Digest> = input.subject_id.image_digest.parse().ok().filter(|_| any);
        let page = referrers::list_page(
            &call.ctx,
            &target.permit(grant),
            subject.as_ref(),
            types,
            class,
            input.next_token.as_deref(),
            limit,
        )
        .await?;
        let shown = |row: referrers::ReferrerRow| Referrer {
            digest: row.digest.to_string(),
            media_type: row.media_type.to_string(),
            artifact_type: row.artifact_type,
            size: row.size,
            annotations: row.annotations.and_then(|text| serde_json::from_str(&text).ok()),
            artifact_status: row.class.image_status(),
        };
        Ok(Output { referrers: page.referrers.into_iter().map(shown).collect(), next_token: page.next_token })
    }
}

fn target(call: &Call, input: &Input) -> Result<Target, Error> {
    Target::read(call, input.registry_id.as_deref(), &input.repository_name)
}
