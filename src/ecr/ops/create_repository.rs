//! `CreateRepository`: a new repository.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html>

use app::api::Call;
use app::{
    Action, Grant,
    repositories::{self, Settings},
};
use aws::{Need, Operation, invalid_parameter};
use serde::{Deserialize, Serialize};
use types::{Encryption, TagMutability};

use crate::error::Error;
use crate::shapes::encryption::EncryptionConfiguration;
use crate::shapes::paging;
use crate::shapes::repository::{ImageScanningConfiguration, Repository};
use crate::shapes::tag::{self, Tag};
use crate::shapes::tag_mutability::{self, ExclusionFilter};
use crate::shapes::target::Target;

/// The operation.
pub(crate) struct CreateRepository;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    registry_id: Option<String>,
    repository_name: String,
    #[serde(default)]
    tags: Vec<Tag>,
    image_tag_mutability: Option<String>,
    image_tag_mutability_exclusion_filters: Option<Vec<ExclusionFilter>>,
    image_scanning_configuration: Option<ImageScanningConfiguration>,
    encryption_configuration: Option<EncryptionConfiguration>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    repository: Repository,
}

impl Operation for CreateRepository {
    type Call = Call;
    const NAME: &'static str = "CreateRepository";
    const ACTION: &'static str = Action::CreateRepository.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        let target = target(call, input)?;
        let tags = || tag::pairs(&input.tags);
        let mut needs = vec![target.need(Action::CreateRepository).with_request_tags(tags())];
        // Tags at creation are tagging.
        if !input.tags.is_empty() {
            needs.push(target.need(Action::TagResource).with_request_tags(tags()));
        }
        Ok(needs)
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let target = target(call, &input)?;
        if let Some(filters) = &input.image_tag_mutability_exclusion_filters {
            paging::length("imageTagMutabilityExclusionFilters", filters, TagMutability::MAX_FILTERS)?;
        }
        let settings = Settings {
            tag_mutability: tag_mutability::read(
                input.image_tag_mutability.as_deref(),
                input.image_tag_mutability_exclusion_filters.as_deref(),
            )?,
            encryption: match &input.encryption_configuration {
                Some(configuration) => configuration.read(&target.registry)?,
                None => Encryption::default(),
            },
            scan_on_push: input.image_scanning_configuration.unwrap_or_default().scan_on_push,
            tags: input.tags.into_iter().map(Into::into).collect(),
        };
        let row = repositories::create(&call.ctx, &target.permit(grant), settings).await?;
        Ok(Output { repository: Repository::new(call, &row) })
    }
}

fn target(call: &Call, input: &Input) -> Result<Target, Error> {
    if input.repository_name.len() < 2 {
        return Err(invalid_parameter("repositoryName", "must have length greater than or equal to 2").into());
    }
    Target::read(call, input.registry_id.as_deref(), &input.repository_name)
}
